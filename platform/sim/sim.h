/*
 * The simulation: time that passes only while the program waits, and entropy that a number determines. A run
 * is a function of its arguments: nothing outside is looked at, and nothing outside can wake it.
 */
#ifndef PLATFORM_SIM_SIM_H
#define PLATFORM_SIM_SIM_H

#include <platform/platform.h>
#include <base/prng/prng.h>

struct sim_platform {
    os_time now;
    struct prng entropy;
    char replay[32];
};

extern struct sim_platform sim_platform __attribute__((visibility("hidden")));

/* Begin the generator's stream of this run. */
void sim_entropy_start(uint64_t seed);

#endif
