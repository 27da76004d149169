/* mirage configure. */
#include <stdio.h>

#include "base/paths.h"
#include "commands/cli.h"

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
