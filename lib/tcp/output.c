/*
 * Output: control segments, acknowledgements, new bytes and retransmissions. Payload is never copied. A
 * segment's payload is views of the retransmission queue's pages, up to 64 kB at once where the network
 * device segments for us (TSO).
 */
#include "private.h"

#include <base/checksum/checksum.h>

/*
 * Put the header before `payload`, which has `len` bytes, and hand the segment to IP. Takes the chain. A
 * segment that IP drops counts as lost on the network.
 */
static err emit(struct tcp *tcp, const struct ends *ends, struct marks marks, const struct segment *segment,
                struct buf *payload, uint32_t len, uint16_t gso_size)
{
    size_t header_len = segment_header_len(segment);
    struct buf *b = buf_alloc(header_len);
    if (b == NULL) {
        buf_free(payload);
        return ERR_NO_MEMORY;
    }
    segment_emit(b->data, segment);
    b->next = payload;
    uint32_t sum = checksum_pseudo(&ends->local, &ends->remote, IP_PROTOCOL_TCP, (uint32_t)header_len + len);
    if (tcp->offloads & NETWORK_CSUM_OUT) {
        b->csum = BUF_CSUM_PARTIAL;
        b->csum_start = 0;
        b->csum_offset = 16;
        checksum_store_partial(b->data + 16, sum);
    } else {
        checksum_store(b->data + 16, checksum_add_buf(sum, b, 0, header_len + len));
    }
    if (len > gso_size && gso_size > 0) {
        b->gso = ip_is_v4(&ends->remote) ? BUF_GSO_TCP4 : BUF_GSO_TCP6;
        b->gso_size = gso_size;
    }
    struct ip_head head = {
        .source = ends->local,
        .destination = ends->remote,
        .protocol = IP_PROTOCOL_TCP,
        .hop_limit = marks.hop_limit,
        .traffic_class = marks.traffic_class,
        .dont_fragment = true,
        .probe = marks.probe,
    };
    COUNT(tcp, segments_out);
    return ip_write(tcp->ip, &head, b);
}

/* Send a segment that belongs to no flow: a reset, a SYN cookie, or an answer from TIME-WAIT. */
INTERNAL void send_stateless(struct tcp *tcp, const struct ends *ends, struct marks marks,
                             struct segment *segment)
{
    segment->source_port = ends->local_port;
    segment->destination_port = ends->remote_port;
    IGNORE(emit(tcp, ends, marks, segment, NULL, 0, 0));
}

/*
 * RFC 9293, section 3.5.2: answer a segment for no connection with a reset. A reset itself is never answered.
 */
INTERNAL void send_reset_for(struct tcp *tcp, const struct ends *ends, struct marks marks,
                             const struct segment *segment)
{
    if (segment->flags & RST)
        return;
    struct segment reset = { .flags = RST };
    if (segment->flags & ACK) {
        reset.seq = segment->ack;
    } else {
        reset.flags |= ACK;
        reset.ack = segment->seq + segment->len + !!(segment->flags & SYN) + !!(segment->flags & FIN);
    }
    send_stateless(tcp, ends, marks, &reset);
}

/*
 * Returns the window to offer, as it stands in the header. The right edge never moves back (RFC 9293, section
 * 3.8.6).
 */
static uint16_t offered_window(struct tcp_flow *flow, bool syn)
{
    uint32_t edge = seq_max(flow->rcv_adv, flow->rcv_nxt + receive_window(flow));
    uint32_t unit = syn ? 0 : flow->rcv_scale, window = min_u32(edge - flow->rcv_nxt, 65535u << unit);
    /*
     * The window is rounded down, so that it closes when nobody reads. The peer may then see its right edge
     * move back by less than one unit. Bytes within the window that was offered before are accepted all the
     * same (RFC 7323, section 2.4).
     */
    uint32_t field = window >> unit;
    flow->rcv_adv = seq_max(flow->rcv_adv, flow->rcv_nxt + window);
    return (uint16_t)field;
}

/* Fill in what every segment of a flow carries. It acknowledges everything received so far. */
static void fill(struct tcp_flow *flow, struct segment *s, uint32_t seq, uint8_t flags)
{
    s->seq = seq;
    s->flags = flags;
    s->source_port = flow->node.ends.local_port;
    s->destination_port = flow->node.ends.remote_port;
    s->mss = 0;
    s->sack_count = 0;
    s->sack_permitted = s->has_scale = false;
    s->fast_open.kind = 0;
    if (flags & ACK) {
        s->ack = flow->rcv_nxt;
        s->window = offered_window(flow, flags & SYN);
        if (flow->ece && !(flags & SYN))
            s->flags |= ECE;
        flow->ack_need = ACK_NONE;
        flow->ack_deferred = false;
        flow->unacked = 0;
        flow->last_ack_sent = flow->rcv_nxt;
        flow->deadlines[TIMER_DELAYED_ACK] = OS_NEVER;
    } else {
        s->ack = 0;
        s->window = (uint16_t)min_u32(flow->rcv_buffer, 65535);
    }
    s->has_timestamp = flow->timestamps;
    if (flow->timestamps) {
        s->tsval = timestamp_now(flow->tcp) + flow->ts_offset;
        s->tsecr = flow->ts_recent;
    }
}

static void add_sacks(struct tcp_flow *flow, struct segment *s)
{
    if (flow->sack && (flow->ranges != NULL || flow->dsack_pending))
        s->sack_count = (uint8_t)receive_sacks(flow, s->sacks, s->has_timestamp ? 3 : 4);
    flow->dsack_pending = false;
}

static void offer_options(struct tcp_flow *flow, struct segment *s)
{
    bool answer = s->flags & ACK;
    s->mss = mss_offered(flow->tcp, &flow->node.ends.remote);
    s->has_scale = answer ? flow->scaled : key_window_scale >= 0;
    s->scale = (uint8_t)key_window_scale;
    s->sack_permitted = answer ? flow->sack : key_sack;
    if (!answer && key_timestamps) {
        s->has_timestamp = true;
        s->tsval = timestamp_now(flow->tcp) + flow->ts_offset;
        s->tsecr = 0;
    }
    if (answer ? flow->ecn : key_ecn == 1 && flow->backoff == 0)
        s->flags |= answer ? ECE : ECE | CWR;
}

/* Send a segment without payload. A SYN carries the options that we offer or agree to. */
INTERNAL void send_control(struct tcp_flow *flow, uint32_t seq, uint8_t flags)
{
    struct segment s;
    fill(flow, &s, seq, flags);
    if (flags & SYN)
        offer_options(flow, &s);
    else
        add_sacks(flow, &s);
    IGNORE(emit(flow->tcp, &flow->node.ends, flow->marks, &s, NULL, 0, 0));
}

/*
 * Send a SYN or SYN-ACK for the first time, with Fast Open's option if `option` has a kind, and with the
 * first `len` bytes of the queue.
 */
INTERNAL void send_syn(struct tcp_flow *flow, uint8_t flags, const struct fast_open *option, uint32_t len)
{
    struct segment s;
    struct buf *payload = NULL;
    if (len > 0 && (payload = buf_slice(flow->queue, flow->queue_offset, len)) == NULL) {
        COUNT(flow->tcp, refused_memory);
        return;
    }
    fill(flow, &s, flow->iss, flags);
    offer_options(flow, &s);
    s.fast_open = *option;
    IGNORE(emit(flow->tcp, &flow->node.ends, flow->marks, &s, payload, len, 0));
}

INTERNAL void send_ack(struct tcp_flow *flow)
{
    if (flow->quick_acks > 0)
        flow->quick_acks--;
    send_control(flow, flow->snd_nxt, ACK);
}

/* Reset the connection at the peer, in the states in which the peer may know of it. */
INTERNAL void send_reset(struct tcp_flow *flow)
{
    if (flow->state == STATE_SYN_RECEIVED || flow_synchronized(flow))
        send_control(flow, flow->snd_nxt, RST | ACK);
}

/* The most bytes that the network device takes as one segment. */
static uint32_t segment_limit(const struct tcp_flow *flow, uint32_t mss)
{
    uint32_t tso = flow_is_v4(flow) ? NETWORK_TSO4 : NETWORK_TSO6;
    return flow->tcp->offloads & tso ? GSO_MOST / mss * mss : mss;
}

/*
 * Send the record's bytes, which lie in the retransmission queue. When the path's MTU has shrunk, the segment
 * size is reduced, and the record must be sent again. Other failures count as losses.
 */
static void transmit(struct tcp_flow *flow, struct sent *record, bool again)
{
    struct tcp *tcp = flow->tcp;
    uint32_t len = record->end - record->seq - record->fin;
    struct segment s;
    struct buf *payload = NULL;
    struct marks marks = flow->marks;

    if (len > 0 && (payload = buf_slice(record->view, record->offset, len)) == NULL) {
        COUNT(tcp, refused_memory);
        return;
    }
    if (flow->ecn && !again && len > 0)
        marks.traffic_class |= ECN_ECT0;
    marks.probe = record->probe;
    fill(flow, &s, record->seq, ACK);
    add_sacks(flow, &s);
    if (record->fin)
        s.flags |= FIN;
    /*
     * PSH marks the end of what the application wrote. It also ends each large segment, so that the receiver
     * does not wait to merge more.
     */
    if (len > 0 && record->end - record->fin == flow->snd_una + flow->snd_queued)
        record->pushed = true;
    if ((len > flow->mss && !again && !record->probe) || record->pushed)
        s.flags |= PSH;
    if (flow->cwr && !again && len > 0) {
        s.flags |= CWR;
        flow->cwr = false;
    }
    flow->last_sent = tcp->now;
    if (flow->recovery == RECOVERY || flow->recovery == REDUCED)
        flow->prr_out += len;
    uint32_t sack_room = s.sack_count > 0 ? 4 + 8u * s.sack_count : 0;
    /* A probe is one segment, whatever the device could cut. */
    uint16_t mss = record->probe ? 0 : (uint16_t)(flow->mss - (len > flow->mss - sack_room ? sack_room : 0));
    if (emit(tcp, &flow->node.ends, marks, &s, payload, len, mss) == ERR_TOO_LARGE && mss_refresh(flow)) {
        sent_mark_lost(flow, record);
        flush_later(flow);
    }
}

/* Returns the largest payload of a segment, with the SACK blocks that it would carry now. */
static uint32_t mss_now(const struct tcp_flow *flow)
{
    if (!flow->sack || (flow->ranges == NULL && !flow->dsack_pending))
        return flow->mss;
    return flow->mss - 4 - 8 * min_u32(flow->range_count + flow->dsack_pending, flow->timestamps ? 3 : 4);
}

/* Retransmit up to `most` bytes of a record. The rest becomes a record of its own. */
INTERNAL bool resend(struct tcp_flow *flow, struct sent *record, uint32_t most)
{
    uint32_t limit = segment_limit(flow, mss_now(flow));
    if (most > limit)
        most = limit;
    if (record->end - record->seq - record->fin > most && !sent_split(flow, record, record->seq + most))
        return false;
    if (record->probe)
        search_spoiled(flow, record);
    sent_mark_resent(flow, record);
    undo_resent(flow, record);
    flow->tcp->metrics.resent.value += record->end - record->seq;
    transmit(flow, record, true);
    return true;
}

/*
 * Retransmit what begins in the window. The peer may have pulled its right edge back (RFC 9293, section
 * 3.8.6); what lies beyond waits.
 */
static void resend_lost(struct tcp_flow *flow)
{
    struct sent *record;
    uint32_t edge = flow_edge(flow);
    while ((record = sent_to_resend(flow)) != NULL && seq_before(record->seq, edge) &&
           !window_withdrawn(flow)) {
        uint32_t flight = sent_flight(flow), mss = flow->mss;
        uint32_t room = flow->cwnd > flight ? flow->cwnd - flight : 0;
        if (room < mss && flight > 0) {
            flow->cwnd_full = true;
            return;
        }
        if (room > edge - record->seq)
            room = edge - record->seq;
        if (!resend(flow, record, max_u32(room / mss * mss, mss)))
            return;
    }
}

/*
 * Whether a segment that is not full may be sent: RFC 9293, section 3.8.6.2.1 (silly window syndrome) and
 * section 3.7.4 (Nagle) in the form of appendix A.3, which allows one small segment in flight.
 */
static bool may_send_small(const struct tcp_flow *flow, uint32_t len, uint32_t unsent)
{
    if (len == unsent)
        return flow->nodelay || flow->shut || !seq_after(flow->small_end, flow->snd_una) ||
               seq_after(flow->small_end, flow->snd_nxt);
    return len >= flow->snd_max_wnd / 2;
}

/* Returns how many of the unsent bytes may go now as one segment; 0: none. */
static uint32_t sendable(struct tcp_flow *flow, uint32_t unsent)
{
    uint32_t edge = flow_edge(flow), flight = sent_flight(flow);
    if (!seq_after(edge, flow->snd_nxt))
        return 0;
    uint32_t window = edge - flow->snd_nxt, mss = mss_now(flow);
    uint32_t len = min_u32(min_u32(unsent, window), segment_limit(flow, mss));
    uint32_t room = flow->cwnd > flight ? flow->cwnd - flight : 0;
    /*
     * Use at most half of a small window at once, so that the rest is under way when the acknowledgement
     * comes.
     */
    if (len > mss && flow->cwnd < GSO_MOST && len > flow->cwnd / 2)
        len = min_u32(len, max_u32(flow->cwnd / 2 / mss * mss, mss));
    if (len > room) {
        flow->cwnd_full = true;
        if (room < mss)
            return flight == 0 ? min_u32(len, mss) : 0;
        len = room / mss * mss;
    }
    if (flow->cwr)
        len = min_u32(len, mss); /* CWR belongs on one segment, and a large one would repeat it */
    if (len > mss && len < unsent)
        len -= len % mss;
    if (len % mss != 0 && !may_send_small(flow, len, unsent))
        len -= len % mss;
    return len;
}

/* Whether bytes that were never sent may go now. */
INTERNAL bool new_sendable(struct tcp_flow *flow)
{
    uint32_t unsent = flow_unsent(flow);
    return unsent > 0 && sendable(flow, unsent) > 0;
}

/* Send `len` bytes from snd_nxt, and the FIN behind the last of them. A probe goes as one segment. */
static bool send_bytes(struct tcp_flow *flow, uint32_t len, bool fin, bool probe)
{
    struct sent *record = sent_add(flow, flow->snd_nxt, flow->snd_nxt + len + fin, fin);
    if (record == NULL)
        return false;
    record->view = len > 0 ? flow->unsent : NULL;
    record->offset = flow->unsent_offset;
    record->probe = probe;
    if (flow->snd_nxt == flow->snd_una)
        flow->last_progress = flow->rto_base = flow->tcp->now;
    if (len % flow->mss != 0 && !probe)
        flow->small_end = flow->snd_nxt + len;
    flow->snd_nxt += len + fin;
    flow->unsent_offset += len;
    while (flow->unsent != NULL && flow->unsent_offset >= flow->unsent->len) {
        flow->unsent_offset -= flow->unsent->len;
        flow->unsent = flow->unsent->next;
    }
    /* It answers: bytes came a moment ago, or this carries the acknowledgement of bytes or of a SYN-ACK. */
    if (len > 0 && ((flow->ack_need != ACK_NONE && !flow->syn_again) ||
                    timestamp_now(flow->tcp) - flow->bytes_at < (uint32_t)key_delayed_ack_ms))
        flow->interactive = true;
    if (fin)
        flow->fin_sent = true;
    transmit(flow, record, false);
    return true;
}

/* Send a probe for a larger path MTU if one is due. Returns false when new bytes have to wait for it. */
static bool send_probe(struct tcp_flow *flow, uint32_t unsent)
{
    bool wait;
    uint32_t len = search_due(flow, unsent, &wait);
    flow->cwnd_full |= wait;
    if (len > 0 && !send_bytes(flow, len, false, true))
        flow->search.size = 0;
    return !wait;
}

/* Send what the windows allow. A FIN has a sequence number too, so it waits for room like a byte. */
static void send_new(struct tcp_flow *flow)
{
    uint32_t unsent = flow_unsent(flow), edge = flow_edge(flow);
    bool shut = flow->shut && !flow->pending; /* a FIN waits for the handshake */
    if (unsent > 0 && flow->sent == NULL && flow->snd_wnd > 0)
        congestion_idle(flow);
    if (unsent > 0 && flow->search.state != SEARCH_NONE) {
        if (!send_probe(flow, unsent))
            return;
        unsent = flow_unsent(flow);
    }
    while (unsent > 0) {
        uint32_t len = sendable(flow, unsent);
        bool fin = shut && len == unsent && seq_after(edge, flow->snd_nxt + len);
        if (len == 0 || !send_bytes(flow, len, fin, false))
            return;
        unsent -= len;
        if (fin)
            flow_step(flow, SEND_FIN);
    }
    if (shut && !flow->fin_sent && seq_after(edge, flow->snd_nxt) && send_bytes(flow, 0, true, false))
        flow_step(flow, SEND_FIN);
}

/*
 * Record how much of the congestion window is used: the most of this flight, or that the window stopped
 * output (RFC 7661).
 */
static void note_usage(struct tcp_flow *flow)
{
    uint32_t used = flow->snd_nxt - flow->snd_una;
    bool full = flow->cwnd_full || sent_flight(flow) >= flow->cwnd;
    if (full || !seq_before(flow->snd_una, flow->usage_end) || (flow->app_limited && used > flow->usage)) {
        flow->app_limited = !full;
        flow->usage = used;
        flow->usage_end = flow->snd_nxt;
    }
}

/*
 * Send what may be sent now: retransmissions, then new bytes, and an acknowledgement if no segment has
 * carried it.
 */
INTERNAL void output(struct tcp_flow *flow)
{
    if (!flow_may_send(flow)) {
        /* An answer to a segment that was not acceptable: section 3.10.7.4, first check. */
        if (flow->state == STATE_SYN_RECEIVED && flow->ack_need == ACK_NOW)
            send_ack(flow);
        return;
    }
    uint32_t before = flow->snd_nxt;
    flow->cwnd_full = false;
    if (flow->frto != FRTO_SECOND)
        resend_lost(flow);
    send_new(flow);
    if (flow->cwnd_full || flow->snd_nxt != before)
        note_usage(flow);
    if (flow->state == STATE_CLOSED)
        return;
    if (flow->ack_need == ACK_NOW)
        send_ack(flow);
    retransmit_rearm(flow);
}

/*
 * RFC 8985, section 7.3: a tail loss probe. It is a new segment if the windows allow one, else the last one
 * again. The answer tells what of the tail has arrived.
 */
INTERNAL bool send_tail_probe(struct tcp_flow *flow)
{
    uint32_t unsent = flow_unsent(flow), edge = flow_edge(flow);
    uint32_t len = min_u32(unsent, mss_now(flow));
    flow->tail_probe_resent = false;
    if (len > 0 && !seq_after(flow->snd_nxt + len, edge)) {
        bool fin = flow->shut && len == unsent && seq_after(edge, flow->snd_nxt + len);
        if (!send_bytes(flow, len, fin, false))
            return false;
        if (fin)
            flow_step(flow, SEND_FIN);
        return true;
    }
    struct sent *last = flow->sent_last;
    if (last == NULL || last->sacked)
        return false;
    uint32_t bytes = last->end - last->seq - last->fin;
    if (bytes > flow->mss && sent_split(flow, last, last->end - last->fin - flow->mss))
        last = flow->sent_last;
    flow->tail_probe_resent = true;
    return resend(flow, last, flow->mss);
}
