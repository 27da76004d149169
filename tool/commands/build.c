/* mirage configure, mirage build. */
#include <stdio.h>

#include "commands/cli.h"

bool open_and_build(struct arguments *a, struct project *p)
{
    struct choices chosen;
    return project_open(&a->choices, p, &chosen) && project_build(p, &chosen);
}

int command_configure(const struct cli_command *command, struct arguments *a)
{
    struct project p;
    struct choices chosen;
    (void)command;
    if (!project_open(&a->choices, &p, &chosen) || !project_configure(&p, &chosen))
        return 1;
    printf("%s: configured for %s in %s\n", p.name, p.target->name, path_shown(p.build));
    return 0;
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
