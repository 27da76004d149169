#include "composition/declared_key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/report.h"
#include "composition/arithmetic.h"

/* Read the default, with its macros expanded. It may be what only the compiler can compute. */
static bool read_default(struct tokens *t, struct declared_key *key)
{
    if (!tokens_take(t, ","))
        return false;
    key->number_is_known = arithmetic_read(t, NULL, NULL, &key->number) && token_is(&t->token, ")");
    tokens_skip_to(t, ")", ")");
    return true;
}

static bool read_choices(struct tokens *t, struct strings *out)
{
    do {
        char *choice = tokens_take_string(t);
        if (choice == NULL)
            return false;
        strings_add(out, choice);
    } while (tokens_take(t, ","));
    return true;
}

struct declared_key declared_key_read(struct tokens *t)
{
    struct declared_key key = { .least = INT64_MIN, .most = INT64_MAX };
    bool ok = true;
    tokens_take(t, "(");
    key.kind = tokens_take_listed(t);
    key.name = tokens_take_listed(t);
    key.value = tokens_take_listed(t);
    key.doc = tokens_take_listed(t);
    key.file = tokens_take_listed(t);
    char *number = tokens_take_number(t);
    key.line = number == NULL ? 0 : atoi(number);
    tokens_take(t, ",");
    if (key.kind != NULL && strcmp(key.kind, "int") == 0)
        ok = arithmetic_read(t, NULL, NULL, &key.least) && tokens_take(t, ",") &&
             arithmetic_read(t, NULL, NULL, &key.most) && read_default(t, &key);
    else if (key.kind != NULL && strcmp(key.kind, "enum") == 0)
        ok = read_choices(t, &key.choices);
    key.is_unreadable = !ok || !token_is(&t->token, ")");
    tokens_skip_to(t, ")", ")");
    tokens_take(t, ")");
    return key;
}

/* The string that the C text of a default denotes. */
static const char *default_string(const struct declared_key *key)
{
    struct tokens t;
    tokens_begin(&t, key->value);
    return tokens_take_string(&t);
}

bool declared_key_check(const struct declared_key *key)
{
    bool is_enum = strcmp(key->kind, "enum") == 0;
    if (key->is_unreadable) {
        error_at(key->file, key->line,
                 is_enum
                     ? "the values of the key '%s' must be strings; write KEY_ENUM(%s, \"one\", \"what it "
                       "is\", \"one\", \"two\")"
                     : "the bounds of the key '%s' must be whole numbers that the preprocessor knows, not "
                       "constants of an enum or sizes; write KEY_INT(%s, default, least, most, \"what it "
                       "is\")",
                 key->name, key->name);
        return false;
    }
    if (key->least > key->most) {
        error_at(key->file, key->line,
                 "the least value of the key '%s', %" PRId64 ", is above its most, %" PRId64
                 "; exchange the two",
                 key->name, key->least, key->most);
        return false;
    }
    if (key->number_is_known && (key->number < key->least || key->number > key->most)) {
        error_at(key->file, key->line, "the default of the key '%s', %s, is outside its bounds, %s",
                 key->name, key->value, declared_key_range(key));
        return false;
    }
    const char *value = is_enum ? default_string(key) : NULL;
    if (is_enum && (value == NULL || !strings_has(&key->choices, value))) {
        error_at(key->file, key->line, "the default of the key '%s', %s, is none of its values, %s",
                 key->name, key->value, declared_key_range(key));
        return false;
    }
    return true;
}

const char *declared_key_range(const struct declared_key *key)
{
    if (key->choices.count > 0)
        return strings_join(&key->choices, " or ");
    if (key->least != INT64_MIN && key->most != INT64_MAX)
        return text("%" PRId64 " to %" PRId64, key->least, key->most);
    if (key->least != INT64_MIN)
        return text("at least %" PRId64, key->least);
    return key->most != INT64_MAX ? text("at most %" PRId64, key->most) : "";
}

const char *declared_key_refusal(const struct declared_key *key, const char *owner, const char *value)
{
    const char *because = *key->doc == '\0' ? "" : text(": %s", key->doc);
    if (strcmp(key->kind, "enum") == 0)
        return strings_has(&key->choices, value) ? NULL
                                                 : text("%s of '%s' is '%s'; it is %s%s", key->name, owner,
                                                        value, declared_key_range(key), because);
    if (strcmp(key->kind, "int") != 0)
        return NULL;
    int64_t number = strtoll(value, NULL, 0);
    if (number >= key->least && number <= key->most)
        return NULL;
    bool both = key->least != INT64_MIN && key->most != INT64_MAX;
    return text("%s of '%s' is %s; it %s %s%s", key->name, owner, value, both ? "goes from" : "is",
                declared_key_range(key), because);
}
