/* The C file of one instance: its source, with parameters bound and keys set. */
#include <string.h>

#include "project.h"

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
    char *kept = keep_bytes(out.data, out.len);
    out_free(&out);
    return kept;
}

/* "a,b" as the initialisers of a KEY_STRINGS: "a", "b", */
static char *quoted_list(const char *s)
{
    struct strings items = { 0 };
    while (*s != '\0') {
        size_t len = strcspn(s, ",");
        strings_add(&items, text("%s,", quoted(keep_bytes(s, len))));
        s += len + (s[len] == ',');
    }
    return items.count == 0 ? keep_string("") : strings_join(&items, " ");
}

static const struct setting *find_setting(const struct functor *f, const char *name)
{
    for (size_t i = 0; i < f->setting_count; i++)
        if (strcmp(f->settings[i].name, name) == 0)
            return &f->settings[i];
    return NULL;
}

static const char *key_value(const struct functor *f, const struct declared_key *key)
{
    const struct setting *s = find_setting(f, key->name);
    bool list = strcmp(key->kind, "strings") == 0;
    if (s == NULL)
        return list && *key->value != '\0' ? text("%s,", key->value) : key->value;
    if (list)
        return quoted_list(s->value);
    return strcmp(key->kind, "string") == 0 ? quoted(s->value) : s->value;
}

bool check_settings(const struct program *program)
{
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct description *d = program->instances[i].description;
        const struct functor *f = program->instances[i].value->functor;
        for (size_t s = 0; s < f->setting_count; s++) {
            struct strings names = { 0 };
            for (size_t k = 0; k < d->key_count; k++)
                strings_add(&names, d->keys[k].name);
            if (strings_has(&names, f->settings[s].name))
                continue;
            error_at(f->settings[s].place.file, f->settings[s].place.line, "%s has no key '%s'; %s%s",
                     d->module->name, f->settings[s].name, names.count == 0 ? "it declares none" : "its keys are: ",
                     names.count == 0 ? "" : strings_join(&names, ", "));
            return false;
        }
    }
    return true;
}

/* "name" of a last parameter "struct buf *name", so that the drop can free it; "NULL" when there is none. */
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

char *instance_source(const struct instance *instance)
{
    const struct description *d = instance->description;
    const struct functor *f = instance->value->functor;
    struct out out = { 0 };
    struct strings params = { 0 };

    for (size_t i = 0; i < d->param_count; i++)
        strings_add(&params, instance->params[i]->name);
    out_print(&out, "/* %s: %s%s%s%s, applied in %s:%d. Made by mirage. */\n", instance->name, d->module->name,
              params.count == 0 ? "" : "(", params.count == 0 ? "" : strings_join(&params, ", "),
              params.count == 0 ? "" : ")", path_name(instance->value->place.file), instance->value->place.line);
    out_print(&out, "#define MIRAGE_INSTANCE %s\n", instance->name);
    for (size_t i = 0; i < d->key_count; i++)
        out_print(&out, "#define MIRAGE_KEY_%s %s\n", d->keys[i].name, key_value(f, &d->keys[i]));
    for (size_t i = 0; i < instance->binding_count; i++)
        out_print(&out, "#pragma redefine_extname %s %s\n", instance->bindings[i].from, instance->bindings[i].to);
    if (instance->drop_count > 0)
        out_print(&out, "#include <mirage/main.h>\n");
    for (size_t i = 0; i < d->files.count; i++)
        out_print(&out, "#include \"%s\"\n", d->files.items[i]);
    if (instance->drop_count > 0)
        out_print(&out, "\n/* Nobody in this program defines these events: they are counted and dropped. */\n");
    for (size_t i = 0; i < instance->drop_count; i++)
        print_drop(&out, instance, instance->drops[i]);
    char *kept = keep_bytes(out.data, out.len);
    out_free(&out);
    return kept;
}
