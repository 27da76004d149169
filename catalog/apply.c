#include "apply.h"

#include <mirage/config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tool/target/target.h>

static struct node *entry_functor(struct here here, const struct catalog_entry *entry)
{
    json_t *params = json_array();
    for (size_t i = 0; i < entry->param_count; i++)
        json_array_append_new(params, json_string(entry->params[i].signature));
    struct node *f = functor_new(here, catalog_path(entry->source), entry->source, entry->result, params);
    json_object_set_new(f->json, "name", json_string(entry->name));
    return f;
}

/* Whether the function gives a module on the target. */
static bool is_there(const struct target *target, const struct catalog_entry *entry)
{
    return entry->role != NULL ? target_role(target, entry->role) != NULL : target_has(target, entry->source);
}

#define NO_TARGET "no target"

/* "the target linux alone", "the targets linux and sim alone", "no target". */
static const char *targets_with(const struct catalog_entry *entry)
{
    static char said[200];
    size_t len = 0, count = 0, done = 0;
    for (const struct target *const *t = config_targets(); *t != NULL; t++)
        count += is_there(*t, entry);
    if (count == 0)
        return NO_TARGET;
    for (const struct target *const *t = config_targets(); *t != NULL && len < sizeof said; t++)
        if (is_there(*t, entry)) {
            const char *before = done > 0     ? (done + 1 == count ? " and " : ", ")
                                 : count == 1 ? "the target "
                                              : "the targets ";
            len += (size_t)snprintf(said + len, sizeof said - len, "%s%s%s", before, (*t)->name,
                                    ++done == count ? " alone" : "");
        }
    return said;
}

/* A module that the target lacks. This is an error only when the chosen keys need it. */
static void *absent(struct here here, const struct catalog_entry *entry)
{
    char sentence[400];
    const char *target = config_target()->name, *with = targets_with(entry);
    int len = snprintf(sentence, sizeof sentence, "%s() is a module of %s, and this program is for %s",
                       entry->name, with, target);
    if (entry->role == NULL && strcmp(with, NO_TARGET) == 0)
        snprintf(sentence + len, sizeof sentence - (size_t)len,
                 "; name %s in the .modules of tool/target/%s.c", entry->source, target);
    return node_new(
        NODE_VALUE, here,
        json_pack("{s:s,s:s,s:s}", "kind", "absent", "result", entry->result, "message", sentence));
}

/* The functor with the constant for this argument set to the value. */
static struct node *with_constant(struct here here, const struct catalog_entry *entry, struct node *f,
                                  const struct catalog_argument *argument, union catalog_value value)
{
    bool is_path = argument->kind == CATALOG_PATH, is_text = is_path || argument->kind == CATALOG_TEXT;
    char digits[24];
    if (is_text && (value.text == NULL || (is_path && *value.text == '\0')))
        refuse(here, "%s was given no %s", entry->name, argument->name);
    /*
     * An argument at its default is not set, so that the module is the same as one made without the argument.
     */
    if (argument->kind == CATALOG_TEXT && *value.text == '\0')
        return f;
    snprintf(digits, sizeof digits, "%" PRId64, is_text ? 0 : value.number);
    switch (argument->kind) {
    case CATALOG_MODULE: return f;
    case CATALOG_TEXT:
    case CATALOG_PATH:
        return setting_new(here, f, argument->name, "string",
                           json_pack("{s:o,s:b}", "value",
                                     text_of(is_path ? config_path(value.text) : value.text), "path",
                                     is_path));
    case CATALOG_INT: return setting_new(here, f, argument->name, "int", json_pack("{s:s}", "value", digits));
    case CATALOG_BOOL:
        return setting_new(here, f, argument->name, "bool",
                           json_pack("{s:s}", "value", value.number ? "true" : "false"));
    }
    return f;
}

/*
 * The target's module for a parameter that is not an argument. catalog/make allows no other signatures there.
 */
static void *of_target(struct here here, const char *signature)
{
    const struct catalog_entry *entry = catalog_entries;
    while (entry->role == NULL || strcmp(entry->result, signature) != 0)
        entry++;
    return catalog_of_role(here, entry->name);
}

/*
 * The functor of the entry, as the configuration has changed it, applied. `values` are those of
 * catalog_apply.
 */
static void *functor_applied(struct here here, const struct catalog_entry *entry, struct node *f,
                             const union catalog_value *values)
{
    const void *args[entry->param_count + 1];
    for (size_t i = 0; i < entry->param_count; i++) {
        const struct catalog_param *param = &entry->params[i];
        args[i] = param->argument < 0 ? of_target(here, param->signature) : values[param->argument].module;
    }
    args[entry->param_count] = mirage_end;
    return apply_new(here, entry->name, f, args);
}

void *catalog_apply(struct here here, const struct catalog_entry *entry, const union catalog_value *values)
{
    for (size_t i = 0; i < entry->argument_count; i++)
        if (entry->arguments[i].kind == CATALOG_MODULE)
            node_of(here, values[i].module, NODE_VALUE, "argument %zu of '%s'", i + 1, entry->name);
    if (!is_there(config_target(), entry))
        return absent(here, entry);
    struct node *f = entry_functor(here, entry);
    for (size_t i = 0; i < entry->argument_count; i++)
        f = with_constant(here, entry, f, &entry->arguments[i], values[i]);
    return functor_applied(here, entry, f, values);
}

void *catalog_made(struct here here, const char *name, const void *const *modules)
{
    const struct catalog_entry *entry = catalog_find(name);
    union catalog_value values[entry->argument_count + 1];
    for (size_t i = 0; i < entry->argument_count; i++)
        values[i] =
            (union catalog_value){ .module = entry->arguments[i].kind == CATALOG_MODULE ? *modules++ : NULL };
    return is_there(config_target(), entry) ? functor_applied(here, entry, entry_functor(here, entry), values)
                                            : absent(here, entry);
}

void *catalog_of_role(struct here here, const char *function)
{
    const struct catalog_entry *asked = catalog_find(function);
    const struct target_module *module = target_role(config_target(), asked->role);
    if (module == NULL)
        return absent(here, asked);
    const void *below[] = { mirage_end, mirage_end };
    if (module->on != NULL)
        below[0] = catalog_made(here, catalog_of_source(module->on)->name, MODULES());
    return catalog_made(here, catalog_of_source(module->source)->name, below);
}

struct node *catalog_key(struct here here, const char *name)
{
    const struct catalog_choice *c = catalog_choices;
    while (strcmp(c->name, name) != 0)
        c++;
    json_t *values = json_array();
    for (const char *const *choice = c->choices; *choice != NULL; choice++)
        json_array_append_new(values, json_string(*choice));
    const char *value = target_default(config_target(), c->name, c->default_value);
    return key_declare(here, c->name, "enum", value, c->doc, values);
}
