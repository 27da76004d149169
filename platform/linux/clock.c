#include <time.h>

#include <platform/platform.h>

static os_time now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return SECONDS(t.tv_sec) + t.tv_nsec;
}

os_time platform_monotonic(void)
{
    return now(CLOCK_MONOTONIC);
}

os_time platform_wall(void)
{
    return now(CLOCK_REALTIME);
}

const char *platform_replay(void)
{
    return NULL;
}
