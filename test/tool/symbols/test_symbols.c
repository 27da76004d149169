/* What the tool reads from objects: of each processor the same, and of damaged ones a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/strings.h"
#include "composition/symbols.h"

static const char source[] = "#ifndef NOTHING\n"
                             "extern int missing(int);\n"
                             "extern int elsewhere;\n"
                             "int second = 2;\n"
                             "static int hidden(int x)\n"
                             "{\n"
                             "    return x + second;\n"
                             "}\n"
                             "int first(int x)\n"
                             "{\n"
                             "    int y = hidden(x);\n"
                             "    return missing(y);\n"
                             "}\n"
                             "int *third = &elsewhere;\n"
                             "#endif\n";

static char folder[] = "/tmp/mirage-symbols-XXXXXX";

static const char *in_folder(const char *name)
{
    return text("%s/%s", folder, name);
}

/* The object that this compiler makes; the test is skipped where there is no such compiler. */
static const char *compile(const char *compiler, const char *flags)
{
    const char *object = in_folder("sample.o");
    if (system(text("command -v %s >/dev/null", compiler)) != 0)
        skip();
    assert_int_equal(system(text("cd %s && %s -O0 -gdwarf-4 %s -c sample.c", folder, compiler, flags)), 0);
    return object;
}

static void check_symbols(const char *compiler, const char *flags)
{
    const char *object = compile(compiler, flags), *path = in_folder("sample.c"), *file = NULL;
    int line = 0;
    struct strings symbols = { 0 };
    assert_true(symbols_read(object, &symbols));
    assert_int_equal(symbols.count, 3);
    assert_string_equal(symbols.items[0], text("second 4 %s", path));
    assert_string_equal(symbols.items[1], text("first 9 %s", path));
    assert_string_equal(symbols.items[2], text("third 14 %s", path));
    assert_true(symbols_use(object, "missing", &file, &line));
    assert_int_equal(line, 12);
    assert_string_equal(path_name(file), "sample.c");
    /* It is there, but defined here, used by data alone, or not at all. */
    assert_false(symbols_use(object, "first", &file, &line));
    assert_false(symbols_use(object, "elsewhere", &file, &line));
    assert_false(symbols_use(object, "nobody", &file, &line));
}

static void elf_of_the_host(void **state)
{
    (void)state;
    check_symbols("cc", "");
}

static void elf_of_clang(void **state)
{
    (void)state;
    check_symbols("clang", "");
}

static void elf_of_aarch64(void **state)
{
    (void)state;
    check_symbols("aarch64-linux-gnu-gcc", "");
}

static void elf_with_relocations_without_addends(void **state)
{
    (void)state;
    check_symbols("clang", "--target=i386-linux-gnu");
}

static void wasm(void **state)
{
    (void)state;
    check_symbols("clang", "--target=wasm32");
}

static void without_debug_information_there_is_no_line(void **state)
{
    (void)state;
    const char *file;
    int line;
    struct strings symbols = { 0 };
    const char *object = compile("clang", "--target=wasm32 -g0");
    assert_true(symbols_read(object, &symbols));
    assert_int_equal(symbols.count, 3);
    assert_string_equal(symbols.items[0], "first 0 ");
    assert_false(symbols_use(object, "missing", &file, &line));
}

static void nothing_has_no_symbols(void **state)
{
    (void)state;
    static const char *const flags[] = { "", "--target=aarch64-linux-gnu", "--target=wasm32" };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        struct strings symbols = { 0 };
        assert_true(symbols_read(compile("clang", text("%s -DNOTHING", flags[i])), &symbols));
        assert_int_equal(symbols.count, 0);
    }
}

/* What a child that reads the object says; its status. */
static int read_in_child(const char *object, char *said, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct strings symbols = { 0 };
        const char *file;
        int line;
        alarm(60);
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler */
        signal(SIGALRM, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        bool ok = symbols_read(object, &symbols);
        symbols_use(object, "missing", &file, &line);
        _exit(ok ? 0 : 1);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n; len + 1 < size && (n = read(ends[0], said + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    said[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Either it is read or the sentence is said, and the program lives. Returns whether it was read. */
static bool survives(const char *object, const char *data, size_t size)
{
    char said[1000];
    const char *sentence = text(
        "mirage: error: %s is damaged, or no object of ELF's or WebAssembly's; remove it and build again\n",
        object);
    assert_true(file_write(object, data, size));
    int status = read_in_child(object, said, sizeof said);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0)
        assert_string_equal(said, "");
    else
        assert_string_equal(said, sentence);
    return WEXITSTATUS(status) == 0;
}

static void check_damaged(const char *compiler, const char *flags)
{
    size_t size;
    char *whole = file_read(compile(compiler, flags), &size);
    const char *object = in_folder("damaged.o");
    assert_true(survives(object, whole, size));
    /* Cut off, all about. */
    for (size_t len = 0; len < size; len += 1 + size / 150)
        survives(object, whole, len);
    assert_false(survives(object, whole, size / 2));
    /* Some bytes of it are others. */
    srand(1);
    for (int i = 0; i < 300; i++) {
        char *other = keep_bytes(whole, size);
        for (int k = 0; k <= i % 8; k++)
            other[(size_t)rand() % size] = (char)rand();
        survives(object, other, size);
    }
}

static void damaged_elf(void **state)
{
    (void)state;
    check_damaged("cc", "");
}

static void damaged_elf_of_aarch64(void **state)
{
    (void)state;
    check_damaged("aarch64-linux-gnu-gcc", "");
}

static void damaged_wasm(void **state)
{
    (void)state;
    check_damaged("clang", "--target=wasm32");
}

static void random_bytes(void **state)
{
    (void)state;
    static const char *const begins[] = { "", "\177ELF\2\1\1", "\0asm\1\0\0\0" };
    static const size_t lens[] = { 0, 7, 8 };
    const char *object = in_folder("random.o");
    srand(2);
    for (int i = 0; i < 300; i++) {
        char data[600];
        size_t size = (size_t)rand() % sizeof data;
        for (size_t k = 0; k < size; k++)
            data[k] = (char)rand();
        if (size >= 8)
            memcpy(data, begins[i % 3], lens[i % 3]);
        survives(object, data, size);
    }
}

static void no_file_at_all(void **state)
{
    (void)state;
    char said[1000];
    int status = read_in_child(in_folder("none.o"), said, sizeof said);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_non_null(strstr(said, "none.o"));
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && file_write(in_folder("sample.c"), source, sizeof source - 1) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return system(text("rm -rf %s", folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elf_of_the_host),
        cmocka_unit_test(elf_of_clang),
        cmocka_unit_test(elf_of_aarch64),
        cmocka_unit_test(elf_with_relocations_without_addends),
        cmocka_unit_test(wasm),
        cmocka_unit_test(without_debug_information_there_is_no_line),
        cmocka_unit_test(nothing_has_no_symbols),
        cmocka_unit_test(damaged_elf),
        cmocka_unit_test(damaged_elf_of_aarch64),
        cmocka_unit_test(damaged_wasm),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(no_file_at_all),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
