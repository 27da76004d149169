#include <mirage/config.h>

/* The project's own stack with a DHCP client that sends its DUID and releases its address at the end. */
void config(void)
{
    functor(JOB, CONSOLE, STACK) lease = foreign("unikernel.c", JOB, CONSOLE, STACK);
    ETHERNET ethernet = direct_ethernet(default_network());
    IPV4 ipv4 = direct_ipv4(ethernet, direct_arp(ethernet));
    IP ip = direct_ip(ip_of_ipv4(ipv4), direct_ipv6(ethernet));
    ICMP icmp = direct_icmp(ip);
    STACK plain =
        set_bool(direct_stack(ip, direct_udp(ip, icmp), direct_tcp(ip, icmp)), "wait_for_address", false);
    STACK stack = set_bool(set_bool(set_int(dhcp_client(ipv4, plain), "first_wait", 1000), "release", true),
                           "duid", true);

    register_job("lease", apply(lease, default_console(), stack));
}
