#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, app);

IO err app_start(struct console *console)
{
    return console_log(console, "opened");
}
