/* What a router reads in an IPv4 packet, and how it writes other addresses and ports into it. Pure. */
#ifndef NAT_PACKET_H
#define NAT_PACKET_H

#include <mirage/functor.h>

#include <base/wire/ipv4.h>
#include <base/wire/tcp.h>

enum nat_protocol { NAT_ICMP, NAT_TCP, NAT_UDP, NAT_PROTOCOLS, NAT_OTHER = NAT_PROTOCOLS };

enum nat_icmp {
    NAT_ICMP_NOT,
    NAT_ICMP_ECHO,    /* a request that a router answers itself */
    NAT_ICMP_REQUEST, /* another request that is answered by its identifier */
    NAT_ICMP_REPLY,
    NAT_ICMP_ERROR, /* quotes a packet, behind ICMP_HEADER bytes */
    NAT_ICMP_UNKNOWN,
};

/* Offsets count from the packet's first byte; numbers are in host order. */
struct nat_view {
    struct ipv4_header ip;
    uint16_t piece; /* how long the first fragment of a collected packet was; 0: it came whole */
    enum nat_protocol protocol;
    enum nat_icmp icmp;
    uint16_t source_port, destination_port; /* of an ICMP query, both are its identifier */
    uint8_t flags;                          /* of TCP, as the next three */
    uint32_t sequence, acknowledged;
    uint32_t end; /* the sequence number behind the segment */
};

/* Bytes of a packet that are read and changed; fewer when the packet has fewer. */
enum { NAT_VIEW_BYTES = IPV4_HEADER_MAX + 8 + IPV4_HEADER_MAX + 20 };

/*
 * Read what follows the header v->ip of a packet that is not a fragment. `len` bytes lie at `p`. ERR_FORMAT:
 * it is malformed. A protocol without ports is NAT_OTHER.
 */
INTERNAL err nat_view_read(struct nat_view *v, const uint8_t *p, size_t len);

/*
 * Write another source (or destination) address and port, into the packet and the view. `partial`: the
 * transport's checksum is its pseudo-header's sum, which the device completes. Checksums are corrected, so
 * that a wrong one stays wrong (RFC 1624), and a missing one of UDP stays missing (RFC 768).
 */
INTERNAL void nat_view_set(struct nat_view *v, uint8_t *p, size_t len, bool source, uint32_t address,
                           uint16_t port, bool partial);

/* Write another address into the header alone. */
INTERNAL void nat_view_set_address(struct nat_view *v, uint8_t *p, bool source, uint32_t address);

/*
 * Read the packet that an ICMP error quotes, which begins at `p`. Its transport is read as far as 8 bytes,
 * and its checksum is not verified (RFC 5508, REQ-3). ERR_FORMAT.
 */
INTERNAL err nat_view_read_quoted(struct nat_view *v, const uint8_t *p, size_t len);

/* Correct a transport's checksum after `len` bytes of what it sums, an even number, have changed. */
INTERNAL void nat_checksum_change(uint8_t *field, const void *before, const void *after, size_t len);

/* One hop less. */
INTERNAL void nat_view_age(uint8_t *p);

/* Another identification. */
INTERNAL void nat_view_set_id(struct nat_view *v, uint8_t *p, uint16_t id);

#endif
