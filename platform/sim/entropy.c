/* xoshiro256** (Blackman and Vigna), seeded by splitmix64: statistically good, and no secret at all. */
#include "sim.h"

#include <string.h>

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void sim_entropy_start(void)
{
    uint64_t state = sim_platform.stream[0];

    for (int i = 0; i < 4; i++) {
        uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        sim_platform.stream[i] = z ^ z >> 31;
    }
}

static uint64_t next(void)
{
    uint64_t *s = sim_platform.stream;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* Little-endian, so that a seed is the same run on every machine. */
err platform_entropy(void *out, size_t len)
{
    uint8_t *to = out;

    while (len > 0) {
        uint64_t word = next();
        size_t n = len < 8 ? len : 8;
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)(word >> 8 * i);
        to += n;
        len -= n;
    }
    return OK;
}
