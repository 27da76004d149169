#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "project.h"

/* The first of the candidates that exists, or NULL. */
static const char *first(const char *const *candidates)
{
    for (; *candidates != NULL; candidates++)
        if (file_exists(*candidates) || folder_exists(*candidates))
            return *candidates;
    return NULL;
}

static const char *own_path(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    return n <= 0 ? NULL : keep_bytes(path, (size_t)n);
}

bool installation_find(struct installation *out)
{
    const char *tool = own_path();
    if (tool == NULL) {
        error("cannot find out where the mirage command lies; is /proc mounted?");
        return false;
    }
    const char *folder = path_folder(tool), *given = getenv("MIRAGE_ROOT");
    const char *const roots[] = { text("%s/../share/mirage/runtime", folder), MIRAGE_SOURCE_ROOT "/runtime", NULL };
    const char *found = given != NULL ? text("%s/runtime", given) : first(roots);
    if (found == NULL || !folder_exists(found)) {
        error("%s is not a mirage installation: it has no runtime folder; set MIRAGE_ROOT to one that has", given != NULL ? given : path_folder(folder));
        return false;
    }
    out->tool = tool;
    out->root = path_absolute(path_folder(found));
    const char *const includes[] = { text("%s/include/mirage", out->root), text("%s/../include/mirage", folder), NULL };
    const char *include = first(includes);
    const char *const crunches[] = { text("%s/../libexec/mirage/mirage-crunch", folder), text("%s/mirage-crunch", folder), text("%s/crunch/mirage-crunch", folder), NULL };
    out->crunch = first(crunches);
    const char *const libraries[] = { text("%s/../lib/mirage/libmirage-config.so", folder), text("%s/config/libmirage-config.so", folder), text("%s/libmirage-config.so", folder), NULL };
    const char *library = first(libraries);
    if (include == NULL || out->crunch == NULL || library == NULL) {
        error("the installation of %s lacks its %s; install mirage again", tool,
              include == NULL ? "headers" : out->crunch == NULL ? "mirage-crunch" : "libmirage-config.so");
        return false;
    }
    out->include = path_absolute(path_folder(include));
    out->crunch = path_absolute(out->crunch);
    out->library_folder = path_absolute(path_folder(library));
    return true;
}
