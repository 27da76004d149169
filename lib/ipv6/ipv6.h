/*
 * IPv6 on a link (RFC 8200), with neighbour discovery, routers' advertisements and addresses of its own
 * making.
 *
 * output.c sends, input.c receives, path.c finds the way, neighbour.c keeps neighbours' link addresses (RFC
 * 4861, section 7.3), discovery.c answers and asks for them, router.c listens to routers, address.c has our
 * own addresses (RFC 4862, 6724, 7217), group.c our multicast groups (RFC 3810).
 */
#ifndef IPV6_H
#define IPV6_H

#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/loopback/loopback.h>
#include <base/packet/packet.h>
#include <base/path_mtu/path_mtu.h>
#include <base/reassembly/reassembly.h>
#include <base/waiting/waiting.h>
#include <base/wire/ipv6.h>
#include <base/wire/ndp.h>

PARAM(ETHERNET, eth);
PARAM(RANDOM, random);
MODULE(IP, ipv6);
CATALOG(direct_ipv6, eth);
LOG_SOURCE(ipv6);

KEY_INT(neighbours_max, 512, 1, 65534, "neighbours that are remembered");
KEY_INT(waiting_total_max, 128, 0, 1 << 20, "packets that wait for neighbours' addresses altogether");
KEY_INT(waiting_bytes_max, 1048576, 262144, INT64_C(1) << 40, "memory that these hold, bytes");
KEY_BOOL(optimistic, true, "use addresses while they are still being probed (RFC 4429)");

enum {
    IPV6_PATHS = 256,
    IPV6_HEADS = 256,
    IPV6_WAITING = 16, /* packets that wait for one neighbour */
    IPV6_ADDRESSES_MAX = 16,
    IPV6_PREFIXES_MAX = 16, /* on the link */
    IPV6_PREFIX_BITS_MIN = 32,
    IPV6_ROUTERS_MAX = 8,
    IPV6_ROUTES_MAX = 16, /* routes by RFC 4191 */
    IPV6_REDIRECTS_MAX = 32,
    IPV6_GROUPS_MAX = 24,
    IPV6_NAME_SERVERS_MAX = 8,
    IPV6_DOMAINS_SIZE = 256,
    IPV6_MESSAGE_MAX = 1500, /* the longest message of neighbour discovery; longer ones are refused */
};

/* RFC 4861, section 10; RFC 4862, section 5.1. */
#define NDP_RETRANS SECONDS(1)
#define NDP_REACHABLE SECONDS(30)
#define NDP_DELAY SECONDS(5)
#define NDP_TRIES 3
#define NDP_GONE SECONDS(1) /* a neighbour that did not answer is not asked again for this long */
#define NDP_SOLICITATION_INTERVAL SECONDS(4)
#define NDP_SOLICITATION_MOST HOURS(1) /* RFC 7559 */
#define SLAAC_TRIES 3                  /* RFC 7217, section 6 */
#define SLAAC_TWO_HOURS HOURS(2)

enum ipv6_way { IPV6_NOWHERE, IPV6_DIRECT, IPV6_LOCAL, IPV6_GROUP };

struct ipv6_path {
    struct ip_addr destination, next_hop;
    uint32_t generation, mtu; /* mtu: of packets, header included */
    os_time mtu_until;
    uint8_t way;
};

enum ipv6_neighbour_state {
    NEIGHBOUR_FREE,
    NEIGHBOUR_INCOMPLETE,
    NEIGHBOUR_MISSING, /* did not answer */
    NEIGHBOUR_REACHABLE,
    NEIGHBOUR_STALE,
    NEIGHBOUR_DELAY,
    NEIGHBOUR_PROBE,
};

struct ipv6_neighbour {
    struct ip_addr addr;
    struct ethernet_address mac;
    uint8_t state, tries, waiting_count;
    bool is_router;
    uint16_t next;
    os_time since, used; /* used 0: never; a stranger has told its address */
    struct buf *waiting[IPV6_WAITING];
};

enum ipv6_address_state { ADDRESS_FREE, ADDRESS_TENTATIVE, ADDRESS_OPTIMISTIC, ADDRESS_READY };

struct ipv6_address {
    struct ip_addr addr;
    uint8_t prefix, state, collisions;
    bool autonomous; /* made by us, so another one can be made */
    os_time preferred_until, valid_until, probed_until;
    uint8_t nonce[NDP_NONCE];
};

struct ipv6_prefix {
    struct ip_addr addr;
    uint8_t bits;
    os_time until;
};

struct ipv6_router {
    struct ip_addr addr;
    int preference;
    os_time until;
};

struct ipv6_route {
    struct ipv6_prefix prefix;
    struct ip_addr router;
    int preference;
};

struct ipv6_redirect {
    struct ip_addr destination, target, router;
};

struct ipv6_group {
    struct ip_addr addr;
    unsigned uses;
    uint8_t reports;   /* reports of a change that are still to be sent */
    os_time report_at; /* when to report a change or the state; OS_NEVER */
};

struct ipv6 {
    struct eth *eth;
    struct random *random;
    void *tcp, *udp, *icmp;
    struct ethernet_address mac;
    bool accept_ra;
    uint8_t hop_limit;
    uint32_t mtu, generation, seed;
    uint64_t secret[2];
    os_time reachable, retrans;
    os_time solicit_at, solicit_interval; /* routers */
    struct os_timer timer;
    struct os_waitq configured;

    struct ipv6_address addresses[IPV6_ADDRESSES_MAX];
    struct ipv6_prefix prefixes[IPV6_PREFIXES_MAX]; /* until 0: free */
    struct ipv6_router routers[IPV6_ROUTERS_MAX];
    struct ipv6_route routes[IPV6_ROUTES_MAX];
    struct ipv6_redirect redirects[IPV6_REDIRECTS_MAX];
    size_t next_redirect, group_count;
    struct ipv6_group groups[IPV6_GROUPS_MAX];
    struct ipv6_router name_servers[IPV6_NAME_SERVERS_MAX];
    char domains[IPV6_DOMAINS_SIZE];
    os_time domains_until;

    struct ipv6_path paths[IPV6_PATHS];
    struct path_mtu path_mtus;
    struct reassembly reassembly;
    struct loopback loopback;
    struct network_info info;

    struct metric in, out, malformed, martian, unroutable, unknown, refused_extensions, fragments_in,
        fragments_out, fragments_refused, ndp_refused, neighbour_count, waiting_dropped, duplicates;

    size_t neighbours_room, pending;
    struct waiting waiting;
    uint16_t free, heads[IPV6_HEADS];
    struct ipv6_neighbour neighbours[];
};

/* path.c */
INTERNAL struct ipv6_path *ipv6_path(struct ipv6 *ip, const struct ip_addr *destination);
INTERNAL void ipv6_changed(struct ipv6 *ip);
INTERNAL bool ipv6_matches(const struct ip_addr *a, const struct ip_addr *prefix, unsigned bits);
INTERNAL bool ipv6_is_on_link(const struct ipv6 *ip, const struct ip_addr *destination);

/* input.c */
INTERNAL void ipv6_input(struct ipv6 *ip, struct buf *packet, bool group, bool from_link);
INTERNAL void ipv6_loop(void *ctx, struct buf *packet);
INTERNAL void ipv6_expire_fragments(struct ipv6 *ip, os_time now);

/* output.c */
/*
 * Send an ICMPv6 message, whose checksum field is zero. `options` is a whole hop-by-hop header to put before
 * it, or NULL.
 */
INTERNAL void ipv6_send_message(struct ipv6 *ip, const struct ip_addr *source,
                                const struct ip_addr *destination, uint8_t hop_limit, struct buf *message,
                                const uint8_t *options);
/* Send such a message, without options, to this link address, which the destination has told. */
INTERNAL void ipv6_send_message_back(struct ipv6 *ip, const struct ip_addr *source,
                                     const struct ip_addr *destination, uint8_t hop_limit,
                                     struct buf *message, const struct ethernet_address *link);
INTERNAL err ipv6_send_group(struct ipv6 *ip, const struct ip_addr *group, struct buf *packet);

/* neighbour.c */
INTERNAL void neighbour_init(struct ipv6 *ip);
INTERNAL struct ipv6_neighbour *neighbour_find(struct ipv6 *ip, const struct ip_addr *addr);
/* Send a packet to a neighbour. An unknown link address is asked for first. Takes the packet. */
INTERNAL err neighbour_write(struct ipv6 *ip, const struct ip_addr *addr, struct buf *packet);
/*
 * A neighbour has told its link address without being asked: its entry becomes stale (RFC 4861, section
 * 7.2.3), and is made if there is none.
 */
INTERNAL void neighbour_told(struct ipv6 *ip, const struct ip_addr *addr, const struct ethernet_address *mac,
                             bool is_router);
/*
 * Handle a neighbour advertisement. `mac` is NULL when it has no link address. Returns false when the
 * neighbour has stopped being a router.
 */
INTERNAL bool neighbour_advertised(struct ipv6 *ip, const struct ip_addr *addr,
                                   const struct ethernet_address *mac, uint8_t flags);
INTERNAL void neighbour_confirm(struct ipv6 *ip, const struct ip_addr *addr);
INTERNAL bool neighbour_is_missing(struct ipv6 *ip, const struct ip_addr *addr);
INTERNAL os_time neighbour_age(struct ipv6 *ip, os_time now);
INTERNAL void neighbour_end(struct ipv6 *ip);

/* discovery.c */
/* Receive an ICMPv6 message of neighbour discovery or MLD, whose checksum was verified. Takes it. */
INTERNAL void discovery_receive(struct ipv6 *ip, struct buf *message, const struct ip_head *head);
INTERNAL void discovery_solicit(struct ipv6 *ip, const struct ip_addr *target,
                                const struct ip_addr *destination);
INTERNAL void discovery_probe(struct ipv6 *ip, struct ipv6_address *a);
INTERNAL void discovery_announce(struct ipv6 *ip, const struct ipv6_address *a);

/* router.c */
INTERNAL void router_receive(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head);
INTERNAL void router_forget(struct ipv6 *ip, const struct ip_addr *addr);
/* Whether packets go through this router: it is a default router, or has a route. */
INTERNAL bool router_is_used(const struct ipv6 *ip, const struct ip_addr *addr);
INTERNAL const struct ipv6_router *router_find(const struct ipv6 *ip, const struct ip_addr *addr);
INTERNAL void router_note(struct ipv6 *ip, const struct ip_addr *addr, int preference, os_time until);
INTERNAL void prefix_note(struct ipv6 *ip, const struct ip_addr *prefix, unsigned bits, os_time until);
/* Solicit routers, and drop what has expired. Returns when to come again. */
INTERNAL os_time router_age(struct ipv6 *ip, os_time now);

/* address.c */
INTERNAL struct ipv6_address *address_find(struct ipv6 *ip, const struct ip_addr *addr);
/* Add an address: join its solicited-node group and probe it. */
INTERNAL err address_add(struct ipv6 *ip, const struct ip_addr *addr, unsigned prefix, bool autonomous,
                         os_time preferred, os_time valid);
/* Make an address with this prefix, by RFC 7217. */
INTERNAL void address_make(struct ipv6 *ip, const struct ip_addr *prefix, uint8_t collisions,
                           struct ip_addr *out);
/* A prefix with the autonomous flag was advertised: make an address or renew it (RFC 4862, section 5.5.3). */
INTERNAL void address_advertised(struct ipv6 *ip, const struct ip_addr *prefix, os_time preferred,
                                 os_time valid, os_time now);
INTERNAL void address_is_duplicate(struct ipv6 *ip, struct ipv6_address *a);
INTERNAL const struct ipv6_address *address_select(struct ipv6 *ip, const struct ip_addr *destination);
/* Returns the link-local address, as the source for messages to neighbours. NULL: it cannot be used yet. */
INTERNAL const struct ipv6_address *address_link_local(const struct ipv6 *ip);
INTERNAL os_time address_age(struct ipv6 *ip, os_time now);

/* group.c */
INTERNAL err group_join(struct ipv6 *ip, const struct ip_addr *group);
INTERNAL void group_leave(struct ipv6 *ip, const struct ip_addr *group);
INTERNAL bool group_is_joined(const struct ipv6 *ip, const struct ip_addr *group);
INTERNAL void group_asked(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head);
INTERNAL os_time group_age(struct ipv6 *ip, os_time now);

/* ipv6.c: let the timer fire at that time or earlier. */
INTERNAL void ipv6_arm(struct ipv6 *ip, os_time when);

static inline bool address_is_usable(const struct ipv6_address *a)
{
    return a->state >= ADDRESS_OPTIMISTIC;
}

static inline os_time ipv6_random_time(struct ipv6 *ip, os_time most)
{
    return most < 1000 ? 0 : (os_time)random_below(ip->random, (uint32_t)(most / 1000)) * 1000;
}

static const struct ip_addr ipv6_all_nodes = { .bytes = { 0xff, 0x02, [15] = 1 } };
static const struct ip_addr ipv6_all_routers = { .bytes = { 0xff, 0x02, [15] = 2 } };

#endif
