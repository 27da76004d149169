/* Writes the C file of one instance: its source, with parameters bound and keys set. */
#include "emission/instance.h"

#include <ctype.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "composition/tokens.h"

static char *quoted(const char *s)
{
    struct out out = { 0 };
    out_print(&out, "\"");
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            out_print(&out, "\\%c", *s);
        else if ((unsigned char)*s < ' ')
            out_print(&out, "\\%03o", (unsigned char)*s);
        else
            out_bytes(&out, s, 1);
    }
    out_print(&out, "\"");
    return out_keep(&out);
}

/* The initialisers of a KEY_STRINGS: "a", "b", */
static char *quoted_list(const char *const *items)
{
    struct strings list = { 0 };
    for (; *items != NULL; items++)
        strings_add(&list, text("%s,", quoted(*items)));
    return list.count == 0 ? keep_string("") : strings_join(&list, " ");
}

/* The value of a default that is one C string. */
static const char *unquoted(const char *value)
{
    struct tokens t;
    tokens_begin(&t, value);
    const char *s = tokens_take_string(&t);
    return s == NULL ? value : s;
}

static const struct setting *find_setting(const struct functor *f, const char *name)
{
    for (size_t i = 0; i < f->setting_count; i++)
        if (strcmp(f->settings[i].name, name) == 0)
            return &f->settings[i];
    return NULL;
}

const char *generated_argument(const struct graph *graph, const struct functor *f,
                               const struct declared_key *key)
{
    const struct setting *s = find_setting(f, key->name);
    const char *value = s == NULL ? unquoted(key->value) : s->value;
    if (strcmp(key->kind, "string") == 0)
        return path_join(path_folder(graph->config), value);
    return strcmp(value, "true") == 0 ? text("--%s", key->name) : NULL;
}

/* The name of the config.h function that sets keys of this kind. */
static const char *setter_of(const struct declared_key *key)
{
    return strcmp(key->kind, "enum") == 0 ? "string" : key->kind;
}

static const char *key_value(const struct functor *f, const struct declared_key *key)
{
    const struct setting *s = find_setting(f, key->name);
    bool list = strcmp(key->kind, "strings") == 0;
    if (s == NULL)
        return list && *key->value != '\0' ? text("%s,", key->value) : key->value;
    if (list)
        return quoted_list((const char *const *)s->values);
    return strcmp(setter_of(key), "string") == 0 ? quoted(s->value) : s->value;
}

static const struct config_arg *find_config_arg(const struct graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->arg_count; i++)
        if (strcmp(graph->args[i].name, name) == 0)
            return &graph->args[i];
    return NULL;
}

/*
 * The label of the value itself, or else of the one labelled value among its arguments, so that `lan` names a
 * whole stack.
 */
static const char *label_of(const struct value *value)
{
    const char *found = value->label;
    for (size_t i = 0; value->label == NULL && i < value->arg_count; i++) {
        const char *label = label_of(value->args[i]);
        if (found != NULL && label != NULL && strcmp(found, label) != 0)
            return NULL;
        found = label != NULL ? label : found;
    }
    return found;
}

const char *instance_shown(const struct instance *instance)
{
    const struct value *value = instance->value;
    const char *label = is_device(instance->description->module) ? label_of(value) : value->label;
    return label != NULL ? label : instance->name;
}

static bool check_setting(const struct instance *instance, const struct setting *s)
{
    const struct description *d = instance->description;
    static const char *const kinds[] = { [SETTING_BOOL] = "bool",
                                         [SETTING_INT] = "int",
                                         [SETTING_STRING] = "string",
                                         [SETTING_STRINGS] = "strings" };
    struct strings names = { 0 };
    for (size_t k = 0; k < d->key_count; k++) {
        const struct declared_key *key = &d->keys[k];
        strings_add(&names, key->name);
        if (strcmp(key->name, s->name) != 0)
            continue;
        if (strcmp(setter_of(key), kinds[s->kind]) == 0) {
            const char *refusal = declared_key_refusal(key, instance->name, s->value);
            if (refusal != NULL)
                error_at(s->place.file, s->place.line, "%s", refusal);
            return refusal == NULL;
        }
        error_at(s->place.file, s->place.line,
                 "the key '%s' of %s is of the kind %s (%s:%d), and this sets it with set_%s; use set_%s",
                 s->name, d->module->name, key->kind, path_shown(key->file), key->line, kinds[s->kind],
                 setter_of(key));
        return false;
    }
    error_at(s->place.file, s->place.line, "%s has no key '%s'; %s%s", d->module->name, s->name,
             names.count == 0 ? "it declares none" : "its keys are: ",
             names.count == 0 ? "" : strings_join(&names, ", "));
    return false;
}

const char *rules_refusal(const struct description *d, const struct functor *f, const char *owner,
                          const struct setting **at)
{
    for (size_t i = 0; i < d->rule_count; i++) {
        const struct declared_rule *rule = &d->rules[i];
        const char **values = keep((rule->keys.count + 1) * sizeof *values);
        const struct setting *set = NULL;
        for (size_t k = 0; k < rule->keys.count; k++) {
            const struct setting *s = find_setting(f, rule->keys.items[k]);
            values[k] = key_value(f, declared_key(d, rule->keys.items[k]));
            set = s != NULL ? s : set;
        }
        if (declared_rule_holds(rule, values))
            continue;
        *at = set != NULL ? set : *at;
        return declared_rule_refusal(rule, owner, values);
    }
    return NULL;
}

/* The defaults keep the rules, so a setting is what breaks one. */
static bool check_rules(const struct instance *instance)
{
    const struct functor *f = instance->value->functor;
    const struct setting *at = NULL;
    const char *refusal = rules_refusal(instance->description, f, instance->name, &at);
    const struct place *place = at != NULL ? &at->place : &f->place;
    if (refusal != NULL)
        error_at(place->file, place->line, "%s", refusal);
    return refusal == NULL;
}

static bool same_type(const char *type, const char *declared)
{
    for (; *type != '\0' && tolower((unsigned char)*type) == tolower((unsigned char)*declared); type++)
        declared++;
    return *type == '\0' && *declared == '\0';
}

/*
 * Check a runtime argument of the configuration. It gives the functors' argument with its name another
 * default and text.
 */
static bool check_config_arg(const struct program *program, const struct config_arg *arg)
{
    bool read = false;
    struct strings names = { 0 };
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct description *d = program->instances[i].description;
        for (size_t k = 0; k < d->arg_count; k++) {
            const struct declared_arg *declared = &d->args[k];
            if (!strings_has(&names, declared->name))
                strings_add(&names, declared->name);
            if (strcmp(declared->name, arg->name) != 0)
                continue;
            read = true;
            if (same_type(arg->type, declared->type))
                continue;
            error_at(arg->place.file, arg->place.line,
                     "the argument '%s' is of the type %s here, but %s declares it with ARG_%s (%s:%d)",
                     arg->name, arg->type, d->module->name, declared->type, path_shown(declared->file),
                     declared->line);
            return false;
        }
    }
    if (!read)
        error_at(arg->place.file, arg->place.line, "no functor of this program reads the argument '%s'; %s%s",
                 arg->name, names.count == 0 ? "they declare none" : "they declare: ",
                 names.count == 0 ? "" : strings_join(&names, ", "));
    return read;
}

/* Check that the folder exists from which the instance's data is made. */
static bool check_folders(const struct graph *graph, const struct instance *instance)
{
    const struct description *d = instance->description;
    const struct functor *f = instance->value->functor;
    for (size_t i = 0; d->generated != NULL && i < d->generated->keys.count; i++) {
        const struct declared_key *key = declared_key(d, d->generated->keys.items[i]);
        const char *folder = generated_argument(graph, f, key);
        if (strcmp(key->kind, "string") != 0 || folder_exists(folder))
            continue;
        error_at(f->place.file, f->place.line, "there is no folder '%s' for %s", path_shown(folder),
                 d->generated->program);
        return false;
    }
    return true;
}

bool check_settings(const struct program *program)
{
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct functor *f = program->instances[i].value->functor;
        for (size_t s = 0; s < f->setting_count; s++)
            if (!check_setting(&program->instances[i], &f->settings[s]))
                return false;
        if (!check_rules(&program->instances[i]) || !check_folders(program->graph, &program->instances[i]))
            return false;
    }
    for (size_t i = 0; i < program->graph->arg_count; i++)
        if (!check_config_arg(program, &program->graph->args[i]))
            return false;
    return true;
}

static void print_arg(struct out *out, const struct graph *graph, const struct declared_arg *declared)
{
    const struct config_arg *set = find_config_arg(graph, declared->name);
    const char *value = set == NULL ? declared->value : set->default_text;
    const char *doc = set == NULL || set->doc == NULL ? declared->doc : set->doc;
    out_print(out, "#define MIRAGE_ARG_TEXT_%s %s\n", declared->name, value == NULL ? "NULL" : quoted(value));
    out_print(out, "#define MIRAGE_ARG_DOC_%s %s\n", declared->name, doc == NULL ? "NULL" : quoted(doc));
}

/* The name of the last parameter when it is a "struct buf *name", which the drop frees, or "NULL". */
static const char *buffer_argument(const char *prototype)
{
    const char *at = strstr(prototype, "struct buf *");
    if (at == NULL)
        return "NULL";
    at += strlen("struct buf *");
    return keep_bytes(at, strcspn(at, ",) "));
}

static void print_drop(struct out *out, const struct instance *instance, const struct operation *op)
{
    const char *answer = "";
    if (strncmp(op->prototype, "err ", 4) == 0)
        answer = "    return ERR_UNSUPPORTED;\n";
    else if (strncmp(op->prototype, "void ", 5) != 0)
        answer = "    return 0;\n";
    out_print(out, "\n__attribute__((unused, cold)) %s\n{\n", op->prototype);
    out_print(out, "    static struct metric drops;\n");
    out_print(out, "    event_drop(&drops, \"%s.%s\", %s);\n%s}\n", instance->name,
              op->name + strlen(op->prefix) + 1, buffer_argument(op->prototype), answer);
}

/*
 * Declare operations as inline. Link-time optimisation then weighs them like functions that are meant to be
 * inlined, so a thin layer costs nothing.
 */
static void print_inline(struct out *out, const struct description *d)
{
    out_print(out, "\n#ifdef NDEBUG\n");
    for (size_t i = 0; i < d->module->operation_count; i++) {
        const struct operation *op = &d->module->operations[i];
        if (!op->is_event && is_own(d, op) && strcmp(op->name, entry_name(d)) != 0)
            out_print(out, "extern inline %s;\n", op->prototype);
    }
    out_print(out, "#endif\n");
}

char *instance_source(const struct graph *graph, const struct instance *instance)
{
    const struct description *d = instance->description;
    const struct functor *f = instance->value->functor;
    struct out out = { 0 };
    struct strings params = { 0 };

    for (size_t i = 0; i < d->param_count; i++)
        strings_add(&params, instance->params[i]->name);
    const struct place *place = &instance->value->place;
    out_print(&out, "/* %s: %s%s%s%s, %s. Made by mirage. */\n", instance->name, d->module->name,
              params.count == 0 ? "" : "(", params.count == 0 ? "" : strings_join(&params, ", "),
              params.count == 0 ? "" : ")",
              place->file == NULL ? "by itself, for a test"
                                  : text("applied in %s:%d", path_name(place->file), place->line));
    out_print(&out, "#define MIRAGE_INSTANCE %s\n", instance->name);
    for (size_t i = 0; i < d->key_count; i++)
        out_print(&out, "#define MIRAGE_KEY_%s %s\n", d->keys[i].name, key_value(f, &d->keys[i]));
    if (d->arg_count > 0)
        out_print(&out, "#define MIRAGE_MADE\n");
    for (size_t i = 0; i < d->arg_count; i++)
        print_arg(&out, graph, &d->args[i]);
    for (size_t i = 0; i < instance->binding_count; i++)
        out_print(&out, "#pragma redefine_extname %s %s\n", instance->bindings[i].from,
                  instance->bindings[i].to);
    /*
     * GCC takes a function's symbol name from its first declaration. A definition alone does not rename it.
     */
    out_print(&out, "#include <mirage/main.h>\n%s", entry_declaration(d));
    for (size_t i = 0; i < d->files.count; i++)
        out_print(&out, "#include \"%s\"\n", d->files.items[i]);
    print_inline(&out, d);
    if (instance->drop_count > 0)
        out_print(&out,
                  "\n/* Nobody in this program defines these events: they are counted and dropped. */\n");
    for (size_t i = 0; i < instance->drop_count; i++)
        print_drop(&out, instance, instance->drops[i]);
    return out_keep(&out);
}
