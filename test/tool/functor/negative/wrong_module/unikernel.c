#include <mirage/functor.h>

PARAM(CONSOLE, console);
PARAM(RANDOM, random);
MODULE(JOB, talk);

IO err talk_start(struct console *console, struct random *random)
{
    (void)console;
    return console_log(random, "hello");
}
