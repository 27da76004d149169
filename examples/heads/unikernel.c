#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, heads);

ARG_DURATION(toss, "1s", "how long the coin is in the air");

struct coin {
    struct console *console;
    const char *side;
    os_time falls_after;
};

static IO err fall(void *arg)
{
    struct coin *coin = arg;

    /* The loser of a race is cancelled here, and leaves by this TRY. */
    TRY(os_sleep_until(os_now() + coin->falls_after));
    return console_log(coin->console, coin->side);
}

/* Throws both and waits for both to fall, or only for the first. */
static IO err toss_both(struct coin coins[2], bool wait_for_both)
{
    struct os_group group;

    os_group_init(&group);
    err e = os_group_spawn(&group, fall, &coins[0]);
    if (e == OK)
        e = os_group_spawn(&group, fall, &coins[1]);
    if (e == OK)
        return wait_for_both ? os_group_join(&group) : os_group_pick(&group, NULL);
    os_group_end(&group);
    return e;
}

IO err heads_start(struct console *console)
{
    struct coin coins[2] = { { console, "Heads", toss }, { console, "Tails", 2 * toss } };

    TRY(console_log(console, "Both sides:"));
    TRY(toss_both(coins, true));
    TRY(console_log(console, "The first side:"));
    TRY(toss_both(coins, false));
    return console_log(console, "Finished");
}
