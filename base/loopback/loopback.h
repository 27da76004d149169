/*
 * Packets to ourselves: they come back from the loop's next turn, so that nobody is called from within its
 * own call.
 */
#ifndef BASE_LOOPBACK_H
#define BASE_LOOPBACK_H

#include <mirage/buf.h>
#include <mirage/os.h>

enum { LOOPBACK_MAX = 256 };

struct loopback {
    struct os_timer timer;
    void (*deliver)(void *ctx, struct buf *packet);
    void *ctx;
    unsigned first, count;
    struct buf *packets[LOOPBACK_MAX];
};

static inline void loopback_fire(void *arg)
{
    struct loopback *loopback = arg;

    /* Packets that come meanwhile wait for the turn after. */
    for (unsigned n = loopback->count; n > 0; n--) {
        struct buf *packet = loopback->packets[loopback->first];
        loopback->first = (loopback->first + 1) % LOOPBACK_MAX;
        loopback->count--;
        loopback->deliver(loopback->ctx, packet);
    }
    if (loopback->count > 0)
        IGNORE(os_timer_set(&loopback->timer, os_now()));
}

static inline void loopback_init(struct loopback *loopback, void (*deliver)(void *ctx, struct buf *packet),
                                 void *ctx)
{
    *loopback = (struct loopback){ .deliver = deliver, .ctx = ctx };
    loopback->timer = (struct os_timer)OS_TIMER_INIT(loopback_fire, loopback);
}

/* Takes the packet, which begins with its IP header. */
static inline err loopback_put(struct loopback *loopback, struct buf *packet)
{
    if (loopback->count == LOOPBACK_MAX ||
        (!os_timer_is_set(&loopback->timer) && os_timer_set(&loopback->timer, os_now()) != OK)) {
        buf_free(packet);
        return ERR_NO_SPACE;
    }
    loopback->packets[(loopback->first + loopback->count++) % LOOPBACK_MAX] = packet;
    return OK;
}

static inline void loopback_end(struct loopback *loopback)
{
    os_timer_stop(&loopback->timer);
    for (; loopback->count > 0; loopback->count--) {
        buf_free(loopback->packets[loopback->first]);
        loopback->first = (loopback->first + 1) % LOOPBACK_MAX;
    }
}

#endif
