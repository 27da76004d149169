/*
 * Putting fragments together, for IPv4 (RFC 791, 815) and IPv6 (RFC 8200, section 4.5). What
 * it holds is bounded; fragments that overlap make it forget the whole packet (RFC 5722), as does
 * anything that contradicts itself. Payload is chained, not copied. Nothing here suspends.
 */
#ifndef BASE_REASSEMBLY_H
#define BASE_REASSEMBLY_H

#include <mirage/buf.h>
#include <base/ip/ip.h>
#include <mirage/time.h>

enum {
    REASSEMBLY_PACKETS_MAX = 32,      /* under way at once: the oldest makes room */
    REASSEMBLY_FRAGMENTS_MAX = 64,    /* of one packet: 64 kB over the least IPv6 MTU are 53 */
    REASSEMBLY_FRAGMENTS_TOTAL = 512, /* held altogether, each at most a page of memory */
    REASSEMBLY_LENGTH_MAX = 65535,    /* of a packet's payload */
};

/* What the fragments of one packet have in common. Compared bytewise: zero it first. */
struct reassembly_key {
    struct ip_addr source, destination;
    uint32_t id;
    uint32_t protocol;
};

struct reassembly_packet;

struct reassembly {
    os_time lifetime; /* from a packet's first fragment on */
    size_t fragments;
    struct reassembly_packet *packets[REASSEMBLY_PACKETS_MAX]; /* oldest first */
    size_t count;
    /* Counters for the owner to show. */
    uint64_t completed, refused, timed_out, evicted;
};

enum reassembly_result {
    REASSEMBLY_HELD,    /* it waits for others */
    REASSEMBLY_DONE,    /* the packet is whole */
    REASSEMBLY_REFUSED, /* it, or all of its packet, was dropped */
};

/*
 * Add a fragment: `payload` lies at `offset` (bytes) of the packet's payload; `more` tells that it isn't the
 * last. `header` is what stood before the payload (and before any fragment header) of this fragment; that of
 * offset 0 is kept. Takes both chains. When it is DONE, `header_out` and `payload_out` are the packet's and
 * the caller's to free.
 */
enum reassembly_result reassembly_add(struct reassembly *r, const struct reassembly_key *key, uint32_t offset,
                                      bool more, struct buf *header, struct buf *payload, os_time now,
                                      struct buf **header_out, struct buf **payload_out);

/*
 * Forget one packet whose time is over at `now`: true when there was one. `first` is then its header with the
 * payload of its first fragment behind, the caller's to free, or NULL when that one never came.
 */
bool reassembly_expire(struct reassembly *r, os_time now, struct buf **first);

/* When the next packet's time is over; OS_NEVER when there is none. */
os_time reassembly_next(const struct reassembly *r);

/* Forget everything. */
void reassembly_end(struct reassembly *r);

#endif
