#include <mirage/config.h>

/* A host on the project's own stack, and a server that leases it addresses over a bad line. */
static STACK stack_on(NETWORK network, IPV4 *ipv4, const char *name)
{
    ETHERNET ethernet = direct_ethernet(network);
    *ipv4 = named(direct_ipv4(ethernet, direct_arp(ethernet)), name);
    IP ip = direct_ip(ip_of_ipv4(*ipv4), direct_ipv6(ethernet));
    ICMP icmp = direct_icmp(ip);
    return set_bool(direct_stack(ip, direct_udp(ip, icmp), direct_tcp(ip, icmp)), "wait_for_address", false);
}

void config(void)
{
    functor(JOB, CONSOLE, STACK, STACK) world = foreign("world", JOB, CONSOLE, STACK, STACK);
    const char *line = "loss=20%,duplicate=5%,reorder=10%,corrupt=2%,delay=5ms,jitter=3ms";
    SWITCH wire = vnet();
    IPV4 near, far;
    STACK host = stack_on(set_string(set_string(fault(vnet_port(wire, "host")), "out", line), "in", line),
                          &near, "host");
    STACK server = stack_on(vnet_port(wire, "server"), &far, "server");

    register_job("world", apply(world, default_console(), dhcp_client(near, host), server));
}
