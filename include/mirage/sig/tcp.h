/*
 * TCP: reliable streams (RFC 9293). Its connections are FLOWs, so that a TCP can stand
 * where a FLOW is asked.
 *
 * M_open(tcp, peer, out): the active OPEN. ERR_REFUSED, ERR_TIMEOUT, ERR_UNREACHABLE.
 * M_open_with(tcp, peer, options, first, out): open with these options (NULL: the defaults), which the SYN
 *   has too, and write `first`, which it takes on success and on error. If the peer has shown that it allows
 *   Fast Open (RFC 7413), the SYN carries as many of these bytes as fit, which saves a round trip. Such bytes
 *   may be delivered twice, to two connections: use it only for requests that may be repeated. With no bytes,
 *   buf_static("", 0), the SYN is an ordinary one. Errors as M_open and M_write, and ERR_INVALID for options
 *   out of their bounds, which are logged; returns when M_open would.
 * M_listen(tcp, local, port, backlog, out): the passive OPEN on this address (IP_ANY: all addresses of both
 *   IP versions) and port (0: a free one is chosen). Up to `backlog` connections wait to
 *   be accepted. ERR_ADDRESS_IN_USE, ERR_ADDRESS_NOT_HERE, ERR_ACCESS.
 * M_listener_port(listener): its port, in host order.
 * M_accept(listener, out): wait for a connection. One that has ended while it waited is given too: what it
 *   brought can be read, and then M_read says how it ended. ERR_CLOSED after M_unlisten; ERR_NO_SPACE when
 *   the host is out of descriptors or memory: try again later.
 * M_unlisten(listener): free it. A fiber in M_accept gets ERR_CLOSED, also when it was woken already but has
 *   not run yet. Connections not yet accepted are reset; accepted ones live on.
 * M_close(flow): as FLOW's. If bytes of the peer were not read, or if it goes on sending, the connection is
 *   reset after what was written has arrived (RFC 2525, section 2.17). An implementation may first give the
 *   peer some time to end its side.
 * M_peer, M_local(flow, out): the two ends.
 * M_set_nodelay(flow, on): off lets small writes wait for acknowledgements (Nagle,
 *   RFC 9293 section 3.7.4); on is the default here.
 * M_set_keepalive(flow, idle): probe a peer silent for this long; 0 never (the default).
 * M_set_options(flow, options): all packets of the connection that are sent from now on have these options:
 *   bytes, also those sent before and sent again, acknowledgements, probes and resets. ERR_INVALID for
 *   options out of their bounds, which are logged; then nothing changes.
 */
#ifndef MIRAGE_SIG_TCP_H
#define MIRAGE_SIG_TCP_H

#include <mirage/sig/flow.h>
#include <mirage/sig/udp.h>

/* What the IP header of a connection's packets says. Zeros are the defaults. */
struct tcp_options {
    int dscp;      /* the Differentiated Services codepoint (RFC 2474), 0 to 63; 0 is best effort */
    int hop_limit; /* of IPv6, and the time to live of IPv4, 1 to 255; 0 is the host's default */
};

#define TCP(M) TCP_ON(M, M##_ip)

#define TCP_ON(M, I)                                                                                    \
    SUBMODULE(IP, I) IP(I);                                                                             \
    DEVICE(M);                                                                                          \
    FLOW(M);                                                                                            \
    struct M##_listener;                                                                                \
    IO err M##_open(struct M *tcp, const struct endpoint *peer, struct M##_flow **out);                 \
    IO err M##_open_with(struct M *tcp, const struct endpoint *peer, const struct tcp_options *options, \
                         struct buf *first, struct M##_flow **out);                                     \
    err M##_listen(struct M *tcp, const struct ip_addr *local, uint16_t port, uint32_t backlog,         \
                   struct M##_listener **out);                                                          \
    uint16_t M##_listener_port(struct M##_listener *listener);                                          \
    IO err M##_accept(struct M##_listener *listener, struct M##_flow **out);                            \
    void M##_unlisten(struct M##_listener *listener);                                                   \
    void M##_peer(struct M##_flow *flow, struct endpoint *out);                                         \
    void M##_local(struct M##_flow *flow, struct endpoint *out);                                        \
    void M##_set_nodelay(struct M##_flow *flow, bool on);                                               \
    void M##_set_keepalive(struct M##_flow *flow, os_time idle);                                        \
    err M##_set_options(struct M##_flow *flow, const struct tcp_options *options)

#endif
