/* Flows that have something to send at the end of the turn of the loop. */
#include "private.h"

/*
 * Answer at the end of this turn of the loop what came in during it. A batch of segments then gets one
 * acknowledgement, and one run of output uses all of the window that the batch opened.
 */
INTERNAL void flush_later(struct tcp_flow *flow)
{
    struct tcp *tcp = flow->tcp;
    if (!flow->flush_queued) {
        flow->flush_queued = true;
        flow->flush_next = NULL;
        flow->flush_link = tcp->flush_last;
        *tcp->flush_last = flow;
        tcp->flush_last = &flow->flush_next;
    }
    if (!os_timer_is_set(&tcp->flush_timer))
        IGNORE(os_timer_set(&tcp->flush_timer, os_loop_now() + 1));
}

/*
 * When the reader has just been woken, the acknowledgement waits for the next turn. By then the reader has
 * read, and may have answered or opened the window, and one segment carries all of it.
 */
static bool defer_ack(struct tcp_flow *flow)
{
    bool defer = flow->reader_woken && !flow->ack_deferred && flow->ack_need == ACK_NOW;
    flow->reader_woken = false;
    if (defer)
        flow->ack_deferred = true;
    return defer;
}

static void flush(struct tcp_flow *flow)
{
    if (flow->timer_failed) {
        send_reset(flow);
        flow_end(flow, ERR_NO_MEMORY);
    }
    if (flow->state == STATE_CLOSED) {
        if (flow_abandoned(flow))
            flow_free(flow);
        return;
    }
    if (defer_ack(flow)) {
        flow->ack_need = ACK_DELAYED;
        output(flow);
        if (flow->ack_need == ACK_DELAYED && flow->state != STATE_CLOSED) {
            flow->ack_need = ACK_NOW;
            flush_later(flow);
        }
        return;
    }
    output(flow);
}

INTERNAL void flush_fire(void *arg)
{
    struct tcp *tcp = arg;
    struct tcp_flow *list = tcp->flush_first, *flow;
    tcp->now = os_now();
    tcp->flush_first = NULL;
    if (list != NULL)
        list->flush_link = &list;
    tcp->flush_last = &tcp->flush_first;
    while ((flow = list) != NULL) {
        list = flow->flush_next;
        if (list != NULL)
            list->flush_link = &list;
        flow->flush_queued = false;
        flush(flow);
    }
}
