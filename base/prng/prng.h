/*
 * Pseudo-random numbers from a seed, the same on every machine: xoshiro256** (Blackman and Vigna), seeded by
 * splitmix64. They are for simulations and tests: statistically good, but not secret. Numbers that nobody may
 * guess come from RANDOM.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

#include <base/random/below.h>

struct prng {
    uint64_t s[4];
};

/* The next number of splitmix64. Its state is one number, for where there is no room for more. */
static inline uint64_t prng_splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline void prng_seed(struct prng *prng, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        prng->s[i] = prng_splitmix(&seed);
}

static inline uint64_t prng_u64(struct prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t x = s[1] * 5, result = (x << 7 | x >> 57) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

/* A number from 0 to bound - 1. `bound` must not be 0. */
static inline uint32_t prng_below(struct prng *prng, uint32_t bound)
{
    uint32_t number;
    while (!random_below_from((uint32_t)(prng_u64(prng) >> 32), bound, &number))
        continue;
    return number;
}

#endif
