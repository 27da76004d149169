#include <mirage/functor.h>

#include "test/support/test.h"
#include "block_suite.h"

MODULE(BLOCK, block_ramdisk);
err block_ramdisk_connect(struct block_ramdisk **out);

FIBER_TEST(contract)
{
    struct block_ramdisk *block;

    TRY(block_ramdisk_connect(&block));
    CHECK_EQUAL(block_suite((struct block *)block), 0);
    block_ramdisk_disconnect(block);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(contract) };

    return cmocka_run_group_tests_name("block_ramdisk", tests, NULL, NULL);
}
