/* The checks of what a functor's source declares. No compiler has read the functor yet. */
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/nearest.h"
#include "base/paths.h"
#include "base/report.h"
#include "composition/source.h"

/* The signature that the user meant: a macro whose first parameter is M, in a header that was read. */
static const char *signature_meant(const struct description *d, const char *name)
{
    struct strings known = { 0 };
    for (size_t i = 0; i < d->inputs.count; i++) {
        const char *at = folder_exists(d->inputs.items[i]) ? NULL : file_read(d->inputs.items[i], NULL);
        for (; at != NULL; at = strchr(at, '\n')) {
            static const char define[] = "#define ";
            at += *at == '\n';
            if (strncmp(at, define, sizeof define - 1) != 0)
                continue;
            at += sizeof define - 1;
            size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
            if (len > 0 && strncmp(at + len, "(M)", 3) == 0)
                strings_add(&known, keep_bytes(at, len));
        }
    }
    return known.count == 0 ? NULL : nearest(name, known.items);
}

static bool check_use(const struct description *d, const char *macro, const struct use *use)
{
    if (use->is_unknown) {
        const char *meant = signature_meant(d, use->signature);
        error_at(use->file, use->line,
                 "there is no signature '%s'%s; include the header that defines it before this line",
                 use->signature, meant == NULL ? "" : text(" (did you mean '%s'?)", meant));
    } else if (use->name == NULL) {
        error_at(use->file, use->line, "this %s line names no module; write %s(%s, name)", macro, macro,
                 *use->signature == '\0' ? "SIGNATURE" : use->signature);
    }
    return !use->is_unknown && use->name != NULL;
}

static bool check_generated(const struct description *d)
{
    const struct generated_line *line = d->generated;
    if (line == NULL)
        return true;
    if (line->program == NULL || strcmp(line->program, "crunch") != 0) {
        error_at(line->file, line->line, "there is no program '%s' that makes data; the only one is crunch",
                 line->program == NULL ? "" : line->program);
        return false;
    }
    for (size_t i = 0; i < line->keys.count; i++) {
        const struct declared_key *key = declared_key(d, line->keys.items[i]);
        if (key != NULL && (strcmp(key->kind, "string") == 0 || strcmp(key->kind, "bool") == 0))
            continue;
        error_at(line->file, line->line,
                 "the GENERATED line names '%s', which is no KEY_STRING and no KEY_BOOL of this module; "
                 "declare it, or leave it out",
                 line->keys.items[i]);
        return false;
    }
    return true;
}

static bool check_module(const struct description *d)
{
    if (d->module_count == 0) {
        error_at(d->source, 0,
                 "this functor does not say which module it is; write MODULE(SIGNATURE, name); in it");
        return false;
    }
    if (!check_use(d, "MODULE", d->module))
        return false;
    if (d->module_count > 1) {
        error_at(d->module->file, d->module->line,
                 "a %s is one module, and this one has %zu MODULE lines; keep one of them%s",
                 folder_exists(d->source) ? "folder" : "file", d->module_count,
                 folder_exists(d->source)
                     ? ", and if it is in a header, let the header be read once (#ifndef or #pragma once)"
                     : "");
        return false;
    }
    return true;
}

static bool check_params(const struct description *d)
{
    for (size_t i = 0; i < d->param_count; i++)
        if (!check_use(d, "PARAM", &d->params[i]))
            return false;
    for (size_t i = 0; i < d->param_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(d->params[i].name, d->params[k].name) == 0) {
                error_at(d->params[i].file, d->params[i].line,
                         "two parameters are named '%s' (the other one in line %d); rename one",
                         d->params[i].name, d->params[k].line);
                return false;
            }
    for (size_t i = 0; i < d->param_count; i++)
        if (strcmp(d->params[i].name, d->module->name) == 0) {
            error_at(d->module->file, d->module->line,
                     "the module is named '%s' as its parameter is (%s:%d); rename one", d->module->name,
                     path_shown(d->params[i].file), d->params[i].line);
            return false;
        }
    return true;
}

bool description_checked(const struct description *d)
{
    if (!check_module(d) || !check_params(d))
        return false;
    for (size_t i = 0; i < d->key_count; i++)
        if (!declared_key_check(&d->keys[i]))
            return false;
    for (size_t i = 0; i < d->rule_count; i++)
        if (!declared_rule_check(&d->rules[i], d->keys, d->key_count))
            return false;
    for (size_t i = 0; i < d->arg_count; i++)
        if (strcmp(d->args[i].name, "help") == 0 || strcmp(d->args[i].name, "log") == 0) {
            error_at(d->args[i].file, d->args[i].line,
                     "every program has an argument --%s of its own; rename this one", d->args[i].name);
            return false;
        }
    return check_generated(d);
}
