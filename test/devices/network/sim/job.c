/* A run of the simulation depends only on its seed. */
#include <mirage/functor.h>

#include <stdio.h>
#include <string.h>

PARAM(CONSOLE, console);
PARAM(PCLOCK, clock);
PARAM(RANDOM, random);
MODULE(JOB, job);

ARG_STRING(end, "well", "how it ends: well, badly, never");

struct sleeper {
    struct console *console;
    struct random *random;
    int number;
};

static err sleeps(void *arg)
{
    struct sleeper *s = arg;
    char line[80];
    for (int i = 0; i < 20; i++) {
        os_sleep(random_below(s->random, 1000000));
        snprintf(line, sizeof line, "%d at %lld", s->number, (long long)os_now());
        TRY(console_log(s->console, line));
    }
    return OK;
}

IO err job_start(struct console *console, struct clock *clock, struct random *random)
{
    struct os_group group;
    struct sleeper sleepers[5];
    struct os_waitq never = { 0 };
    uint8_t bytes[5];
    char line[80];
    int64_t begin = clock_now(clock);

    os_group_init(&group);
    for (int i = 0; i < 5; i++) {
        sleepers[i] = (struct sleeper){ console, random, i };
        TRY(os_group_spawn(&group, sleeps, &sleepers[i]));
    }
    TRY(os_group_join(&group));
    random_fill(random, bytes, sizeof bytes);
    TRY(os_entropy(bytes, 3));
    snprintf(line, sizeof line, "%016llx %02x%02x%02x%02x%02x", (unsigned long long)random_u64(random),
             bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]);
    TRY(console_log(console, line));
    os_sleep(HOURS(24 * 365));
    snprintf(line, sizeof line, "%lld s", (long long)((clock_now(clock) - begin) / SECONDS(1)));
    TRY(console_log(console, line));
    if (strcmp(end, "never") == 0)
        return os_wait(&never);
    return strcmp(end, "badly") == 0 ? ERR_FORMAT : OK;
}
