#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("unikernel.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
}
