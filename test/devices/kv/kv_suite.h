/* The contract of KV_RO, tried on a store that holds the values of kv_tree.h. */
#ifndef TEST_DEVICES_KV_SUITE_H
#define TEST_DEVICES_KV_SUITE_H

struct kv;

struct kv_expect {
    _Bool zero_copy, etags, gzip;
};

/* On a fiber; failures are CHECKs of test.h, counted by the caller's `failed`. */
#define KV_SUITE(M) int M(struct kv *kv, const struct kv_expect *expect)
KV_SUITE(kv_suite);

#endif
