/* mirage unit. */
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "commands/cli.h"
#include "emission/unit.h"

/* Write the file's prerequisites, as Make and ninja read them. */
static bool write_depfile(const char *path, const char *output, const struct description *d)
{
    struct out out = { 0 };
    out_print(&out, "%s:", output);
    for (size_t i = 0; i < d->inputs.count; i++)
        out_print(&out, " \\\n  %s", d->inputs.items[i]);
    out_print(&out, "\n");
    bool ok = file_write(path, out.data, out.len);
    out_free(&out);
    return ok;
}

int command_unit(const struct cli_command *command, struct arguments *a)
{
    struct installation where;
    struct description *d;
    struct strings sources = { 0 };
    if (a->positional.count == 0) {
        error("name the functor's file or folder; the usage is: mirage %s %s", command->name, command->usage);
        return 2;
    }
    if (a->depfile != NULL && a->output == NULL) {
        error("--depfile=%s is about a file; name that file with -o", a->depfile);
        return 2;
    }
    strings_add(&sources, path_absolute(a->positional.items[0]));
    if (!installation_find(&where) || !read_sources(&where, a->choices.cc, &sources, &d))
        return 1;
    char *source = unit_source(d, &a->unit);
    if (source == NULL)
        return 1;
    if (a->output == NULL)
        return fputs(source, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
    bool ok = file_write(a->output, source, strlen(source)) &&
              (a->depfile == NULL || write_depfile(a->depfile, a->output, d));
    return ok ? 0 : 1;
}
