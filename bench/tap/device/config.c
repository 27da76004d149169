#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK) job = foreign("device.c", JOB, NETWORK);
    register_job("device", apply(job, default_network()));
}
