#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) heads = foreign("unikernel.c", JOB, CONSOLE);
    register_job("heads", apply(heads, default_console()));
}
