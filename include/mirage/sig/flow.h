/*
 * FLOW: a reliable stream of bytes both ways: a TCP connection, a TLS session, a pipe.
 * One fiber may read while another writes; two may not do the same at once (ERR_BUSY).
 *
 * M_read(flow, out): wait for bytes and give a non-empty chain, which becomes the
 *   caller's. ERR_END when the peer has ended its side and all was read; ERR_RESET when the
 *   connection broke; ERR_CLOSED after M_close of this side by another fiber.
 * M_write(flow, data): hand the chain over, in order; takes it on success and on error.
 *   Returns when the flow has accepted all of it, which need not mean that it was
 *   sent; a slow peer makes it wait. What it was given must not be changed afterwards.
 *   An empty chain does nothing. ERR_RESET, ERR_CLOSED after M_shutdown or M_close.
 * M_shutdown(flow): no more writes: the peer reads ERR_END after what was written.
 * M_close(flow): end both sides and free the flow. Written bytes are still delivered in
 *   the background; unread ones are dropped. Never suspends or fails. A fiber that
 *   waits in another operation is woken with ERR_CLOSED; so is a fiber that was woken already, by bytes
 *   or a cancellation, but has not run yet.
 * M_abort(flow): free it at once; the peer sees a reset where the protocol has one.
 */
#ifndef MIRAGE_SIG_FLOW_H
#define MIRAGE_SIG_FLOW_H

#define FLOW(M)                                                \
    struct M##_flow;                                           \
    IO err M##_read(struct M##_flow *flow, struct buf **out);  \
    IO err M##_write(struct M##_flow *flow, struct buf *data); \
    IO err M##_shutdown(struct M##_flow *flow);                \
    void M##_close(struct M##_flow *flow);                     \
    void M##_abort(struct M##_flow *flow)

#endif
