/* A host on the project's own stack, without TCP, and the other end of its wire. */
#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK, IPV4, IP, UDP, ICMP) host = foreign("host", JOB, NETWORK, IPV4, IP, UDP, ICMP);
    SWITCH wire = vnet();
    ETHERNET ethernet = direct_ethernet(vnet_port(wire, "host"));
    IPV4 v4 = direct_ipv4(ethernet, direct_arp(ethernet));
    IP ip = direct_ip(ip_of_ipv4(v4), direct_ipv6(ethernet));
    ICMP icmp = direct_icmp(ip);
    /*
     * The test reads the frames' bytes, so checksums must be complete and datagrams as they would be on a
     * wire.
     */
    NETWORK peer = set_bool(set_bool(vnet_port(wire, "peer"), "csum_in", false), "lro", false);

    register_job("host", apply(host, peer, v4, ip, direct_udp(ip, icmp), icmp));
}
