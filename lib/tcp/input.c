/* A segment arrives: RFC 9293, section 3.10.7, with the checks of RFC 7323 and RFC 5961 in their places. */
#include "private.h"

#include <base/checksum/checksum.h>

static const os_time CHALLENGE_PAUSE = MILLISECONDS(500);

static bool is_multicast(const struct ip_addr *a)
{
    if (ip_is_v4(a))
        return a->bytes[12] >= 224 || a->bytes[12] == 0;
    return a->bytes[0] == 0xff || ip_is_any(a);
}

/* Answer a segment that brings nothing new, and say which bytes came again. */
static void answer_again(struct tcp_flow *flow, const struct segment *segment)
{
    if (segment->len > 0 && seq_before(segment->seq, flow->rcv_nxt))
        dsack_note(flow, segment->seq, seq_min(segment->seq + segment->len, flow->rcv_nxt));
    flow->ack_need = ACK_NOW;
    flush_later(flow);
}

/*
 * Answer a segment that is not acceptable. The answers are limited, or two ends that are out of step would
 * answer each other for ever. Each connection has its own limit, because a shared one tells strangers about
 * other connections (RFC 5961, section 7; CVE-2016-5696).
 */
static void answer_unacceptable(struct tcp_flow *flow, const struct segment *segment)
{
    COUNT(flow->tcp, out_of_window);
    if (segment->flags & RST)
        return;
    if (segment->len == 0 && !(segment->flags & FIN)) {
        if (flow->challenged && flow->tcp->now - flow->challenge_at < CHALLENGE_PAUSE)
            return;
        flow->challenged = true;
        flow->challenge_at = flow->tcp->now;
    }
    answer_again(flow, segment);
}

INTERNAL void challenge_ack(struct tcp_flow *flow)
{
    if (flow->challenged && flow->tcp->now - flow->challenge_at < CHALLENGE_PAUSE)
        return;
    flow->challenged = true;
    flow->challenge_at = flow->tcp->now;
    COUNT(flow->tcp, challenges);
    send_ack(flow);
}

/*
 * RFC 7323, section 5: a segment with an older time stamp than the last is an old duplicate, unless the last
 * time stamp is more than 24 days old.
 */
static bool paws_reject(const struct tcp_flow *flow, const struct segment *segment)
{
    enum { DAYS_24 = 24 * 24 * 3600 };
    if (!flow->timestamps || !segment->has_timestamp || (segment->flags & RST))
        return false;
    return seq_before(segment->tsval, flow->ts_recent) &&
           (uint32_t)(flow->tcp->now / SECONDS(1)) - flow->ts_recent_age < DAYS_24;
}

/* RFC 7323, section 4.3: the time stamp to echo is that of the segment that comes next in order. */
static void update_ts_recent(struct tcp_flow *flow, const struct segment *segment)
{
    if (segment->has_timestamp && !seq_after(segment->seq, flow->last_ack_sent) &&
        !seq_before(segment->tsval, flow->ts_recent)) {
        flow->ts_recent = segment->tsval;
        flow->ts_recent_age = (uint32_t)(flow->tcp->now / SECONDS(1));
    }
}

/*
 * RFC 9293, section 3.10.7.4, first check, slightly relaxed: a segment that touches the window passes, so
 * that its acknowledgement is processed. That holds for a FIN that comes again, too. Its payload is cut to
 * the window later.
 */
static bool acceptable(const struct tcp_flow *flow, const struct segment *segment)
{
    uint32_t end = segment->seq + segment->len + (flow->fin_received && (segment->flags & FIN));
    return !seq_before(end, flow->rcv_nxt) && !seq_after(segment->seq, flow->rcv_adv);
}

/*
 * RFC 5961, section 3.2: a reset counts only with exactly the next sequence number. One elsewhere in the
 * window is challenged, and one outside, also on its right edge, is dropped.
 */
static void reset_input(struct tcp_flow *flow, const struct segment *segment)
{
    if (segment->seq != flow->rcv_nxt) {
        if (seq_before(segment->seq, flow->rcv_adv))
            challenge_ack(flow);
        return;
    }
    if (flow->pending)
        fast_open_reset(flow->tcp);
    if (flow->state == STATE_SYN_RECEIVED && !flow->pending)
        flow_end(flow, flow->passive ? ERR_CLOSED : ERR_REFUSED);
    else
        flow_end(flow, ERR_RESET);
}

/* The ACK that completes the handshake. Returns false when the segment must be dropped. */
static bool syn_received_ack(struct tcp_flow *flow, const struct segment *segment)
{
    if (!seq_after(segment->ack, flow->iss) || seq_after(segment->ack, flow->snd_nxt)) {
        send_reset_for(flow->tcp, &flow->node.ends, flow->marks, segment);
        return false;
    }
    if (!flow->pending) {
        if (flow->listener != NULL && !listen_established(flow))
            return false;
        syn_acked(flow, segment->ack);
    }
    flow->snd_wnd = (uint32_t)segment->window << flow->snd_scale;
    flow->snd_max_wnd = max_u32(flow->snd_max_wnd, flow->snd_wnd);
    flow->snd_wl1 = segment->seq;
    flow->snd_wl2 = segment->ack;
    flow_step(flow, RECEIVE_ACK_OF_SYN);
    flow_established(flow);
    receive_held(flow);
    flush_later(flow);
    return true;
}

static void fin_acked(struct tcp_flow *flow)
{
    if (flow->fin_sent && flow->snd_una == flow->snd_nxt)
        flow_step(flow, RECEIVE_ACK_OF_FIN);
    /* All bytes of this orphan were delivered, and its peer still sends. */
    if (flow->state == STATE_FIN_WAIT_2 && flow->orphan_data) {
        send_reset(flow);
        flow_end(flow, ERR_CLOSED);
    }
}

/*
 * Header prediction: the fast path for the next segment in order, on a connection without losses, that
 * acknowledges nothing new. Returns true when it handled the segment and took the payload.
 */
static bool predicted(struct tcp_flow *flow, const struct segment *segment, struct buf *payload)
{
    if (flow->state != STATE_ESTABLISHED || flow->shut || segment->len == 0 ||
        segment->seq != flow->rcv_nxt || (segment->flags & ~PSH) != ACK || segment->ack != flow->snd_una ||
        flow->ranges != NULL || segment->sack_count != 0 || flow->ece ||
        segment->len > flow->rcv_adv - flow->rcv_nxt ||
        (uint32_t)segment->window << flow->snd_scale != flow->snd_wnd ||
        (flow->timestamps && (!segment->has_timestamp || seq_before(segment->tsval, flow->ts_recent))))
        return false;
    if (flow->timestamps)
        update_ts_recent(flow, segment);
    flow->snd_wl1 = segment->seq;
    receive_next(flow, segment->len, false, payload);
    return true;
}

/* A segment for a connection beyond SYN-SENT. Takes the payload. */
INTERNAL void flow_input(struct tcp_flow *flow, struct segment *segment, const struct ip_head *head,
                         struct buf *payload)
{
    bool congested = flow->ecn && (head->traffic_class & 3) == ECN_CE;
    flow->last_received = flow->tcp->now;
    if (!congested && predicted(flow, segment, payload))
        return;
    if (flow->state == STATE_SYN_RECEIVED && (segment->flags & SYN) && segment->seq == flow->irs) {
        if (!(segment->flags & ACK)) {
            /* The peer repeats its SYN: our answer was lost. */
            send_control(flow, flow->iss, SYN | ACK);
            goto drop;
        }
        /* A simultaneous OPEN: the SYN is known already, and only the acknowledgement counts. */
        segment->flags &= (uint8_t)~SYN;
        segment->seq++;
        flow->ack_need = ACK_NOW;
    }
    if (paws_reject(flow, segment)) {
        COUNT(flow->tcp, paws);
        answer_unacceptable(flow, segment);
        goto drop;
    }
    if (!acceptable(flow, segment)) {
        answer_unacceptable(flow, segment);
        goto drop;
    }
    if (segment->flags & RST) {
        reset_input(flow, segment);
        goto drop;
    }
    if (segment->flags & SYN) {
        challenge_ack(flow); /* RFC 5961, section 4.2 */
        goto drop;
    }
    if (!(segment->flags & ACK))
        goto drop;
    if (flow->state == STATE_SYN_RECEIVED && !syn_received_ack(flow, segment))
        goto drop;
    /* The time stamp is recorded only after the acknowledgement has been found valid. */
    if (!acknowledge(flow, segment))
        goto drop;
    update_ts_recent(flow, segment);
    /* The peer has not seen that its FIN came. */
    if (flow->fin_received && (segment->len > 0 || (segment->flags & FIN)))
        answer_again(flow, segment);
    fin_acked(flow);
    if (flow->state == STATE_CLOSED)
        goto drop;
    if (flow->ecn && (segment->flags & CWR))
        flow->ece = false;
    if (congested && segment->len > 0) {
        flow->ece = true;
        flow->ack_need = ACK_NOW;
        flush_later(flow);
    }
    if ((segment->len > 0 || (segment->flags & FIN)) && !flow->fin_received) {
        receive_data(flow, segment, payload);
        return;
    }
drop:
    buf_free(payload);
}

/* A segment for no connection. A listener may want it. */
static void stray_input(struct tcp *tcp, const struct ends *ends, const struct segment *segment,
                        const struct ip_head *head, uint32_t least_iss, struct buf *payload)
{
    struct tcp_listener *listener = listener_find(tcp, &ends->local, ends->local_port);
    if (listener != NULL) {
        listen_input(listener, ends, segment, head, least_iss, payload);
        return;
    }
    COUNT(tcp, unwanted);
    send_reset_for(tcp, ends, (struct marks){ 0 }, segment);
    buf_free(payload);
}

static bool checksum_ok(const struct buf *b, const struct ip_head *head, size_t len)
{
    if (b->csum != BUF_CSUM_UNKNOWN)
        return true;
    uint32_t sum = checksum_pseudo(&head->source, &head->destination, IP_PROTOCOL_TCP, (uint32_t)len);
    return checksum_is_valid(checksum_add_buf(sum, b, 0, len));
}

/*
 * Check the header and read it. The chain then begins with the payload, and may be NULL. Returns false when
 * the segment was dropped.
 */
static bool take_header(struct tcp *tcp, struct buf **chain, const struct ip_head *head, struct segment *out)
{
    struct buf *b = *chain;
    size_t len = buf_len(b), need = HEADER_SIZE;
    if (len < HEADER_SIZE || is_multicast(&head->source) || is_multicast(&head->destination)) {
        COUNT(tcp, malformed);
        goto drop;
    }
    if (!checksum_ok(b, head, len)) {
        COUNT(tcp, bad_checksum);
        goto drop;
    }
    if ((b = buf_pull_up(b, need)) == NULL)
        return false;
    need = (size_t)(b->data[12] >> 4) * 4;
    if (need > len || (need > b->len && (b = buf_pull_up(b, need)) == NULL)) {
        COUNT(tcp, malformed);
        goto drop;
    }
    if (segment_parse(b->data, b->len, out) != OK) {
        COUNT(tcp, malformed);
        goto drop;
    }
    out->len = (uint32_t)(len - out->header_len);
    *chain = buf_advance(b, out->header_len);
    return true;
drop:
    buf_free(b);
    return false;
}

void ip_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    struct tcp *tcp = ctx;
    struct segment segment;
    uint32_t least_iss = 0;

    tcp->now = os_now();
    COUNT(tcp, segments_in);
    if (!take_header(tcp, &payload, head, &segment))
        return;
    struct ends ends = {
        .local = head->destination,
        .remote = head->source,
        .local_port = segment.destination_port,
        .remote_port = segment.source_port,
    };
    struct node *node = table_find(tcp, &ends);
    if (node != NULL && !node->is_time_wait) {
        struct tcp_flow *flow = (struct tcp_flow *)node;
        if (flow->state == STATE_SYN_SENT)
            syn_sent_input(flow, &segment, payload);
        else
            flow_input(flow, &segment, head, payload);
        return;
    }
    if (node == NULL || time_wait_input(tcp, (struct time_wait *)node, &segment, &least_iss))
        stray_input(tcp, &ends, &segment, head, least_iss, payload);
    else
        buf_free(payload);
}
