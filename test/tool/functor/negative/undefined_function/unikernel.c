#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, talk);

const char *polite(const char *text);

IO err talk_start(struct console *console)
{
    return console_log(console, polite("hello"));
}
