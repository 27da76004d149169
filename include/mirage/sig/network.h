/*
 * NETWORK: a device that carries Ethernet frames (without preamble and checksum).
 *
 * M_info(net, out): address, MTU, offloads; constant while connected.
 * M_write(net, frame): send the frame, a chain that begins with its Ethernet header;
 *   takes it on success and on error, and does not change bytes that somebody shares. With
 *   BUF_CSUM_PARTIAL or a gso, the device computes the checksum or segments the frame, if its info offers
 *   that. ERR_INVALID for a frame that asks for an offload the device lacks, or that exceeds the MTU without
 *   one. ERR_NO_SPACE when the device's queue is full, and the frame was dropped; ERR_NO_MEMORY. Never
 *   suspends, and raises no event of this device before it returns. Frames may be held until
 *   the end of the loop's turn, to be sent together.
 * M_listen(net, ctx): raise events with this ctx from now on; NULL stops.
 *
 * Events, on the scheduler's stack:
 * M_on_frame(ctx, frame): a frame came in; the listener takes it. Its first view may end
 *   anywhere (buf_pull_up), and others may share its bytes (buf_is_shared). csum and gso say what
 *   the device checked and merged.
 *
 * What csum and gso mean, both ways:
 *   BUF_CSUM_VALID is about the transport's checksum (TCP, UDP). The checksum of the IPv4 header is always
 *   complete, and the receiver always verifies it. A frame that comes in with BUF_CSUM_PARTIAL never was on
 *   a wire: its checksum counts as valid, and must be completed before the frame is sent on.
 *   A frame with a gso is BUF_CSUM_PARTIAL, with the pseudo-header's sum for its whole length; its IP
 *   packet has at most 65535 bytes (NETWORK_GSO_MAX with the Ethernet header). BUF_GSO_UDP occurs only in
 *   frames that are written: datagrams come in one by one.
 * base/packet/packet.h finishes both in software.
 */
#ifndef MIRAGE_SIG_NETWORK_H
#define MIRAGE_SIG_NETWORK_H

enum network_offload {
    NETWORK_CSUM_OUT = 1 << 0, /* finishes BUF_CSUM_PARTIAL */
    NETWORK_TSO4 = 1 << 1,     /* segments BUF_GSO_TCP4 */
    NETWORK_TSO6 = 1 << 2,
    NETWORK_USO = 1 << 3,     /* segments BUF_GSO_UDP, over IPv4 and IPv6 */
    NETWORK_CSUM_IN = 1 << 4, /* may give frames as BUF_CSUM_VALID or _PARTIAL */
    NETWORK_LRO = 1 << 5,     /* may give BUF_GSO_TCP4 and _TCP6 frames longer than the MTU */
};

/* Bytes of an Ethernet header, and of the longest frame. */
#define NETWORK_HEADER 14
#define NETWORK_GSO_MAX (65535 + NETWORK_HEADER)

struct network_info {
    uint8_t mac[6];
    uint16_t mtu;      /* payload bytes of a frame, without the Ethernet header */
    uint32_t offloads; /* of enum network_offload */
};

#define NETWORK(M)                                          \
    DEVICE(M);                                              \
    void M##_info(struct M *net, struct network_info *out); \
    err M##_write(struct M *net, struct buf *frame);        \
    void M##_listen(struct M *net, void *ctx);              \
    void M##_on_frame(void *ctx, struct buf *frame)

#endif
