#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, ask);

/* A fiber beside the job's own, so that the backtrace is not the first fiber's. */
static err answer(void *arg)
{
    struct console *console = arg;
    return console_log(console, "an answer"); /* stop here */
}

IO err ask_start(struct console *console)
{
    struct os_fiber *fiber;
    TRY(os_spawn(&fiber, answer, console));
    return os_join(fiber);
}
