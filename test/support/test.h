/* Shared by the tests that use fibers: cmocka, and a way to run a function as the first fiber. */
#ifndef TEST_SUPPORT_TEST_H
#define TEST_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mirage/os.h>

/* TEST_CASE in the environment is a pattern. Only cases whose names match it run. */
static __attribute__((constructor)) void choose_cases(void)
{
    cmocka_set_test_filter(getenv("TEST_CASE"));
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))

/*
 * cmocka leaves a failed assertion by longjmp, which must not leave a fiber. So CHECK prints and counts
 * failures in fibers, and run() fails the test afterwards.
 */
static __attribute__((unused)) int failed_checks;
#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            print_error("# %s:%d: CHECK(%s)\n", __FILE__, __LINE__, #condition); \
            failed_checks++;                                                     \
        }                                                                        \
    } while (0)
#define CHECK_EQUAL(a, b)                                                                                \
    do {                                                                                                 \
        long long left_ = (long long)(a), right_ = (long long)(b);                                       \
        if (left_ != right_) {                                                                           \
            print_error("# %s:%d: %s is %lld, %s is %lld\n", __FILE__, __LINE__, #a, left_, #b, right_); \
            failed_checks++;                                                                             \
        }                                                                                                \
    } while (0)

static __attribute__((unused)) err run(os_entry entry, void *arg)
{
    struct os_stats stats;
    failed_checks = 0;
    err result = os_run(entry, arg);
    os_get_stats(&stats);
    CHECK_EQUAL(stats.fibers, 0);
    CHECK_EQUAL(stats.timers, 0);
    assert_int_equal(failed_checks, 0);
    return result;
}

/* These exist only without NDEBUG: faults on demand, and aborts on misuse. */
#ifdef NDEBUG
#define DEBUG_BUILD false
#else
#define DEBUG_BUILD true
#endif

/* A test whose body is a fiber. */
#define FIBER_TEST(name)                                \
    static err name##_fiber(void *arg);                 \
    static void name(void **state)                      \
    {                                                   \
        assert_int_equal(run(name##_fiber, state), OK); \
    }                                                   \
    static err name##_fiber(__attribute__((unused)) void *arg)

#endif
