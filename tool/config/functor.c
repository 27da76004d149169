/* Functors, their constants, and their application. */
#include <mirage/config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/*
 * The names of a list such as "CONSOLE, KV_RO", which is the text of a macro's arguments: words with commas
 * between them.
 */
static json_t *names_of(const char *list)
{
    json_t *names = json_array();
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t len = strcspn(list, ", \t");
        if (len > 0)
            json_array_append_new(names, json_stringn(list, len));
        list += len;
    }
    return names;
}

struct node *functor_new(struct here here, const char *source, const char *written, const char *result,
                         json_t *params)
{
    return node_new(NODE_FUNCTOR, here,
                    json_pack("{s:o,s:o,s:s,s:o,s:[],s:[]}", "source", text_of(source), "written",
                              text_of(written), "result", result, "params", params, "settings", "libraries"));
}

void *(foreign)(const char *source, const char *result, const char *params)
{
    struct here here = called();
    if (source == NULL || *source == '\0')
        refuse(here, "foreign was given no source");
    return functor_new(here, config_path(source), source, result, names_of(params));
}

struct node *apply_new(struct here here, const char *written, const void *f, const void *const *args)
{
    struct node *functor = node_of(here, f, NODE_FUNCTOR, "the functor '%s'", written);
    json_t *ids = json_array();
    for (size_t i = 0; args[i] != mirage_end; i++) {
        struct node *arg = node_of(here, args[i], NODE_VALUE, "argument %zu of '%s'", i + 1, written);
        json_array_append_new(ids, json_integer((json_int_t)arg->id));
    }
    return node_new(
        NODE_VALUE, here,
        json_pack("{s:s,s:I,s:o}", "kind", "apply", "functor", (json_int_t)functor->id, "args", ids));
}

void *(apply)(const char *written, const void *f, const void *const *args)
{
    return apply_new(called(), written, f, args);
}

/* A copy of a node, with the line where the original was made. */
static struct node *copy_of(enum node_kind kind, struct here made, json_t *original)
{
    return node_new(kind, made, json_deep_copy(original));
}

static const char *kind_of(const struct node *value)
{
    return json_string_value(json_object_get(value->json, "kind"));
}

/*
 * Copy the functor, or the module together with its functor, and return the JSON of the copied functor for
 * the caller to change. `*changed` receives the node to use from now on. Of modules, only an application has
 * a functor.
 */
static json_t *functor_copy(struct here here, const void *x, const char *what, struct node **changed)
{
    struct node *node = node_find(x), *functor;
    if (node == NULL || node->kind != NODE_VALUE) {
        node = node_of(here, x, NODE_FUNCTOR, "the first argument of %s", what);
        functor = *changed = copy_of(NODE_FUNCTOR, node->here, node->json);
    } else {
        node = node_of(here, x, NODE_VALUE, "the first argument of %s", what);
        if (strcmp(kind_of(node), "apply") != 0)
            refuse(here, "%s cannot change %s", what,
                   strcmp(kind_of(node), "named") == 0
                       ? "a module that named() has named: name it afterwards"
                       : "a choice between modules: change the modules that it chooses between");
        json_t *original = functor_recorded(node);
        struct here made = { json_string_value(json_object_get(original, "file")),
                             (int)json_integer_value(json_object_get(original, "line")) };
        functor = copy_of(NODE_FUNCTOR, made, original);
        *changed = copy_of(NODE_VALUE, node->here, node->json);
        json_object_set_new((*changed)->json, "functor", json_integer((json_int_t)functor->id));
    }
    (*changed)->must_be_used = what;
    (*changed)->changed = here;
    return functor->json;
}

static const char *setter_of(const char *kind)
{
    return strcmp(kind, "bool") == 0     ? "set_bool"
           : strcmp(kind, "int") == 0    ? "set_int"
           : strcmp(kind, "string") == 0 ? "set_string"
                                         : "set_strings";
}

struct node *setting_new(struct here here, const void *x, const char *name, const char *kind, json_t *setting)
{
    struct node *changed;
    const char *what = setter_of(kind);
    json_t *functor = functor_copy(here, x, what, &changed);
    if (name == NULL)
        refuse(here, "%s was given no name", what);
    json_object_set_new(setting, "name", text_of(name));
    json_object_set_new(setting, "kind", text_of(kind));
    mark(setting, here);
    json_t *settings = json_object_get(functor, "settings");
    for (size_t i = 0; i < json_array_size(settings); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(settings, i), "name")), name) == 0)
            json_array_remove(settings, i--);
    json_array_append_new(settings, setting);
    return changed;
}

static void *set_text(const void *x, const char *name, const char *kind, const char *value)
{
    struct here here = called();
    if (value == NULL)
        refuse(here, "'%s' was set to NULL", name);
    return setting_new(here, x, name, kind, json_pack("{s:o}", "value", text_of(value)));
}

static void *set_key(const void *x, const char *name, const char *kind, const void *key)
{
    struct here here = called();
    struct node *node = node_of(here, key, NODE_KEY, "the value of '%s'", name);
    return setting_new(here, x, name, kind, json_pack("{s:I}", "key", (json_int_t)node->id));
}

void *(set_bool)(const void *x, const char *name, int value)
{
    return set_text(x, name, "bool", value ? "true" : "false");
}

void *(set_int)(const void *x, const char *name, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    return set_text(x, name, "int", digits);
}

void *(set_string)(const void *x, const char *name, const char *value)
{
    return set_text(x, name, "string", value);
}

void *(set_strings)(const void *x, const char *name, const char *const *values)
{
    struct here here = called();
    json_t *list = json_array();
    for (size_t i = 0; values[i] != mirage_end; i++) {
        if (values[i] == NULL)
            refuse(here, "value %zu of '%s' is NULL", i + 1, name);
        json_array_append_new(list, text_of(values[i]));
    }
    return setting_new(here, x, name, "strings", json_pack("{s:o}", "values", list));
}

void *set_bool_key(const void *x, const char *name, BOOL_KEY key)
{
    return set_key(x, name, "bool", key);
}

void *set_int_key(const void *x, const char *name, INT_KEY key)
{
    return set_key(x, name, "int", key);
}

void *set_string_key(const void *x, const char *name, STRING_KEY key)
{
    return set_key(x, name, "string", key);
}

void *set_enum_key(const void *x, const char *name, ENUM_KEY key)
{
    return set_key(x, name, "string", key);
}

void *(with_library)(const void *x, const char *name)
{
    struct here here = called();
    struct node *changed;
    json_t *functor = functor_copy(here, x, "with_library", &changed);
    if (name == NULL || *name == '\0')
        refuse(here, "with_library was given no name");
    json_array_append_new(json_object_get(functor, "libraries"), text_of(name));
    return changed;
}
