#include <mirage/arg.h>
#include <mirage/log.h>

#include <inttypes.h>
#include <stdio.h>

#include "sim.h"

LOG_SOURCE(sim);

/* Every run begins at 2026-01-01T00:00:00Z. */
#define SIM_EPOCH SECONDS(1767225600)

ARG_INT(seed, 1, "what the run's randomness follows from");

struct sim_platform sim_platform = { .now = SECONDS(1) };

err platform_start(void)
{
    bool first = sim_platform.replay[0] == '\0';
    sim_platform.now = SECONDS(1);
    snprintf(sim_platform.replay, sizeof sim_platform.replay, "--seed=%" PRId64, seed);
    sim_entropy_start((uint64_t)seed);
    /* Only the first start logs it, because a test may start the simulation thousands of times. */
    if (first)
        log_info("a run %s", sim_platform.replay);
    return OK;
}

void platform_end(void)
{
}

os_time platform_monotonic(void)
{
    return sim_platform.now;
}

os_time platform_wall(void)
{
    return SIM_EPOCH + sim_platform.now;
}

void platform_wait(os_time deadline)
{
    if (sim_platform.outside != NULL)
        sim_platform.outside(deadline);
    else if (deadline != OS_NEVER && deadline > sim_platform.now)
        sim_platform.now = deadline;
}

const char *platform_replay(void)
{
    return sim_platform.replay;
}
