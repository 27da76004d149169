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

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    if (remove(path) == 0 || errno == ENOENT)
        return 0;
    error("cannot remove %s: %s", path_shown(path), strerror(errno));
    return 1;
}

int command_clean(const struct cli_command *command, struct arguments *a)
{
    const char *folder = a->choices.folder == NULL ? "." : a->choices.folder;
    (void)command;
    if (!file_exists(text("%s/%s", folder, a->choices.file == NULL ? "config.c" : a->choices.file))) {
        error_at(folder, 0, "this folder holds no config.c, so there is nothing of mirage's to remove");
        return 1;
    }
    const char *build = text("%s/_build", folder);
    if (folder_exists(build)) {
        int lock =
            lock_take(text("%s/lock", build), text("Waiting for another mirage to finish in %s", folder));
        if (lock < 0 || nftw(build, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
            return 1;
    }
    unlink(text("%s/compile_commands.json", folder));
    return 0;
}
