/*
 * The simulation: time passes only while the program waits, and a number determines the entropy. A run
 * depends only on its arguments: it reads nothing from outside, and nothing outside can wake it, unless a
 * test plays the world outside.
 */
#ifndef PLATFORM_SIM_SIM_H
#define PLATFORM_SIM_SIM_H

#include <platform/platform.h>
#include <base/prng/prng.h>

struct sim_platform {
    os_time now;
    struct prng entropy;
    char replay[32];

    /*
     * A test plays the world outside with this function. platform_wait calls it instead of letting time pass.
     * It sets `now`, no later than the deadline, and raises its sources. It may make the caller wait for
     * another thread.
     */
    void (*outside)(os_time deadline);
};

extern struct sim_platform sim_platform __attribute__((visibility("hidden")));

/* Begin the random numbers of this run. */
void sim_entropy_start(uint64_t seed);

#endif
