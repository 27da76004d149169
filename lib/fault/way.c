/*
 * One direction: what happens to a frame, in the order loss, corruption, duplication, the line's
 * rate, delay. Jitter alone keeps frames in their order; only those that `reorder` picks are overtaken.
 */
#include "fault.h"

#include <base/packet/packet.h>

#include <stdlib.h>
#include <string.h>

static bool happens(struct fault_way *way, uint32_t share)
{
    /* A fault that is off draws no random number, so that one fault does not change another's. */
    return share > 0 && prng_below(&way->prng, FAULT_PARTS) < share;
}

static bool before(const struct fault_frame *a, const struct fault_frame *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void heap_push(struct fault_way *way, struct fault_frame f)
{
    size_t i = way->count++;
    for (; i > 0 && before(&f, &way->heap[(i - 1) / 2]); i = (i - 1) / 2)
        way->heap[i] = way->heap[(i - 1) / 2];
    way->heap[i] = f;
}

static struct buf *heap_pop(struct fault_way *way)
{
    struct buf *frame = way->heap[0].frame;
    struct fault_frame f = way->heap[--way->count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < way->count && before(&way->heap[child + 1], &way->heap[child]))
            child++;
        if (child >= way->count || !before(&way->heap[child], &f))
            break;
        way->heap[i] = way->heap[child];
        i = child;
    }
    way->heap[i] = f;
    return frame;
}

/* The timer for the first frame; without memory for it, frames are passed too early rather than never. */
static void set_timer(struct fault_way *way)
{
    if (way->count == 0 || (os_timer_is_set(&way->timer) && way->timer.when == way->heap[0].due))
        return;
    while (way->count > 0 && os_timer_set(&way->timer, way->heap[0].due) != OK)
        way->pass(way->ctx, heap_pop(way));
}

static void pass_due(void *arg)
{
    struct fault_way *way = arg;
    os_time now = os_loop_now();

    while (way->count > 0 && way->heap[0].due <= now)
        way->pass(way->ctx, heap_pop(way));
    set_timer(way);
}

static const struct metric_row metrics[] = {
    METRIC_ROW(struct fault_way, lost, COUNTER, "fault.lost", "Frames that were lost on purpose"),
    METRIC_ROW(struct fault_way, duplicated, COUNTER, "fault.duplicated", "Frames that were sent twice"),
    METRIC_ROW(struct fault_way, corrupted, COUNTER, "fault.corrupted", "Frames with one bit flipped"),
    METRIC_ROW(struct fault_way, reordered, COUNTER, "fault.reordered", "Frames that were held back"),
    METRIC_ROW(struct fault_way, overflowed, COUNTER, "fault.overflowed", "Frames that found the queue full"),
};

INTERNAL err fault_way_init(struct fault_way *way, const char *name, uint64_t seed)
{
    way->heap = malloc(way->spec.queue * sizeof *way->heap);
    if (way->heap == NULL)
        return ERR_NO_MEMORY;
    prng_seed(&way->prng, seed);
    way->timer = (struct os_timer)OS_TIMER_INIT(pass_due, way);
    metric_register(metrics, way, name);
    return OK;
}

INTERNAL void fault_way_end(struct fault_way *way)
{
    if (way->heap == NULL)
        return;
    os_timer_stop(&way->timer);
    while (way->count > 0)
        buf_free(heap_pop(way));
    free(way->heap);
    metric_unregister(metrics, way);
}

/*
 * Flip one bit of an IP packet, which its receiver's checksums must find. Other frames rely on the wire's
 * frame check, which finds every single bit: they are lost. NULL: the frame is gone.
 */
static struct buf *corrupt(struct fault_way *way, struct buf *frame)
{
    size_t len = buf_len(frame);
    uint8_t type[2] = { 0 };

    IGNORE(buf_read_copy(frame, 12, type, 2));
    bool ip = (type[0] == 0x08 && type[1] == 0x00) || (type[0] == 0x86 && type[1] == 0xdd);
    if (!ip || len <= NETWORK_HEADER) {
        metric_add(&way->lost, 1);
        buf_free(frame);
        return NULL;
    }
    uint32_t bit = prng_below(&way->prng, (uint32_t)(len - NETWORK_HEADER) * 8);
    frame = packet_own(frame, len);
    if (frame == NULL)
        return NULL;
    frame->data[NETWORK_HEADER + bit / 8] ^= (uint8_t)(1 << bit % 8);
    frame->csum = BUF_CSUM_UNKNOWN;
    metric_add(&way->corrupted, 1);
    return frame;
}

static err send_once(struct fault_way *way, struct buf *frame)
{
    const struct fault_spec *spec = &way->spec;
    os_time due, now = os_loop_now();

    if (frame == NULL)
        return ERR_NO_MEMORY;
    if (way->count == spec->queue) {
        metric_add(&way->overflowed, 1);
        buf_free(frame);
        return ERR_NO_SPACE;
    }
    due = way->free > now ? way->free : now;
    if (spec->rate > 0) {
        due += (os_time)((buf_len(frame) * 8 * UINT64_C(1000000000) + spec->rate - 1) / spec->rate);
        way->free = due;
    }
    due += spec->delay;
    if (spec->jitter > 0)
        due += (os_time)(prng_u64(&way->prng) % (uint64_t)(2 * spec->jitter + 1)) - spec->jitter;
    if (happens(way, spec->reorder)) {
        due += 1 + (os_time)(prng_u64(&way->prng) % (uint64_t)(spec->hold > 0 ? spec->hold : 1));
        metric_add(&way->reordered, 1);
    } else {
        if (due < way->last)
            due = way->last;
        way->last = due;
    }
    if (due <= now && way->count == 0) {
        way->pass(way->ctx, frame);
        return OK;
    }
    heap_push(way, (struct fault_frame){ due, way->order++, frame });
    set_timer(way);
    return OK;
}

INTERNAL err fault_way_send(struct fault_way *way, struct buf *frame)
{
    struct buf *twin = NULL;

    if (happens(way, way->spec.loss)) {
        metric_add(&way->lost, 1);
        buf_free(frame);
        return OK;
    }
    if (happens(way, way->spec.corrupt) && (frame = corrupt(way, frame)) == NULL)
        return OK;
    if (happens(way, way->spec.duplicate)) {
        twin = buf_share(frame);
        metric_add(&way->duplicated, twin != NULL);
    }
    err e = send_once(way, frame);
    if (twin != NULL)
        IGNORE(send_once(way, twin));
    return e;
}
