#include <mirage/config.h>

/* The services of bench/net, behind a line that can be bad. */
void config(void)
{
    functor(JOB, STACK) server = foreign("unikernel.c", JOB, STACK);
    register_job("server", apply(server, generic_stack(fault(default_network()))));
}
