/*
 * KV_RW: a KV_RO that can be written; whatever is one can stand where a KV_RO is asked.
 *
 * M_set(kv, key, value): make the key name this value, wholly or not at all, making the
 *   dictionaries above it; takes the chain on success and on error. NULL is not an
 *   empty value but ERR_NO_MEMORY: an empty value is buf_static("", 0). ERR_INVALID
 *   when the key names a dictionary or one of its prefixes names a value.
 * M_write(kv, key, offset, data): overwrite part of a value, growing it when it ends
 *   behind its end; ERR_RANGE when offset lies behind the end, ERR_NOT_FOUND when there is no such
 *   value. Takes the chain.
 * M_remove(kv, key): remove a value, or a dictionary with all under it; a dictionary
 *   left empty goes too, except the root. ERR_NOT_FOUND.
 * M_rename(kv, from, to): move a value or a dictionary, replacing a value at `to`. ERR_INVALID when
 *   `from` is the root, `to` names a dictionary or lies within `from`, or one of its prefixes names a value.
 * M_sync(kv): what was done before is durable when it returns OK.
 *
 * ERR_NO_SPACE: no room; the store is as it was. ERR_ACCESS: read only.
 */
#ifndef MIRAGE_SIG_KV_RW_H
#define MIRAGE_SIG_KV_RW_H

#include <mirage/sig/kv_ro.h>

#define KV_RW(M)                                                                        \
    KV_RO(M);                                                                           \
    IO err M##_set(struct M *kv, const char *key, struct buf *value);                   \
    IO err M##_write(struct M *kv, const char *key, uint64_t offset, struct buf *data); \
    IO err M##_remove(struct M *kv, const char *key);                                   \
    IO err M##_rename(struct M *kv, const char *from, const char *to);                  \
    IO err M##_sync(struct M *kv)

#endif
