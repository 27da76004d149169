#include "test/support/test.h"

#include <stdlib.h>

static struct os_timer a, b, c;
static int fired_a, fired_b, fired_c;

static void fire(void *arg)
{
    ++*(int *)arg;
    CHECK(os_self() == NULL);
}

static int prepare(void **state)
{
    (void)state;
    a = (struct os_timer)OS_TIMER_INIT(fire, &fired_a);
    b = (struct os_timer)OS_TIMER_INIT(fire, &fired_b);
    c = (struct os_timer)OS_TIMER_INIT(fire, &fired_c);
    fired_a = fired_b = fired_c = 0;
    return 0;
}

FIBER_TEST(timers_fire_move_and_stop)
{
    os_time now = os_now();
    os_timer_stop(&a);
    CHECK(!os_timer_is_set(&a));
    TRY(os_timer_set(&a, now + HOURS(1)));
    CHECK(os_timer_is_set(&a));
    TRY(os_timer_set(&a, now + MILLISECONDS(1))); /* earlier */
    TRY(os_timer_set(&b, now + MILLISECONDS(1)));
    TRY(os_timer_set(&b, now + HOURS(1))); /* later */
    TRY(os_timer_set(&c, now - 5));
    CHECK_EQUAL(fired_c, 0); /* never within the call */
    os_sleep(MILLISECONDS(3));
    CHECK_EQUAL(fired_a, 1);
    CHECK_EQUAL(fired_b, 0);
    CHECK_EQUAL(fired_c, 1);
    CHECK(!os_timer_is_set(&a));
    CHECK(os_timer_is_set(&b));
    os_timer_stop(&b);
    os_timer_stop(&b);
    CHECK(!os_timer_is_set(&b));
    return OK;
}

static void meddle(void *arg)
{
    struct os_timer *self = arg;
    fired_a++;
    CHECK(!os_timer_is_set(self));
    os_timer_stop(&b);                               /* due in this very turn */
    CHECK_EQUAL(os_timer_set(&c, os_now() + 1), OK); /* was far off */
    if (fired_a < 3)
        CHECK_EQUAL(os_timer_set(self, 1), OK); /* long ago: not in this turn again and again */
}

FIBER_TEST(callbacks_may_set_and_stop_timers)
{
    os_time now = os_now();
    a = (struct os_timer)OS_TIMER_INIT(meddle, &a);
    TRY(os_timer_set(&a, now + 10));
    TRY(os_timer_set(&b, now + 20));
    TRY(os_timer_set(&c, now + HOURS(1)));
    os_sleep(MILLISECONDS(1));
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(fired_a, 3);
    CHECK_EQUAL(fired_b, 0);
    CHECK_EQUAL(fired_c, 1);
    return OK;
}

static void release(void *arg)
{
    free(arg);
    fired_a++;
}

FIBER_TEST(a_callback_may_free_its_timer)
{
    struct os_timer *timer = malloc(sizeof *timer);
    if (timer == NULL)
        return ERR_NO_MEMORY;
    *timer = (struct os_timer)OS_TIMER_INIT(release, timer);
    TRY(os_timer_set(timer, 1));
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(fired_a, 1);
    return OK;
}

static struct os_timer many[5000];
static os_time last_when;
static uint64_t last_order;
static size_t in_order;

static void check_order(void *arg)
{
    const struct os_timer *timer = arg;
    CHECK(timer->when > last_when || (timer->when == last_when && timer->order > last_order));
    CHECK(timer->when <= os_loop_now());
    last_when = timer->when;
    last_order = timer->order;
    in_order++;
}

FIBER_TEST(many_fire_in_the_order_of_their_times)
{
    os_time base = os_now() + MILLISECONDS(5);
    size_t set = 0;
    srand(7);
    last_when = 0;
    in_order = 0;
    for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
        many[i] = (struct os_timer)OS_TIMER_INIT(check_order, &many[i]);
        TRY(os_timer_set(&many[i], base + rand() % 1000));
    }
    for (int i = 0; i < 20000; i++) {
        struct os_timer *timer = &many[(size_t)rand() % ARRAY_SIZE(many)];
        if (rand() % 4 == 0)
            os_timer_stop(timer);
        else
            TRY(os_timer_set(timer, base + rand() % 1000));
    }
    for (size_t i = 0; i < ARRAY_SIZE(many); i++)
        set += os_timer_is_set(&many[i]);
    CHECK_EQUAL(os_sleep_until(base + MILLISECONDS(1)), OK);
    CHECK_EQUAL(in_order, set);
    CHECK(set > 0 && set < ARRAY_SIZE(many));
    return OK;
}

FIBER_TEST(without_memory_it_is_not_set)
{
    if (!DEBUG_BUILD)
        return OK;
    os_fail_allocation_after(1);
    CHECK_EQUAL(os_timer_set(&a, os_now()), ERR_NO_MEMORY);
    CHECK(!os_timer_is_set(&a));
    TRY(os_timer_set(&a, os_now() + HOURS(1)));
    /* Moving needs none. */
    os_fail_allocation_after(1);
    CHECK_EQUAL(os_timer_set(&a, os_now() + HOURS(2)), OK);
    CHECK_EQUAL(os_fail_allocation_after(0), 1);
    os_timer_stop(&a);
    return OK;
}

static struct os_waitq queue;

static void wake(void *arg)
{
    (void)arg;
    os_wake_all(&queue);
}

FIBER_TEST(callbacks_wake_fibers)
{
    a = (struct os_timer)OS_TIMER_INIT(wake, NULL);
    TRY(os_timer_set(&a, os_now() + MILLISECONDS(1)));
    return os_wait(&queue);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, prepare)
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_move_and_stop),     TEST(callbacks_may_set_and_stop_timers),
        TEST(a_callback_may_free_its_timer), TEST(many_fire_in_the_order_of_their_times),
        TEST(without_memory_it_is_not_set),  TEST(callbacks_wake_fibers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
