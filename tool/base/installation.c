#include "base/installation.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"

/*
 * The path of `name` in a folder of the installation. `folder` holds the command. `option` is one of Meson's
 * folders, relative to the installation's prefix, which is the parent of `folder`.
 */
static const char *installed(const char *folder, const char *option, const char *name)
{
    return path_join(text("%s/..", folder), text("%s/mirage/%s", option, name));
}

/*
 * The runtime's folder, when the command lies in a build folder: a file beside it names the source tree. NULL
 * when there is no such file.
 */
static const char *built_from(const char *folder)
{
    char *root = file_read(text("%s/source-root", folder), NULL);
    return root == NULL ? NULL : text("%.*s/runtime", (int)strcspn(root, "\n"), root);
}

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
    const char *const roots[] = { installed(folder, MIRAGE_DATADIR, "runtime"), built_from(folder), NULL };
    const char *found = given != NULL ? text("%s/runtime", given) : first(roots);
    if (found == NULL || !folder_exists(found)) {
        error("%s is not a mirage installation: it has no runtime folder; set MIRAGE_ROOT to one that has",
              given != NULL ? given : path_folder(folder));
        return false;
    }
    out->tool = tool;
    out->root = path_absolute(path_folder(found));
    const char *const includes[] = { text("%s/include/mirage", out->root),
                                     path_join(text("%s/..", folder), MIRAGE_INCLUDEDIR "/mirage"), NULL };
    const char *include = first(includes);
    const char *const crunches[] = { installed(folder, MIRAGE_LIBEXECDIR, "mirage-crunch"),
                                     text("%s/mirage-crunch", folder),
                                     text("%s/crunch/mirage-crunch", folder), NULL };
    out->crunch = first(crunches);
    const char *const libraries[] = { installed(folder, MIRAGE_LIBDIR, "libmirage-config.so"),
                                      text("%s/config/libmirage-config.so", folder),
                                      text("%s/libmirage-config.so", folder), NULL };
    const char *library = first(libraries);
    if (include == NULL || out->crunch == NULL || library == NULL) {
        error("the installation of %s lacks its %s; install mirage again", tool,
              include == NULL       ? "headers"
              : out->crunch == NULL ? "mirage-crunch"
                                    : "libmirage-config.so");
        return false;
    }
    const char *const fibers[] = { text("%s/gdb/mirage.py", out->root),
                                   text("%s/tool/gdb/mirage.py", out->root), NULL };
    out->fibers = first(fibers);
    out->include = path_absolute(path_folder(include));
    out->crunch = path_absolute(out->crunch);
    out->library_folder = path_absolute(path_folder(library));
    return true;
}
