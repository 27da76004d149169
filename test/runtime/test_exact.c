/*
 * Tests how long waits take, to the nanosecond, on the platform whose clock only moves while all fibers wait.
 */
#include "test/support/test.h"

FIBER_TEST(sleeping_takes_its_time)
{
    os_time start = os_now();
    os_sleep(MILLISECONDS(3));
    CHECK_EQUAL(os_now() - start, MILLISECONDS(3));
    os_sleep(0);
    os_sleep(-1);
    CHECK_EQUAL(os_sleep_until(0), OK);
    CHECK_EQUAL(os_now() - start, MILLISECONDS(3));
    return OK;
}

FIBER_TEST(the_earliest_deadline_counts)
{
    os_time start = os_now();
    OS_DEADLINE(start + MILLISECONDS(4))
    {
        OS_DEADLINE(start + HOURS(1))
        {
            CHECK_EQUAL(os_sleep_until(start + SECONDS(10)), ERR_TIMEOUT);
            CHECK_EQUAL(os_now() - start, MILLISECONDS(4));
        }
    }
    OS_DEADLINE(start + HOURS(1))
    {
        OS_DEADLINE(os_now() + MILLISECONDS(1))
        {
            os_sleep(SECONDS(10));
            CHECK_EQUAL(os_now() - start, MILLISECONDS(5));
        }
    }
    return OK;
}

static err waits_for_nothing(void *arg)
{
    struct os_waitq queue = { 0 };
    *(os_time *)arg = os_now();
    OS_SHIELD
    {
        IGNORE(os_wait(&queue));
    }
    return OK;
}

/* A grace period would be useless, because no fiber is left that could wake it. */
static void a_shielded_deadlock_ends_at_once(void **state)
{
    (void)state;
    os_time start = 0;
    assert_int_equal(os_run(waits_for_nothing, &start), ERR_DEADLOCK);
    assert_int_equal(os_now(), start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleeping_takes_its_time),
        cmocka_unit_test(the_earliest_deadline_counts),
        cmocka_unit_test(a_shielded_deadlock_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
