#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>

PARAM(CONSOLE, console);
PARAM(RANDOM, random);
MODULE(JOB, echo);

ARG_INT(lines, 10, "how many lines to send");
ARG_DURATION(pause, "200ms", "the longest time between two of them");

struct shared {
    struct random *random;
    struct console *console;
    struct os_mailbox box;
};

/* Sends lines at random times, and waits whenever the mailbox is full. */
static IO err send(void *arg)
{
    struct shared *shared = arg;
    err e = OK;

    for (int64_t i = 1; i <= lines && e == OK; i++) {
        os_sleep(random_below(shared->random, 1000) * (pause / 1000));
        char *line = malloc(32);
        if (line == NULL)
            return ERR_NO_MEMORY;
        snprintf(line, 32, "line %lld", (long long)i);
        e = os_mailbox_put(&shared->box, line);
        if (e != OK)
            free(line);
    }
    os_mailbox_close(&shared->box);
    return e;
}

/* Echoes what it takes, until the mailbox is closed and empty. */
static IO err echo(void *arg)
{
    struct shared *shared = arg;
    void *line;
    err e;

    while ((e = os_mailbox_take(&shared->box, &line)) == OK) {
        e = console_log(shared->console, line);
        free(line);
        if (e != OK)
            return e;
    }
    return e == ERR_CLOSED ? OK : e;
}

IO err echo_start(struct console *console, struct random *random)
{
    struct shared shared = { .random = random, .console = console };
    struct os_group group;
    void *slots[4], *left;

    os_mailbox_init(&shared.box, slots, 4);
    os_group_init(&group);
    err e = os_group_spawn(&group, send, &shared);
    if (e == OK)
        e = os_group_spawn(&group, echo, &shared);
    if (e == OK)
        e = os_group_join(&group);
    else
        os_group_end(&group);
    /* When it was stopped half way. */
    while (os_mailbox_try_take(&shared.box, &left) == OK)
        free(left);
    return e;
}
