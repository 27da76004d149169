#include <mirage/config.h>

/* The program that dns.py runs against a server of its own. */
void config(void)
{
    functor(JOB, CONSOLE, RESOLVER) lookup = foreign("unikernel.c", JOB, CONSOLE, RESOLVER);
    register_job("lookup", apply(lookup, default_console(), dns_client(generic_stack())));
}
