/*
 * IP: packets by address and protocol, IPv4 (RFC 791), IPv6 (RFC 8200) or both.
 *
 * M_write(ip, head, payload): put the header before the payload and send it, in
 *   fragments when it must be; takes the chain. An unset source (IP_ANY) is chosen as
 *   M_source does; an IPv4 packet to a broadcast address may be sent without one. A packet with a gso_size
 *   that M_offloads allows may have up to 65535 bytes with its header. BUF_CSUM_PARTIAL is
 *   passed to the device where M_offloads has NETWORK_CSUM_OUT, and finished here when the packet is sent in
 *   fragments. A packet to one of this host's own addresses comes back as an event in the loop's next turn.
 *   ERR_UNREACHABLE without a route; ERR_TOO_LARGE when head->dont_fragment is set and the payload exceeds
 *   M_mtu, or M_link_mtu with head->probe, or when the packet exceeds 65535 bytes; ERR_ADDRESS_NOT_HERE for a
 *   source that isn't this host's.
 * M_source(ip, destination, out): the source address for a destination (RFC 6724). ERR_UNREACHABLE.
 * M_mtu(ip, destination): the largest payload of a packet to it, by path MTU discovery (RFC 1191, 8201).
 * M_link_mtu(ip, destination): the same of the interface alone, whatever the path takes: what this host can
 *   receive from there in one packet.
 * M_reduce_mtu(ip, destination, mtu): a router reports that packets to this destination must not exceed
 *   `mtu` bytes, with their IP header. The caller has checked that the router's message quotes a packet which
 *   was sent. A value below the IP version's minimum is raised to that; one above the known MTU is ignored.
 * M_learn_mtu(ip, destination, mtu): probes have shown that the path carries a payload of this size, and no
 *   larger one is known to arrive (RFC 8899). M_mtu returns it for some minutes, within the least of the IP
 *   version and M_link_mtu.
 * M_confirm(ip, destination): a reply from the destination has come in, so the next hop works (RFC
 *   4861, section 7.3.1). Cheap, but once a round trip is enough.
 * M_has(ip, addr): whether the address is one of this host's, so that a socket may be bound to it.
 * M_addresses(ip, out, room): this host's addresses; returns how many there are.
 * M_offloads(ip): of enum network_offload, what M_write accepts.
 * M_name_servers(ip, out, room): the DNS servers that the network told (RFC 8106, DHCP), best first; returns
 *   how many there are. M_search_domains(ip, out, size): the domains in which to look for short names, with
 *   spaces between, as snprintf writes and counts.
 * M_wait(ip, until): wait until this host has an address that hosts beyond the link can reach, at most until
 *   the monotonic time `until`: ERR_TIMEOUT. ERR_UNREACHABLE at once when no address is to be expected.
 * M_listen_tcp, _udp, _icmp(ip, ctx): raise that event with this ctx; NULL stops.
 *
 * Events, on the scheduler's stack: M_on_tcp, M_on_udp, M_on_icmp(ctx, payload, head): a whole packet
 * of that protocol came in for this host; for IPv6, protocol 58 counts as ICMP. `payload` begins behind the
 * IP headers and becomes the listener's; `head` is only valid during the call. Messages of neighbour
 * discovery and multicast listener discovery raise no event.
 * M_on_problem(ctx, packet, problem): with the ctx of M_listen_icmp: a packet for this host could not be
 *   delivered, and its sender may be told. `packet` begins with its IP header and becomes the listener's.
 */
#ifndef MIRAGE_SIG_IP_H
#define MIRAGE_SIG_IP_H

#include <base/ip/ip.h>
#include <mirage/sig/network.h>

enum { IP_PROTOCOL_ICMP = 1, IP_PROTOCOL_TCP = 6, IP_PROTOCOL_UDP = 17, IP_PROTOCOL_ICMPV6 = 58 };

struct ip_head {
    struct ip_addr source, destination;
    uint8_t protocol;
    uint8_t hop_limit;     /* out: 0 means the default, 64 */
    uint8_t traffic_class; /* DSCP and ECN (RFC 2474, 3168) */
    bool dont_fragment;
    bool probe;          /* out: it asks how much the path carries, so only the link's MTU limits it */
    bool group;          /* in: sent to more hosts than this one, by its IP or its link address */
    uint32_t flow_label; /* of IPv6, 20 bits (RFC 6437) */
    uint16_t header_len;
    const uint8_t *header; /* in: the IP headers as they came, until the event returns; NULL: not known */
};

enum ip_problem_kind {
    IP_PROBLEM_PROTOCOL,   /* nobody here takes this protocol; `pointer` is where it is named */
    IP_PROBLEM_REASSEMBLY, /* the other fragments did not come in time */
    IP_PROBLEM_HEADER,     /* the byte at `pointer` is wrong */
    IP_PROBLEM_OPTION,     /* the option at `pointer` is not understood */
    IP_PROBLEM_CHAIN,      /* the first fragment lacks some of the headers (RFC 8200, section 4.5) */
};

struct ip_problem {
    enum ip_problem_kind kind;
    uint32_t pointer;    /* counted from the beginning of the packet */
    struct ip_head head; /* of the packet; what follows it may be a fragment */
};

#define IP(M)                                                                             \
    DEVICE(M);                                                                            \
    err M##_write(struct M *ip, const struct ip_head *head, struct buf *payload);         \
    err M##_source(struct M *ip, const struct ip_addr *destination, struct ip_addr *out); \
    uint32_t M##_mtu(struct M *ip, const struct ip_addr *destination);                    \
    uint32_t M##_link_mtu(struct M *ip, const struct ip_addr *destination);               \
    void M##_reduce_mtu(struct M *ip, const struct ip_addr *destination, uint32_t mtu);   \
    void M##_learn_mtu(struct M *ip, const struct ip_addr *destination, uint32_t mtu);    \
    void M##_confirm(struct M *ip, const struct ip_addr *destination);                    \
    bool M##_has(struct M *ip, const struct ip_addr *addr);                               \
    size_t M##_addresses(struct M *ip, struct ip_cidr *out, size_t room);                 \
    uint32_t M##_offloads(struct M *ip);                                                  \
    size_t M##_name_servers(struct M *ip, struct ip_addr *out, size_t room);              \
    size_t M##_search_domains(struct M *ip, char *out, size_t size);                      \
    IO err M##_wait(struct M *ip, os_time until);                                         \
    void M##_listen_tcp(struct M *ip, void *ctx);                                         \
    void M##_listen_udp(struct M *ip, void *ctx);                                         \
    void M##_listen_icmp(struct M *ip, void *ctx);                                        \
    void M##_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head);          \
    void M##_on_udp(void *ctx, struct buf *payload, const struct ip_head *head);          \
    void M##_on_icmp(void *ctx, struct buf *payload, const struct ip_head *head);         \
    void M##_on_problem(void *ctx, struct buf *packet, const struct ip_problem *problem)

#endif
