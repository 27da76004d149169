#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/lock.h"
#include "base/paths.h"
#include "base/quote.h"
#include "base/report.h"
#include "base/strings.h"
#include "project/compilers.h"
#include "project/update.h"

bool can_include(const char *path, const struct place *place)
{
    const char *wrong = unquotable(path);
    if (wrong == NULL)
        return true;
    error_at(place == NULL ? path : place->file, place == NULL ? 0 : place->line,
             "%s; rename the file or its folder", wrong);
    return false;
}

/* Whether generate() or ninja writes a file of this name into the build folder. */
static bool is_generated(const char *name)
{
    static const char *const generated[] = { "main.c",        "build.ninja", "compile_commands.json",
                                             "manifest.json", "stamp",       "instances",
                                             "objects",       "data",        "thinlto",
                                             ".ninja_log",    ".ninja_deps", NULL };
    return listed(generated, name);
}

/* The suffix of the last file that the build makes. */
static const char *last_suffix(const struct target *target)
{
    const char *suffix = "";
    for (const struct target_step *s = target->after; s != NULL && s->suffix != NULL; s++)
        suffix = s->suffix;
    return suffix;
}

/* Find the folder and its configuration. */
static bool find_application(const struct choices *choices, struct project *p)
{
    const char *folder = choices->folder == NULL ? "." : choices->folder;
    if (!folder_exists(folder)) {
        error_at(folder, 0,
                 file_exists(folder) ? "this is a file; name the folder that holds the application's config.c"
                                     : "there is no such folder");
        return false;
    }
    p->folder = path_absolute(folder);
    p->config = path_join(p->folder, choices->file == NULL ? "config.c" : choices->file);
    p->home = choices->home == NULL ? p->folder : path_absolute(choices->home);
    if (!can_include(p->folder, NULL) || !can_include(p->installation.root, NULL))
        return false;
    if (!file_exists(p->config)) {
        error_at(p->config, 0,
                 "there is no such file; `mirage new NAME` begins an application, and `mirage build FOLDER` "
                 "builds the one in FOLDER");
        return false;
    }
    return true;
}

static bool apply_choices(const struct choices *chosen, struct project *p)
{
    p->target = target_find(chosen->target);
    p->arch = p->target == NULL ? NULL : arch_find(chosen->arch, p->target->arches, p->target->name);
    p->release = chosen->release > 0;
    p->sanitize = chosen->sanitize == NULL || strcmp(chosen->sanitize, "none") == 0 ? NULL : chosen->sanitize;
    return p->arch != NULL && compilers_find(chosen->cc, p);
}

static bool is_main_config(const struct project *p)
{
    return strcmp(path_name(p->config), "config.c") == 0;
}

/* The program has the name of the folder, or of a configuration that is not config.c. */
static bool name_program(struct project *p)
{
    const char *file = path_name(p->config);
    size_t len = strlen(file);
    if (len < 3 || strcmp(file + len - 2, ".c") != 0) {
        error_at(p->config, 0, "this is no configuration: one is a file in C, and its name ends in .c");
        return false;
    }
    p->name = is_main_config(p) ? path_name(p->folder) : keep_bytes(file, len - 2);
    /* The program lies in the folder of the generated files. */
    if (is_generated(p->name)) {
        error("%s cannot be the program's name: the build folder has a file of that name already; rename the "
              "%s",
              p->name, is_main_config(p) ? "folder" : "configuration");
        return false;
    }
    return true;
}

static void place_build(struct project *p)
{
    struct strings name = { 0 };
    strings_add(&name, p->target->name);
    if (arch_is_foreign(p->arch))
        strings_add(&name, p->arch->name);
    if (p->release)
        strings_add(&name, "release");
    if (p->sanitize != NULL)
        strings_add(&name, "sanitize");
    if (!is_main_config(p))
        strings_add(&name, p->name);
    p->build = text("%s/_build/%s", p->home, strings_join(&name, "-"));
    p->cache = text("%s/_build/cache", p->home);
    p->binary = text("%s/%s%s", p->build, p->name, last_suffix(p->target));
}

/*
 * Choose where objects are kept that all applications share. Not /tmp, where anybody could put others in
 * their place.
 */
static bool place_objects(struct project *p)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool is_xdg = xdg != NULL && *xdg == '/';
    const char *of_home = home != NULL && *home == '/' ? text("%s/.cache/mirage", home) : NULL;
    p->objects = is_xdg ? text("%s/mirage", xdg) : of_home;
    if (p->objects != NULL && folder_writable(p->objects))
        return can_include(p->objects, NULL);
    const char *variable = is_xdg ? "XDG_CACHE_HOME" : "HOME", *value = is_xdg ? xdg : home;
    warning_at(NULL, 0,
               "%s is %s, where no cache can be kept: the runtime is compiled into %s; set XDG_CACHE_HOME "
               "to a folder that can be written",
               variable, value == NULL ? "not set" : value, path_shown(p->cache));
    p->objects = p->cache;
    return true;
}

bool project_open(const struct choices *choices, struct project *p, struct choices *chosen)
{
    *p = (struct project){ 0 };
    *chosen = *choices;
    if (!installation_find(&p->installation) || !find_application(choices, p))
        return false;
    p->lock = lock_application(p->home);
    if (p->lock < 0)
        return false;
    choices_recall(p, chosen);
    if (!apply_choices(chosen, p) || !name_program(p))
        return false;
    place_build(p);
    compilers_take_flags(chosen->cflags, chosen->ldflags, p);
    project_flags(p);
    return place_objects(p);
}

void project_close(struct project *p)
{
    close(p->lock);
    p->lock = -1;
}
