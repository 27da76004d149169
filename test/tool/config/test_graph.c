/* Records as a configuration's child would send them, made into graphs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/out.h"
#include "composition/evaluate.h"

/* Each functor here is of this file, which is there. */
#define FUNCTOR(rest) \
    "{\"source\":\"/dev/null\",\"written\":\"null.c\"," rest ",\"file\":\"config.c\",\"line\":3}"
#define MAKE FUNCTOR("\"result\":\"CONSOLE\",\"params\":[],\"settings\":[],\"libraries\":[]")
#define USE FUNCTOR("\"result\":\"JOB\",\"params\":[\"CONSOLE\"],\"settings\":[],\"libraries\":[]")
#define APPLY(functor, args) \
    "{\"kind\":\"apply\",\"functor\":" functor ",\"args\":[" args "],\"file\":\"config.c\",\"line\":5}"
#define JOB(name, value) "{\"name\":\"" name "\",\"value\":" value ",\"file\":\"config.c\",\"line\":9}"
#define RECORD(functors, values, keys, jobs)                                                   \
    "{\"functors\":[" functors "],\"values\":[" values "],\"keys\":[" keys "],\"jobs\":[" jobs \
    "],\"args\":[]}"

static bool read_with(const char *record, const struct given_key *given, size_t count, struct graph *graph)
{
    return graph_read("config.c", record, strlen(record), given, count, graph);
}

static bool read_record(const char *record, struct graph *graph)
{
    return read_with(record, NULL, 0, graph);
}

static void same_application_is_one_value(void **state)
{
    (void)state;
    struct graph graph;
    assert_true(read_record(RECORD(MAKE "," MAKE "," USE,
                                   APPLY("0", "") "," APPLY("1", "") "," APPLY("2", "0") "," APPLY("2", "1"),
                                   "", JOB("a", "2") "," JOB("b", "3")),
                            &graph));
    assert_int_equal(graph.value_count, 2);
    assert_int_equal(graph.job_count, 2);
    assert_ptr_equal(graph.jobs[0].value, graph.jobs[1].value);
    assert_ptr_equal(graph.values[1]->args[0], graph.values[0]);
    assert_int_equal(graph.values[1]->id, 1);
}

static void values_no_job_needs_are_dropped(void **state)
{
    (void)state;
    struct graph graph;
    assert_true(read_record(
        RECORD(MAKE "," USE, APPLY("0", "") "," APPLY("1", "0") "," APPLY("1", "0"), "", JOB("a", "0")),
        &graph));
    assert_int_equal(graph.value_count, 1);
}

/* The job names the last made first. */
static void arguments_come_in_the_order_of_the_job(void **state)
{
    (void)state;
    struct graph graph;
    const char *other = FUNCTOR("\"result\":\"PCLOCK\",\"params\":[],\"settings\":[],\"libraries\":[]");
    const char *both =
        FUNCTOR("\"result\":\"JOB\",\"params\":[\"PCLOCK\",\"CONSOLE\"],\"settings\":[],\"libraries\":[]");
    assert_true(
        read_record(text(RECORD(MAKE ",%s,%s", APPLY("0", "") "," APPLY("1", "") "," APPLY("2", "1,0"), "",
                                JOB("a", "2")),
                         other, both),
                    &graph));
    assert_string_equal(graph.values[0]->type, "PCLOCK");
    assert_string_equal(graph.values[1]->type, "CONSOLE");
    assert_string_equal(graph.values[2]->type, "JOB");
}

static void long_chains_are_fine(void **state)
{
    (void)state;
    enum { LONG = 5000 };
    struct graph graph;
    struct out values = { 0 };
    out_print(&values, APPLY("0", ""));
    for (int i = 0; i < LONG; i++)
        out_print(&values, "," APPLY("1", "%d"), i);
    assert_true(read_record(text(RECORD(MAKE "," USE, "%s", "", JOB("a", "%d")), values.data, LONG), &graph));
    assert_int_equal(graph.value_count, LONG + 1);
    out_free(&values);
}

static void settings_are_identity_in_any_order(void **state)
{
    (void)state;
    struct graph graph;
#define SET(name, value) "{\"name\":\"" name "\",\"kind\":\"int\",\"value\":\"" value "\"}"
#define WITH(settings) \
    FUNCTOR("\"result\":\"CONSOLE\",\"params\":[],\"settings\":[" settings "],\"libraries\":[]")
#define THREE                                                                                      \
    FUNCTOR("\"result\":\"JOB\",\"params\":[\"CONSOLE\",\"CONSOLE\",\"CONSOLE\"],\"settings\":[]," \
            "\"libraries\":[]")
    assert_true(
        read_record(RECORD(WITH(SET("a", "1") "," SET("b", "2")) "," WITH(
                               SET("b", "2") "," SET("a", "1")) "," WITH(SET("a", "1")) "," THREE,
                           APPLY("0", "") "," APPLY("1", "") "," APPLY("2", "") "," APPLY("3", "0,1,2"), "",
                           JOB("a", "3")),
                    &graph));
    const struct value *job = graph.jobs[0].value;
    assert_ptr_equal(job->args[0], job->args[1]);
    assert_ptr_not_equal(job->args[0], job->args[2]);
}

#define NET                                                                                                  \
    "{\"name\":\"net\",\"kind\":\"enum\",\"default\":\"a\",\"doc\":\"\",\"choices\":[\"a\",\"b\"],\"file\":" \
    "\"config.c\",\"line\":2}"
#define CHOICE(args)                                                         \
    "{\"kind\":\"choice\",\"key\":0,\"cases\":[\"a\",\"b\"],\"args\":[" args \
    "],\"file\":\"config.c\",\"line\":6}"
#define ABSENT "{\"kind\":\"absent\",\"message\":\"not here\",\"file\":\"config.c\",\"line\":6}"

static void keys_choose(void **state)
{
    (void)state;
    struct graph graph;
    const char *record = RECORD(MAKE "," USE, APPLY("0", "") "," ABSENT "," CHOICE("0,1") "," APPLY("1", "2"),
                                NET, JOB("a", "3"));
    const struct given_key b = { .name = "net", .value = "b" }, none = { .name = "net", .value = "c" },
                           other = { .name = "nett", .value = "a" }, bare = { .name = "net" };
    assert_true(read_record(record, &graph));
    assert_int_equal(graph.value_count, 2);
    assert_false(graph.keys[0].given);
    assert_false(read_with(record, &b, 1, &graph));
    assert_false(read_with(record, &none, 1, &graph));
    assert_false(read_with(record, &other, 1, &graph));
    assert_false(read_with(record, &bare, 1, &graph));
}

static void cycles_are_refused(void **state)
{
    (void)state;
    struct graph graph;
    assert_false(read_record(RECORD(USE, APPLY("0", "0"), "", JOB("a", "0")), &graph));
    assert_false(read_record(RECORD(USE, APPLY("0", "1") "," APPLY("0", "0"), "", JOB("a", "0")), &graph));
}

/* The child ran the user's code, which may have written anywhere. */
static void nonsense_is_refused(void **state)
{
    (void)state;
    struct graph graph;
    static const char *const records[] = {
        "",
        "{",
        "[]",
        "{\"functors\":3}",
        RECORD("{}", "", "", ""),
        RECORD("3", "", "", ""),
        RECORD(MAKE, "{}", "", ""),
        RECORD(MAKE, APPLY("1", ""), "", ""),
        RECORD(MAKE, APPLY("-1", ""), "", ""),
        RECORD(MAKE, APPLY("\"0\"", ""), "", ""),
        RECORD(MAKE, APPLY("0", "-1"), "", ""),
        RECORD(MAKE, APPLY("0", "99999999999"), "", ""),
        RECORD(MAKE, APPLY("0", ""), "", JOB("a", "1")),
        RECORD(MAKE, APPLY("0", ""), "", "{}"),
        RECORD(MAKE, APPLY("0", ""), "{\"kind\":\"bool\"}", JOB("a", "0")),
        RECORD(MAKE, APPLY("0", "") "," CHOICE("0,0"), "", JOB("a", "0")),
        RECORD(MAKE, APPLY("0", "") "," CHOICE("0"), NET, JOB("a", "0")),
        RECORD(MAKE, "{\"kind\":\"named\",\"args\":[]}", "", ""),
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_false(read_record(records[i], &graph));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_application_is_one_value),
        cmocka_unit_test(values_no_job_needs_are_dropped),
        cmocka_unit_test(arguments_come_in_the_order_of_the_job),
        cmocka_unit_test(long_chains_are_fine),
        cmocka_unit_test(settings_are_identity_in_any_order),
        cmocka_unit_test(keys_choose),
        cmocka_unit_test(cycles_are_refused),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
