/*
 * UDP: datagrams (RFC 768).
 *
 * M_bind(udp, local, port, out): receive what is sent to this address (IP_ANY: all) and
 *   port (0: one is chosen, unpredictably, RFC 6056). ERR_ADDRESS_IN_USE, ERR_ADDRESS_NOT_HERE, ERR_ACCESS.
 * M_port(socket): the local port, in host order.
 * M_receive(socket, from, out): wait for a datagram; its payload, a chain (NULL when it
 *   is empty), becomes the caller's. `from` may be NULL. Datagrams that nobody takes wait
 *   in a bounded queue and are dropped when it is full. ERR_REFUSED: the network reports that the port to
 *   which the latest datagram went is closed. Anybody may forge such a report, so it is told once, is
 *   forgotten when a datagram comes or is sent, and never is about an answer to the datagram received last.
 *   ERR_CLOSED after M_unbind.
 * M_send(socket, to, payload): send one datagram; takes the chain on success and on
 *   error, NULL sends an empty one. May wait for room. ERR_UNREACHABLE, ERR_TOO_LARGE.
 * M_unbind(socket): free it. A fiber in M_receive or M_send gets ERR_CLOSED, also when it was woken already
 *   but has not run yet.
 */
#ifndef MIRAGE_SIG_UDP_H
#define MIRAGE_SIG_UDP_H

#include <mirage/sig/ip.h>

struct endpoint {
    struct ip_addr addr;
    uint16_t port; /* host order */
};

#define UDP(M) UDP_ON(M, M##_ip)

#define UDP_ON(M, I)                                                                                  \
    SUBMODULE(IP, I) IP(I);                                                                           \
    DEVICE(M);                                                                                        \
    struct M##_socket;                                                                                \
    err M##_bind(struct M *udp, const struct ip_addr *local, uint16_t port, struct M##_socket **out); \
    uint16_t M##_port(struct M##_socket *socket);                                                     \
    IO err M##_receive(struct M##_socket *socket, struct endpoint *from, struct buf **out);           \
    IO err M##_send(struct M##_socket *socket, const struct endpoint *to, struct buf *payload);       \
    void M##_unbind(struct M##_socket *socket)

#endif
