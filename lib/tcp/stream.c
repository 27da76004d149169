/* A connection as a FLOW: reading, writing, and the ways to end it. These run on fibers. */
#include "private.h"

enum {
    COPIED_MOST = 128, /* bytes of a write that is always copied behind the one before */
    SMALL_MOST = 1024, /* and of one that is when there are many small ones */
    SMALL_VIEWS = 32,
    VIEWS_MOST = 16384,
};

/* Returns the error of an operation on a connection that is over. */
static err broken(const struct tcp_flow *flow)
{
    return flow->error == OK ? ERR_CLOSED : ERR_RESET;
}

IO err tcp_read(struct tcp_flow *flow, struct buf **out)
{
    if (flow->reading)
        return ERR_BUSY;
    while (flow->received == NULL) {
        if (flow->fin_received)
            return ERR_END;
        if (flow->state == STATE_CLOSED)
            return broken(flow);
        flow->reading = true;
        err e = os_wait(&flow->readers);
        if (e == ERR_CLOSED)
            return e; /* and the flow is gone */
        flow->reading = false;
        TRY(e);
    }
    flow->tcp->now = os_now();
    *out = receive_take(flow);
    if (flow->ack_need == ACK_NOW && flow->state != STATE_CLOSED)
        flush_later(flow);
    return OK;
}

/* Whether the send queue has many views, which are small, though each may hold a page. */
static bool many_small(const struct tcp_flow *flow)
{
    return flow->queue_views > SMALL_VIEWS && (uint64_t)flow->queue_views * SMALL_MOST > flow->snd_queued;
}

/*
 * The limit of the send queue is twice the congestion window, so that an acknowledgement always finds
 * something to send, while a peer that does not read holds little.
 */
static bool queue_full(const struct tcp_flow *flow)
{
    uint64_t limit = 2 * (uint64_t)flow->cwnd;
    if (limit < (uint64_t)key_send_buffer || flow->tcp->memory > (uint64_t)key_memory_max)
        limit = (uint64_t)key_send_buffer;
    if (limit > (uint64_t)key_send_buffer_max)
        limit = (uint64_t)key_send_buffer_max;
    return flow->snd_queued >= limit || flow->queue_views >= VIEWS_MOST ||
           (many_small(flow) && (uint64_t)flow->queue_views * SMALL_MOST >= limit);
}

/*
 * Copy a small piece behind the last page, when that page is not shared. So many small writes make few views.
 */
static bool copied_behind(struct tcp_flow *flow, const struct buf *b)
{
    struct buf *last = flow->queue_last;
    if (b->len > SMALL_MOST || (b->len > COPIED_MOST && !many_small(flow)) || last == NULL ||
        buf_tailroom(last) < b->len)
        return false;
    flow->tcp->memory += queue_cost(last->len + b->len) - queue_cost(last->len);
    memcpy(last->data + last->len, b->data, b->len);
    if (flow->unsent == NULL) {
        flow->unsent = last;
        flow->unsent_offset = last->len;
    }
    last->len += b->len;
    return true;
}

static void enqueue_view(struct tcp_flow *flow, struct buf *b)
{
    b->next = NULL;
    flow->snd_queued += b->len;
    if (b->len == 0 || copied_behind(flow, b)) {
        buf_free(b);
        return;
    }
    b->csum = BUF_CSUM_UNKNOWN;
    b->gso = BUF_GSO_NONE;
    if (flow->queue_last != NULL)
        flow->queue_last->next = b;
    else
        flow->queue = b;
    if (flow->queue == b)
        flow->queue_offset = 0;
    flow->queue_last = b;
    flow->queue_views++;
    flow->tcp->memory += queue_cost(b->len);
    if (flow->unsent == NULL) {
        flow->unsent = b;
        flow->unsent_offset = 0;
    }
}

INTERNAL void enqueue(struct tcp_flow *flow, struct buf *data)
{
    while (data != NULL) {
        struct buf *next = data->next;
        enqueue_view(flow, data);
        data = next;
    }
}

/*
 * Send at once what begins a conversation. While bytes are in flight and more may follow in this turn, wait
 * for the end of the turn, and make large segments.
 */
static void send_soon(struct tcp_flow *flow)
{
    if (flow->sent == NULL || flow_unsent(flow) >= GSO_MOST)
        output(flow);
    else
        flush_later(flow);
}

/* The queue must stay shorter than the distance that sequence numbers can express. */
static bool too_long(const struct tcp_flow *flow, size_t len)
{
    return (uint64_t)flow->snd_queued + len > QUEUE_MOST;
}

IO err tcp_write(struct tcp_flow *flow, struct buf *data)
{
    err e = OK;
    if (data == NULL)
        return ERR_NO_MEMORY;
    if (flow->writing) {
        e = ERR_BUSY;
        goto out;
    }
    while (!flow->shut && flow->state != STATE_CLOSED && queue_full(flow)) {
        flow->writing = true;
        e = os_wait(&flow->writers);
        if (e == ERR_CLOSED)
            goto out; /* and the flow is gone */
        flow->writing = false;
        if (e != OK)
            goto out;
    }
    if (flow->shut)
        e = ERR_CLOSED;
    else if (flow->state == STATE_CLOSED)
        e = broken(flow);
    else if (too_long(flow, buf_len(data)))
        e = ERR_TOO_LARGE;
    if (e != OK)
        goto out;
    flow->tcp->now = os_now();
    enqueue(flow, data);
    data = NULL;
    send_soon(flow);
out:
    buf_free(data);
    return e;
}

IO err tcp_shutdown(struct tcp_flow *flow)
{
    if (flow->writing)
        return ERR_BUSY;
    if (flow->shut)
        return OK;
    if (flow->state == STATE_CLOSED)
        return broken(flow);
    flow->shut = true;
    flow->tcp->now = os_now();
    output(flow);
    return OK;
}

/* The flow's reader and writer get ERR_CLOSED, and do not touch the flow any more. */
static void let_go(struct tcp_flow *flow)
{
    flow->tcp->now = os_now();
    os_fail_all(&flow->readers, ERR_CLOSED);
    os_fail_all(&flow->writers, ERR_CLOSED);
}

/*
 * RFC 2525, section 2.17: when unread bytes are dropped, the connection is reset, since the peer must learn
 * that they were lost. The reset comes after what was written has arrived, which FLOW promises.
 */
void tcp_close(struct tcp_flow *flow)
{
    bool unread = flow->received != NULL || flow->ranges != NULL;
    let_go(flow);
    receive_drop(flow);
    if (flow->state == STATE_CLOSED) {
        flow->owned = false;
        flow_free(flow);
        return;
    }
    flow_orphan(flow);
    if (unread && flow->snd_una == flow->snd_nxt && flow_unsent(flow) == 0) {
        send_reset(flow);
        flow_end(flow, ERR_CLOSED);
        return;
    }
    flow->orphan_data |= unread;
    flow->shut = true;
    if (flow->state == STATE_FIN_WAIT_2)
        timer_at(flow, TIMER_LINGER, flow->tcp->now + MILLISECONDS(key_fin_wait_2_ms));
    output(flow);
}

void tcp_abort(struct tcp_flow *flow)
{
    let_go(flow);
    receive_drop(flow);
    flow->owned = false;
    if (flow->state == STATE_CLOSED) {
        flow_free(flow);
        return;
    }
    send_reset(flow);
    flow_end(flow, ERR_CLOSED);
}
