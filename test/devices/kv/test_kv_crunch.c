#include <mirage/functor.h>

#include "test/support/test.h"
#include "kv_suite.h"

MODULE(KV_RO, kv_crunch);
err kv_crunch_connect(struct kv_crunch **out);

FIBER_TEST(contract)
{
    struct kv_expect expect = { .zero_copy = true, .etags = true, .gzip = true };
    struct kv_crunch *kv;

    TRY(kv_crunch_connect(&kv));
    CHECK_EQUAL(kv_suite((struct kv *)kv, &expect), 0);
    kv_crunch_disconnect(kv);
    return OK;
}

/* The tag depends on the contents alone. The SHA-256 of no bytes is well known. */
FIBER_TEST(tag)
{
    struct kv_crunch *kv;
    struct kv_info info;

    TRY(kv_crunch_connect(&kv));
    CHECK_EQUAL(kv_crunch_stat(kv, "empty", &info), OK);
    CHECK(strcmp(info.etag, "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4\"") == 0);
    kv_crunch_disconnect(kv);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(contract), cmocka_unit_test(tag) };

    return cmocka_run_group_tests_name("kv_crunch", tests, NULL, NULL);
}
