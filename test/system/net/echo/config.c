#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, STACK, ICMP) echo = foreign("unikernel.c", JOB, CONSOLE, STACK, ICMP);
    register_job("echo", apply(echo, default_console(), generic_stack(), generic_icmp()));
}
