#include <mirage/config.h>

/* The stack as generic_stack() connects it, with settings that the tests need. */
void config(void)
{
    BOOL_KEY bad_line = key_bool("bad-line", false, "a fault injector between the card and Ethernet");
    BOOL_KEY offloads = key_bool("offloads", true, "whether the card has offloads");
    INT_KEY patience = key_int("patience", 900000, "milliseconds that a vanished peer is waited for");
    INT_KEY mtu_raise =
        key_int("mtu-raise", 600000, "milliseconds until a narrow path is probed for larger packets");
    functor(JOB, HTTP, STACK) peer = foreign("peer.c", JOB, HTTP, STACK);

    NETWORK card = set_bool(tap("tap0"), "offloads", offloads);
    ETHERNET e = direct_ethernet(if_impl(bad_line, fault(card), card));
    IP ip = direct_ip(ip_of_ipv4(direct_ipv4(e, direct_arp(e))), direct_ipv6(e));
    ICMP icmp = direct_icmp(ip);
    TCP tcp = set_int(set_int(direct_tcp(ip, icmp), "user_timeout_ms", patience), "fast_open", 16);
    tcp = set_int(tcp, "mtu_raise_ms", mtu_raise);
    STACK stack = direct_stack(ip, direct_udp(ip, icmp), tcp);
    register_job("peer", apply(peer, http_server(stack), stack));
}
