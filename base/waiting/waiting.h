/*
 * Packets that wait for neighbours' link addresses: a queue for each neighbour, within limits for all
 * together. What strangers make us send waits here, so the queues are charged by the memory that they hold.
 * arp and ipv6 use this. Nothing here suspends.
 */
#ifndef BASE_WAITING_H
#define BASE_WAITING_H

#include <mirage/buf.h>
#include <mirage/err.h>

/* What waits in all queues. */
struct waiting {
    size_t count, pinned; /* packets, and the memory that they hold, bytes */
};

struct waiting_most {
    size_t each;          /* packets in one queue, no more than `packets` has room for */
    size_t count, pinned; /* in all queues */
};

/* A neighbour's queue, which lies in its entry: the oldest packet first. */
struct waiting_queue {
    struct buf **packets;
    uint8_t *count;
};

/* Free the `n` oldest packets of the queue. */
void waiting_drop(struct waiting *all, struct waiting_queue queue, size_t n);

/*
 * Append a packet. The oldest of the queue make room, since the latest packet is kept (RFC 1122, section
 * 2.3.2.2). `dropped` receives how many were freed. ERR_NO_SPACE when others hold all the room; then the
 * packet is one of those. Takes the packet on success and on error.
 */
err waiting_hold(struct waiting *all, const struct waiting_most *most, struct waiting_queue queue,
                 struct buf *packet, size_t *dropped);

/* Move all packets of the queue to `out`: they become the caller's. Returns how many they are. */
size_t waiting_take(struct waiting *all, struct waiting_queue queue, struct buf **out);

#endif
