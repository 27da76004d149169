#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, RANDOM) talk = foreign("unikernel.c", JOB, CONSOLE, RANDOM);
    register_job("talk", apply(talk, default_console(), default_random()));
}
