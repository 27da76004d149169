#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, STACK) network = foreign("unikernel.c", JOB, CONSOLE, STACK);
    register_job("network", apply(network, default_console(), generic_stack()));
}
