/*
 * IP: packets by address and protocol, IPv4 (RFC 791), IPv6 (RFC 8200) or both.
 *
 * M_write(ip, head, payload): put the header before the payload and send it, in
 *   fragments when it must be; takes the chain. An unset source (IP_ANY) is chosen as
 *   M_source does. ERR_UNREACHABLE without a route; ERR_TOO_LARGE when head->dont_fragment is
 *   set and the payload exceeds M_mtu; ERR_ADDRESS_NOT_HERE for a source that isn't this host's.
 * M_source(ip, destination, out): the source address for a destination (RFC 6724).
 * M_mtu(ip, destination): the largest payload of a packet to it, by path MTU discovery.
 * M_addresses(ip, out, room): this host's addresses; returns how many there are.
 * M_offloads(ip): of enum network_offload, what M_write accepts.
 * M_listen_tcp, _udp, _icmp(ip, ctx): raise that event with this ctx; NULL stops.
 *
 * Events, on the scheduler's stack: M_on_tcp, M_on_udp, M_on_icmp(ctx, payload, head): a packet
 * of that protocol (58 counts as ICMP for IPv6) for this host, whole; `payload` begins behind the
 * IP headers and becomes the listener's; `head` is only valid during the call.
 */
#ifndef MIRAGE_SIG_IP_H
#define MIRAGE_SIG_IP_H

#include <mirage/ip.h>
#include <mirage/sig/network.h>

enum { IP_PROTOCOL_ICMP = 1, IP_PROTOCOL_TCP = 6, IP_PROTOCOL_UDP = 17, IP_PROTOCOL_ICMPV6 = 58 };

struct ip_head {
    struct ip_addr source, destination;
    uint8_t protocol;
    uint8_t hop_limit;     /* out: 0 means the default, 64 */
    uint8_t traffic_class; /* DSCP and ECN (RFC 2474, 3168) */
    bool dont_fragment;
};

#define IP(M)                                                                               \
    DEVICE(M);                                                                              \
    err M##_write(struct M *ip, const struct ip_head *head, struct buf *payload);           \
    err M##_source(struct M *ip, const struct ip_addr *destination, struct ip_addr *out);   \
    uint32_t M##_mtu(struct M *ip, const struct ip_addr *destination);                      \
    size_t M##_addresses(struct M *ip, struct ip_cidr *out, size_t room);                   \
    uint32_t M##_offloads(struct M *ip);                                                    \
    void M##_listen_tcp(struct M *ip, void *ctx);                                           \
    void M##_listen_udp(struct M *ip, void *ctx);                                           \
    void M##_listen_icmp(struct M *ip, void *ctx);                                          \
    void M##_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head);            \
    void M##_on_udp(void *ctx, struct buf *payload, const struct ip_head *head);            \
    void M##_on_icmp(void *ctx, struct buf *payload, const struct ip_head *head)

#endif
