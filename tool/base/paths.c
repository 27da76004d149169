#include "base/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/keep.h"

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return keep_string(".");
    return slash == path ? keep_string("/") : keep_bytes(path, (size_t)(slash - path));
}

char *path_join(const char *folder, const char *name)
{
    return *name == '/' ? keep_string(name) : text("%s/%s", folder, name);
}

/* Removes "." and "a/.." by the text alone, because the path need not exist. The path begins with a slash. */
static char *normalised(char *path)
{
    char *to = path;
    for (char *from = path; *from != '\0';) {
        while (*from == '/')
            from++;
        size_t len = strcspn(from, "/");
        if (len == 2 && from[0] == '.' && from[1] == '.') {
            while (to > path && *--to != '/')
                ;
        } else if (len > 0 && !(len == 1 && from[0] == '.')) {
            *to++ = '/';
            memmove(to, from, len);
            to += len;
        }
        from += len;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return path;
}

static const char *working_folder(void)
{
    char cwd[PATH_MAX];
    return getcwd(cwd, sizeof cwd) != NULL ? keep_string(cwd) : "/";
}

char *path_absolute(const char *path)
{
    char real[PATH_MAX];
    if (realpath(path, real) != NULL)
        return keep_string(real);
    return normalised(text("%s/%s", *path == '/' ? "" : working_folder(), path));
}

const char *path_shown(const char *path)
{
    const char *cwd = working_folder();
    size_t len = strlen(cwd);
    if (strncmp(path, cwd, len) == 0 && path[len] == '/' && path[len + 1] != '\0')
        return path + len + 1;
    return path;
}
