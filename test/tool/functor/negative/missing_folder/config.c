#include <mirage/config.h>

void config(void)
{
    functor(JOB, KV_RO) unikernel = foreign("unikernel.c", JOB, KV_RO);
    register_job("unikernel", apply(unikernel, crunch("htdocs")));
}
