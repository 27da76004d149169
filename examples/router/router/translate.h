/* Other addresses and ports in an IPv4 packet, its checksums corrected (RFC 1624, 5508). Pure. */
#ifndef ROUTER_TRANSLATE_H
#define ROUTER_TRANSLATE_H

#include <mirage/functor.h>

/* What is to be read of a packet; numbers are in network order, offsets count from its first byte. */
struct view {
    uint8_t protocol, ttl;
    uint16_t header, length;
    uint32_t source, destination;
    uint16_t source_port, destination_port; /* of an ICMP query, both are its identifier */
    uint8_t tcp_flags, icmp_type;
    bool icmp_error; /* it quotes a packet, behind 8 bytes */
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, ICMP_REPLY = 0, ICMP_ECHO = 8 };

/* Bytes of a packet that are read and changed; fewer when the packet has fewer. */
enum { VIEW_BYTES = 60 + 8 + 60 + 20 };

/*
 * Read the `len` first bytes of a packet of `total` bytes. ERR_FORMAT: it is malformed; ERR_UNSUPPORTED: a
 * fragment, or of a protocol that has no ports.
 */
INTERNAL err view_read(struct view *out, const uint8_t *p, size_t len, size_t total);

/*
 * Write another source (or destination) address and port; `partial`: the transport's checksum is its
 * pseudo-header's sum, which the device completes.
 */
INTERNAL void view_set(const struct view *v, uint8_t *p, bool source, uint32_t address, uint16_t port,
                       bool partial);

/* The packet that an ICMP error quotes. ERR_FORMAT, ERR_UNSUPPORTED. */
INTERNAL err view_quoted(const struct view *v, struct view *out, const uint8_t *p, size_t len);
/* The same within the quoted packet; the checksum of the ICMP message itself is the caller's to make. */
INTERNAL void view_set_quoted(const struct view *v, const struct view *quoted, uint8_t *p, size_t len,
                              bool source, uint32_t address, uint16_t port);

/* One hop less, the header's checksum corrected. */
INTERNAL void view_age(uint8_t *p);

#endif
