/*
 * Numbers below a bound, made from random words by Lemire's method. The high half of word * bound is nearly
 * uniform. To make it uniform, a word is drawn again when the low half of its product is below 2^32 mod
 * bound.
 */
#ifndef BASE_RANDOM_BELOW_H
#define BASE_RANDOM_BELOW_H

#include <stdbool.h>
#include <stdint.h>

/* Make a number from 0 to bound - 1 of the word. False when another word must be drawn. `bound` is not 0. */
static inline bool random_below_from(uint32_t word, uint32_t bound, uint32_t *out)
{
    uint64_t product = (uint64_t)word * bound;
    *out = (uint32_t)(product >> 32);
    return (uint32_t)product >= bound || (uint32_t)product >= -bound % bound;
}

/* Define M_u64 and M_below by M_fill, for a module M of the signature RANDOM. */
#define RANDOM_BY_FILL(M)                                 \
    uint64_t M##_u64(struct M *random)                    \
    {                                                     \
        uint64_t number;                                  \
        M##_fill(random, &number, sizeof number);         \
        return number;                                    \
    }                                                     \
    uint32_t M##_below(struct M *random, uint32_t bound)  \
    {                                                     \
        uint32_t word, number;                            \
        do                                                \
            M##_fill(random, &word, sizeof word);         \
        while (!random_below_from(word, bound, &number)); \
        return number;                                    \
    }

#endif
