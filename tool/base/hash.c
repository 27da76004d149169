#include "base/hash.h"

/* FNV-1a. It is no defence against chosen inputs, and needs none: the hashes only name files of the cache. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
    uint64_t h = seed ^ 0xcbf29ce484222325u;
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}
