#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, STACK) client = foreign("unikernel.c", JOB, CONSOLE, STACK);
    register_job("client", apply(client, default_console(), generic_stack()));
}
