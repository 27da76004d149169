#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "picture.h"
#include "run.h"

static bool open_and_build(struct arguments *a, struct project *p)
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

int command_run(const struct cli_command *command, struct arguments *a)
{
    struct project p;
    (void)command;
    if (!open_and_build(a, &p))
        return 1;
    struct strings argv = { 0 };
    strings_add(&argv, p.binary);
    strings_add_all(&argv, a->program.items, a->program.count);
    fflush(NULL);
    /* Becoming the program gives it the terminal, its signals and its exit status. */
    execv(p.binary, (char *const *)argv.items);
    error("cannot start %s: %s", path_shown(p.binary), strerror(errno));
    return 1;
}

/* Whether the test's program ended with status 0 within its time; what it printed is shown when not. */
static bool run_test(struct arguments *a, const char *config)
{
    struct project p;
    struct arguments test = *a;
    test.choices.home = a->choices.folder == NULL ? "." : a->choices.folder;
    test.choices.folder = path_folder(config);
    test.choices.file = path_name(config);
    if (!open_and_build(&test, &p))
        return false;
    const char *const argv[] = { "timeout", "60", p.binary, NULL };
    struct command program = { .argv = argv };
    run_all(&program, 1);
    if (program.status == 0)
        return true;
    fwrite(program.out, 1, program.out_len, stdout);
    fwrite(program.err, 1, program.err_len, stdout);
    if (program.status == 124)
        printf("%s did not end within 60 seconds\n", p.name);
    else if (program.status > 128)
        printf("%s was ended by signal %d\n", p.name, program.status - 128);
    else
        printf("%s ended with status %d\n", p.name, program.status);
    return false;
}

int command_test(const struct cli_command *command, struct arguments *a)
{
    const char *folder = a->choices.folder == NULL ? "." : a->choices.folder;
    struct strings tests = { 0 };
    size_t passed = 0, failed = 0;
    (void)command;
    if (!folder_files(text("%s/test", folder), ".c", &tests)) {
        error_at(text("%s/test", folder), 0,
                 "there is no test here; a test is a configuration of its own, test/NAME.c");
        return 1;
    }
    for (size_t i = 0; i < tests.count; i++) {
        bool ok = run_test(a, tests.items[i]);
        printf("%s %s\n", ok ? "ok" : "not ok", path_name(tests.items[i]));
        fflush(stdout);
        ok ? passed++ : failed++;
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

/* Pipes the picture through dot when SVG is asked for. */
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
    const char *said = a->json            ? picture_json(&p, &program)
                       : a->dot || a->svg ? picture_dot(&p, &program)
                                          : picture_text(&p, &program);
    if (!drawn(said, a->svg && !a->json, &data, &len))
        return 1;
    if (a->output != NULL)
        return file_write(a->output, data, len) ? 0 : 1;
    return fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    if (remove(path) == 0 || errno == ENOENT)
        return 0;
    error("cannot remove %s: %s", path_shown(path), strerror(errno));
    return 1;
}

int command_clean(const struct cli_command *command, struct arguments *a)
{
    const char *folder = a->choices.folder == NULL ? "." : a->choices.folder;
    (void)command;
    if (!file_exists(text("%s/%s", folder, a->choices.file == NULL ? "config.c" : a->choices.file))) {
        error_at(folder, 0, "this folder holds no config.c, so there is nothing of mirage's to remove");
        return 1;
    }
    const char *build = text("%s/_build", folder);
    if (folder_exists(build) && nftw(build, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        return 1;
    unlink(text("%s/compile_commands.json", folder));
    return 0;
}

int command_targets(const struct cli_command *command, struct arguments *a)
{
    (void)command, (void)a;
    for (const struct target *t = targets; t->name != NULL; t++)
        printf("%-10s%s\n", t->name, t->summary);
    return 0;
}

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
