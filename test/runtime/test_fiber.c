/* Spawning, joining, cancelling, yielding, and the scopes. */
#include "test/support/test.h"

#include <mirage/log.h>

static int trace[64];
static size_t traced;

static void note(int n)
{
    if (traced < ARRAY_SIZE(trace))
        trace[traced++] = n;
}

static int clear_trace(void **state)
{
    (void)state;
    traced = 0;
    return 0;
}

#define CHECK_TRACE(...)                                 \
    do {                                                 \
        const int want[] = { __VA_ARGS__ };              \
        CHECK_EQUAL(traced, ARRAY_SIZE(want));           \
        for (size_t i_ = 0; i_ < ARRAY_SIZE(want); i_++) \
            CHECK_EQUAL(trace[i_], want[i_]);            \
    } while (0)

static err returns(void *arg)
{
    return (err)(intptr_t)arg;
}

static err notes(void *arg)
{
    int n = (int)(intptr_t)arg;
    note(n);
    CHECK_EQUAL(os_yield(), OK);
    note(n + 10);
    return OK;
}

FIBER_TEST(join_returns_the_result)
{
    struct os_fiber *a, *b;
    TRY(os_spawn(&a, returns, (void *)ERR_RANGE));
    TRY(os_spawn(&b, returns, (void *)OK));
    CHECK(os_self() != NULL && os_self() != a);
    CHECK_EQUAL(os_join(a), ERR_RANGE);
    /* The fiber has ended already. */
    CHECK_EQUAL(os_join(b), OK);
    return OK;
}

FIBER_TEST(fibers_run_in_the_order_of_becoming_ready)
{
    struct os_fiber *a, *b;
    TRY(os_spawn(&a, notes, (void *)1));
    TRY(os_spawn(&b, notes, (void *)2));
    note(0);
    TRY(os_yield());
    note(10);
    TRY(os_join(a));
    TRY(os_join(b));
    CHECK_TRACE(0, 1, 2, 10, 11, 12);
    return OK;
}

FIBER_TEST(detached_fibers_free_themselves)
{
    struct os_fiber *a;
    struct os_stats stats;
    TRY(os_spawn(NULL, notes, (void *)1));
    TRY(os_spawn(&a, notes, (void *)2));
    os_detach(a);
    TRY(os_spawn(&a, returns, (void *)OK));
    TRY(os_yield());
    os_detach(a); /* has ended */
    TRY(os_yield());
    TRY(os_yield());
    CHECK_TRACE(1, 2, 11, 12);
    os_get_stats(&stats);
    CHECK_EQUAL(stats.fibers, 1);
    CHECK(stats.pooled_stacks >= 3);
    return OK;
}

static void count_lines(void *ctx, enum log_level level, const char *line, size_t len)
{
    int *lines = ctx;
    (void)len;
    CHECK_EQUAL(level, LOG_LEVEL_ERROR);
    CHECK(strstr(line, "os: fiber returns ended: out of range") != NULL);
    ++*lines;
}

FIBER_TEST(errors_of_detached_fibers_are_logged)
{
    int lines = 0;
    log_set_sink(count_lines, &lines);
    TRY(os_spawn(NULL, returns, (void *)ERR_RANGE));
    TRY(os_spawn(NULL, returns, (void *)ERR_CANCELLED));
    TRY(os_spawn(NULL, returns, (void *)OK));
    TRY(os_yield());
    log_set_sink(NULL, NULL);
    CHECK_EQUAL(lines, 1);
    return OK;
}

static err sleeps_long(void *arg)
{
    os_sleep(HOURS(1));
    if (arg != NULL)
        *(err *)arg = os_check();
    return os_check();
}

FIBER_TEST(cancelling_wakes_a_sleeper)
{
    struct os_fiber *a;
    err seen = OK;
    TRY(os_spawn(&a, sleeps_long, &seen));
    TRY(os_yield());
    os_cancel(a);
    os_cancel(a);
    CHECK_EQUAL(os_join(a), ERR_CANCELLED);
    CHECK_EQUAL(seen, ERR_CANCELLED);
    /* The fiber is cancelled before it runs. */
    TRY(os_spawn(&a, sleeps_long, NULL));
    os_cancel(a);
    CHECK_EQUAL(os_join(a), ERR_CANCELLED);
    return OK;
}

FIBER_TEST(cancelling_one_that_has_ended_does_nothing)
{
    struct os_fiber *a;
    TRY(os_spawn(&a, returns, (void *)OK));
    TRY(os_yield());
    os_cancel(a);
    CHECK_EQUAL(os_join(a), OK);
    return OK;
}

static err stubborn(void *arg)
{
    int *rounds = arg;
    struct os_waitq queue = { 0 };
    /* Every operation returns at once, yet the others run. */
    for (int i = 0; i < 5; i++) {
        ++*rounds;
        CHECK_EQUAL(os_wait(&queue), ERR_CANCELLED);
        CHECK(!os_has_waiters(&queue));
        CHECK_EQUAL(os_yield(), ERR_CANCELLED);
        CHECK_EQUAL(os_sleep_until(OS_NEVER), ERR_CANCELLED);
        CHECK_EQUAL(os_check(), ERR_CANCELLED);
    }
    return OK;
}

FIBER_TEST(cancellation_stays)
{
    struct os_fiber *a;
    int rounds = 0, before = 0;
    TRY(os_spawn(&a, stubborn, &rounds));
    os_cancel(a);
    while (rounds < 5) {
        TRY(os_yield());
        CHECK(rounds <= before + 1);
        before = rounds;
    }
    CHECK_EQUAL(os_join(a), OK);
    return OK;
}

static err joins(void *arg)
{
    return os_join(arg);
}

FIBER_TEST(a_cancelled_join_cancels_what_it_joins)
{
    struct os_fiber *sleeper, *joiner;
    err seen = OK;
    TRY(os_spawn(&sleeper, sleeps_long, &seen));
    TRY(os_spawn(&joiner, joins, sleeper));
    TRY(os_yield());
    os_cancel(joiner);
    CHECK_EQUAL(os_join(joiner), ERR_CANCELLED);
    CHECK_EQUAL(seen, ERR_CANCELLED);
    return OK;
}

FIBER_TEST(a_join_past_its_deadline_cancels_what_it_joins)
{
    struct os_fiber *sleeper;
    err seen = OK;
    TRY(os_spawn(&sleeper, sleeps_long, &seen));
    OS_DEADLINE(os_now() + MILLISECONDS(2))
    {
        CHECK_EQUAL(os_join(sleeper), ERR_TIMEOUT);
    }
    CHECK_EQUAL(seen, ERR_CANCELLED);
    CHECK_EQUAL(os_check(), OK);
    return OK;
}

static err shielded(void *arg)
{
    bool *cleaned = arg;
    os_sleep(HOURS(1));
    CHECK_EQUAL(os_check(), ERR_CANCELLED);
    OS_SHIELD
    {
        CHECK_EQUAL(os_check(), OK);
        OS_SHIELD
        {
            CHECK_EQUAL(os_sleep_until(os_now() + MILLISECONDS(1)), OK);
        }
        CHECK_EQUAL(os_sleep_until(os_now() + MILLISECONDS(1)), OK);
        /* Deadlines of the fiber itself count within a shield. */
        OS_DEADLINE(os_now() + MILLISECONDS(1))
        {
            CHECK_EQUAL(os_sleep_until(OS_NEVER), ERR_TIMEOUT);
        }
        *cleaned = true;
    }
    CHECK_EQUAL(os_check(), ERR_CANCELLED);
    return os_check();
}

FIBER_TEST(a_shield_holds_cancellation_back)
{
    struct os_fiber *a;
    bool cleaned = false;
    TRY(os_spawn(&a, shielded, &cleaned));
    TRY(os_yield());
    os_cancel(a);
    CHECK_EQUAL(os_join(a), ERR_CANCELLED);
    CHECK(cleaned);
    return OK;
}

static err sleeps_shielded(void *arg)
{
    os_time end = os_now() + MILLISECONDS(5);
    OS_SHIELD
    {
        CHECK_EQUAL(os_sleep_until(end), OK);
    }
    *(bool *)arg = os_now() >= end;
    return os_check();
}

FIBER_TEST(cancelling_within_a_shield_waits_for_its_end)
{
    struct os_fiber *a;
    bool whole = false;
    TRY(os_spawn(&a, sleeps_shielded, &whole));
    TRY(os_yield());
    os_cancel(a);
    CHECK_EQUAL(os_join(a), ERR_CANCELLED);
    CHECK(whole);
    return OK;
}

static err leaves_scopes_early(int how)
{
    for (;;) {
        OS_SHIELD
        {
            OS_DEADLINE(os_now() + SECONDS(1))
            {
                os_no_suspend
                {
                    if (how == 0)
                        return OK;
                    if (how == 1)
                        goto out;
                }
                if (how == 2)
                    break;
            }
        }
        break;
    }
out:
    return OK;
}

FIBER_TEST(scopes_may_be_left_early)
{
    for (int how = 0; how < 4; how++) {
        TRY(leaves_scopes_early(how));
        OS_DEADLINE(os_now() - 1)
        {
            CHECK_EQUAL(os_check(), ERR_TIMEOUT);
        }
        CHECK_EQUAL(os_yield(), OK);
        CHECK_EQUAL(os_check(), OK);
    }
    return OK;
}

FIBER_TEST(deadlines_nest_and_the_earliest_counts)
{
    os_time start = os_now();
    OS_DEADLINE(start + MILLISECONDS(4))
    {
        OS_DEADLINE(start + HOURS(1))
        {
            CHECK_EQUAL(os_sleep_until(start + SECONDS(10)), ERR_TIMEOUT);
            CHECK(os_now() - start >= MILLISECONDS(4));
        }
    }
    OS_DEADLINE(start + HOURS(1))
    {
        OS_DEADLINE(os_now() + MILLISECONDS(1))
        {
            os_sleep(SECONDS(10));
            CHECK_EQUAL(os_check(), ERR_TIMEOUT);
            /* The deadline stays passed. */
            CHECK_EQUAL(os_sleep_until(OS_NEVER), ERR_TIMEOUT);
        }
        CHECK_EQUAL(os_check(), OK);
        CHECK_EQUAL(os_sleep_until(os_now() + MILLISECONDS(1)), OK);
    }
    return OK;
}

FIBER_TEST(a_deadline_that_has_passed_lets_others_run)
{
    struct os_fiber *a;
    TRY(os_spawn(&a, notes, (void *)1));
    OS_DEADLINE(1)
    {
        CHECK_EQUAL(os_sleep_until(OS_NEVER), ERR_TIMEOUT);
        CHECK_TRACE(1);
        CHECK_EQUAL(os_yield(), ERR_TIMEOUT);
        CHECK_TRACE(1, 11);
        /* Within a shield, the deadline has no effect. */
        OS_SHIELD
        {
            CHECK_EQUAL(os_yield(), OK);
        }
    }
    return os_join(a);
}

FIBER_TEST(sleeping_takes_its_time)
{
    os_time start = os_now();
    os_sleep(MILLISECONDS(3));
    CHECK(os_now() - start >= MILLISECONDS(3));
    os_sleep(0);
    os_sleep(-1);
    CHECK_EQUAL(os_sleep_until(0), OK);
    CHECK(os_loop_now() <= os_now());
    return OK;
}

static void visit(void *ctx, const struct os_fiber_info *info)
{
    size_t *n = ctx;
    switch ((*n)++) {
    case 0:
        CHECK(strcmp(info->name, "main") == 0);
        CHECK(strcmp(info->doing, "running") == 0);
        break;
    case 1:
        CHECK(strcmp(info->name, "sleeps_long") == 0);
        CHECK(strcmp(info->doing, "os_sleep") == 0);
        CHECK(info->entry == sleeps_long && !info->cancelled);
        break;
    case 2:
        CHECK(strcmp(info->name, "new name") == 0);
        CHECK(strcmp(info->doing, "ready") == 0);
        CHECK(info->cancelled);
        break;
    }
}

FIBER_TEST(fibers_can_be_listed)
{
    struct os_fiber *a, *b;
    size_t n = 0;
    TRY(os_spawn(&a, sleeps_long, NULL));
    TRY(os_yield());
    TRY((os_spawn)(&b, returns, NULL));
    os_set_name(b, "new name");
    os_cancel(b);
    os_each_fiber(visit, &n);
    CHECK_EQUAL(n, 3);
    os_cancel(a);
    CHECK_EQUAL(os_join(a), ERR_CANCELLED);
    return os_join(b);
}

FIBER_TEST(spawning_without_memory_fails)
{
    struct os_fiber *a = NULL;
    struct os_group group;
    if (!DEBUG_BUILD)
        return OK;
    os_fail_allocation_after(1);
    CHECK_EQUAL(os_spawn(&a, returns, NULL), ERR_NO_MEMORY);
    CHECK(a == NULL);
    os_group_init(&group);
    os_fail_allocation_after(2);
    CHECK_EQUAL(os_group_spawn(&group, returns, NULL), OK);
    CHECK_EQUAL(os_fail_allocation_after(1), 1);
    CHECK_EQUAL(os_group_spawn(&group, returns, NULL), ERR_NO_MEMORY);
    CHECK_EQUAL(os_fail_allocation_after(0), 0);
    return os_group_join(&group);
}

static __attribute__((noinline)) err deep(void *arg)
{
    volatile char frame[8192];
    size_t depth = (size_t)arg;
    frame[0] = frame[sizeof frame - 1] = (char)depth;
    if (depth > 0 && deep((void *)(depth - 1)) != OK)
        return ERR_IO;
    return frame[0] == (char)depth ? OK : ERR_IO;
}

FIBER_TEST(stacks_hold_what_they_say)
{
    struct os_fiber *a;
    struct os_stats stats;
    CHECK_EQUAL(os_set_stack_size(1 << 20), ERR_BUSY);
    CHECK_EQUAL(os_set_stack_size(1), ERR_RANGE);
    /* 6 × 8 KiB of the 64; again on the reused stack. */
    for (int i = 0; i < 3; i++) {
        TRY(os_spawn(&a, deep, (void *)5));
        CHECK_EQUAL(os_join(a), OK);
    }
    CHECK_EQUAL(deep((void *)100), OK); /* the first fiber's is larger */
    os_get_stats(&stats);
    CHECK(stats.stack_bytes >= (1 << 20) + (64 << 10));
    CHECK(stats.switches > 6 && stats.loops > 0 && stats.fibers_peak >= 2);
    return OK;
}

static err spins(void *arg)
{
    volatile bool *stop = arg;
    while (!*stop)
        IGNORE(os_yield());
    return OK;
}

FIBER_TEST(timers_fire_while_fibers_spin)
{
    struct os_fiber *a, *b;
    bool stop = false;
    TRY(os_spawn(&a, spins, &stop));
    TRY(os_spawn(&b, spins, &stop));
    os_sleep(MILLISECONDS(2));
    stop = true;
    TRY(os_join(a));
    return os_join(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear_trace)
    const struct CMUnitTest tests[] = {
        TEST(join_returns_the_result),
        TEST(fibers_run_in_the_order_of_becoming_ready),
        TEST(detached_fibers_free_themselves),
        TEST(errors_of_detached_fibers_are_logged),
        TEST(cancelling_wakes_a_sleeper),
        TEST(cancelling_one_that_has_ended_does_nothing),
        TEST(cancellation_stays),
        TEST(a_cancelled_join_cancels_what_it_joins),
        TEST(a_join_past_its_deadline_cancels_what_it_joins),
        TEST(a_shield_holds_cancellation_back),
        TEST(cancelling_within_a_shield_waits_for_its_end),
        TEST(scopes_may_be_left_early),
        TEST(deadlines_nest_and_the_earliest_counts),
        TEST(a_deadline_that_has_passed_lets_others_run),
        TEST(sleeping_takes_its_time),
        TEST(fibers_can_be_listed),
        TEST(spawning_without_memory_fails),
        TEST(stacks_hold_what_they_say),
        TEST(timers_fire_while_fibers_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
