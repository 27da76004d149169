/* mirage targets. */
#include <stdio.h>

#include "commands/cli.h"

int command_targets(const struct cli_command *command, struct arguments *a)
{
    (void)command, (void)a;
    for (size_t i = 0; targets[i] != NULL; i++)
        printf("%-10s%s\n", targets[i]->name, targets[i]->summary);
    return 0;
}
