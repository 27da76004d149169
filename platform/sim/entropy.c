#include "sim.h"

void sim_entropy_start(uint64_t seed)
{
    prng_seed(&sim_platform.entropy, seed);
}

/* The bytes are little-endian, so that a seed gives the same run on every machine. */
err platform_entropy(void *out, size_t len)
{
    uint8_t *to = out;

    while (len > 0) {
        uint64_t word = prng_u64(&sim_platform.entropy);
        size_t n = len < 8 ? len : 8;
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)(word >> 8 * i);
        to += n;
        len -= n;
    }
    return OK;
}
