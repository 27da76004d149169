#include <mirage/config.h>

void config(void)
{
    functor(JOB) unikernel = foreign("unikernel.c", JOB);
    register_job("unikernel", apply(unikernel));
}
