/*
 * The simulation: time that passes only while the program waits, and entropy that a number determines. A
 * run is a function of its arguments: nothing outside is looked at, and nothing outside can wake it, unless
 * a test puts an outside there.
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
     * What a test plays the outside with: called by platform_wait instead of letting time pass. It sets
     * `now`, no later than the deadline, and raises its sources. It may keep the caller waiting for another
     * thread.
     */
    void (*outside)(os_time deadline);
};

extern struct sim_platform sim_platform __attribute__((visibility("hidden")));

/* Begin the generator's stream of this run. */
void sim_entropy_start(uint64_t seed);

#endif
