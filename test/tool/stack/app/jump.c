/* A fiber with a local of 90 kB, which reaches over its 64 KiB of stack and the guard into another stack. */
#include <mirage/functor.h>

MODULE(JOB, jump);

enum { LOCAL = 90 << 10 };

static err sleeps(void *arg)
{
    (void)arg;
    os_sleep(SECONDS(10));
    return OK;
}

/* Only the lowest bytes are written. */
static __attribute__((noinline)) void write_low(volatile char *low)
{
    low[0] = low[1] = 1;
}

static err takes_much(void *arg)
{
    char local[LOCAL];

    (void)arg;
    write_low(local);
    return OK;
}

IO err jump_start(void)
{
    struct os_group group;
    err e = OK;

    os_group_init(&group);
    for (int i = 0; i < 3 && e == OK; i++)
        e = os_group_spawn(&group, sleeps, NULL);
    if (e == OK)
        e = os_group_spawn(&group, takes_much, NULL);
    IGNORE(os_yield());
    os_group_end(&group);
    return e;
}
