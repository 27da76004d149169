#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, PCLOCK) speaking_clock = foreign("unikernel.c", JOB, CONSOLE, PCLOCK);
    register_job("clock", apply(speaking_clock, default_console(), default_pclock()));
}
