#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, console);

IO err console_start(struct console *console)
{
    return console_log(console, "hello");
}
