#include "composition/libraries.h"

#include <string.h>

#include "base/files.h"
#include "base/keep.h"

static void add_name(struct strings *names, const char *path)
{
    size_t len = strcspn(path, "/");
    const char *name = keep_bytes(path, len);
    if (path[len] == '/' && !strings_has(names, name))
        strings_add(names, name);
}

/* Append the paths, below base/, that the lines of the file itself include. */
static void read_includes(const char *file, struct strings *paths)
{
    static const char include[] = "#include <base/";
    const char *line = file_read(file, NULL);
    while (line != NULL && *line != '\0') {
        if (strncmp(line, include, sizeof include - 1) == 0) {
            const char *path = line + sizeof include - 1;
            strings_add(paths, keep_bytes(path, strcspn(path, ">\n")));
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

void libraries_included(const char *const *files, size_t count, struct strings *names)
{
    struct strings paths = { 0 };
    for (size_t i = 0; i < count; i++)
        read_includes(files[i], &paths);
    for (size_t i = 0; i < paths.count; i++)
        add_name(names, paths.items[i]);
}

void libraries_read(const char *root, const struct strings *files, struct strings *names)
{
    const char *folder = text("%s/base/", root);
    for (size_t i = 0; i < files->count; i++)
        if (strncmp(files->items[i], folder, strlen(folder)) == 0)
            add_name(names, files->items[i] + strlen(folder));
}

void libraries_reached(const char *root, struct strings *files, struct strings *names)
{
    for (size_t i = 0; i < files->count; i++) {
        struct strings paths = { 0 };
        read_includes(files->items[i], &paths);
        for (size_t k = 0; k < paths.count; k++) {
            const char *header = text("%s/base/%s", root, paths.items[k]);
            add_name(names, paths.items[k]);
            if (!strings_has(files, header))
                strings_add(files, header);
        }
    }
}

void libraries_close(const char *root, struct strings *names)
{
    for (size_t i = 0; i < names->count; i++) {
        struct strings files = { 0 };
        folder_files(text("%s/base/%s", root, names->items[i]), ".c", &files);
        libraries_reached(root, &files, names);
    }
    strings_sort(names);
}
