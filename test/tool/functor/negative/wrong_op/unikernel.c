#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, hello);

static int counter;

static int helper(int x)
{
    return x + counter;
}

IO err hello_start(struct console *console)
{
    return console_log(console, helper(1) ? "x" : "y");
}
