/* The values of every store at the beginning of the suite. */
#ifndef TEST_DEVICES_KV_TREE_H
#define TEST_DEVICES_KV_TREE_H

#include <stddef.h>
#include <stdint.h>

#include <mirage/kv.h>

enum { KV_TREE_COUNT = 12, KV_TREE_LARGE = 3000000 };

struct kv_tree_value {
    char key[KV_KEY_MAX + 1];
    uint8_t *bytes;
    size_t len;
};

/* The value with the number `i`. The caller frees its bytes. */
void kv_tree_value(int i, struct kv_tree_value *out);

#endif
