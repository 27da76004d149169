#include "composition/signatures.h"

#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"

static const char include_line[] = "#include <mirage/sig/";

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* The word before the colon with which the opening comment begins, or NULL. */
static const char *name_of(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    if (strncmp(text, "/*", 2) != 0)
        return NULL;
    text += strspn(text, "/* \n");
    size_t len = strspn(text, letters);
    return len > 0 && text[len] == ':' ? keep_bytes(text, len) : NULL;
}

static bool signature_read(const char *file, struct signature *out)
{
    const char *read = file_read(file, NULL);
    *out = (struct signature){ .file = file, .text = read, .name = read == NULL ? NULL : name_of(read) };
    if (read == NULL)
        error_at(file, 0, "cannot read this signature");
    else if (out->name == NULL)
        error_at(
            file, 1,
            "nothing says which signature this is; begin this header with a comment that begins with the "
            "name and a colon, as CONSOLE: does");
    else if (strstr(read, text("\n#define %s(", out->name)) == NULL)
        error_at(file, line_of(read, strstr(read, out->name)),
                 "this header is said to be the signature %s, and defines no such macro; add #define "
                 "%s(M) …",
                 out->name, out->name);
    else
        return true;
    return false;
}

/* Report headers of the folder that functor.h does not include. No functor would know these signatures. */
static bool all_included(const char *folder, const struct strings *included)
{
    struct strings files = { 0 };
    folder_files(folder, ".h", &files);
    for (size_t i = 0; i < files.count; i++)
        if (!strings_has(included, files.items[i])) {
            error_at(files.items[i], 1,
                     "no functor knows this signature; add %s%s> to include/mirage/functor.h, behind those "
                     "that it stands on",
                     include_line, path_name(files.items[i]));
            return false;
        }
    return true;
}

bool signatures_read(const char *include, struct signatures *out)
{
    const char *functor = path_join(include, "mirage/functor.h"), *folder = path_join(include, "mirage/sig");
    const char *read = file_read(functor, NULL);
    struct strings included = { 0 };
    *out = (struct signatures){ 0 };
    if (read == NULL) {
        error_at(functor, 0, "cannot read it");
        return false;
    }
    strings_add(&out->inputs, functor);
    strings_add(&out->inputs, folder);
    for (const char *at = read; (at = strstr(at, include_line)) != NULL;) {
        const char *name = at + strlen(include_line), *file;
        file = path_join(folder, keep_bytes(name, strcspn(name, ">")));
        if (!file_exists(file)) {
            error_at(functor, line_of(read, at), "there is no signature %s", path_shown(file));
            return false;
        }
        strings_add(&included, file);
        at = name;
    }
    if (!all_included(folder, &included))
        return false;
    strings_add_all(&out->inputs, included.items, included.count);
    out->items = keep((included.count + 1) * sizeof *out->items);
    for (; out->count < included.count; out->count++)
        if (!signature_read(included.items[out->count], &out->items[out->count]))
            return false;
    return true;
}
