/* What the files of this module share: the faults of one direction. */
#ifndef LIB_FAULT_FAULT_H
#define LIB_FAULT_FAULT_H

#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/fault/spec.h>
#include <base/prng/prng.h>

/* A frame under way. */
struct fault_frame {
    os_time due;
    uint64_t order;
    struct buf *frame;
};

struct fault_way {
    struct fault_spec spec;
    struct prng prng;
    void (*pass)(void *ctx, struct buf *frame);
    void *ctx;
    struct os_timer timer;
    struct fault_frame *heap; /* of spec.queue; the first is due first */
    size_t count;
    uint64_t order;
    os_time last; /* when the latest of the frames that keep their order is due */
    os_time free; /* when the line will have sent what it was given */
    struct metric lost, duplicated, corrupted, reordered, overflowed;
};

/* Allocate the memory for the frames under way. `name` is the direction's. ERR_NO_MEMORY. */
INTERNAL err fault_way_init(struct fault_way *way, const char *name, uint64_t seed);
INTERNAL void fault_way_end(struct fault_way *way);

/*
 * A frame without offloads sets out; takes it. ERR_NO_SPACE when the queue is full, which a lost one is not.
 */
INTERNAL err fault_way_send(struct fault_way *way, struct buf *frame);

#endif
