/* mirage targets. */
#include <stdio.h>

#include "commands/cli.h"

int command_targets(const struct cli_command *command, struct arguments *a)
{
    (void)command, (void)a;
    for (const struct target *t = targets; t->name != NULL; t++)
        printf("%-10s%s\n", t->name, t->summary);
    return 0;
}
