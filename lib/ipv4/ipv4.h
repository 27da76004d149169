/*
 * IPv4 on a link (RFC 791, 1122), configured by the command line or a DHCP client; ip_of_ipv4() makes an IP
 * of it.
 *
 * route.c finds the route to a destination and caches it, output.c sends, input.c receives, and settings.c
 * holds what a DHCP client or the command line configures.
 */
#ifndef IPV4_H
#define IPV4_H

#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/fragment/fragment.h>
#include <base/loopback/loopback.h>
#include <base/packet/packet.h>
#include <base/path_mtu/path_mtu.h>
#include <base/reassembly/reassembly.h>
#include <base/wire/ipv4.h>

PARAM(ETHERNET, eth);
PARAM(ARP_ON, arp, eth);
PARAM(RANDOM, random);
MODULE(IPV4, ipv4);
CATALOG(direct_ipv4, eth, arp);
LOG_SOURCE(ipv4);

KEY_INT(reassembly_seconds, 30, 1, 3600,
        "how long a packet's fragments may take to come (RFC 1122, section 3.3.2)");
KEY_INT(path_mtu_min, 552, 68, 65535, "the least path MTU that a router's message is believed, in bytes");

enum {
    IPV4_PATHS = 256, /* destinations whose route is cached */
    IPV4_NAME_SERVERS_MAX = 4,
    IPV4_DOMAINS_SIZE = 256,
};

enum ipv4_way {
    IPV4_NOWHERE,
    IPV4_DIRECT, /* a neighbour: the destination itself or a gateway */
    IPV4_LOCAL,
    IPV4_ALL, /* broadcast on the link */
    IPV4_GROUP,
};

/* The cached route to a destination. It is valid while `generation` is the module's. */
struct ipv4_path {
    uint32_t destination;
    uint32_t generation;
    struct ip_addr next_hop;
    uint32_t mtu; /* of whole packets, with their headers */
    os_time mtu_until;
    uint8_t way;
};

struct ipv4_route {
    uint32_t network, mask, gateway; /* gateway 0: on the link */
};

struct ipv4 {
    struct eth *eth;
    struct arp *arp;
    struct random *random;
    void *tcp, *udp, *icmp, *conflict;

    uint32_t address; /* 0: none */
    uint8_t prefix;
    bool is_static, expected;
    uint32_t gateway; /* 0: none */
    size_t route_count;
    struct ipv4_route routes[IPV4_ROUTES_MAX];
    uint32_t mtu, generation;
    struct os_waitq configured;

    uint32_t seed;
    struct ipv4_path paths[IPV4_PATHS];
    struct ipv4_ids ids;
    struct path_mtu path_mtus;
    struct reassembly reassembly;
    struct os_timer timer; /* for reassembly */
    struct loopback loopback;
    struct network_info info;

    size_t name_server_count;
    struct ip_addr name_servers[IPV4_NAME_SERVERS_MAX];
    char domains[IPV4_DOMAINS_SIZE];

    struct metric in, out, malformed, martian, unroutable, source_routed, unknown, fragments_in,
        fragments_out, fragments_refused;
};

/*
 * Returns the route to a destination, never NULL; its kind may be IPV4_NOWHERE. It is valid until the next
 * call.
 */
INTERNAL struct ipv4_path *ipv4_path(struct ipv4 *ip, uint32_t destination);
INTERNAL bool ipv4_is_broadcast(const struct ipv4 *ip, uint32_t addr);
/* Invalidate the cached routes. */
INTERNAL void ipv4_changed(struct ipv4 *ip);

/* Receive a packet, from the link or from this host itself. It begins with its header. Takes it. */
INTERNAL void ipv4_input(struct ipv4 *ip, struct buf *packet, bool group, bool from_link);
INTERNAL void ipv4_loop(void *ctx, struct buf *packet);
INTERNAL void ipv4_expire(void *arg);

/* Apply the arguments of the command line. */
INTERNAL IO err ipv4_configure(struct ipv4 *ip);

#endif
