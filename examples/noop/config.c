#include <mirage/config.h>

void config(void)
{
    functor(JOB) noop = foreign("unikernel.c", JOB);
    register_job("noop", apply(noop));
}
