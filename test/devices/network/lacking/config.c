#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) job = foreign("job.c", JOB, STACK);
    register_job("job", apply(job, socket_stack()));
}
