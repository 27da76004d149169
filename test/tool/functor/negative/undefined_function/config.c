#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) talk = foreign("unikernel.c", JOB, CONSOLE);
    register_job("talk", apply(talk, default_console()));
}
