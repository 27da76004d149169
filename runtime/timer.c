/*
 * Timers: a heap in which each node has four children. An entry holds its time beside the pointer, so that
 * setting and stopping a timer touch the heap only, and the children of a node share a cache line. There is
 * always room for every fiber's own timer, so that sleeping never fails.
 */
#include "runtime.h"

#include <stdlib.h>

static bool before(const struct timer_entry *a, const struct timer_entry *b)
{
    if (a->when != b->when)
        return a->when < b->when;
    return a->timer->order < b->timer->order;
}

static void place(size_t i, struct timer_entry entry)
{
    runtime.heap[i] = entry;
    entry.timer->slot = i + 1;
}

/* Move `entry` from the free place `i` towards the root, to where it belongs. */
static void sift_up(size_t i, struct timer_entry entry)
{
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!before(&entry, &runtime.heap[parent]))
            break;
        place(i, runtime.heap[parent]);
        i = parent;
    }
    place(i, entry);
}

static void sift_down(size_t i, struct timer_entry entry)
{
    for (;;) {
        size_t child = 4 * i + 1, end = child + 4, least = i;
        const struct timer_entry *best = &entry;
        if (end > runtime.heap_count)
            end = runtime.heap_count;
        for (; child < end; child++) {
            if (before(&runtime.heap[child], best)) {
                best = &runtime.heap[child];
                least = child;
            }
        }
        if (least == i)
            break;
        place(i, runtime.heap[least]);
        i = least;
    }
    place(i, entry);
}

err timer_reserve(size_t fibers, size_t loose)
{
    size_t need = fibers + loose;
    if (likely(need <= runtime.heap_room))
        return OK;
    size_t room = runtime.heap_room < 64 ? 64 : runtime.heap_room * 2;
    if (room < need)
        room = need;
    struct timer_entry *heap = realloc(runtime.heap, room * sizeof *heap);
    if (heap == NULL)
        return ERR_NO_MEMORY;
    runtime.heap = heap;
    runtime.heap_room = room;
    return OK;
}

void timer_set_reserved(struct os_timer *timer, os_time when)
{
    timer->when = when;
    timer->order = ++runtime.timer_order;
    struct timer_entry entry = { when, timer };
    if (timer->slot == 0) {
        sift_up(runtime.heap_count++, entry);
        return;
    }
    size_t i = timer->slot - 1;
    if (i > 0 && before(&entry, &runtime.heap[(i - 1) / 4]))
        sift_up(i, entry);
    else
        sift_down(i, entry);
}

void timer_remove(struct os_timer *timer)
{
    size_t i = timer->slot - 1;
    timer->slot = 0;
    struct timer_entry last = runtime.heap[--runtime.heap_count];
    if (i == runtime.heap_count)
        return;
    if (i > 0 && before(&last, &runtime.heap[(i - 1) / 4]))
        sift_up(i, last);
    else
        sift_down(i, last);
}

err os_timer_set(struct os_timer *timer, os_time when)
{
    assert(timer->fire != NULL);
    if (timer->slot == 0) {
        if (allocation_fails())
            return ERR_NO_MEMORY;
        TRY(timer_reserve(runtime.fibers, runtime.heap_loose + 1));
        runtime.heap_loose++;
    }
    timer_set_reserved(timer, when);
    return OK;
}

void os_timer_stop(struct os_timer *timer)
{
    if (timer->slot == 0)
        return;
    timer_remove(timer);
    runtime.heap_loose--;
}

void timer_run(os_time now)
{
    /*
     * The number of timers is bounded, or a callback that sets its timer to a past time would keep the loop
     * here.
     */
    size_t most = runtime.heap_count;
    while (most-- > 0 && runtime.heap_count > 0 && runtime.heap[0].when <= now) {
        struct os_timer *timer = runtime.heap[0].timer;
        /* Take it out of the heap first: the callback may set it again or free its memory. */
        timer_remove(timer);
        if (timer->fire != fiber_timed_out)
            runtime.heap_loose--;
        timer->fire(timer->arg);
    }
}
