#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) server = foreign("unikernel.c", JOB, STACK);
    register_job("server", apply(server, generic_stack()));
}
