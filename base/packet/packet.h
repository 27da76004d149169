/*
 * The work that devices offload, done in software: completing checksums and segmenting. It is for
 * modules that hand a frame to a module that cannot do this work.
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
 * Make the first `n` bytes of the message lie in the first view, where the caller may write them. The message
 * must have that many. They stay in place when nobody shares them, and are copied otherwise. Consumes `b`.
 * NULL: there was no memory, and `b` was freed.
 */
struct buf *packet_own(struct buf *b, size_t n);

/*
 * Finish a BUF_CSUM_PARTIAL packet without gso: store its checksum, which is then BUF_CSUM_UNKNOWN. Other
 * packets are left alone. Consumes `b`. NULL, after `b` was freed: there was no memory, or the checksum's
 * place lies outside the packet.
 */
struct buf *packet_complete(struct buf *b);

/* A GSO frame that is being cut into segments. The caller does not read its fields. */
struct packet_segments {
    struct buf *frame;
    uint32_t at, end; /* offsets in the frame: the next payload byte, and the end of the payload */
    uint16_t ip, transport, head; /* offsets of the IP header, the transport's, the payload */
    uint16_t index;
    bool partial;
};

/*
 * Begin to cut a frame with a gso into frames of gso_size payload bytes; the last may have fewer. With
 * `partial` their checksums are left BUF_CSUM_PARTIAL. Takes the frame on success and on error. ERR_FORMAT
 * when its headers differ from what its gso says, ERR_NO_MEMORY.
 */
err packet_segments_begin(struct packet_segments *s, struct buf *frame, bool partial);

/* The next segment, which becomes the caller's. NULL after the last, or when there is no memory. */
struct buf *packet_segments_next(struct packet_segments *s);

/* Free the rest. This is needed unless _next returned NULL. It does nothing the second time. */
void packet_segments_end(struct packet_segments *s);

/* Whether the frame asks for no offloads except these (NETWORK_CSUM_OUT, _TSO4, _TSO6, _USO). */
static inline bool packet_fits(const struct buf *frame, uint32_t offloads)
{
    static const uint32_t needs[] = { 0, NETWORK_TSO4, NETWORK_TSO6, NETWORK_USO };
    uint32_t need = frame->csum == BUF_CSUM_PARTIAL ? NETWORK_CSUM_OUT : 0;
    return ((need | needs[frame->gso & 3]) & ~offloads) == 0;
}

/* The offloads of M_write whose work may be left to a receiver with these offloads. */
static inline uint32_t packet_taken(uint32_t offloads)
{
    return ((offloads & NETWORK_CSUM_IN) != 0 ? NETWORK_CSUM_OUT : 0) |
           ((offloads & NETWORK_LRO) != 0 ? NETWORK_TSO4 | NETWORK_TSO6 : 0);
}

/*
 * Whether the frame, or a segment of it, is longer than the MTU. TCP options outside the first view are not
 * counted.
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

/* A frame that is being turned into one or several frames that ask for fewer offloads. */
struct packet_finish {
    struct buf *whole; /* the next frame to give; NULL when segments are given */
    struct packet_segments segments;
};

/*
 * Begin to turn a frame into frames that packet_fits(frame, offloads). Takes the frame. If it cannot be
 * finished, because there is no memory or its fields are wrong, no frames come of it.
 */
void packet_finish_begin(struct packet_finish *finish, struct buf *frame, uint32_t offloads);

/* The next frame, which becomes the caller's. NULL after the last. */
struct buf *packet_finish_next(struct packet_finish *finish);

#endif
