#include <mirage/functor.h>

#include <stdio.h>
#include <time.h>

PARAM(CONSOLE, console);
PARAM(PCLOCK, clock);
MODULE(JOB, speaking_clock);

ARG_INT(times, 5, "how often to tell the time");
ARG_DURATION(every, "1s", "time between two tellings");

IO err speaking_clock_start(struct console *console, struct clock *clock)
{
    os_time begin = os_now();

    for (int64_t i = 0; i < times; i++) {
        /* Of the monotonic clock, so that the tellings don't drift with the work between them. */
        TRY(os_sleep_until(begin + i * every));

        int64_t now = clock_now(clock);
        time_t seconds = (time_t)(now / SECONDS(1));
        os_time running = os_now() - begin;
        struct tm utc;
        char date[32], line[96];
        gmtime_r(&seconds, &utc);
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(line, sizeof line, "%s.%03dZ, %lld ms after the start", date,
                 (int)(now % SECONDS(1) / MILLISECONDS(1)), (long long)(running / MILLISECONDS(1)));
        TRY(console_log(console, line));
    }
    return OK;
}
