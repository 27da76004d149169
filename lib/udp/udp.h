/*
 * UDP (RFC 768) over any IP.
 *
 * socket.c has the sockets by port, udp.c datagrams in and out.
 */
#ifndef UDP_H
#define UDP_H

#include <base/checksum/checksum.h>
#include <mirage/functor.h>
#include <mirage/metric.h>

#include <base/wire/udp.h>

PARAM(IP, ip);
PARAM(ICMP_ON, icmp, ip);
PARAM(RANDOM, random);
MODULE(UDP_ON, udp, ip);
CATALOG(direct_udp, ip, icmp);
LOG_SOURCE(udp);

KEY_INT(queue_max, 128, 4, 65536, "datagrams that wait in a socket; a power of two");
KEY_RULE((KEY_CONSTANT(queue_max) & (KEY_CONSTANT(queue_max) - 1)) == 0,
         "a queue has a power of two of places");
KEY_INT(queue_bytes_max, 1048576, 0, INT64_C(1) << 40,
        "memory that the datagrams waiting in a socket hold, bytes");
KEY_INT(sockets_max, 16384, 0, 1 << 20, "sockets at once");

enum {
    UDP_HEADS = 256,
    UDP_EPHEMERAL_FIRST = 49152, /* RFC 6335, section 6 */
    UDP_EPHEMERAL_COUNT = 16384,
    UDP_PEERS = 4,  /* latest destinations of a socket; only errors about these are believed */
    UDP_BURST = 32, /* datagrams that a socket sends before other fibers run */
};

struct udp_datagram {
    struct endpoint from;
    struct buf *payload; /* NULL: empty */
};

struct udp_socket {
    struct udp_socket *next; /* in its hash chain */
    struct udp *udp;
    struct ip_addr local; /* IP_ANY: every address */
    uint16_t port;
    bool refused;                    /* the latest peer's port is closed, which no receiver has been told */
    bool answers;                    /* the latest datagram went to the peer that the one before came from */
    uint8_t sent, next_peer, latest; /* latest: the index of the peer that was sent to */
    size_t head, count, room;        /* of the queue; room is a power of two */
    size_t pinned;                   /* memory that it holds */
    struct udp_datagram *queue;
    struct os_waitq readers;
    struct endpoint peers[UDP_PEERS], heard; /* heard: whom the receiver heard last */
};

struct udp {
    struct ip *ip;
    struct icmp *icmp;
    struct random *random;
    bool checksum_out; /* the device finishes checksums */
    size_t socket_count;
    struct udp_socket *heads[UDP_HEADS];
    struct metric in, out, sockets, malformed, checksum_wrong, queue_full, port_closed;
};

/*
 * Find the socket for a datagram to this address and port: one bound to that address, or else to every
 * address. NULL: there is none.
 */
INTERNAL struct udp_socket *udp_find(struct udp *udp, const struct ip_addr *local, uint16_t port);
/* Give the datagram to the socket, or drop it when its queue is full. Takes the payload. */
INTERNAL void udp_enqueue(struct udp_socket *socket, const struct ip_addr *from, uint16_t port,
                          struct buf *payload);

#endif
