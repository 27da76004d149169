/*
 * ICMP: control messages of IPv4 (RFC 792) and IPv6 (RFC 4443).
 *
 * M_ping(icmp, destination, sequence, len, timeout, round_trip): send an echo request with
 *   `len` bytes of payload and wait for its reply. ERR_TIMEOUT, ERR_UNREACHABLE.
 * M_send_error(icmp, error, head, payload): report an error to the sender of the packet that had this
 *   head and payload. Errors are rate limited, and never sent about a packet to a group.
 *   Takes the chain. Only the kind and mtu of `error` are used. ERR_AGAIN when the limit is reached.
 * M_listen_tcp, M_listen_udp(icmp, ctx): raise that event with this ctx; NULL stops.
 *
 * Events, on the scheduler's stack: M_on_tcp_error, M_on_udp_error(ctx, error): a router or the
 * peer reports that a packet of ours of that protocol did not arrive. The message was whole, and quotes a
 * packet from one of this host's addresses, to which it was sent, to one host: no error about a broadcast or
 * a group counts. Nothing else about it is verified: it may be forged. For
 * ICMP_TOO_BIG, the listener checks that the quoted packet is one of its own, and then calls IP's
 * M_reduce_mtu(ip, &error->head.destination, error->mtu); nobody else does (RFC 5927). `error` is only
 * valid during the call.
 */
#ifndef MIRAGE_SIG_ICMP_H
#define MIRAGE_SIG_ICMP_H

#include <mirage/sig/ip.h>

enum icmp_error_kind {
    ICMP_UNREACHABLE_NET,
    ICMP_UNREACHABLE_HOST,
    ICMP_UNREACHABLE_PROTOCOL,
    ICMP_UNREACHABLE_PORT,
    ICMP_UNREACHABLE_ADMIN,
    ICMP_TOO_BIG, /* mtu is set: bytes, IP header included; 0 from an old router (RFC 1191, section 5) */
    ICMP_TIME_EXCEEDED,
    ICMP_PARAMETER_PROBLEM,
};

struct icmp_error {
    enum icmp_error_kind kind;
    uint32_t mtu;
    struct ip_addr reporter;
    struct ip_head head;  /* of the packet of ours that it quotes */
    uint8_t transport[8]; /* the first bytes behind that header */
};

#define ICMP(M) ICMP_ON(M, M##_ip)

#define ICMP_ON(M, I)                                                                                 \
    SUBMODULE(IP, I) IP(I);                                                                           \
    DEVICE(M);                                                                                        \
    IO err M##_ping(struct M *icmp, const struct ip_addr *destination, uint16_t sequence, size_t len, \
                    os_time timeout, os_time *round_trip);                                            \
    err M##_send_error(struct M *icmp, const struct icmp_error *error, const struct ip_head *head,    \
                       struct buf *payload);                                                          \
    void M##_listen_tcp(struct M *icmp, void *ctx);                                                   \
    void M##_listen_udp(struct M *icmp, void *ctx);                                                   \
    void M##_on_tcp_error(void *ctx, const struct icmp_error *error);                                 \
    void M##_on_udp_error(void *ctx, const struct icmp_error *error)

#endif
