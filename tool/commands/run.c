/* mirage run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/cli.h"

int command_run(const struct cli_command *command, struct arguments *a)
{
    struct project p;
    (void)command;
    if (!open_and_build(a, &p))
        return 1;
    struct strings argv = { 0 };
    strings_add(&argv, p.binary);
    strings_add_all(&argv, a->program.items, a->program.count);
    fflush(NULL);
    /* Becoming the program gives it the terminal, its signals and its exit status. */
    execv(p.binary, (char *const *)argv.items);
    error("cannot start %s: %s", path_shown(p.binary), strerror(errno));
    return 1;
}
