/* Tests the contract of KV_RO on a store that has the values of kv_tree.h. */
#ifndef TEST_DEVICES_KV_SUITE_H
#define TEST_DEVICES_KV_SUITE_H

struct kv;

struct kv_expect {
    _Bool zero_copy, etags, gzip;
};

/* Run it on a fiber. Failures are CHECKs of test.h, which the caller's `failed` counts. */
#define KV_SUITE(M) int M(struct kv *kv, const struct kv_expect *expect)
KV_SUITE(kv_suite);

#endif
