#include <base/block/range.h>

#include "test/support/test.h"

static void sectors_of_the_disk(void **state)
{
    (void)state;
    assert_int_equal(block_range(8, 0, 8), OK);
    assert_int_equal(block_range(8, 7, 1), OK);
    assert_int_equal(block_range(8, 0, 0), ERR_INVALID);
    assert_int_equal(block_range(8, 9, 0), ERR_INVALID);
    assert_int_equal(block_range(8, 0, 9), ERR_RANGE);
    assert_int_equal(block_range(8, 8, 1), ERR_RANGE);
    assert_int_equal(block_range(8, 9, 1), ERR_RANGE);
    /* Sums that would wrap. */
    assert_int_equal(block_range(8, UINT64_MAX, 2), ERR_RANGE);
    assert_int_equal(block_range(8, 7, UINT64_MAX), ERR_RANGE);
}

static void bytes_are_whole_sectors(void **state)
{
    (void)state;
    assert_int_equal(block_range_of(8, 6, 1024, 512), OK);
    assert_int_equal(block_range_of(8, 7, 1024, 512), ERR_RANGE);
    assert_int_equal(block_range_of(8, 0, 0, 512), ERR_INVALID);
    assert_int_equal(block_range_of(8, 0, 511, 512), ERR_INVALID);
    assert_int_equal(block_range_of(8, 100, 513, 512), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sectors_of_the_disk),
        cmocka_unit_test(bytes_are_whole_sectors),
    };

    return cmocka_run_group_tests_name("block range", tests, NULL, NULL);
}
