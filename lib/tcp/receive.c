/*
 * Received payload: put in order without a copy, held for the reader, and the window and
 * acknowledgements that follow from it.
 */
#include "private.h"

#include <stdlib.h>

enum {
    PAGE = 4096,       /* what a view is taken to hold of memory */
    SMALL = 512,       /* views that may be copied together when memory is short */
    PRESSED = 16384,   /* the window when all queues together are too large */
};

static bool memory_short(const struct tcp *tcp)
{
    return tcp->memory > (uint64_t)memory_max;
}

/* Bytes that may come before the reader takes some. Never the silly kind of window: RFC 9293, section 3.8.6.2.2. */
INTERNAL uint32_t receive_window(const struct tcp_flow *flow)
{
    uint32_t room = flow->rcv_buffer;
    if (memory_short(flow->tcp))
        room = min_u32(room, PRESSED);
    uint32_t window = room > flow->rcv_queued ? room - flow->rcv_queued : 0;
    uint32_t offered = flow->rcv_adv - flow->rcv_nxt;
    if (window > offered && window - offered < min_u32(room / 2, flow->mss))
        return offered;
    return window;
}

static struct buf *chain_last(struct buf *b, uint32_t *views)
{
    for (*views = 1; b->next != NULL; b = b->next)
        ++*views;
    return b;
}

/* Whether the bytes were copied to the end of the last page: when small segments would tie up far too many. */
static bool copied_together(struct tcp_flow *flow, struct buf *data, uint32_t len)
{
    struct buf *last = flow->received_last;
    if ((uint64_t)flow->rcv_views * PAGE <= 2 * (uint64_t)flow->rcv_buffer || len > SMALL || last == NULL ||
        buf_tailroom(last) < len || buf_read_copy(data, 0, last->data + last->len, len) != OK)
        return false;
    last->len += len;
    buf_free(data);
    return true;
}

static void append(struct tcp_flow *flow, struct buf *data, uint32_t len)
{
    uint32_t views;
    flow->rcv_nxt += len;
    flow->rcv_queued += len;
    flow->tcp->memory += len;
    flow->unacked += len;
    if (copied_together(flow, data, len))
        return;
    struct buf *last = chain_last(data, &views);
    if (flow->received_last != NULL)
        flow->received_last->next = data;
    else
        flow->received = data;
    flow->received_last = last;
    flow->rcv_views += views;
}

static void range_free(struct tcp_flow *flow, struct range *range)
{
    uint32_t len = range->end - range->seq - range->fin;
    flow->range_count--;
    flow->range_bytes -= len;
    flow->tcp->memory -= len;
    buf_free(range->data);
    free(range);
}

static void drop_ranges(struct tcp_flow *flow)
{
    while (flow->ranges != NULL) {
        struct range *range = flow->ranges;
        flow->ranges = range->next;
        range_free(flow, range);
    }
}

/* Everything that was received is of no use any more. */
INTERNAL void receive_drop(struct tcp_flow *flow)
{
    drop_ranges(flow);
    buf_free(flow->received);
    flow->received = flow->received_last = NULL;
    flow->tcp->memory -= flow->rcv_queued;
    flow->rcv_queued = flow->rcv_views = 0;
}

/* Blocks for the next segment: a DSACK, then ranges, those that grew last first (RFC 2018, section 4). */
INTERNAL size_t receive_sacks(const struct tcp_flow *flow, struct sack_block *out, size_t room)
{
    size_t count = 0;
    if (flow->dsack_pending)
        out[count++] = flow->dsack;
    for (int i = 0; i < SACK_BLOCKS && count < room; i++) {
        const struct range *range = flow->ranges;
        while (range != NULL && !(seq_before(range->seq, flow->recent[i] + 1) && seq_before(flow->recent[i], range->end)))
            range = range->next;
        bool known = range == NULL;
        for (size_t k = flow->dsack_pending; k < count && !known; k++)
            known = out[k].left == range->seq;
        if (!known)
            out[count++] = (struct sack_block){ range->seq, range->end };
    }
    return count;
}

static void note_recent(struct tcp_flow *flow, uint32_t seq)
{
    const struct range *range = flow->ranges;
    while (range != NULL && seq_before(range->end, seq + 1))
        range = range->next;
    /* Numbers of the same range give way first. */
    int last = 0;
    while (last < SACK_BLOCKS - 1 && !(range != NULL && !seq_before(flow->recent[last], range->seq) &&
                                       seq_before(flow->recent[last], range->end)))
        last++;
    memmove(flow->recent + 1, flow->recent, (size_t)last * sizeof *flow->recent);
    flow->recent[0] = seq;
}

/* Cut `n` bytes off the front of the chain; NULL when nothing is left. */
static struct buf *cut_front(struct buf *data, uint32_t n)
{
    return n > 0 ? buf_advance(data, n) : data;
}

/* Join ranges that touch, from `range` on. */
static void join_next(struct tcp_flow *flow, struct range *range)
{
    struct range *next = range->next;
    if (next == NULL || next->seq != range->end || range->fin)
        return;
    range->end = next->end;
    range->fin = next->fin;
    if (range->last != NULL)
        range->last->next = next->data;
    else
        range->data = next->data;
    if (next->last != NULL)
        range->last = next->last;
    range->next = next->next;
    flow->range_count--;
    free(next);
}

/*
 * Keep bytes that came before their time. What is known already is cut off them; ranges that they
 * cover entirely are dropped, so that no byte is held twice.
 */
static void hold(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin, struct buf *data)
{
    struct range **link = &flow->ranges, *prev = NULL, *range;
    uint32_t views, first = seq;
    while (*link != NULL && seq_before((*link)->end, seq)) {
        prev = *link;
        link = &(*link)->next;
    }
    /* `*link` is the first range that ends at or behind our beginning. */
    if (*link != NULL && !seq_after((*link)->seq, seq)) {
        prev = *link;
        uint32_t known = prev->end - seq;
        if (!seq_before(prev->end, end) || prev->fin) {
            flow->dsack = (struct sack_block){ seq, end };
            flow->dsack_pending = flow->sack && end != seq;
            goto drop;
        }
        data = cut_front(data, known);
        seq = prev->end;
        link = &prev->next;
    } else {
        prev = NULL;
    }
    while ((range = *link) != NULL && !seq_after(range->end, end) && !range->fin) {
        *link = range->next;
        range_free(flow, range);
    }
    if (range != NULL && seq_before(range->seq, end)) {
        end = range->seq;
        fin = false;
        buf_truncate(data, end - seq);
    }
    if (end == seq)
        goto drop;
    flow->range_bytes += end - seq - fin;
    flow->tcp->memory += end - seq - fin;
    if (prev != NULL && prev->end == seq) {
        struct buf *last = data != NULL ? chain_last(data, &views) : prev->last;
        if (prev->last != NULL)
            prev->last->next = data;
        else
            prev->data = data;
        prev->last = last;
        prev->end = end;
        prev->fin = fin;
        range = prev;
    } else {
        range = calloc(1, sizeof *range);
        if (range == NULL || flow->range_count >= RANGES_MAX) {
            free(range);
            flow->range_bytes -= end - seq - fin;
            flow->tcp->memory -= end - seq - fin;
            COUNT(flow->tcp, refused_memory);
            goto drop;
        }
        *range = (struct range){ *link, seq, end, data, data != NULL ? chain_last(data, &views) : NULL, fin };
        *link = range;
        flow->range_count++;
    }
    join_next(flow, range);
    note_recent(flow, first);
    return;
drop:
    buf_free(data);
}

/* What the bytes at hand make contiguous. */
static bool take_ranges(struct tcp_flow *flow)
{
    bool fin = false;
    struct range *range;
    while ((range = flow->ranges) != NULL && !seq_after(range->seq, flow->rcv_nxt)) {
        uint32_t known = flow->rcv_nxt - range->seq, len = range->end - range->seq - range->fin;
        struct buf *data = range->data;
        flow->ranges = range->next;
        fin = range->fin;
        range->data = NULL;
        range_free(flow, range);
        if (known >= len) {
            buf_free(data);
            continue;
        }
        append(flow, cut_front(data, known), len - known);
    }
    return fin;
}

static void wake_reader(struct tcp_flow *flow)
{
    if (os_has_waiters(&flow->readers)) {
        os_wake_all(&flow->readers);
        flow->reader_woken = true;
    }
}

static void ack_later(struct tcp_flow *flow)
{
    bool now = flow->unacked >= 2u * flow->rcv_mss || (flow->quick_acks > 0 && !flow->interactive) ||
               delayed_ack_ms == 0;
    if (now)
        flow->ack_need = ACK_NOW;
    else if (flow->ack_need == ACK_NONE) {
        flow->ack_need = ACK_DELAYED;
        timer_at(flow, TIMER_DELAYED_ACK, flow->tcp->now + MILLISECONDS(delayed_ack_ms));
    }
    if (flow->ack_need == ACK_NOW)
        flush_later(flow);
}

static void ack_now(struct tcp_flow *flow)
{
    flow->ack_need = ACK_NOW;
    flush_later(flow);
    /* Who does not SACK counts duplicates (RFC 5681): each out-of-order segment gets its own. */
    if (!flow->sack)
        send_ack(flow);
}

static void receive_fin(struct tcp_flow *flow)
{
#ifndef MIRAGE_PLANTED_BUG
    drop_ranges(flow); /* nothing can follow */
#endif
    flow->rcv_nxt++;
    flow->rcv_adv = seq_max(flow->rcv_adv, flow->rcv_nxt);
    flow->fin_received = true;
    flow->ack_need = ACK_NOW;
    flush_later(flow);
    wake_reader(flow);
    flow_step(flow, RECEIVE_FIN);
}

/*
 * Nobody will read what comes to an orphan. As long as it has bytes to deliver it acknowledges and
 * drops; then it says so with a reset (RFC 2525, section 2.17).
 */
static void receive_orphan(struct tcp_flow *flow, uint32_t seq, uint32_t len, bool fin, struct buf *data)
{
    buf_free(data);
    if (seq != flow->rcv_nxt) {
        ack_now(flow);
        return;
    }
    if (len > 0) {
        flow->rcv_nxt += len;
        flow->rcv_adv = seq_max(flow->rcv_adv, flow->rcv_nxt);
        flow->orphan_data = true;
        flow->ack_need = ACK_NOW;
        flush_later(flow);
        if (flow->snd_una == flow->snd_nxt && flow_unsent(flow) == 0) {
            send_reset(flow);
            flow_end(flow, ERR_CLOSED);
            return;
        }
    }
    if (fin)
        receive_fin(flow);
}

static void learn_segment_size(struct tcp_flow *flow, const struct buf *payload, uint32_t len)
{
    uint32_t size = payload->gso_size > 0 ? payload->gso_size : len;
    if (size > flow->rcv_mss)
        flow->rcv_mss = (uint16_t)min_u32(size, max_u32(flow->mss, MSS_V4));
}

/* RFC 9293, section 3.10.7.4, seventh and eighth check. Takes the payload; the segment overlaps the window. */
INTERNAL void receive_data(struct tcp_flow *flow, const struct segment *segment, struct buf *payload)
{
    uint32_t seq = segment->seq, len = segment->len, end = seq + len, edge = flow->rcv_adv;
    bool fin = segment->flags & FIN;

    if (seq_before(seq, flow->rcv_nxt)) {
        uint32_t known = flow->rcv_nxt - seq;
        if (len > 0) {
            flow->dsack = (struct sack_block){ seq, seq_min(end, flow->rcv_nxt) };
            flow->dsack_pending = flow->sack;
        }
        if (known >= len + fin) {
            buf_free(payload);
            ack_now(flow);
            return;
        }
        if (known > len)
            known = len;
        payload = cut_front(payload, known);
        seq += known;
        len -= known;
    }
    if (seq_after(end, edge)) {
        COUNT(flow->tcp, out_of_window);
        if (!seq_before(seq, edge)) {
            buf_free(payload);
            ack_now(flow);
            return;
        }
        end = edge;
        len = end - seq;
        fin = false;
        buf_truncate(payload, len);
    }
    if (len > 0)
        learn_segment_size(flow, payload, len);
    if (!flow->owned && flow->listener == NULL) {
        receive_orphan(flow, seq, len, fin, payload);
        return;
    }
    if (seq != flow->rcv_nxt) {
        if (memory_short(flow->tcp)) {
            buf_free(payload);
            COUNT(flow->tcp, refused_memory);
        } else {
            hold(flow, seq, end + fin, fin, payload);
        }
        ack_now(flow);
        return;
    }
    bool filled = flow->ranges != NULL;
    if (len > 0)
        append(flow, payload, len);
    else
        buf_free(payload);
    if (filled)
        fin |= take_ranges(flow);
    if (len > 0)
        wake_reader(flow);
    if (filled)
        ack_now(flow);
    else
        ack_later(flow);
    if (fin)
        receive_fin(flow);
}

/* Dynamic right-sizing: the window is to hold twice what is read in a round trip. */
static void tune(struct tcp_flow *flow)
{
    os_time now = flow->tcp->now, rtt = flow->srtt > 0 ? flow->srtt : MILLISECONDS(100);
    if (now - flow->tuned_at < rtt)
        return;
    uint32_t read = flow->rcv_nxt - flow->rcv_queued, bytes = read - flow->tuned_seq;
    flow->tuned_seq = read;
    flow->tuned_at = now;
    if (bytes > flow->rcv_buffer / 2 && !memory_short(flow->tcp))
        flow->rcv_buffer = (uint32_t)(2 * (uint64_t)bytes < (uint64_t)receive_buffer_max ? 2 * (uint64_t)bytes
                                                                                         : (uint64_t)receive_buffer_max);
}

/*
 * The reader has taken `bytes`. An acknowledgement that waits for that goes now; a window that was small is
 * told to be open again, so that a peer that stopped goes on.
 */
INTERNAL void receive_taken(struct tcp_flow *flow, uint32_t bytes)
{
    flow->rcv_queued -= bytes;
    flow->tcp->memory -= bytes;
    flow->rcv_views = 0;
    if (flow->fin_received || !flow_synchronized(flow))
        return;
    tune(flow);
    uint32_t offered = flow->rcv_adv - flow->rcv_nxt, window = receive_window(flow);
    if (window >= 2 * offered && window > offered)
        flow->ack_need = ACK_NOW;
}
