/*
 * Received payload: it is put in order without a copy, and held for the reader. The window and the
 * acknowledgements follow from it.
 */
#include "private.h"

enum {
    SPARSE = 4, /* memory for each byte, from which on received bytes are sparse; buf_compact leaves less */
    HANDED = 16384,   /* memory of sparse bytes that the reader may be handed as they came */
    PRESSED = 16384,  /* the window when all queues together are too large */
    LEFT_SHARE = 256, /* the part of the memory left to all that one connection's sparse bytes may hold */
};

/* Whether the queues of all connections hold more than they may. */
INTERNAL bool memory_short(const struct tcp *tcp)
{
    return tcp->memory > (uint64_t)key_memory_max;
}

/*
 * Whether what was received holds far more memory than it has bytes. A peer can do that with segments of
 * single bytes, each of which arrives in a page of its own. The nearer all connections are to their limit
 * together, the less one may hold, so that those that come last find some room.
 */
static bool is_sparse(const struct tcp_flow *flow)
{
    uint64_t pinned = flow->rcv_pinned + flow->range_pinned,
             dense = SPARSE * ((uint64_t)flow->rcv_queued + flow->range_bytes);
    if (pinned <= dense)
        return false;
    uint64_t left = memory_short(flow->tcp) ? 0 : (uint64_t)key_memory_max - flow->tcp->memory;
    uint64_t slack = left / LEFT_SHARE;
    return pinned - dense > (slack < (uint64_t)key_sparse_max ? slack : (uint64_t)key_sparse_max);
}

static void set_received(struct tcp_flow *flow, struct buf *received)
{
    uint64_t pinned = buf_pinned(received);
    flow->tcp->memory += pinned - flow->rcv_pinned;
    flow->rcv_pinned = pinned;
    flow->received = received;
    flow->received_last = received != NULL ? chain_last(received) : NULL;
}

/* Copy what was received together, as far as it is sparse. */
static void collapse(struct tcp_flow *flow)
{
    if (flow->compact)
        return;
    uint64_t before = flow->tcp->memory;
    set_received(flow, buf_compact(flow->received));
    ranges_compact(flow);
    flow->compact = true;
    if (flow->tcp->memory < before)
        COUNT(flow->tcp, collapsed);
}

/* Whether there is room to hold more behind a hole. */
static bool may_hold(struct tcp_flow *flow)
{
    if (is_sparse(flow) || memory_short(flow->tcp))
        collapse(flow);
    return !is_sparse(flow) && !memory_short(flow->tcp);
}

/*
 * Returns the window: how many bytes may come before the reader takes some. It avoids the silly window
 * syndrome (RFC 9293, section 3.8.6.2.2).
 */
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

/* Append the next bytes in order. */
INTERNAL void receive_append(struct tcp_flow *flow, struct buf *data, uint32_t len)
{
    size_t pinned = buf_pinned_behind(flow->received_last, data);
    struct buf *last = chain_last(data);
    flow->rcv_nxt += len;
    flow->rcv_queued += len;
    flow->unacked += len;
    flow->bytes_at = timestamp_now(flow->tcp);
    flow->syn_again = false;
    flow->rcv_pinned += pinned;
    flow->tcp->memory += pinned;
    if (flow->received_last != NULL)
        flow->received_last->next = data;
    else
        flow->received = data;
    flow->received_last = last;
    flow->compact = false;
    if (is_sparse(flow))
        collapse(flow);
}

/* Free everything that was received: nobody will read it. */
INTERNAL void receive_drop(struct tcp_flow *flow)
{
    ranges_drop(flow);
    buf_free(flow->received);
    set_received(flow, NULL);
    flow->rcv_queued = 0;
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
               key_delayed_ack_ms == 0;
    if (now)
        flow->ack_need = ACK_NOW;
    else if (flow->ack_need == ACK_NONE) {
        flow->ack_need = ACK_DELAYED;
        timer_at(flow, TIMER_DELAYED_ACK, flow->tcp->now + MILLISECONDS(key_delayed_ack_ms));
    }
    if (flow->ack_need == ACK_NOW)
        flush_later(flow);
}

static void ack_now(struct tcp_flow *flow)
{
    flow->ack_need = ACK_NOW;
    flush_later(flow);
    /*
     * A peer without SACK counts duplicate acknowledgements (RFC 5681), so each out-of-order segment gets its
     * own.
     */
    if (!flow->sack)
        send_ack(flow);
}

static void receive_fin(struct tcp_flow *flow)
{
    ranges_drop(flow); /* no byte can follow a FIN */
    flow->rcv_nxt++;
    flow->rcv_adv = seq_max(flow->rcv_adv, flow->rcv_nxt);
    flow->fin_received = true;
    flow->ack_need = ACK_NOW;
    flush_later(flow);
    wake_reader(flow);
    flow_step(flow, RECEIVE_FIN);
}

/*
 * Bytes for an orphan, which nobody will read. As long as the orphan has bytes to deliver, it acknowledges
 * and drops them. After that it answers with a reset (RFC 2525, section 2.17).
 */
static void receive_orphan(struct tcp_flow *flow, const struct segment *segment, uint32_t seq, uint32_t len,
                           bool fin, struct buf *data)
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
        if (flow->snd_queued == 0) {
            send_reset_for(flow->tcp, &flow->node.ends, flow->marks, segment);
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

/* Bytes behind a hole, or only a FIN. Takes the payload. */
static void receive_early(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin, struct buf *payload)
{
    if (payload != NULL)
        learn_segment_size(flow, payload, end - seq);
    if (may_hold(flow)) {
        ranges_hold(flow, seq, end + fin, fin, payload);
        flow->compact = false;
    } else {
        buf_free(payload);
        COUNT(flow->tcp, refused_memory);
    }
    ack_now(flow);
}

/*
 * The next bytes in order, which the window has room for, or only a FIN. Takes the payload. They are refused
 * when memory is short and the reader has enough to read, so that it goes on.
 */
INTERNAL void receive_next(struct tcp_flow *flow, uint32_t len, bool fin, struct buf *payload)
{
    bool filled = flow->ranges != NULL;
    if (len > 0) {
        if (flow->rcv_queued >= PRESSED && memory_short(flow->tcp)) {
            buf_free(payload);
            COUNT(flow->tcp, refused_memory);
            ack_now(flow);
            return;
        }
        learn_segment_size(flow, payload, len);
        receive_append(flow, payload, len);
    } else {
        buf_free(payload);
    }
    if (filled)
        fin |= ranges_take(flow);
    if (len > 0)
        wake_reader(flow);
    if (filled)
        ack_now(flow);
    else
        ack_later(flow);
    if (fin)
        receive_fin(flow);
}

/*
 * RFC 9293, section 3.10.7.4, seventh and eighth check, for a segment that overlaps the window. Takes the
 * payload.
 */
INTERNAL void receive_data(struct tcp_flow *flow, const struct segment *segment, struct buf *payload)
{
    uint32_t seq = segment->seq, len = segment->len, end = seq + len, edge = flow->rcv_adv;
    bool fin = segment->flags & FIN;

    if (seq_before(seq, flow->rcv_nxt)) {
        uint32_t known = flow->rcv_nxt - seq;
        dsack_note(flow, seq, seq_min(end, flow->rcv_nxt));
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
    if (flow_abandoned(flow)) {
        receive_orphan(flow, segment, seq, len, fin, payload);
    } else if (seq != flow->rcv_nxt) {
        receive_early(flow, seq, end, fin, payload);
    } else {
        if (flow->ranges != NULL && seq == segment->seq)
            note_duplicate(flow, seq, end);
        receive_next(flow, len, fin, payload);
    }
}

/* The handshake is done. What came with a SYN that crossed ours was held until now. */
INTERNAL void receive_held(struct tcp_flow *flow)
{
    if (flow->ranges == NULL)
        return;
    bool fin = ranges_take(flow);
    wake_reader(flow);
    ack_later(flow);
    if (fin)
        receive_fin(flow);
}

/* Dynamic right-sizing: the receive buffer grows to twice what is read in a round trip. */
static void tune(struct tcp_flow *flow)
{
    os_time now = flow->tcp->now, rtt = flow->srtt > 0 ? flow->srtt : MILLISECONDS(100);
    if (now - flow->tuned_at < rtt)
        return;
    uint32_t read = flow->rcv_nxt - flow->rcv_queued, bytes = read - flow->tuned_seq;
    flow->tuned_seq = read;
    flow->tuned_at = now;
    if (bytes > flow->rcv_buffer / 2 && !memory_short(flow->tcp))
        flow->rcv_buffer = (uint32_t)(2 * (uint64_t)bytes < (uint64_t)key_receive_buffer_max
                                          ? 2 * (uint64_t)bytes
                                          : (uint64_t)key_receive_buffer_max);
}

/* Bytes were taken from the queue. When the window was small and is open again, the peer is told. */
INTERNAL void receive_made_room(struct tcp_flow *flow)
{
    if (flow->fin_received || !flow_synchronized(flow))
        return;
    tune(flow);
    uint32_t offered = flow->rcv_adv - flow->rcv_nxt,
             window = min_u32(receive_window(flow), 65535u << flow->rcv_scale);
    if (window >= 2 * offered && window > offered)
        flow->ack_need = ACK_NOW;
}

/*
 * Take all that the reader may have, not NULL. An acknowledgement that waited for the reader is sent now. If
 * the window was small and is open again, the peer is told, so that it can go on. What the reader gets is not
 * charged any more, so it is made dense first.
 */
INTERNAL struct buf *receive_take(struct tcp_flow *flow)
{
    if (flow->rcv_pinned > HANDED && flow->rcv_pinned > SPARSE * (uint64_t)flow->rcv_queued)
        flow->received = buf_compact(flow->received);
    struct buf *taken = flow->received;
    flow->received = flow->received_last = NULL;
    flow->tcp->memory -= flow->rcv_pinned;
    flow->rcv_queued = 0;
    flow->rcv_pinned = 0;
    receive_made_room(flow);
    return taken;
}
