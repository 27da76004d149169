/* The wall clock of the platform. */
#include <mirage/functor.h>
#include <platform/platform.h>

#include <stdlib.h>

MODULE(PCLOCK, pclock_platform);

struct pclock_platform {
    int64_t last; /* the last time that it returned, for debuggers */
};

IO err pclock_platform_connect(struct pclock_platform **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void pclock_platform_disconnect(struct pclock_platform *clock)
{
    free(clock);
}

int64_t pclock_platform_now(struct pclock_platform *clock)
{
    clock->last = platform_wall();
    return clock->last;
}
