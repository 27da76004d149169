/*
 * RANDOM: unpredictable bytes, fit for keys, sequence numbers and ports. A generator is
 * seeded when it connects (ERR_IO when the host has no entropy) and never fails or
 * suspends afterwards.
 *
 * M_fill(random, out, len): fill `out`.
 * M_u64(random): one number, uniform over all values.
 * M_below(random, bound): one number, uniform over 0 … bound - 1; bound must not be 0.
 */
#ifndef MIRAGE_SIG_RANDOM_H
#define MIRAGE_SIG_RANDOM_H

#define RANDOM(M)                                           \
    DEVICE(M);                                              \
    void M##_fill(struct M *random, void *out, size_t len); \
    uint64_t M##_u64(struct M *random);                     \
    uint32_t M##_below(struct M *random, uint32_t bound)

#endif
