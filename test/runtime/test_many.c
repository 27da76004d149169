/* Tests a hundred thousand fibers at once. The bench uses a million. */
#include "test/support/test.h"

#include <stdlib.h>

/* ASan clears the shadow of each stack, which takes a while. */
#if defined(__SANITIZE_ADDRESS__)
#define MANY 20000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MANY 20000
#endif
#endif
#ifndef MANY
#define MANY 100000
#endif

static size_t running, ended;

static err sleeps(void *arg)
{
    running++;
    os_sleep((os_time)(uintptr_t)arg);
    ended++;
    return os_check();
}

FIBER_TEST(all_sleep_and_end_by_themselves)
{
    struct os_stats stats;
    running = ended = 0;
    srand(3);
    for (size_t i = 0; i < MANY; i++)
        TRY(os_spawn(NULL, sleeps, (void *)(uintptr_t)MILLISECONDS(100 + rand() % 100)));
    while (running < MANY)
        TRY(os_yield());
    os_get_stats(&stats);
    CHECK(stats.fibers_peak >= MANY);
    while (ended < MANY)
        os_sleep(MILLISECONDS(5));
    TRY(os_yield());
    os_get_stats(&stats);
    CHECK_EQUAL(stats.fibers, 1);
    CHECK_EQUAL(stats.pooled_stacks, MANY);
    return OK;
}

FIBER_TEST(all_are_cancelled_as_a_group)
{
    struct os_group group;
    running = ended = 0;
    os_group_init(&group);
    for (size_t i = 0; i < MANY; i++)
        TRY(os_group_spawn(&group, sleeps, (void *)(uintptr_t)HOURS(1)));
    while (running < MANY)
        TRY(os_yield());
    os_group_end(&group);
    CHECK_EQUAL(ended, MANY);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sleep_and_end_by_themselves),
        cmocka_unit_test(all_are_cancelled_as_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
