#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, RANDOM) echo = foreign("unikernel.c", JOB, CONSOLE, RANDOM);
    register_job("echo", apply(echo, default_console(), default_random()));
}
