#include <mirage/config.h>

/* IPv6 alone on a card, wired by hand: no IPv4, UDP or TCP is in the program. */
void config(void)
{
    functor(JOB, CONSOLE, IP, ICMP) ping6 = foreign("unikernel.c", JOB, CONSOLE, IP, ICMP);
    IP ip = direct_ipv6(direct_ethernet(default_network()));

    register_job("ping6", apply(ping6, default_console(), ip, direct_icmp(ip)));
}
