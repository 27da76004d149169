/* mirage describe. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/process.h"
#include "base/report.h"
#include "commands/cli.h"
#include "composition/where.h"
#include "emission/picture.h"

/* Make `*out` SVG with the program dot when `svg` is set, or else the text `dot` itself. */
static bool drawn(const char *dot, bool svg, const char **out, size_t *len)
{
    *out = dot;
    *len = strlen(dot);
    if (!svg)
        return true;
    char name[] = "/tmp/mirage-dot-XXXXXX";
    int fd = mkstemp(name);
    bool ok = fd >= 0 && write(fd, dot, *len) == (ssize_t)*len;
    const char *const argv[] = { "dot", "-Tsvg", name, NULL };
    struct command command = { .argv = argv, .err = keep_string("") };
    if (!ok)
        error("cannot write a temporary file: %s", strerror(errno));
    else if (!(ok = run_all(&command, 1)) && command.status == -1)
        error("drawing needs Graphviz's dot; install the package graphviz, or use --dot");
    else if (!ok)
        error("dot could not draw the picture: %s", command.err);
    if (fd >= 0) {
        close(fd);
        unlink(name);
    }
    *out = command.out;
    *len = command.out_len;
    return ok;
}

int command_describe(const struct cli_command *command, struct arguments *a)
{
    struct project p;
    struct choices chosen;
    struct program program;
    const char *data;
    size_t len;
    (void)command;
    if (!project_open(&a->choices, &p, &chosen) || !project_compose(&p, &chosen, &program))
        return 1;
    const char *said = a->where != NULL   ? where_text(&p.compiler, p.cache, &program, a->where)
                       : a->json          ? picture_json(&p, &program)
                       : a->dot || a->svg ? picture_dot(&p, &program)
                                          : picture_text(&p, &program);
    if (said == NULL || !drawn(said, a->svg && !a->json && a->where == NULL, &data, &len))
        return 1;
    if (a->output != NULL)
        return file_write(a->output, data, len) ? 0 : 1;
    return fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}
