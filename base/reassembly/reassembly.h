/*
 * Reassembly of fragments, for IPv4 (RFC 791, 815) and IPv6 (RFC 8200, section 4.5). Limits bound what it
 * holds. When fragments overlap (RFC 5722) or contradict each other, the whole packet is dropped. Payload is
 * chained; only what pins much more memory than it has bytes is copied. Nothing here suspends.
 */
#ifndef BASE_REASSEMBLY_H
#define BASE_REASSEMBLY_H

#include <mirage/buf.h>
#include <base/ip/ip.h>
#include <base/wire/ipv4.h>
#include <mirage/os.h>

enum {
    REASSEMBLY_PACKETS_MAX = 32,      /* at once; the oldest makes room for another */
    REASSEMBLY_FRAGMENTS_MAX = 128,   /* of one packet; 64 kB over a link of 576 bytes are 119 */
    REASSEMBLY_FRAGMENTS_TOTAL = 512, /* of all packets; each holds a page, or thrice its bytes */
    REASSEMBLY_LENGTH_MAX = 65535,    /* of a packet's payload */
};

/*
 * The fields that the fragments of one packet have in common. They are compared bytewise, so zero the struct
 * first.
 */
struct reassembly_key {
    struct ip_addr source, destination;
    uint32_t id;
    uint32_t protocol;
};

struct reassembly_packet;

struct reassembly {
    os_time lifetime; /* how long a packet is held after its first fragment came */
    size_t fragments;
    struct reassembly_packet *packets[REASSEMBLY_PACKETS_MAX]; /* oldest first */
    size_t count;
    /* Counters, which the owner can show. */
    uint64_t completed, refused, timed_out, evicted;
};

enum reassembly_result {
    REASSEMBLY_HELD,    /* the fragment is held until the others come */
    REASSEMBLY_DONE,    /* the packet is whole */
    REASSEMBLY_REFUSED, /* the fragment, or its whole packet, was dropped */
};

/*
 * Add a fragment. `payload` lies at `offset` (bytes) of the packet's payload, and `more` says that it isn't
 * the last. `header` is what stood before the payload, and before any fragment header, of this fragment. The
 * header of the fragment with offset 0 is kept. Takes both chains. When the result is REASSEMBLY_DONE,
 * `header_out` and `payload_out` are the packet's, which the caller frees.
 */
enum reassembly_result reassembly_add(struct reassembly *r, const struct reassembly_key *key, uint32_t offset,
                                      bool more, struct buf *header, struct buf *payload, os_time now,
                                      struct buf **header_out, struct buf **payload_out);

/*
 * reassembly_add of a fragment of IPv4 that begins with its header, `h`. That header, with its options, lies
 * in the first view. Takes the packet.
 */
enum reassembly_result reassembly_add_ipv4(struct reassembly *r, const struct ipv4_header *h,
                                           struct buf *packet, os_time now, struct buf **header_out,
                                           struct buf **payload_out);

/*
 * Drop one packet whose time is over at `now`. Returns whether there was one. `first` is then its header with
 * the payload of its first fragment behind it, which the caller frees, or NULL when that fragment never came.
 */
bool reassembly_expire(struct reassembly *r, os_time now, struct buf **first);

/* When the time of the next packet is over, or OS_NEVER when there is none. */
os_time reassembly_next(const struct reassembly *r);

/* Set the timer for then. Without memory for the timer the table is still bounded. */
static inline void reassembly_arm(const struct reassembly *r, struct os_timer *timer)
{
    os_time next = reassembly_next(r);
    if (next == OS_NEVER)
        os_timer_stop(timer);
    else
        IGNORE(os_timer_set(timer, next));
}

/* Drop all packets. */
void reassembly_end(struct reassembly *r);

#endif
