/*
 * SWITCH: what joins several NETWORKs of one program: an Ethernet bridge in memory.
 *
 * M_attach(sw, port): add a port, which is the caller's memory, its `deliver` and `ctx` set; gives
 *   it a number, the least that is free. ERR_NO_SPACE when the switch has no port left.
 * M_detach(sw, port): remove it, and forget the addresses behind it.
 * M_forward(sw, port, frame): a frame enters at this port. It leaves at the port where its
 *   destination was last seen as a sender, or at all other ports. Takes the frame; its csum and gso stay as
 *   they are. With one receiver, returns the error of its deliver; otherwise OK, since a wire does not tell
 *   who receives. Never suspends.
 *
 * deliver(ctx, frame) takes the frame; it may share its bytes with other ports. It must not call
 * M_forward before it returns. ERR_NO_SPACE when it dropped the frame.
 */
#ifndef MIRAGE_SIG_SWITCH_H
#define MIRAGE_SIG_SWITCH_H

#include <mirage/err.h>

struct buf;

struct switch_port {
    err (*deliver)(void *ctx, struct buf *frame);
    void *ctx;
    uint16_t number; /* from 1, while attached */
};

#define SWITCH(M)                                            \
    DEVICE(M);                                               \
    err M##_attach(struct M *sw, struct switch_port *port);  \
    void M##_detach(struct M *sw, struct switch_port *port); \
    err M##_forward(struct M *sw, struct switch_port *port, struct buf *frame)

#endif
