/* mirage run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "commands/cli.h"
#include "target/launch.h"

bool launch_words(const struct project *p, launch_fn *way, const struct strings *arguments,
                  struct strings *argv)
{
    static const char *const none[] = { NULL };
    const struct launch launch = { .binary = p->binary,
                                   .linked = text("%s/%s", p->build, p->name),
                                   .arguments = arguments->count == 0 ? none : arguments->items,
                                   .arch = p->arch,
                                   .fibers = p->installation.fibers };
    return (way == NULL ? launch_process : way)(&launch, argv);
}

int command_run(const struct cli_command *command, struct arguments *a)
{
    struct project p;
    (void)command;
    if (!open_and_build(a, &p))
        return 1;
    struct strings argv = { 0 };
    launch_fn *debug = p.target->debug == NULL ? launch_gdb : p.target->debug;
    if (!launch_words(&p, a->debug ? debug : p.target->start, &a->program, &argv))
        return 1;
    fflush(NULL);
    /*
     * The program replaces this process, so it has the terminal, receives the signals and gives the exit
     * status.
     */
    execvp(argv.items[0], (char *const *)argv.items);
    error("cannot start %s: %s", path_shown(argv.items[0]), strerror(errno));
    return 1;
}
