/* Numbers below a bound: each must occur, and equally often, for every bound. */
#include "../../support/test.h"

#include <base/random/below.h>

/*
 * Words whose low half is 0 represent all words. Each result must occur as often as its share, give or take
 * one.
 */
static void test_every_result(void **state)
{
    (void)state;
    static const uint32_t bounds[] = { 1, 2, 3, 6, 7, 255, 256, 1000 };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        uint32_t counts[1000] = { 0 }, number;
        for (uint32_t word = 0; word < 65536; word++)
            if (random_below_from(word << 16, bounds[i], &number)) {
                assert_true(number < bounds[i]);
                counts[number]++;
            }
        for (uint32_t n = 0; n < bounds[i]; n++)
            assert_in_range(counts[n], 65536 / bounds[i] - 1, 65536 / bounds[i] + 1);
    }
}

/* 2^32 is 3 * 1431655765 + 1. So one of the words that give 0 is refused, and another is drawn. */
static void test_refused(void **state)
{
    (void)state;
    uint32_t number;
    assert_false(random_below_from(0, 3, &number));
    assert_true(random_below_from(1, 3, &number));
    assert_int_equal(number, 0);
    assert_true(random_below_from(0, 4, &number));
    assert_true(random_below_from(UINT32_MAX, UINT32_MAX, &number));
    assert_int_equal(number, UINT32_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_result),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("below", tests, NULL, NULL);
}
