/* A connection's life: made, moved through its states, orphaned, ended, freed. */
#include "private.h"

#include <stdlib.h>

/*
 * Make a connection and put it into the table, in STATE_CLOSED. The caller moves it to another state. NULL:
 * no memory, or a limit was reached.
 */
INTERNAL struct tcp_flow *flow_new(struct tcp *tcp, const struct ends *ends)
{
    struct tcp_flow *flow;
    if (tcp->flow_count >= key_connections_max || (flow = calloc(1, sizeof *flow)) == NULL) {
        COUNT(tcp, refused_memory);
        return NULL;
    }
    flow->node.ends = *ends;
    flow->tcp = tcp;
    flow->timer = (struct os_timer)OS_TIMER_INIT(timer_fire, flow);
    for (int i = 0; i < TIMERS; i++)
        flow->deadlines[i] = OS_NEVER;
    if (table_insert(tcp, &flow->node) != OK) {
        COUNT(tcp, refused_memory);
        free(flow);
        return NULL;
    }
    tcp->flow_count++;
    flow->nodelay = true;
    flow->rcv_buffer = (uint32_t)key_receive_buffer;
    flow->rcv_scale = key_window_scale > 0 ? (uint8_t)key_window_scale : 0;
    flow->rto = SECONDS(1); /* RFC 6298, (2.1) */
    flow->min_rtt = OS_NEVER;
    flow->ts_offset = timestamp_offset(tcp, ends);
    flow->last_received = flow->last_progress = flow->rto_base = flow->last_sent = flow->tuned_at = tcp->now;
    flow->rcv_mss = MSS_V4;
    flow->bytes_at = timestamp_now(tcp) - (uint32_t)key_delayed_ack_ms;
    flow->quick_acks = 16;
    flow->rack.multiple = 1;
    flow->user_timeout = (uint32_t)key_user_timeout_ms;
    flow->keepalive_interval = (uint32_t)key_keepalive_interval_ms;
    flow->keepalive_limit = (uint8_t)key_keepalive_probes;
    return flow;
}

/* Move the connection to its next state. In TIME-WAIT and CLOSED the flow itself has ended. */
INTERNAL void flow_step(struct tcp_flow *flow, enum action action)
{
    enum state next = state_next(flow->state, action);
    if (next == flow->state)
        return;
    log_debug("port %u: %s to %s", flow->node.ends.local_port, state_name(flow->state), state_name(next));
    flow->state = next;
    if (next == STATE_TIME_WAIT) {
        if (flow->ack_need != ACK_NONE)
            send_ack(flow);
        time_wait_enter(flow);
        flow_end(flow, OK);
    } else if (next == STATE_CLOSED) {
        flow_end(flow, OK);
    } else if (next == STATE_FIN_WAIT_2 && !flow->owned) {
        timer_at(flow, TIMER_LINGER, flow->tcp->now + MILLISECONDS(key_fin_wait_2_ms));
    }
}

/*
 * A connection that waits to be accepted goes on waiting when it ends: its bytes and its error are for
 * whoever accepts it.
 */
static void leave_lists(struct tcp_flow *flow)
{
    struct tcp *tcp = flow->tcp;
    if (flow->listener != NULL) {
        if (flow->state == STATE_SYN_RECEIVED && !flow->pending) {
            flow_list_remove(&flow->listener->half_open, flow);
            flow->listener = NULL;
        }
    } else if (os_list_holds(flow, place)) {
        flow_list_remove(&tcp->orphans, flow);
        if (tcp->orphans.count == 0)
            os_wake_all(&tcp->drained);
    }
}

static void drop_send_queue(struct tcp_flow *flow)
{
    sent_clear(flow);
    for (const struct buf *b = flow->queue; b != NULL; b = b->next)
        flow->tcp->memory -= queue_cost(b->len);
    buf_free(flow->queue);
    flow->queue = flow->queue_last = flow->unsent = NULL;
    flow->snd_queued = flow->queue_views = 0;
}

/*
 * End the connection. Its waiters get `error`, which may be OK. Bytes that were received stay for the owner
 * to read. A flow that has no owner and will have none is freed at the end of the turn, so that callers may
 * still look at its state.
 */
INTERNAL void flow_end(struct tcp_flow *flow, err error)
{
    struct tcp *tcp = flow->tcp;
    if (flow->ended)
        return;
    flow->ended = true;
    leave_lists(flow);
    if (flow->pending)
        fast_open_finish(flow);
    flow->state = STATE_CLOSED;
    flow->error = error;
    if (error != OK)
        COUNT(tcp, broken);
    table_remove(tcp, &flow->node);
    tcp->flow_count--;
    os_timer_stop(&flow->timer);
    drop_send_queue(flow);
    if (flow_abandoned(flow)) {
        receive_drop(flow);
        flush_later(flow);
        return;
    }
    os_wake_all(&flow->readers);
    os_wake_all(&flow->writers);
}

/* Free a flow that has ended and has no owner. */
INTERNAL void flow_free(struct tcp_flow *flow)
{
    if (flow->flush_queued) {
        struct tcp *tcp = flow->tcp;
        *flow->flush_link = flow->flush_next;
        if (flow->flush_next != NULL)
            flow->flush_next->flush_link = flow->flush_link;
        else
            tcp->flush_last = flow->flush_link;
    }
    receive_drop(flow);
    free(flow);
}

/* The application has closed the flow. Its bytes are still delivered, within limits of time and number. */
INTERNAL void flow_orphan(struct tcp_flow *flow)
{
    struct tcp *tcp = flow->tcp;
    flow->owned = false;
    flow_list_add(&tcp->orphans, flow);
    timer_off(flow, TIMER_KEEPALIVE);
    timer_at(flow, TIMER_LINGER, tcp->now + MILLISECONDS(key_orphan_timeout_ms));
    if (tcp->orphans.count > key_orphans_max) {
        struct tcp_flow *oldest = tcp->orphans.flows.first;
        COUNT(tcp, orphans_reset);
        send_reset(oldest);
        flow_end(oldest, ERR_NO_SPACE);
    }
}
