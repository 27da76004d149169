/* Configure-time keys and the command line. */
#include "base/keep.h"
#include "base/nearest.h"
#include "base/report.h"
#include "base/strings.h"
#include "composition/graph_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *names_of(const struct key *keys, size_t count)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < count; i++)
        strings_add(&names, text("--%s", keys[i].name));
    return strings_join(&names, ", ");
}

static const char *choices_of(const struct key *key)
{
    struct strings choices = { 0 };
    for (const char **c = key->choices; *c != NULL; c++)
        strings_add(&choices, *c);
    return strings_join(&choices, ", ");
}

static bool is_choice(const struct key *key, const char *value)
{
    for (const char **c = key->choices; *c != NULL; c++)
        if (strcmp(*c, value) == 0)
            return true;
    return false;
}

static bool is_int(const char *value)
{
    char *end;
    errno = 0;
    strtoll(value, &end, 0);
    return errno == 0 && end != value && *end == '\0';
}

/* The reason why the key does not accept this value, or NULL. */
static const char *wrong_with(const struct key *key, const char *value)
{
    if (key->kind == KEY_KIND_BOOL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return "it is true or false";
    if (key->kind == KEY_KIND_INT && !is_int(value))
        return "it is a number";
    if (key->kind == KEY_KIND_ENUM && !is_choice(key, value)) {
        const char *meant = nearest(value, key->choices);
        return meant != NULL ? text("it is one of %s; did you mean '%s'?", choices_of(key), meant)
                             : text("it is one of %s", choices_of(key));
    }
    return NULL;
}

static struct key *key_named(struct key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* The options of the commands that take keys, and those that only describe has. A key must not hide one. */
static const char *const options[] = { "file",     "target", "arch",    "release", "development", "cc",
                                       "sanitize", "cflags", "ldflags", "debug",   "help",        NULL };
static const char *const other_options[] = { "dot", "svg", "json", "where", "output", NULL };

/* A word that is neither a key nor an option: it may be a slip, or meant for the program that is run. */
static void tell_unknown(const struct key *keys, size_t count, const struct given_key *given)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < count; i++)
        strings_add(&names, keys[i].name);
    for (const char *const *o = options; *o != NULL; o++)
        strings_add(&names, *o);
    const char *meant = nearest(given->name, names.items);
    const char *has = count == 0 ? "none" : names_of(keys, count);
    if (meant != NULL)
        error("there is no key --%s: did you mean --%s? This configuration has %s", given->name, meant, has);
    else
        error(
            "there is no key --%s: this configuration has %s; an argument of the program itself follows --, "
            "as in `mirage run -- --%s%s%s`",
            given->name, has, given->name, given->value == NULL ? "" : "=",
            given->value == NULL ? "" : given->value);
}

static bool key_give(struct key *keys, size_t count, const struct given_key *given)
{
    struct key *key = key_named(keys, count, given->name);
    if (key == NULL && given->remembered)
        return true;
    if (key == NULL) {
        tell_unknown(keys, count, given);
        return false;
    }
    const char *value = given->value;
    if (value == NULL && key->kind == KEY_KIND_BOOL)
        value = "true";
    if (value == NULL) {
        error("the key --%s needs a value: --%s=...", key->name, key->name);
        return false;
    }
    const char *wrong = wrong_with(key, value);
    if (wrong != NULL) {
        error("'%s' is no value of the key --%s: %s", value, key->name, wrong);
        return false;
    }
    /* Numbers get one spelling, so that the same number gives the same module. */
    key->value = key->kind == KEY_KIND_INT ? text("%lld", strtoll(value, NULL, 0)) : value;
    key->given = true;
    return true;
}

static bool check_names(const struct key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!listed(options, keys[i].name) && !listed(other_options, keys[i].name))
            continue;
        error_at(keys[i].place.file, keys[i].place.line,
                 "'%s' cannot name a key: the command has an option of that name", keys[i].name);
        return false;
    }
    return true;
}

bool keys_apply(struct key *keys, size_t count, const struct given_key *given, size_t given_count)
{
    bool ok = check_names(keys, count);
    for (size_t i = 0; i < count; i++) {
        const char *wrong = wrong_with(&keys[i], keys[i].default_value);
        keys[i].value = keys[i].default_value;
        if (wrong != NULL) {
            error_at(keys[i].place.file, keys[i].place.line, "'%s' cannot be the default of the key '%s': %s",
                     keys[i].default_value, keys[i].name, wrong);
            ok = false;
        }
    }
    for (size_t i = 0; ok && i < given_count; i++)
        ok = key_give(keys, count, &given[i]);
    return ok;
}
