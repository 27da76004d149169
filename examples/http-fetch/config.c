#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, HTTP_CLIENT) fetch = foreign("unikernel.c", JOB, CONSOLE, HTTP_CLIENT);
    STACK stack = generic_stack();

    register_job("fetch", apply(fetch, default_console(), http_client(stack, generic_resolver(stack))));
}
