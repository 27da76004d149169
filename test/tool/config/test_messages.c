/* What compilers print, read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/messages.h"

static struct messages read_all(const char *printed)
{
    struct messages m;
    messages_read(printed, (const char *const[]){ "/inc", NULL }, &m);
    return m;
}

static void gcc_place_is_where_the_macro_was_used(void **state)
{
    (void)state;
    struct messages m =
        read_all("In file included from c.c:1:\nc.c: In function 'config':\n"
                 "/inc/mirage/config.h:26:51: error: passing argument 1 of 'hello' from incompatible pointer "
                 "type [-Werror=incompatible-pointer-types]\n"
                 "/inc/mirage/config.h:28:72: note: in definition of macro 'register_job'\n"
                 "c.c:6:7: note: in expansion of macro 'apply'\n"
                 "c.c:7:9: note: in expansion of macro 'crunch'\n"
                 "/inc/mirage/config.h:26:51: note: expected 'CONSOLE' {aka 'struct mirage_CONSOLE *'} but "
                 "argument is of type 'KV_RO' {aka 'struct mirage_KV_RO *'}\n"
                 "c.c:9:9: note: in expansion of macro 'other'\n"
                 "cc1: some warnings being treated as errors\n");
    assert_int_equal(m.count, 1);
    assert_int_equal(m.errors, 1);
    assert_string_equal(m.items[0].file, "c.c");
    assert_int_equal(m.items[0].line, 7);
    assert_int_equal(m.items[0].column, 9);
    assert_string_equal(m.items[0].text, "passing argument 1 of 'hello' from incompatible pointer type: "
                                         "expected 'CONSOLE' but argument is of type 'KV_RO'");
}

static void own_place_is_kept(void **state)
{
    (void)state;
    struct messages m = read_all("c.c:21:13: error: passing argument 1 of 'hello' makes pointer from integer "
                                 "without a cast [-Werror=int-conversion]\n"
                                 "c.c:20:9: note: in expansion of macro 'apply'\n"
                                 "c.c:21:13: note: expected 'CONSOLE' {aka 'struct mirage_CONSOLE *'} but "
                                 "argument is of type 'int'\n");
    assert_int_equal(m.items[0].line, 21);
    assert_string_equal(m.items[0].text, "passing argument 1 of 'hello' makes pointer from integer without a "
                                         "cast: expected 'CONSOLE' but argument is of type 'int'");
}

static void clang_types_are_the_users(void **state)
{
    (void)state;
    struct messages m =
        read_all("c.c:5:27: error: incompatible function pointer types initializing 'typeof(JOB "
                 "(*)(CONSOLE))' (aka 'struct mirage_JOB *(*)(struct mirage_CONSOLE *)') "
                 "with an expression of type 'KV_RO' (aka 'struct mirage_KV_RO *') "
                 "[-Werror,-Wincompatible-function-pointer-types]\n");
    assert_string_equal(m.items[0].text, "incompatible function pointer types initializing 'JOB "
                                         "(*)(CONSOLE)' with an expression of type 'KV_RO'");
}

static void expressions_are_told_as_written(void **state)
{
    (void)state;
    struct messages m = read_all("c.c:5:3: error: called object '(mirage_at((const char *)\"a (b).c\", 5), "
                                 "f(g(1)))' is not a function\n");
    assert_string_equal(m.items[0].text, "called object 'f(g(1))' is not a function");
}

static void one_for_each_line(void **state)
{
    (void)state;
    struct messages m = read_all("c.c:5:3: warning: w\nc.c:5:4: error: first\nc.c:5:5: error: "
                                 "second\nc.c:6:1: error: third\nd.c:5:1: error: fourth\n");
    assert_int_equal(m.count, 3);
    assert_int_equal(m.errors, 3);
    assert_string_equal(m.items[0].text, "first");
}

static void nothing_after_a_misreading(void **state)
{
    (void)state;
    struct messages m = read_all("c.c:5:3: error: expected ';' before 'x'\nc.c:9:1: error: 'y' undeclared\n");
    assert_int_equal(m.count, 1);
    m = read_all("c.c:9:1: error: unterminated argument list invoking macro \"apply\"\nc.c:6:3: error: "
                 "expected ';' at end of input\n");
    assert_int_equal(m.count, 1);
    assert_int_equal(m.items[0].line, 6);
}

static void keywords_are_told_as_macros(void **state)
{
    (void)state;
    struct messages m = read_all("/inc/mirage/config.h:6:1: error: expected ',' or ';' before "
                                 "'__extension__'\nc.c:4:5: note: in expansion of macro 'register_job'\n");
    assert_int_equal(m.items[0].line, 4);
    assert_string_equal(m.items[0].text, "expected ',' or ';' before 'register_job'");
}

static void other_lines_are_passed_over(void **state)
{
    (void)state;
    struct messages m = read_all("hello\n:\n::: error: \nx:1\nx:1:2: remark: y\n1 error generated.\n");
    assert_int_equal(m.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcc_place_is_where_the_macro_was_used),
        cmocka_unit_test(own_place_is_kept),
        cmocka_unit_test(clang_types_are_the_users),
        cmocka_unit_test(expressions_are_told_as_written),
        cmocka_unit_test(one_for_each_line),
        cmocka_unit_test(nothing_after_a_misreading),
        cmocka_unit_test(keywords_are_told_as_macros),
        cmocka_unit_test(other_lines_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
