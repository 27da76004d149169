#include "kv_tree.h"

#include <stdlib.h>
#include <string.h>

/* Words compress well, noise does not. */
static uint8_t *fill(size_t len, int noise)
{
    static const char words[] = "the quick brown fox jumps over the lazy dog ";
    uint8_t *bytes = malloc(len ? len : 1);
    uint32_t state = 12345;

    if (!bytes)
        abort();
    for (size_t i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = noise ? (uint8_t)(state >> 24) : (uint8_t)words[i % (sizeof words - 1)];
    }
    return bytes;
}

void kv_tree_value(int i, struct kv_tree_value *out)
{
    static const struct {
        const char *key;
        size_t len;
        int noise;
    } values[KV_TREE_COUNT - 1] = {
        { "empty", 0, 0 },
        { "index.html", 5000, 0 },
        { "index.htm", 20, 0 },
        { "large.bin", KV_TREE_LARGE, 1 },
        { "image.png", 5000, 0 },
        { "css/site.css", 3000, 0 },
        { "css/print/page.css", 10, 0 },
        { "css-extra.txt", 300, 0 },
        { "css.d/x", 1, 0 },
        { "a b/\xc3\xbc \"$#\\.txt", 100, 0 },
        { "exact", 3904, 1 },
    };

    if (i < KV_TREE_COUNT - 1) {
        strcpy(out->key, values[i].key);
        out->len = values[i].len;
        out->bytes = fill(out->len, values[i].noise);
        return;
    }
    /* The longest and the deepest key. */
    for (size_t at = 0; at < KV_KEY_MAX; at += 2)
        memcpy(out->key + at, "d/", 2);
    memcpy(out->key + KV_KEY_MAX - 1, "e", 2);
    out->len = 4;
    out->bytes = fill(out->len, 0);
}
