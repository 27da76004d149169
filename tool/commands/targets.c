/* mirage targets. */
#include <stdio.h>

#include "base/keep.h"
#include "base/strings.h"
#include "commands/cli.h"

/* "x86_64, aarch64" */
static const char *processors(const struct target *target)
{
    struct strings names = { 0 };
    for (const char *const *name = target->arches; *name != NULL; name++)
        strings_add(&names, *name);
    return strings_join(&names, ", ");
}

const char *targets_text(void)
{
    struct strings lines = { 0 };
    for (size_t i = 0; targets[i] != NULL; i++)
        strings_add(&lines,
                    text("%-10s%s (%s)\n", targets[i]->name, targets[i]->summary, processors(targets[i])));
    return strings_join(&lines, "");
}

const char *targets_table(void)
{
    struct strings lines = { 0 };
    strings_add(&lines, "| Target | | Processors |\n| --- | --- | --- |\n");
    for (size_t i = 0; targets[i] != NULL; i++)
        strings_add(&lines, text("| `%s`%s | %s | %s |\n", targets[i]->name, i == 0 ? ", the default" : "",
                                 targets[i]->summary, processors(targets[i])));
    return strings_join(&lines, "");
}

const char *targets_names(void)
{
    struct strings names = { 0 };
    for (size_t i = 0; targets[i] != NULL; i++)
        strings_add(&names, targets[i]->name);
    return strings_join(&names, ", ");
}

int command_targets(const struct cli_command *command, struct arguments *a)
{
    (void)command, (void)a;
    fputs(targets_text(), stdout);
    return 0;
}
