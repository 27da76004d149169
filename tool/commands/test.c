/* mirage test. */
#include <stdio.h>

#include "base/files.h"
#include "base/keep.h"
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
    const struct strings none = { 0 };
    struct strings argv = { 0 };
    strings_add(&argv, "timeout");
    strings_add(&argv, "60");
    if (!launch_words(&p, p.target->test == NULL ? p.target->start : p.target->test, &none, &argv))
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
