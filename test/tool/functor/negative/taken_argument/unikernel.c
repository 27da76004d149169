#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, talk);

ARG_STRING(log, "hello", "what to say");

IO err talk_start(struct console *console)
{
    return console_log(console, log);
}
