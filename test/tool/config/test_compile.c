/* A configuration is compiled again when something of it changed, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/paths.h"
#include "base/process.h"
#include "composition/evaluate.h"

static const char *folder;

static int64_t object_after(const char *config_text, const char *header_text)
{
    struct stat st;
    const char *config = path_join(folder, "config.c"), *header = path_join(folder, "own.h"),
               *root = getenv("MIRAGE_TEST_ROOT");
    assert_true(file_write(config, config_text, strlen(config_text)));
    assert_true(file_write(header, header_text, strlen(header_text)));
    const struct compiler compiler = { .cc = "cc", .include = path_join(root, "include"), .root = root };
    const struct evaluation e = { .config = config,
                                  .compiler = &compiler,
                                  .root = root,
                                  .library_folder = getenv("MIRAGE_TEST_LIBRARY"),
                                  .cache = path_join(folder, "cache") };
    const char *object = config_compile(&e, path_absolute(config));
    assert_non_null(object);
    assert_int_equal(stat(object, &st), 0);
    return (int64_t)(st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
}

static void only_changes_compile(void **state)
{
    (void)state;
    static const char config[] = "#include <mirage/config.h>\n#include \"own.h\"\nvoid config(void) {}\n";
    static const char other[] = "#include <mirage/config.h>\n#include \"own.h\"\nvoid config(void) { }\n";
    int64_t first = object_after(config, "\n"), again = object_after(config, "\n");
    assert_true(first == again);
    int64_t changed = object_after(other, "\n");
    assert_true(changed != first);
    assert_true(object_after(other, "/* longer */\n") != changed);
}

int main(void)
{
    char made[] = "/tmp/mirage-config-XXXXXX";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_changes_compile),
    };
    folder = mkdtemp(made);
    if (folder == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    const char *const argv[] = { "rm", "-rf", folder, NULL };
    struct command clean = { .argv = argv };
    run_all(&clean, 1);
    return failed;
}
