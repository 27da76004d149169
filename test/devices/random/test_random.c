#include <mirage/functor.h>

#include "test/support/test.h"

MODULE(RANDOM, random_getrandom);
err random_getrandom_connect(struct random_getrandom **out);

FIBER_TEST(filling)
{
    struct random_getrandom *random;
    uint8_t bytes[5002], set[sizeof bytes] = { 0 };

    TRY(random_getrandom_connect(&random));
    /* Every byte of the output is written, and none outside it, whichever way the buffer is used. */
    for (size_t len = 0; len <= 5000; len = len < 200 ? len + 1 : len + 1200) {
        memset(set, 0, sizeof set);
        for (int round = 0; round < 12; round++) {
            memset(bytes, 0, sizeof bytes);
            random_getrandom_fill(random, bytes + 1, len);
            CHECK(bytes[0] == 0 && bytes[len + 1] == 0);
            for (size_t i = 0; i < len; i++)
                set[i] |= bytes[i + 1];
        }
        for (size_t i = 0; i < len; i++)
            CHECK(set[i] != 0);
    }
    random_getrandom_disconnect(random);
    return OK;
}

FIBER_TEST(numbers)
{
    struct random_getrandom *random;
    uint64_t all = 0, none = UINT64_MAX, before = 0;

    TRY(random_getrandom_connect(&random));
    for (int i = 0; i < 10000; i++) {
        uint64_t n = random_getrandom_u64(random);
        CHECK(n != before);
        before = n;
        all |= n;
        none &= n;
    }
    CHECK(all == UINT64_MAX && none == 0);
    random_getrandom_disconnect(random);
    return OK;
}

/* The limit is more than three standard deviations: a false alarm comes once in millions of runs. */
FIBER_TEST(below)
{
    struct random_getrandom *random;
    int counts[7] = { 0 }, high = 0;

    TRY(random_getrandom_connect(&random));
    for (int i = 0; i < 70000; i++) {
        uint32_t n = random_getrandom_below(random, 7);
        CHECK(n < 7);
        counts[n % 7]++;
    }
    for (int i = 0; i < 7; i++)
        CHECK(counts[i] > 9450 && counts[i] < 10550);
    for (int i = 0; i < 100; i++) {
        CHECK_EQUAL(random_getrandom_below(random, 1), 0);
        CHECK(random_getrandom_below(random, UINT32_MAX) < UINT32_MAX);
    }
    /* With 3 * 2^30 a plain remainder would fall below 2^30 half of the time. */
    for (int i = 0; i < 30000; i++)
        high += random_getrandom_below(random, UINT32_C(3) << 30) >= UINT32_C(1) << 30;
    CHECK(high > 19500 && high < 20500);
    random_getrandom_disconnect(random);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filling),
        cmocka_unit_test(numbers),
        cmocka_unit_test(below),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
