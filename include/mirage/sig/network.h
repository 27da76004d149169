/*
 * NETWORK: a device that carries Ethernet frames (without preamble and checksum).
 *
 * M_info(net, out): address, MTU, offloads; constant while connected.
 * M_write(net, frame): send the frame, a chain that begins with its Ethernet header;
 *   takes it on success and on error. With BUF_CSUM_PARTIAL or a gso_size, the device
 *   finishes the work, if its info offers that; a frame that asks for an offload
 *   the device lacks, or exceeds the MTU without one, is ERR_INVALID. ERR_NO_SPACE when the
 *   device's queue is full: the frame is dropped. Never suspends. Frames may
 *   be held until the end of the loop's turn, to go out together.
 * M_listen(net, ctx): raise events with this ctx from now on; NULL stops.
 *
 * Events, on the scheduler's stack:
 * M_on_frame(ctx, frame): a frame came in; the listener takes it. csum and gso say what
 *   the device checked and merged.
 */
#ifndef MIRAGE_SIG_NETWORK_H
#define MIRAGE_SIG_NETWORK_H

enum network_offload {
    NETWORK_CSUM_OUT = 1 << 0, /* finishes BUF_CSUM_PARTIAL */
    NETWORK_TSO4 = 1 << 1,     /* segments BUF_GSO_TCP4 */
    NETWORK_TSO6 = 1 << 2,
    NETWORK_USO = 1 << 3,
    NETWORK_CSUM_IN = 1 << 4,  /* may give frames as BUF_CSUM_VALID or _PARTIAL */
    NETWORK_LRO = 1 << 5,      /* may give frames longer than the MTU */
};

struct network_info {
    uint8_t mac[6];
    uint16_t mtu;      /* payload bytes of a frame, without the Ethernet header */
    uint32_t offloads; /* of enum network_offload */
};

#define NETWORK(M)                                             \
    DEVICE(M);                                                 \
    void M##_info(struct M *net, struct network_info *out);    \
    err M##_write(struct M *net, struct buf *frame);           \
    void M##_listen(struct M *net, void *ctx);                 \
    void M##_on_frame(void *ctx, struct buf *frame)

#endif
