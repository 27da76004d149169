#include <mirage/config.h>

void config(void)
{
    functor(JOB) serve = foreign("unikernel.c", JOB);
    register_job("serve", apply(serve));
}
