/*
 * KV_RO: a read-only tree of values. A key is a path of segments with `/` between, such as
 * "css/site.css". A leading slash is ignored, and "" is the root. A segment is one or more
 * bytes other than `/` and NUL. The segments "." and ".." are ERR_INVALID, and so is a key
 * longer than KV_KEY_MAX. A key names a value, or a dictionary of further keys.
 *
 * M_stat(kv, key, out): what the key names. The strings in `out` are valid as long as
 *   the module, or until the next M_stat or M_open when the module says so.
 * M_get(kv, key, out): the whole value as a buffer chain, which becomes the caller's. An
 *   empty value is NULL with OK. ERR_INVALID for a dictionary.
 * M_open(kv, key, out, info): open a value, to be read in parts and closed. `info` is what M_stat gives. It
 *   describes the bytes that are read until M_close, whatever becomes of the key. ERR_INVALID for a
 *   dictionary.
 * M_read(value, encoding, offset, len, out): part of an open value, or of its stored encoding. With len 0
 *   it gives NULL. ERR_RANGE when offset + len exceeds its size, ERR_NOT_FOUND when the value is not
 *   stored in that encoding, ERR_IO when its bytes were overwritten since it was opened, so that parts of
 *   two versions never mix.
 * M_close(value): free it. Never suspends or fails.
 * M_list(kv, key, out): the names directly under a dictionary, sorted by their bytes. Free
 *   the list with kv_list_free. ERR_INVALID for a value.
 *
 * ERR_NOT_FOUND: there is no such key. ERR_ACCESS: the host does not let the program read it.
 * ERR_IO: the store failed.
 */
#ifndef MIRAGE_SIG_KV_RO_H
#define MIRAGE_SIG_KV_RO_H

#include <mirage/kv.h>

#define KV_RO(M)                                                                                       \
    DEVICE(M);                                                                                         \
    struct M##_value;                                                                                  \
    IO err M##_stat(struct M *kv, const char *key, struct kv_info *out);                               \
    IO err M##_get(struct M *kv, const char *key, struct buf **out);                                   \
    IO err M##_open(struct M *kv, const char *key, struct M##_value **out, struct kv_info *info);      \
    IO err M##_read(struct M##_value *value, enum kv_encoding encoding, uint64_t offset, uint64_t len, \
                    struct buf **out);                                                                 \
    void M##_close(struct M##_value *value);                                                           \
    IO err M##_list(struct M *kv, const char *key, struct kv_list *out)

#endif
