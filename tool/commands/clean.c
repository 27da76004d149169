/* mirage clean. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/lock.h"
#include "base/paths.h"
#include "base/report.h"
#include "commands/cli.h"

/*
 * Remove all in the build folder, but for itself and its lock. Without that lock, another process could make
 * one of its own and build there, while this one still removes.
 */
static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind;
    if (where->level == 0 || (where->level == 1 && strcmp(path + where->base, LOCK_NAME) == 0))
        return 0;
    if (remove(path) == 0 || errno == ENOENT)
        return 0;
    error("cannot remove %s: %s", path_shown(path), strerror(errno));
    return 1;
}

static bool remove_build(const char *folder)
{
    const char *build = text("%s/_build", folder);
    if (!folder_exists(build))
        return true;
    if (lock_application(folder) < 0 || nftw(build, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return false;
    unlink(text("%s/" LOCK_NAME, build));
    /* Who came after the lock was gone has begun to build again. */
    if (rmdir(build) == 0 || errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT)
        return true;
    error("cannot remove %s: %s", path_shown(build), strerror(errno));
    return false;
}

int command_clean(const struct cli_command *command, struct arguments *a)
{
    const char *folder = a->choices.folder == NULL ? "." : a->choices.folder;
    (void)command;
    if (!file_exists(text("%s/%s", folder, a->choices.file == NULL ? "config.c" : a->choices.file))) {
        error_at(folder, 0, "this folder holds no config.c, so there is nothing of mirage's to remove");
        return 1;
    }
    if (!remove_build(folder))
        return 1;
    unlink(text("%s/compile_commands.json", folder));
    return 0;
}
