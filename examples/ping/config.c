#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, RESOLVER, ICMP) ping = foreign("unikernel.c", JOB, CONSOLE, RESOLVER, ICMP);
    register_job("ping", apply(ping, default_console(), generic_resolver(default_stack()), generic_icmp()));
}
