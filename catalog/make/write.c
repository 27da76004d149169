#include "write.h"

#include <string.h>

#include "base/keep.h"
#include "base/out.h"

static void print_made_by(struct out *out)
{
    out_print(out, "/* Made by the build from signatures, modules and catalog/choices.c: change those. */\n");
}

/* header */

/* A comment of lines of at most 110 columns. */
static void print_comment(struct out *out, const char *s)
{
    const size_t room = 107;
    bool alone = strlen(s) + strlen("/*  */") <= 110;
    size_t column = 0;
    out_print(out, alone ? "\n/*" : "\n/*\n *");
    while (*s != '\0') {
        size_t len = strcspn(s, " ");
        if (column + len + 1 > room) {
            out_print(out, "\n *");
            column = 0;
        }
        out_print(out, " %.*s", (int)len, s);
        column += len + 1;
        s += len + (s[len] == ' ');
    }
    out_print(out, alone ? " */\n" : "\n */\n");
}

static void print_macro(struct out *out, const struct function *f)
{
    out_print(out, "#define %s(...) ", f->name);
    if (f->without == NULL)
        out_print(out, "MIRAGE_CALL(%s(__VA_ARGS__))\n", f->name);
    else
        out_print(out, "MIRAGE_CALL(MIRAGE_FIRST(__VA_OPT__(%s, ) (%s), )(__VA_ARGS__))\n", f->name,
                  f->without);
}

char *header_text(const struct signatures *signatures, const struct functions *functions)
{
    struct out out = { 0 };
    print_made_by(&out);
    out_print(&out, "#ifndef MIRAGE_MODULES_H\n#define MIRAGE_MODULES_H\n\n");
    for (size_t i = 0; i < signatures->count; i++)
        out_print(&out, "config_type(%s);\n", signatures->items[i].name);
    for (size_t i = 0; i < functions->count; i++) {
        const struct function *f = &functions->items[i];
        print_comment(&out, f->doc);
        out_print(&out, "MIRAGE_USED %s(%s)(%s);\n", f->result, f->name, f->params);
        print_macro(&out, f);
    }
    out_print(&out, "\n#endif\n");
    return out_keep(&out);
}

/* table */

static void print_string(struct out *out, const char *s)
{
    if (s == NULL) {
        out_print(out, "NULL");
        return;
    }
    out_print(out, "\"");
    for (; *s != '\0'; s++)
        out_print(out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
    out_print(out, "\"");
}

static void print_field(struct out *out, const char *field, const char *value)
{
    if (value == NULL)
        return;
    out_print(out, "        .%s = ", field);
    print_string(out, value);
    out_print(out, ",\n");
}

/* The place among the arguments of the one that is for the parameter, or -1. */
static int argument_for(const struct function *f, const char *param)
{
    for (size_t i = 0; i < f->argument_count; i++)
        if (f->arguments[i].kind == CATALOG_MODULE && strcmp(f->arguments[i].name, param) == 0)
            return (int)i;
    return -1;
}

static void print_types(struct out *out, const struct function *f)
{
    static const char *const kinds[] = { [CATALOG_MODULE] = "CATALOG_MODULE",
                                         [CATALOG_TEXT] = "CATALOG_TEXT",
                                         [CATALOG_PATH] = "CATALOG_PATH",
                                         [CATALOG_INT] = "CATALOG_INT",
                                         [CATALOG_BOOL] = "CATALOG_BOOL" };
    const struct description *d = f->module;
    if (d->param_count > 0)
        out_print(out, "        .param_count = %zu,\n        .params = (const struct catalog_param[]){",
                  d->param_count);
    for (size_t i = 0; i < d->param_count; i++)
        out_print(out, "%s { \"%s\", %d }", i > 0 ? "," : "", d->params[i].signature,
                  argument_for(f, d->params[i].name));
    out_print(out, d->param_count > 0 ? " },\n" : "");
    if (f->argument_count > 0)
        out_print(out,
                  "        .argument_count = %zu,\n        .arguments = (const struct catalog_argument[]){",
                  f->argument_count);
    for (size_t i = 0; i < f->argument_count; i++)
        out_print(out, "%s { %s, \"%s\" }", i > 0 ? "," : "", kinds[f->arguments[i].kind],
                  f->arguments[i].name);
    out_print(out, f->argument_count > 0 ? " },\n" : "");
}

char *table_text(const struct functions *functions)
{
    struct out out = { 0 };
    print_made_by(&out);
    out_print(&out, "#include <catalog/catalog.h>\n\nconst struct catalog_entry catalog_entries[] = {\n");
    for (size_t i = 0; i < functions->count; i++) {
        const struct function *f = &functions->items[i];
        out_print(&out, "    {\n");
        print_field(&out, "name", f->name);
        print_field(&out, "prototype", text("%s %s(%s)", f->result, f->name, f->params));
        print_field(&out, "doc", f->doc);
        print_field(&out, "result", f->result);
        print_field(&out, "role", f->role);
        print_field(&out, "key", f->key);
        print_field(&out, "source", f->source);
        if (f->module != NULL)
            print_types(&out, f);
        out_print(&out, "    },\n");
    }
    out_print(&out, "    { 0 },\n};\n");
    return out_keep(&out);
}

/* functions */

static const char *member_of(enum catalog_kind kind)
{
    return kind == CATALOG_MODULE                         ? "module"
           : kind == CATALOG_TEXT || kind == CATALOG_PATH ? "text"
                                                          : "number";
}

char *functions_text(const struct functions *functions)
{
    struct out out = { 0 };
    print_made_by(&out);
    out_print(&out, "#include <mirage/config.h>\n\n#include <catalog/apply.h>\n");
    for (size_t i = 0; i < functions->count; i++) {
        const struct function *f = &functions->items[i];
        if (f->module == NULL)
            continue;
        out_print(&out, "\n%s(%s)(%s)\n{\n    return catalog_apply(called(), &catalog_entries[%zu], ",
                  f->result, f->name, f->params, i);
        out_print(&out, f->argument_count == 0 ? "NULL" : "(const union catalog_value[]){");
        for (size_t k = 0; k < f->argument_count; k++)
            out_print(&out, "%s { .%s = %s }", k > 0 ? "," : "", member_of(f->arguments[k].kind),
                      f->arguments[k].name);
        out_print(&out, "%s);\n}\n", f->argument_count == 0 ? "" : " }");
    }
    return out_keep(&out);
}
