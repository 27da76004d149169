/* The wall clock: the host's real-time clock. */
#include <mirage/functor.h>

#include <stdlib.h>
#include <time.h>

MODULE(PCLOCK, pclock_unix);

struct pclock_unix {
    clockid_t id;
};

IO err pclock_unix_connect(struct pclock_unix **out)
{
    struct pclock_unix *clock = malloc(sizeof *clock);

    if (!clock)
        return ERR_NO_MEMORY;
    clock->id = CLOCK_REALTIME;
    *out = clock;
    return OK;
}

IO void pclock_unix_disconnect(struct pclock_unix *clock)
{
    free(clock);
}

int64_t pclock_unix_now(struct pclock_unix *clock)
{
    struct timespec now;

    clock_gettime(clock->id, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}
