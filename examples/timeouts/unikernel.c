#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
MODULE(JOB, timeouts);

ARG_DURATION(patience, "500ms", "how long to wait for an answer");

struct question {
    struct console *console;
    os_time takes;
};

/* Asks for a while. However it ends, it tidies up. */
static IO err ask(void *arg)
{
    struct question *q = arg;
    char line[64];

    err e = os_sleep_until(os_now() + q->takes);
    snprintf(line, sizeof line, "  asking ended with: %s", e == OK ? "an answer" : err_string(e));
    OS_SHIELD
    {
        IGNORE(console_log(q->console, line));
    }
    return e;
}

/* Everything in the block, however deep, has until the deadline. */
static IO err ask_patiently(struct question *q)
{
    OS_DEADLINE(os_now() + patience)
    TRY(ask(q));
    return OK;
}

static IO err ask_and_lose_interest(struct question *q)
{
    struct os_fiber *fiber;

    TRY(os_spawn(&fiber, ask, q));
    os_sleep(patience);
    os_cancel(fiber);
    return os_join(fiber);
}

static IO err report(struct console *console, const char *what, err e)
{
    char line[64];

    snprintf(line, sizeof line, "%s: %s", what, e == OK ? "OK" : err_string(e));
    return console_log(console, line);
}

IO err timeouts_start(struct console *console)
{
    struct question quick = { console, patience / 2 }, slow = { console, 2 * patience };

    TRY(report(console, "A quick one, within the deadline", ask_patiently(&quick)));
    TRY(report(console, "A slow one, past the deadline", ask_patiently(&slow)));
    return report(console, "A slow one, cancelled", ask_and_lose_interest(&slow));
}
