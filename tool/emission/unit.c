#include "emission/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/report.h"
#include "emission/instance.h"
#include "emission/project.h"

/*
 * Split an option such as "ip=ipv4" into "ip" and, in `value`, "ipv4". When it has another form, prints an
 * error and returns NULL.
 */
static const char *split(const char *option, const char *word, const char *shape, const char **value)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word) {
        error("--%s=%s is not of the form --%s=%s", option, word, option, shape);
        return NULL;
    }
    *value = equals + 1;
    return keep_bytes(word, (size_t)(equals - word));
}

static const struct declared_key *find_key(const struct description *d, const char *name)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < d->key_count; i++) {
        if (strcmp(d->keys[i].name, name) == 0)
            return &d->keys[i];
        strings_add(&names, d->keys[i].name);
    }
    error("%s has no key '%s'; %s%s", d->module->name, name,
          names.count == 0 ? "it declares none" : "its keys are: ",
          names.count == 0 ? "" : strings_join(&names, ", "));
    return NULL;
}

/* The words of a list with commas between them, ended by NULL. */
static const char **words_of(const char *list)
{
    struct strings words = { 0 };
    char *save;
    for (char *word = strtok_r(keep_string(list), ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save))
        strings_add(&words, word);
    strings_add(&words, NULL);
    return words.items;
}

static bool is_whole_number(const char *value)
{
    char *end;
    errno = 0;
    strtoll(value, &end, 0);
    return errno == 0 && end > value && *end == '\0';
}

static bool read_setting(const struct description *d, const char *word, struct setting *out)
{
    const char *value, *name = split("set", word, "KEY=VALUE", &value);
    const struct declared_key *key = name == NULL ? NULL : find_key(d, name);
    if (key == NULL)
        return false;
    *out = (struct setting){ .kind = SETTING_STRING, .name = name, .value = value };
    if (strcmp(key->kind, "bool") == 0) {
        out->kind = SETTING_BOOL;
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
            error("the key '%s' of %s is true or false, not '%s'", name, d->module->name, value);
            return false;
        }
    } else if (strcmp(key->kind, "int") == 0) {
        out->kind = SETTING_INT;
        if (!is_whole_number(value)) {
            error("the key '%s' of %s is a whole number, not '%s'", name, d->module->name, value);
            return false;
        }
    } else if (strcmp(key->kind, "strings") == 0) {
        out->kind = SETTING_STRINGS;
        out->values = words_of(value);
    }
    const char *refusal = declared_key_refusal(key, d->module->name, value);
    if (refusal != NULL)
        error("%s", refusal);
    return refusal == NULL;
}

static bool read_settings(const struct description *d, const struct strings *sets, struct functor *out)
{
    out->settings = keep((sets->count + 1) * sizeof *out->settings);
    for (size_t i = 0; i < sets->count; i++)
        if (!read_setting(d, sets->items[i], &out->settings[out->setting_count++]))
            return false;
    return true;
}

struct bound {
    const char *name, *module;
};

struct bounds {
    size_t count;
    struct bound *items;
};

/* Whether a parameter or one of its sub-modules has this name. */
static bool has_parameter(const struct description *d, const char *name)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < d->param_count; i++) {
        strings_add(&names, d->params[i].name);
        for (size_t k = 0; k < d->params[i].submodule_count; k++)
            strings_add(&names, d->params[i].submodules[k].name);
    }
    if (strings_has(&names, name))
        return true;
    error("%s has no parameter '%s'; %s%s", d->module->name, name,
          names.count == 0 ? "it has none" : "its parameters are: ",
          names.count == 0 ? "" : strings_join(&names, ", "));
    return false;
}

static bool read_bounds(const struct description *d, const struct unit_choices *choices, struct bounds *out)
{
    out->items = keep((choices->binds.count + 1) * sizeof *out->items);
    for (size_t i = 0; i < choices->binds.count; i++) {
        struct bound *b = &out->items[out->count++];
        b->name = split("bind", choices->binds.items[i], "PARAMETER=MODULE", &b->module);
        if (b->name == NULL || !has_parameter(d, b->name))
            return false;
    }
    /* The module's own name comes last. It may begin with a parameter's name. */
    const char *own = choices->name != NULL ? choices->name : d->module->name;
    out->items[out->count++] = (struct bound){ d->module->name, own };
    return true;
}

/*
 * The replacement for the prefix of an operation's symbols. It comes from the longest bound name that the
 * prefix is, or begins with.
 */
static const char *bound_prefix(const struct bounds *bounds, const char *prefix)
{
    const char *found = prefix;
    size_t longest = 0;
    for (size_t i = 0; i < bounds->count; i++) {
        size_t len = strlen(bounds->items[i].name);
        if (len <= longest || strncmp(prefix, bounds->items[i].name, len) != 0 ||
            (prefix[len] != '\0' && prefix[len] != '_'))
            continue;
        longest = len;
        found = text("%s%s", bounds->items[i].module, prefix + len);
    }
    return found;
}

static void bind(struct instance *instance, const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return;
    for (size_t i = 0; i < instance->binding_count; i++)
        if (strcmp(instance->bindings[i].from, from) == 0)
            return;
    instance->bindings[instance->binding_count++] = (struct binding){ from, to };
}

static void bind_use(struct instance *instance, const struct use *use, const struct bounds *bounds)
{
    for (size_t i = 0; i < use->operation_count; i++) {
        const struct operation *op = &use->operations[i];
        bind(instance, op->name,
             text("%s%s", bound_prefix(bounds, op->prefix), op->name + strlen(op->prefix)));
    }
}

static void bind_all(struct instance *instance, const struct bounds *bounds, bool named)
{
    const struct description *d = instance->description;
    size_t most = d->module->operation_count + d->arg_count + 1;
    for (size_t i = 0; i < d->param_count; i++)
        most += d->params[i].operation_count;
    instance->bindings = keep(most * sizeof *instance->bindings);
    for (size_t i = 0; i < d->param_count; i++)
        bind_use(instance, &d->params[i], bounds);
    bind_use(instance, d->module, bounds);
    if (!named)
        return;
    bind(instance, entry_name(d), text("%s%s", instance->name, entry_name(d) + strlen(d->module->name)));
    for (size_t i = 0; i < d->arg_count; i++)
        bind(instance, text("mirage_arg_%s", d->args[i].name),
             text("%s_arg_%s", instance->name, d->args[i].name));
}

char *unit_source(struct description *d, const struct unit_choices *choices)
{
    struct bounds bounds = { 0 };
    struct functor functor = { .source = d->source };
    struct value value = { .functor = &functor };
    struct graph graph = { 0 };
    if (!read_bounds(d, choices, &bounds) || !read_settings(d, &choices->sets, &functor))
        return NULL;
    const struct setting *at = NULL;
    const char *refusal = rules_refusal(d, &functor, d->module->name, &at);
    if (refusal != NULL) {
        error("%s", refusal);
        return NULL;
    }
    struct instance instance = { .value = &value,
                                 .description = d,
                                 .name = choices->name != NULL ? choices->name : d->module->name };
    struct program program = { .graph = &graph, .instance_count = 1, .instances = &instance };
    /* Only the names of parameters are used here. */
    instance.params = keep((d->param_count + 1) * sizeof *instance.params);
    for (size_t i = 0; i < d->param_count; i++) {
        instance.params[i] = keep(sizeof *instance.params[i]);
        instance.params[i]->name = bound_prefix(&bounds, d->params[i].name);
    }
    bind_all(&instance, &bounds, choices->name != NULL);
    /* The program that links the unit supplies the data that a build would generate. */
    d->generated = NULL;
    return check_settings(&program) ? instance_source(&graph, &instance) : NULL;
}
