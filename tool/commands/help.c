/* mirage help. */
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "commands/cli.h"

int command_help(const struct cli_command *command, struct arguments *a)
{
    (void)command;
    if (a->positional.count == 0) {
        cli_overview(stdout);
        return 0;
    }
    const struct cli_command *wanted = cli_find(a->positional.items[0]);
    for (const struct cli_page *page = cli_pages; wanted == NULL && page->name != NULL; page++) {
        if (strcmp(page->name, a->positional.items[0]) != 0)
            continue;
        const char *said = cli_page_text(page);
        return said != NULL && fputs(said, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
    }
    if (wanted == NULL) {
        error("there is no command '%s'; `mirage help` lists them", a->positional.items[0]);
        return 2;
    }
    cli_help(wanted);
    return 0;
}
