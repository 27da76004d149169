/*
 * The limits of logs, on the simulation's clock: 5 lines at once from one place and then one a second, and 20
 * within a second from all.
 */
#include "test/support/test.h"

#include <mirage/log.h>

static char last[2048];
static int lines;

static void sink(void *ctx, enum log_level level, const char *line, size_t len)
{
    (void)ctx, (void)level;
    memcpy(last, line, len + 1);
    lines++;
}

static int set_up(void **state)
{
    (void)state;
    lines = 0;
    log_set_sink(sink, NULL);
    return log_configure(NULL) != OK;
}

static void flood(int times)
{
    LOG_SOURCE(udp);
    for (int i = 0; i < times; i++)
        log_warning("flood %d", i);
}

static void flood_elsewhere(int times)
{
    LOG_SOURCE(tcp);
    for (int i = 0; i < times; i++)
        log_info("elsewhere %d", i);
}

static void flood_debug(int times)
{
    LOG_SOURCE(tcp);
    for (int i = 0; i < times; i++)
        log_debug("debug %d", i);
}

static void expect_line(const char *end)
{
    const char *message = strstr(last, ": ");
    assert_non_null(message);
    assert_string_equal(message + 2, end);
}

static err flood_for_a_while(void *arg)
{
    uint64_t before = log_left_out();
    (void)arg;
    /* What a program says before it hears anybody is all told. */
    lines = 0;
    flood(100);
    CHECK_EQUAL(lines, 100);
    os_sleep(MILLISECONDS(1));
    lines = 0;
    /* A flood: five lines, then one a second, which tells what it stands for. */
    flood(5000);
    CHECK_EQUAL(lines, 5);
    expect_line("flood 4");
    CHECK_EQUAL(log_left_out() - before, 4995);
    os_sleep(MILLISECONDS(1100));
    lines = 0;
    flood(5000);
    CHECK_EQUAL(lines, 1);
    expect_line("flood 0 (4995 more were left out)");

    /* Other places are not silenced by it. */
    flood_elsewhere(1);
    CHECK_EQUAL(lines, 2);
    expect_line("elsewhere 0");

    /* What no other line tells is told in one of its own. */
    lines = 0;
    os_sleep(MILLISECONDS(3500));
    CHECK_EQUAL(lines, 1);
    expect_line("4999 more messages like the last were left out");
    os_sleep(SECONDS(3));
    CHECK_EQUAL(lines, 1);
    return OK;
}

static void floods_are_limited(void **state)
{
    (void)state;
    assert_int_equal(run(flood_for_a_while, NULL), OK);
    assert_int_equal(lines, 1);
}

#define PLACE log_error("somewhere %d", step)

/* Eight places, each flooded, in eighty steps over two seconds. */
static err flood_everywhere(void *arg)
{
    LOG_SOURCE(udp);
    enum { STEPS = 80, SECOND = 40 };
    int in_step[STEPS], most = 0;
    (void)arg;
    os_sleep(MILLISECONDS(1));
    for (int step = 0; step < STEPS; step++) {
        lines = 0;
        for (int i = 0; i < 20; i++) {
            PLACE;
            PLACE;
            PLACE;
            PLACE;
            PLACE;
            PLACE;
            PLACE;
            PLACE;
        }
        os_sleep(SECONDS(1) / SECOND);
        in_step[step] = lines;
    }
    for (int from = 0; from + SECOND <= STEPS; from++) {
        int sum = 0;
        for (int i = from; i < from + SECOND; i++)
            sum += in_step[i];
        most = sum > most ? sum : most;
    }
    CHECK(most <= 20 && most >= 15);
    lines = 0;
    return OK;
}

static void all_together_are_limited(void **state)
{
    (void)state;
    assert_int_equal(run(flood_everywhere, NULL), OK);
    /* The end tells what is left in one line. */
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last, "warning log: "));
    assert_non_null(strstr(last, " more messages were left out"));
}

/* The simulation's clock begins anew with each run, and so do the limits. */
static void runs_are_the_same(void **state)
{
    for (int i = 0; i < 3; i++) {
        lines = 0;
        floods_are_limited(state);
    }
}

/* The limits hold after the first wait. */
static err wait(void *arg)
{
    (void)arg;
    return os_sleep_until(os_now() + MILLISECONDS(1));
}

static void limits_can_be_set(void **state)
{
    (void)state;
    assert_int_equal(log_configure("limit:0"), OK);
    assert_int_equal(os_run(wait, NULL), OK);
    flood(1000);
    assert_int_equal(lines, 1000);
    assert_int_equal(log_configure("limit:200,*:debug"), OK);
    assert_int_equal(os_run(wait, NULL), OK);
    lines = 0;
    flood(1000);
    assert_int_equal(lines, 50);
    assert_int_equal(log_configure("debug"), OK);
    assert_int_equal(os_run(wait, NULL), OK);
    lines = 0;
    flood_debug(1000);
    assert_int_equal(lines, 749);
    assert_int_equal(os_run(wait, NULL), OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(floods_are_limited),
        TEST(runs_are_the_same),
        TEST(all_together_are_limited),
        TEST(limits_can_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
