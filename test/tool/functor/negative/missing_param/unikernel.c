#include <mirage/functor.h>

PARAM(CONSOLE, console);
PARAM(RANDOM, random);
MODULE(JOB, hello);

IO err hello_start(struct console *console, struct random *random)
{
    return console_log(console, random_u64(random) & 1 ? "heads" : "tails");
}
