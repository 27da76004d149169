/* An allowance gives its burst at once, then so many a second, and loses a part that nobody can foretell. */
#include "test/support/test.h"

#include <base/allowance/allowance.h>

static bool take(struct allowance *a, os_time now, int64_t per_second, int64_t burst, uint32_t lost)
{
    if (!allowance_has(a, now, per_second, burst))
        return false;
    allowance_spend(a, per_second, lost);
    return true;
}

static size_t take_all(struct allowance *a, os_time now, int64_t per_second, int64_t burst, uint32_t lost)
{
    size_t count = 0;

    while (count < 100000 && take(a, now, per_second, burst, lost))
        count++;
    return count;
}

static void bursts(void **state)
{
    static const int64_t sizes[] = { 1, 2, 50, 1000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        for (os_time begin = 0; begin < 2; begin++) {
            struct allowance a = { 0 };
            assert_int_equal(take_all(&a, begin, 100, sizes[i], 0), sizes[i]);
            /* A long silence does not gather more. */
            assert_int_equal(take_all(&a, SECONDS(1000000), 100, sizes[i], 0), sizes[i]);
        }
}

static void rates(void **state)
{
    struct allowance a = { 0 };
    size_t count = 0;

    (void)state;
    take_all(&a, 0, 100, 50, 0);
    /* Asked a thousand times a second, for ten seconds. */
    for (int i = 1; i <= 10000; i++)
        count += take(&a, MILLISECONDS(i), 100, 50, 0);
    assert_int_equal(count, 1000);
}

static void none(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    assert_int_equal(take_all(&a, 1, 0, 50, 0), 0);
    assert_int_equal(take_all(&a, 1, 100, 0, 0), 0);
    assert_int_equal(take_all(&a, SECONDS(10), 100, 0, 0), 0);
}

/* Of a burst of 50, between 25 and 50 are given, depending on what is lost. */
static void losses(void **state)
{
    static const size_t given[ALLOWANCE_LOST] = { 50, 33, 25 };

    (void)state;
    for (uint32_t lost = 0; lost < ALLOWANCE_LOST; lost++) {
        struct allowance a = { 0 };
        assert_int_equal(take_all(&a, 5, 100, 50, lost), given[lost]);
        assert_true(a.credit > -SECONDS(1) / 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts),
        cmocka_unit_test(rates),
        cmocka_unit_test(none),
        cmocka_unit_test(losses),
    };
    return cmocka_run_group_tests_name("allowance", tests, NULL, NULL);
}
