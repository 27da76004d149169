/* Finding the modules. Each folder below lib/ and devices/ that has C files is a module, or has several. */
#include "find.h"

#include <dirent.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"

/* The folders below this one, and the folder itself before them. Each stands before its own folders. */
static void folders_below(const char *folder, struct strings *out)
{
    struct strings inner = { 0 };
    DIR *dir = opendir(folder);
    strings_add(out, folder);
    if (dir == NULL)
        return;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        const char *path = path_join(folder, keep_string(e->d_name));
        if (*e->d_name != '.' && folder_exists(path))
            strings_add(&inner, path);
    }
    closedir(dir);
    strings_sort(&inner);
    for (size_t i = 0; i < inner.count; i++)
        folders_below(inner.items[i], out);
}

/* A folder with one C file is that file, so another file in devices/<kind>/ makes no difference to it. */
static void add_source(const char *folder, struct strings *sources)
{
    struct strings files = { 0 };
    if (folder_files(folder, ".c", &files))
        strings_add(sources, files.count == 1 ? files.items[0] : folder);
}

static void add_inputs(const struct description *d, struct strings *inputs)
{
    for (size_t i = 0; i < d->inputs.count; i++)
        if (!strings_has(inputs, d->inputs.items[i]))
            strings_add(inputs, d->inputs.items[i]);
}

/* Whether each source has a MODULE line. Without this check, only the functions would be missing. */
static bool have_modules(const struct description *described, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        if (described[i].module_count == 0) {
            error_at(described[i].files.items[0], 1,
                     "the folder of this file has no MODULE line; add MODULE(SIGNATURE, name), or move the "
                     "folder to base/ if it is a pure library");
            ok = false;
        }
    return ok;
}

/* Whether the module has the name of its file or folder. Whoever has the name finds the source. */
static bool has_own_name(const struct description *d)
{
    const char *name = path_name(d->source), *module = d->module->name;
    bool is_folder = folder_exists(d->source);
    size_t len = is_folder ? strlen(name) : strlen(name) - strlen(".c");
    if (strlen(module) == len && strncmp(name, module, len) == 0)
        return true;
    error_at(d->module->file, d->module->line,
             "the module '%s' is in the %s %s, and the two must have one name; name the module '%.*s', or "
             "rename the %s",
             module, is_folder ? "folder" : "file", name, (int)len, name, is_folder ? "folder" : "file");
    return false;
}

bool modules_find(const struct compiler *compiler, const char *cache, const char *const *folders,
                  struct strings *inputs, struct found *out)
{
    struct strings sources = { 0 }, several = { 0 };
    struct description *described, *alone;
    for (; *folders != NULL; folders++) {
        size_t first = inputs->count;
        folders_below(*folders, inputs);
        for (size_t i = first; i < inputs->count; i++)
            add_source(inputs->items[i], &sources);
    }
    if (!describe_unchecked(compiler, cache, sources.items, sources.count, &described))
        return false;
    if (!have_modules(described, sources.count))
        return false;
    for (size_t i = 0; i < sources.count; i++)
        if (described[i].module_count > 1)
            strings_add_all(&several, described[i].files.items, described[i].files.count);
    if (!describe_unchecked(compiler, cache, several.items, several.count, &alone))
        return false;
    *out = (struct found){ .items = keep((sources.count + several.count + 1) * sizeof *out->items) };
    for (size_t i = 0; i < sources.count; i++)
        if (described[i].module_count == 1)
            out->items[out->count++] = &described[i];
    for (size_t i = 0; i < several.count; i++)
        if (alone[i].module_count > 0)
            out->items[out->count++] = &alone[i];
    for (size_t i = 0; i < sources.count; i++)
        add_inputs(&described[i], inputs);
    for (size_t i = 0; i < out->count; i++)
        if (!description_checked(out->items[i]) || !has_own_name(out->items[i]))
            return false;
    return true;
}
