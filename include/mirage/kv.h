/* What the signatures KV_RO and KV_RW exchange. */
#ifndef MIRAGE_KV_H
#define MIRAGE_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <mirage/err.h>

#define KV_KEY_MAX 1024
#define KV_ETAG_SIZE 48

enum kv_kind { KV_VALUE, KV_DICTIONARY };

/* How the bytes of a value are stored: content codings of RFC 9110, section 8.4.1. */
enum kv_encoding { KV_IDENTITY, KV_GZIP };

struct kv_info {
    enum kv_kind kind;
    uint64_t size;            /* bytes of the value; 0 for a dictionary */
    uint64_t gzip_size;       /* bytes of the stored gzip variant; 0: there is none */
    int64_t modified;         /* wall clock, nanoseconds since 1970; 0: unknown */
    const char *content_type; /* a media type, or NULL when unknown */
    char etag[KV_ETAG_SIZE];  /* a strong entity tag with its quotes, or "" */
};

struct kv_entry {
    const char *name;
    enum kv_kind kind;
};

/* `storage` holds the names, or is NULL when they are static. */
struct kv_list {
    struct kv_entry *entries;
    size_t count;
    void *storage;
};

static inline void kv_list_free(struct kv_list *list)
{
    free(list->entries);
    free(list->storage);
    *list = (struct kv_list){ 0 };
}

/*
 * Returns the key without its leading slash, or NULL when it breaks a rule of KV_RO: "." or ".." as a
 * segment, an empty segment, or more than KV_KEY_MAX bytes. A trailing slash counts as an empty segment.
 */
static inline const char *kv_key_check(const char *key)
{
    size_t segment = 0, i = 0;
    if (*key == '/')
        key++;
    if (*key == '\0')
        return key;
    for (;; i++) {
        char c = key[i];
        if (i > KV_KEY_MAX)
            return NULL;
        if (c != '/' && c != '\0')
            continue;
        size_t len = i - segment;
        const char *s = key + segment;
        if (len == 0 || (len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
            return NULL;
        if (c == '\0')
            return key;
        segment = i + 1;
    }
}

#endif
