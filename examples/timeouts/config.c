#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) timeouts = foreign("unikernel.c", JOB, CONSOLE);
    register_job("timeouts", apply(timeouts, default_console()));
}
