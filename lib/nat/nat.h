/*
 * A router that hides the hosts of one IPv4 network behind one address of another (NAPT).
 *
 * It follows RFC 4787 (UDP), RFC 5382 (TCP), RFC 5508 (ICMP) and RFC 7857. A mapping is endpoint-independent:
 * the same port outside stands for an address and port inside, whomever that host talks to. packet.c reads
 * and changes packets, table.c keeps flows and mappings, room.c says who gives way when they are too many,
 * tcp.c follows connections, forward.c decides what passes, icmp.c answers and translates errors, and send.c
 * collects fragments and sends.
 */
#ifndef NAT_H
#define NAT_H

#include <mirage/functor.h>
#include <mirage/metric.h>

#include <base/allowance/allowance.h>
#include <base/packet/packet.h>
#include <base/reassembly/reassembly.h>

#include "packet.h"

PARAM(ETHERNET, inside);
PARAM(ARP_ON, inside_arp, inside);
PARAM(ETHERNET, outside);
PARAM(ARP_ON, outside_arp, outside);
PARAM(RANDOM, random);
MODULE(JOB, nat);
CATALOG(nat, inside, inside_arp, outside, outside_arp);
LOG_SOURCE(nat);

KEY_INT(flows_max, 16384, 16, 65535, "flows that are followed at once; a TCP connection is one");
KEY_INT(host_flows_max, 4096, 1, 65535, "flows of one inside host");
KEY_INT(udp_seconds, 300, 120, 86400,
        "how long a UDP mapping outlives its last datagram from inside (RFC 4787, REQ-5)");
KEY_INT(tcp_seconds, 7440, 7440, 864000, "how long an idle TCP connection is kept (RFC 5382, REQ-5)");
KEY_INT(tcp_brief_seconds, 240, 240, 7440,
        "how long one that is being opened or has ended is kept (RFC 5382, REQ-5)");
KEY_INT(icmp_seconds, 60, 60, 86400, "how long an ICMP query is kept (RFC 5508, REQ-2)");
KEY_INT(reassembly_seconds, 30, 1, 120, "how long a packet's fragments may take to come");
KEY_INT(errors_per_second, 100, 0, 1000000000,
        "ICMP errors that are sent a second to each network (RFC 1812, section 4.3.2.8); 0: none");
KEY_INT(errors_burst, 50, 0, 1 << 20, "ICMP errors that are sent at once to each network; 0: none");

/* What is kept for how long. */
enum nat_life { NAT_LIFE_ICMP, NAT_LIFE_UDP, NAT_LIFE_TCP_BRIEF, NAT_LIFE_TCP_OPEN, NAT_LIVES };

/* The flows of a host that may give way to others' (room.c), and the TCP connections that are open. */
enum nat_share_kind { NAT_SHARE_BRIEF, NAT_SHARE_OPEN, NAT_SHARES };

enum {
    NAT_FLOWS = KEY_CONSTANT(flows_max),
    NAT_HOST_FLOWS = KEY_CONSTANT(host_flows_max),
    NAT_BUCKETS = KEY_CONSTANT(flows_max),
    NAT_PORTS = 65536,
};

/*
 * A TCP connection through a mapping, or all that goes through a mapping of UDP or ICMP. Addresses and ports
 * are in host order everywhere.
 */
struct nat_flow {
    struct nat_mapping *mapping;
    struct nat_flow *next; /* of the same bucket; TCP only */
    uint32_t remote;       /* TCP only, as the rest up to `tcp` */
    uint16_t remote_port;
    uint8_t tcp;    /* of enum nat_tcp, in tcp.c */
    uint8_t life;   /* of enum nat_life */
    uint32_t acked; /* what the inside host acknowledged last */
    uint32_t fin;   /* the sequence number behind the outside host's FIN */
    os_time expires;
    OS_LIST_NODE(struct nat_flow) age; /* of those with the same life, by `expires` */
    OS_LIST_NODE(struct nat_flow) use; /* of those of the same host and share, by last use */
};

/* An address and port inside, and the port outside that stands for them. It lasts as long as it has flows. */
struct nat_mapping {
    struct nat_host *host;
    struct nat_mapping *next; /* of the same bucket */
    struct nat_flow *flow;    /* the only one; not of TCP */
    uint32_t flows;
    uint16_t port, outside; /* the identifier, for ICMP queries */
    uint8_t protocol;
};

struct nat_share {
    OS_LIST(struct nat_flow) flows; /* the least recently used first */
    uint32_t count;
    OS_LIST_NODE(struct nat_share) node; /* of the hosts that have as many */
};

/* A host inside that has flows. */
struct nat_host {
    struct nat_host *next; /* of the same bucket */
    uint32_t address;
    struct nat_share shares[NAT_SHARES];
};

/* The hosts' shares of one kind by their counts, so that the greatest is found at once. */
struct nat_tally {
    uint32_t most;
    OS_LIST(struct nat_share) by_count[NAT_HOST_FLOWS + 1];
};

/* Which of NAT_FLOWS items are free. Numbers count from 1. */
struct nat_pool {
    uint32_t used; /* those above were never taken */
    uint16_t free;
    uint16_t next[NAT_FLOWS + 1];
};

struct nat_side {
    bool out;
    struct network_info info;
    uint32_t address, mask;
    struct allowance errors;
    struct reassembly reassembly;
    struct os_timer timer; /* for reassembly */
};

struct nat {
    struct inside_arp *inside_arp;
    struct outside_arp *outside_arp;
    struct random *random;
    struct nat_side in, out;
    uint32_t gateway;
    uint64_t secret;
    struct ipv4_ids ids;
    struct metric forwarded, malformed, martian, source_routed, unmapped, full, unsent, evicted, errors_out,
        errors_limited, fragments_in, fragments_out, flow_count, mapping_count, host_count;

    OS_LIST(struct nat_flow) ages[NAT_LIVES];
    struct nat_tally tallies[NAT_SHARES];
    struct nat_flow *flows_at[NAT_BUCKETS];
    struct nat_mapping *mappings_at[NAT_BUCKETS];
    struct nat_host *hosts_at[NAT_BUCKETS];
    uint16_t outside_ports[NAT_PROTOCOLS][NAT_PORTS]; /* numbers of mappings; 0: free */
    struct nat_pool flow_pool, mapping_pool, host_pool;
    struct nat_flow flows[NAT_FLOWS];
    struct nat_mapping mappings[NAT_FLOWS];
    struct nat_host hosts[NAT_FLOWS];
};

/* table.c */

/* Drop what has expired. The functions below then see only what lasts. */
INTERNAL void nat_expire(struct nat *nat);
/* The mapping of an address and port inside, or behind a port outside. NULL: there is none. */
INTERNAL struct nat_mapping *nat_mapping_inside(struct nat *nat, enum nat_protocol protocol, uint32_t address,
                                                uint16_t port);
INTERNAL struct nat_mapping *nat_mapping_outside(struct nat *nat, enum nat_protocol protocol, uint16_t port);
/*
 * The mapping's flow with a remote address and port; for UDP and ICMP it is the same for all. NULL: there is
 * none.
 */
INTERNAL struct nat_flow *nat_flow_find(struct nat *nat, const struct nat_mapping *mapping, uint32_t remote,
                                        uint16_t remote_port);
/*
 * Make a flow, and its mapping unless there is one. The flow lasts for its brief life, until nat_flow_keep.
 * NULL: the host has as many as it may, or no port is free. Others' flows may be dropped.
 */
INTERNAL struct nat_flow *nat_flow_make(struct nat *nat, enum nat_protocol protocol, uint32_t address,
                                        uint16_t port, uint32_t remote, uint16_t remote_port);
/* Let a flow last from now on, for the time of this life. */
INTERNAL void nat_flow_keep(struct nat *nat, struct nat_flow *flow, enum nat_life life);
INTERNAL void nat_flow_drop(struct nat *nat, struct nat_flow *flow);
INTERNAL struct nat_host *nat_host_find(struct nat *nat, uint32_t address);

/* room.c */

/* See that another flow of this host fits in. False: it may have no more. */
INTERNAL bool nat_make_room(struct nat *nat, uint32_t address);
INTERNAL void nat_tally_add(struct nat_tally *tally, struct nat_share *share, int by);

/* tcp.c */

/* A segment of the flow came from inside, or from outside. */
INTERNAL void nat_tcp_from_inside(struct nat *nat, struct nat_flow *flow, const struct nat_view *v);
INTERNAL void nat_tcp_from_outside(struct nat *nat, struct nat_flow *flow, const struct nat_view *v);

/* icmp.c */

/*
 * Tell the sender of a packet that came from this side what became of it (RFC 792; RFC 1812, section 4.3).
 * Takes the packet, which has not been changed.
 */
INTERNAL void nat_tell(struct nat *nat, struct nat_side *side, const struct nat_view *v, struct buf *packet,
                       enum icmp_error_kind kind, uint32_t mtu);
/* A packet from this side for one of this router's own addresses. Takes it. */
INTERNAL void nat_answer(struct nat *nat, struct nat_side *side, const struct nat_view *v,
                         struct buf *packet);
/*
 * Translate an ICMP error, with the packet that it quotes. False: nothing was changed, and it must not pass.
 */
INTERNAL bool nat_error_out(struct nat *nat, struct nat_view *v, struct buf *packet);
INTERNAL bool nat_error_in(struct nat *nat, struct nat_view *v, struct buf *packet);

/* send.c */

/*
 * Take a fragment. When its packet is whole it is returned, its header in order and read into `v`. NULL:
 * others are missing, or it was refused.
 */
INTERNAL struct buf *nat_collect(struct nat *nat, struct nat_side *side, struct nat_view *v,
                                 struct buf *packet);
INTERNAL void nat_collect_expire(void *side);
/* Send a packet to a host of this side, or by the gateway, in fragments if it must be. Takes it. */
INTERNAL void nat_send(struct nat *nat, struct nat_side *side, const struct nat_view *v, uint32_t to,
                       struct buf *packet);

static inline bool nat_side_has(const struct nat_side *side, uint32_t address)
{
    return ((address ^ side->address) & side->mask) == 0;
}

/* Count a packet that does not pass, and free it. */
static inline void nat_refuse(struct metric *why, struct buf *packet)
{
    metric_add(why, 1);
    log_debug("refused a packet: %s", why->help);
    buf_free(packet);
}

#endif
