/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of short messages. It is for tables that an attacker
 * can fill, and for numbers that he must not guess (RFC 6528, 7217).
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t siphash_rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static inline void siphash_rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1], v[1] = siphash_rotate(v[1], 13) ^ v[0], v[0] = siphash_rotate(v[0], 32);
        v[2] += v[3], v[3] = siphash_rotate(v[3], 16) ^ v[2];
        v[0] += v[3], v[3] = siphash_rotate(v[3], 21) ^ v[0];
        v[2] += v[1], v[1] = siphash_rotate(v[1], 17) ^ v[2], v[2] = siphash_rotate(v[2], 32);
    }
}

/* The hash of `len` bytes under a key of 128 bits. */
static inline uint64_t siphash_bytes(const uint64_t key[2], const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                      key[1] ^ 0x7465646279746573 };
    uint64_t last = (uint64_t)len << 56;

    for (size_t left = len; left > 0; left -= left < 8 ? left : 8, p += 8) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8 && i < left; i++)
            word |= (uint64_t)p[i] << (8 * i);
        if (left < 8) {
            last |= word;
            break;
        }
        v[3] ^= word;
        siphash_rounds(v, 2);
        v[0] ^= word;
    }
    v[3] ^= last;
    siphash_rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xff;
    siphash_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
