#include <mirage/functor.h>

#include <inttypes.h>
#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(RANDOM, random);
MODULE(JOB, dice);

ARG_INT(throws, 6, "how many dice to throw");

IO err dice_start(struct console *console, struct random *random)
{
    uint8_t key[16];
    char line[64];
    int at = snprintf(line, sizeof line, "A key: ");

    random_fill(random, key, sizeof key);
    for (size_t i = 0; i < sizeof key; i++)
        at += snprintf(line + at, sizeof line - (size_t)at, "%02x", key[i]);
    TRY(console_log(console, line));

    snprintf(line, sizeof line, "A number: %" PRIu64, random_u64(random));
    TRY(console_log(console, line));

    for (int64_t i = 0; i < throws; i++) {
        snprintf(line, sizeof line, "A die: %" PRIu32, random_below(random, 6) + 1);
        TRY(console_log(console, line));
    }
    return OK;
}
