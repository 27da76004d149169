/*
 * How often something is done that others can ask for, such as sending ICMP errors: a token bucket whose
 * credit is time. A random part of the credit is lost, so that a host which counts what it gets does not
 * learn whether others got some (ports of TCP and UDP are guessed that way).
 */
#ifndef BASE_ALLOWANCE_H
#define BASE_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include <mirage/time.h>

/* Zero is an allowance that was never used, which has its whole burst. */
struct allowance {
    os_time credit, at;
    bool begun;
};

/*
 * Whether it may be done at `now`: `burst` times at once, and at most `per_second` times a second from then
 * on. When either is 0, it may never be done.
 */
static inline bool allowance_has(struct allowance *a, os_time now, int64_t per_second, int64_t burst)
{
    if (per_second <= 0)
        return false;
    os_time cost = SECONDS(1) / per_second, most = cost * burst;
    a->credit = a->begun ? a->credit + (now - a->at) : most;
    a->begun = true;
    a->at = now;
    if (a->credit > most)
        a->credit = most;
    return a->credit >= cost;
}

/* How many values `lost` can have. */
enum { ALLOWANCE_LOST = 3 };

/* It is done, as allowance_has has said that it may. `lost` is a random number below ALLOWANCE_LOST. */
static inline void allowance_spend(struct allowance *a, int64_t per_second, uint32_t lost)
{
    os_time cost = SECONDS(1) / per_second;
    a->credit -= cost + (os_time)lost * cost / 2;
}

#endif
