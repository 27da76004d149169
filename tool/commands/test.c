/* mirage test. */
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/nearest.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/report.h"
#include "base/strings.h"
#include "commands/cli.h"

/*
 * Whether the test's program ended with status 0 within its time. Prints what the program printed when it did
 * not.
 */
static bool run_test(struct arguments *a, const char *config)
{
    struct project p;
    struct arguments test = *a;
    test.choices.home = a->choices.folder == NULL ? "." : a->choices.folder;
    test.choices.folder = path_folder(config);
    test.choices.file = path_name(config);
    if (!open_and_build(&test, &p))
        return false;
    project_close(&p);
    struct strings argv = { 0 };
    strings_add(&argv, "timeout");
    strings_add(&argv, "60");
    if (!launch_words(&p, p.target->test == NULL ? p.target->start : p.target->test, &a->program, &argv))
        return false;
    struct command program = { .argv = argv.items };
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

/* Append the test of this name, test/NAME.c of the folder, to `tests`. */
static bool choose_test(const char *folder, const struct strings *all, const char *name,
                        struct strings *tests)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < all->count; i++) {
        const char *file = path_name(all->items[i]);
        char *known = keep_bytes(file, strlen(file) - strlen(".c"));
        if (strcmp(name, known) == 0 || strcmp(name, file) == 0) {
            strings_add(tests, all->items[i]);
            return true;
        }
        strings_add(&names, known);
    }
    const char *meant = nearest(name, names.items);
    error_at(path_join(folder, "test"), 0, "there is no test '%s'%s; there are: %s", name,
             meant == NULL ? "" : text(" (did you mean %s?)", meant), strings_join(&names, ", "));
    return false;
}

/* Collect the tests that the command line chooses: one configuration, some names, or all. */
static bool choose_tests(struct arguments *a, const char *folder, struct strings *tests)
{
    struct strings all = { 0 };
    size_t first = a->choices.folder == NULL ? 0 : 1;
    if (a->choices.file != NULL) {
        strings_add(tests, path_join(folder, a->choices.file));
        return true;
    }
    if (!folder_files(path_join(folder, "test"), ".c", &all)) {
        error_at(path_join(folder, "test"), 0,
                 "there is no test here; a test is a configuration of its own, test/NAME.c");
        return false;
    }
    for (size_t i = first; i < a->positional.count; i++)
        if (!choose_test(folder, &all, a->positional.items[i], tests))
            return false;
    if (tests->count == 0)
        *tests = all;
    return true;
}

int command_test(const struct cli_command *command, struct arguments *a)
{
    struct strings tests = { 0 };
    size_t passed = 0, failed = 0;
    (void)command;
    /* The first word is the folder when there is such a folder, and the name of a test when there is none. */
    if (a->choices.folder != NULL && !folder_exists(a->choices.folder) &&
        strchr(a->choices.folder, '/') == NULL)
        a->choices.folder = NULL;
    const char *folder = path_absolute(a->choices.folder == NULL ? "." : a->choices.folder);
    if (!folder_exists(folder)) {
        error_at(folder, 0, "there is no such folder");
        return 1;
    }
    if (!choose_tests(a, folder, &tests))
        return 1;
    for (size_t i = 0; i < tests.count; i++) {
        bool ok = run_test(a, tests.items[i]);
        printf("%s %s\n", ok ? "ok" : "not ok", path_name(tests.items[i]));
        fflush(stdout);
        ok ? passed++ : failed++;
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
