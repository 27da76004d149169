#include "composition/libraries.h"

#include <string.h>

static void add_name(struct strings *names, const char *path)
{
    size_t len = strcspn(path, "/");
    const char *name = keep_bytes(path, len);
    if (path[len] == '/' && !strings_has(names, name))
        strings_add(names, name);
}

void libraries_included(const char *const *files, size_t count, struct strings *names)
{
    static const char include[] = "#include <base/";
    for (size_t i = 0; i < count; i++) {
        const char *line = file_read(files[i], NULL);
        while (line != NULL && *line != '\0') {
            if (strncmp(line, include, sizeof include - 1) == 0)
                add_name(names, line + sizeof include - 1);
            line += strcspn(line, "\n");
            line += *line == '\n';
        }
    }
}

void libraries_read(const char *root, const struct strings *files, struct strings *names)
{
    const char *folder = text("%s/base/", root);
    for (size_t i = 0; i < files->count; i++)
        if (strncmp(files->items[i], folder, strlen(folder)) == 0)
            add_name(names, files->items[i] + strlen(folder));
}

void libraries_close(const char *root, struct strings *names)
{
    for (size_t i = 0; i < names->count; i++) {
        struct strings files = { 0 };
        const char *folder = text("%s/base/%s", root, names->items[i]);
        folder_files(folder, ".c", &files);
        folder_files(folder, ".h", &files);
        libraries_included(files.items, files.count, names);
    }
    strings_sort(names);
}
