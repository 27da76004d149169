#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, PCLOCK, RANDOM) job = foreign("job.c", JOB, CONSOLE, PCLOCK, RANDOM);
    register_job("job", apply(job, default_console(), default_pclock(), default_random()));
}
