/* mirage build. */
#include <stdio.h>

#include "base/paths.h"
#include "commands/cli.h"

bool open_and_build(struct arguments *a, struct project *p)
{
    struct choices chosen;
    return project_open(&a->choices, p, &chosen) && project_build(p, &chosen);
}

int command_build(const struct cli_command *command, struct arguments *a)
{
    struct project p;
    (void)command;
    if (!open_and_build(a, &p))
        return 1;
    printf("%s\n", path_shown(p.binary));
    return 0;
}
