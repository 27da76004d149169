/*
 * KV_RW: a KV_RO that can be written. A KV_RW can stand where a KV_RO is expected.
 *
 * M_set(kv, key, value): set the key to this value, completely or not at all, and make the
 *   dictionaries above it. Takes the chain on success and on error. An empty value is
 *   buf_static("", 0); NULL is ERR_NO_MEMORY. ERR_INVALID when the key names a dictionary,
 *   or one of its prefixes names a value.
 * M_write(kv, key, offset, data): overwrite part of a value. The value grows when the data
 *   goes beyond its end. ERR_RANGE when offset lies beyond the end, ERR_NOT_FOUND when there
 *   is no such value. Takes the chain.
 * M_remove(kv, key): remove a value, or a dictionary with everything under it. A dictionary
 *   that becomes empty is removed too, except the root. ERR_NOT_FOUND.
 * M_rename(kv, from, to): move a value or a dictionary. A value at `to` is replaced. ERR_INVALID
 *   when `from` is the root, when `to` names a dictionary or lies within `from`, or when one of
 *   the prefixes of `to` names a value.
 * M_sync(kv): when it returns OK, all earlier changes are durable.
 *
 * ERR_NO_SPACE: there is no room, and the store is as it was. ERR_ACCESS: the store is read only.
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
