#include <mirage/config.h>

void config(void)
{
    functor(CONSOLE) mine = foreign("mine.c", CONSOLE);
    functor(JOB, CONSOLE) hello = foreign("unikernel.c", JOB, CONSOLE);
    register_job("hello", apply(hello, apply(mine)));
}
