#include <mirage/config.h>

/* The program that dns.py runs against a server of its own. */
void config(void)
{
    functor(JOB, CONSOLE, RESOLVER) lookup = foreign("unikernel.c", JOB, CONSOLE, RESOLVER);
    RESOLVER client = set_int(dns_client(generic_stack()), "habit_seconds", 6);
    register_job("lookup", apply(lookup, default_console(), client));
}
