#include "modules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/nearest.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "find.h"

/*
 * A program has one module of each of these signatures. A functor that takes one is given the target's,
 * unless its CATALOG line says otherwise.
 */
static bool is_given_by_target(const char *signature)
{
    static const char *const given[] = { "PCLOCK", "RANDOM", "SINK", NULL };
    return listed(given, signature);
}

/* The first paragraph of the comment at the beginning of the file, on one line. NULL when there is none. */
static const char *opening_sentence(const char *file)
{
    struct out out = { 0 };
    const char *at = file_read(file, NULL);
    const char *end = at == NULL ? NULL : strstr(at, "*/");
    if (end == NULL || strncmp(at, "/*", 2) != 0)
        return NULL;
    for (at += 2; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        while (at < stop && (isspace((unsigned char)*at) || *at == '*'))
            at++;
        size_t len = (size_t)(stop - at);
        while (len > 0 && isspace((unsigned char)at[len - 1]))
            len--;
        if (len == 0 && out.len > 0)
            break;
        if (len > 0)
            out_print(&out, "%s%.*s", out.len > 0 ? " " : "", (int)len, at);
        at = stop + (stop < end);
    }
    return out.len == 0 ? NULL : out_keep(&out);
}

static const struct use *param_named(const struct description *d, const char *name)
{
    for (size_t i = 0; i < d->param_count; i++)
        if (strcmp(d->params[i].name, name) == 0)
            return &d->params[i];
    return NULL;
}

static bool tell_unknown(const struct description *d, const char *name)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < d->param_count; i++)
        strings_add(&names, d->params[i].name);
    for (size_t i = 0; i < d->key_count; i++)
        strings_add(&names, d->keys[i].name);
    const char *meant = names.count == 0 ? NULL : nearest(name, names.items);
    error_at(d->catalog->file, d->catalog->line,
             "'%s' is neither a parameter nor a key of the module '%s'%s; declare it, or leave it out of the "
             "CATALOG line",
             name, d->module->name, meant == NULL ? "" : text(" (did you mean '%s'?)", meant));
    return false;
}

static bool key_argument(const struct description *d, const struct declared_key *key, bool is_path,
                         struct argument *out)
{
    static const struct {
        const char *kind, *type;
        enum catalog_kind as;
    } kinds[] = {
        { "string", "const char *", CATALOG_TEXT },
        { "enum", "const char *", CATALOG_TEXT },
        { "int", "int64_t ", CATALOG_INT },
        { "bool", "bool ", CATALOG_BOOL },
    };
    bool fits = !is_path || strcmp(key->kind, "string") == 0;
    for (size_t i = 0; fits && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].kind, key->kind) != 0)
            continue;
        *out = (struct argument){ is_path ? CATALOG_PATH : kinds[i].as, kinds[i].type, key->name };
        return true;
    }
    error_at(d->catalog->file, d->catalog->line,
             "the key '%s' is of the kind %s, which %s; take it out of the CATALOG line", key->name,
             key->kind, is_path ? "is no path" : "cannot be an argument");
    return false;
}

static bool named_argument(const struct description *d, const struct named_argument *named,
                           struct argument *out)
{
    if (named->name == NULL) {
        error_at(d->catalog->file, d->catalog->line,
                 "an argument in this CATALOG line is no name; write the names of parameters and keys, or "
                 "path(key)");
        return false;
    }
    const struct use *param = param_named(d, named->name);
    const struct declared_key *key = declared_key(d, named->name);
    if (param != NULL && named->is_path && key == NULL) {
        error_at(d->catalog->file, d->catalog->line,
                 "'%s' is a parameter, and path() is for a key whose text is a path; write %s", param->name,
                 param->name);
        return false;
    }
    if (param != NULL && !named->is_path) {
        *out = (struct argument){ CATALOG_MODULE, text("%s ", param->signature), param->name };
        return true;
    }
    return key == NULL ? tell_unknown(d, named->name) : key_argument(d, key, named->is_path, out);
}

static bool has_argument(const struct function *f, const char *name)
{
    for (size_t i = 0; i < f->argument_count; i++)
        if (strcmp(f->arguments[i].name, name) == 0)
            return true;
    return false;
}

static bool line_arguments(const struct description *d, struct function *f)
{
    const struct catalog_line *line = d->catalog;
    f->arguments = keep((line->argument_count + 1) * sizeof *f->arguments);
    for (size_t i = 0; i < line->argument_count; i++) {
        struct argument argument;
        if (!named_argument(d, &line->arguments[i], &argument))
            return false;
        if (has_argument(f, argument.name)) {
            error_at(line->file, line->line, "'%s' stands twice in this CATALOG line; take one of them out",
                     argument.name);
            return false;
        }
        f->arguments[f->argument_count++] = argument;
    }
    for (size_t i = 0; i < d->param_count; i++)
        if (!has_argument(f, d->params[i].name) && !is_given_by_target(d->params[i].signature)) {
            error_at(
                line->file, line->line,
                "this CATALOG line leaves out the parameter '%s', and no %s stands there by itself; add it",
                d->params[i].name, d->params[i].signature);
            return false;
        }
    return true;
}

/* Without a CATALOG line the arguments are the parameters in their order. */
static void all_arguments(const struct description *d, struct function *f)
{
    f->arguments = keep((d->param_count + 1) * sizeof *f->arguments);
    for (size_t i = 0; i < d->param_count; i++)
        if (!is_given_by_target(d->params[i].signature))
            f->arguments[f->argument_count++] =
                (struct argument){ CATALOG_MODULE, text("%s ", d->params[i].signature), d->params[i].name };
}

static const char *params_of(const struct function *f)
{
    struct strings params = { 0 };
    for (size_t i = 0; i < f->argument_count; i++)
        strings_add(&params, text("%s%s", f->arguments[i].type, f->arguments[i].name));
    return params.count == 0 ? "void" : strings_join(&params, ", ");
}

static bool function_of_module(const char *root, const struct description *d, struct function *out)
{
    const bool said = d->catalog != NULL;
    *out = (struct function){
        .name = said ? d->catalog->name : d->module->name,
        .result = d->module->signature,
        .doc = opening_sentence(d->module->file),
        .file = said ? d->catalog->file : d->module->file,
        .line = said ? d->catalog->line : d->module->line,
        .module = d,
        .source = d->source + strlen(root) + 1,
    };
    if (out->doc == NULL) {
        error_at(d->module->file, 1,
                 "nothing says what the module '%s' is; begin this file with a comment whose first paragraph "
                 "does",
                 d->module->name);
        return false;
    }
    if (!said)
        all_arguments(d, out);
    else if (!line_arguments(d, out))
        return false;
    out->params = params_of(out);
    return true;
}

static const char *or_null(const char *s)
{
    return s == NULL || *s == '\0' ? NULL : s;
}

static void function_of_choice(const struct choice_line *c, struct function *out)
{
    *out = (struct function){
        .name = c->name,
        .result = c->result,
        .params = or_null(c->params) == NULL ? "void" : c->params,
        .doc = c->doc,
        .role = or_null(c->role),
        .key = or_null(c->key),
        .without = or_null(c->without),
        .file = c->file,
        .line = c->line,
    };
}

static int by_result(const void *a, const void *b)
{
    const struct function *f = a, *g = b;
    int order = strcmp(f->result, g->result);
    return order != 0 ? order : strcmp(f->name, g->name);
}

static bool names_differ(const struct functions *all)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(all->items[i].name, all->items[k].name) == 0) {
                error_at(all->items[i].file, all->items[i].line,
                         "the catalogue has two functions '%s': the other is said in %s:%d; name this one by "
                         "CATALOG(NAME, ARGUMENT...)",
                         all->items[i].name, path_shown(all->items[k].file), all->items[k].line);
                return false;
            }
    return true;
}

bool functions_read(const struct compiler *compiler, const char *cache, const char *root, const char *choices,
                    struct functions *out)
{
    const char *const folders[] = { path_join(root, "devices"), path_join(root, "lib"), NULL };
    struct description *described;
    struct found modules;
    *out = (struct functions){ 0 };
    if (!modules_find(compiler, cache, folders, &out->inputs, &modules) ||
        !describe_unchecked(compiler, cache, &choices, 1, &described))
        return false;
    strings_add_all(&out->inputs, described->inputs.items, described->inputs.count);
    out->items = keep((modules.count + described->choice_count + 1) * sizeof *out->items);
    for (size_t i = 0; i < modules.count; i++)
        if (!function_of_module(root, modules.items[i], &out->items[out->count++]))
            return false;
    for (size_t i = 0; i < described->choice_count; i++)
        function_of_choice(&described->choices[i], &out->items[out->count++]);
    qsort(out->items, out->count, sizeof *out->items, by_result);
    return names_differ(out);
}
