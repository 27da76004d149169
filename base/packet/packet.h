/*
 * What devices offload, done in software: completing checksums and segmenting, for whoever
 * hands a frame to somebody who can't.
 *
 *     struct packet_finish finish;
 *     packet_finish_begin(&finish, frame, offloads);
 *     while ((frame = packet_finish_next(&finish)) != NULL)
 *         … each frame asks for no more than these offloads
 *
 * Payload is shared, not copied. Nothing here suspends.
 */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include <mirage/buf.h>
#include <mirage/sig/network.h>

/*
 * Make the first `n` bytes of the message, which must have as many, lie in the first view and be
 * the caller's to write: in place when nobody shares them, else in a copy of these bytes.
 * Consumes `b`; NULL: no memory, and `b` was freed.
 */
struct buf *packet_own(struct buf *b, size_t n);

/*
 * Finish a BUF_CSUM_PARTIAL packet without gso: store its checksum, which is then BUF_CSUM_UNKNOWN.
 * Others are left alone. Consumes `b`; NULL, and `b` was freed: no memory, or the checksum's place lies
 * outside the packet.
 */
struct buf *packet_complete(struct buf *b);

/* A GSO frame being cut into segments; the caller reads nothing of it. */
struct packet_segments {
    struct buf *frame;
    uint32_t at, end;             /* in the frame: the next payload byte, and behind the last */
    uint16_t ip, transport, head; /* offsets of the IP header, the transport's, the payload */
    uint16_t index;
    bool partial;
};

/*
 * Begin to cut a frame with a gso into frames of gso_size payload bytes, the last perhaps fewer. With
 * `partial` they are left BUF_CSUM_PARTIAL. Takes the frame on success and on error: ERR_FORMAT when its
 * headers are not those that its gso says, ERR_NO_MEMORY.
 */
err packet_segments_begin(struct packet_segments *s, struct buf *frame, bool partial);

/* The next segment, which becomes the caller's; NULL behind the last, or without memory. */
struct buf *packet_segments_next(struct packet_segments *s);

/* Let go of the rest; needed unless _next gave NULL. Does nothing the second time. */
void packet_segments_end(struct packet_segments *s);

/* Whether the frame asks for no offload but these (NETWORK_CSUM_OUT, _TSO4, _TSO6, _USO). */
static inline bool packet_fits(const struct buf *frame, uint32_t offloads)
{
    static const uint32_t needs[] = { 0, NETWORK_TSO4, NETWORK_TSO6, NETWORK_USO };
    uint32_t need = frame->csum == BUF_CSUM_PARTIAL ? NETWORK_CSUM_OUT : 0;
    return ((need | needs[frame->gso & 3]) & ~offloads) == 0;
}

/* The offloads of M_write that a receiver with these may be handed the work of. */
static inline uint32_t packet_taken(uint32_t offloads)
{
    return ((offloads & NETWORK_CSUM_IN) != 0 ? NETWORK_CSUM_OUT : 0) |
           ((offloads & NETWORK_LRO) != 0 ? NETWORK_TSO4 | NETWORK_TSO6 : 0);
}

/*
 * Whether the frame, or a segment of it, is longer than the MTU. TCP options that don't lie in the
 * first view are not counted.
 */
static inline bool packet_exceeds(const struct buf *frame, size_t mtu)
{
    size_t len = frame->csum_start;
    if (frame->gso == BUF_GSO_NONE)
        return buf_len(frame) > mtu + NETWORK_HEADER;
    if (frame->gso == BUF_GSO_UDP)
        len += 8;
    else
        len += len + 12 < frame->len ? (size_t)(frame->data[len + 12] >> 4) * 4 : 20;
    return len + frame->gso_size > mtu + NETWORK_HEADER;
}

/* A frame that becomes one or several that ask for less. */
struct packet_finish {
    struct buf *whole; /* to be given next; NULL when segments are */
    struct packet_segments segments;
};

/*
 * Begin to turn a frame into ones that packet_fits(frame, offloads). Takes the frame; one that cannot be
 * finished, for lack of memory or for what it says, gives none.
 */
void packet_finish_begin(struct packet_finish *finish, struct buf *frame, uint32_t offloads);

/* The next frame, which becomes the caller's; NULL behind the last. */
struct buf *packet_finish_next(struct packet_finish *finish);

#endif
