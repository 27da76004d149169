/* Hashes that name files of the cache. */
#ifndef TOOL_HASH_H
#define TOOL_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of `len` bytes. To hash several pieces, give the hash of one as the `seed` of the next. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);

#endif
