/*
 * The passive OPEN. A SYN makes a half-open connection in its listener's queue. When that queue is full, SYN
 * cookies are sent instead. A connection whose handshake is done waits in a second queue to be accepted. When
 * that one is full, handshakes are neither begun nor completed.
 */
#include "private.h"

INTERNAL void flow_list_add(struct flow_list *list, struct tcp_flow *flow)
{
    os_list_append(&list->flows, flow, place);
    list->count++;
}

INTERNAL void flow_list_remove(struct flow_list *list, struct tcp_flow *flow)
{
    os_list_remove(&list->flows, flow, place);
    list->count--;
}

/* Make a connection in SYN-RECEIVED for this SYN. `iss` is the sequence number of its SYN-ACK. */
static struct tcp_flow *half_open_new(struct tcp_listener *listener, const struct ends *ends,
                                      const struct segment *syn, uint32_t iss)
{
    struct tcp_flow *flow = flow_new(listener->tcp, ends);
    if (flow == NULL)
        return NULL;
    flow->passive = true;
    flow->handshake_limit = (uint8_t)key_synack_retries;
    flow->listener = listener;
    flow->state = state_next(STATE_LISTEN, SEND_SYN_ACK);
    flow_list_add(&listener->half_open, flow);
    flow->iss = flow->snd_una = iss;
    flow->snd_nxt = iss + 1;
    flow->irs = syn->seq;
    flow->rcv_nxt = flow->rcv_adv = flow->last_ack_sent = syn->seq + 1;
    flow->snd_wnd = flow->snd_max_wnd = syn->window;
    flow_negotiate(flow, syn);
    return flow;
}

/* Answer with a SYN cookie, which keeps the connection's state for us. */
static void send_cookie(struct tcp_listener *listener, const struct ends *ends, const struct segment *syn)
{
    struct tcp *tcp = listener->tcp;
    uint32_t bits, now = timestamp_now(tcp);
    struct segment answer = {
        .seq = cookie_make(tcp, ends, syn, &bits, tcp->now),
        .ack = syn->seq + 1,
        .flags = SYN | ACK,
        .window = (uint16_t)min_u32((uint32_t)key_receive_buffer, 65535),
        .mss = mss_offered(tcp, &ends->remote),
    };
    if (key_timestamps && syn->has_timestamp) {
        answer.has_timestamp = true;
        uint32_t tsval = (now & ~63u) | bits;
        /* It must not be ahead of what comes next, which the peer would drop as old (PAWS). */
        if (seq_before(now, tsval))
            tsval -= 64;
        answer.tsval = tsval + timestamp_offset(tcp, ends);
        answer.tsecr = syn->tsval;
        answer.sack_permitted = key_sack && syn->sack_permitted;
        answer.has_scale = key_window_scale >= 0 && syn->has_scale;
        answer.scale = (uint8_t)key_window_scale;
        if (key_ecn != 0 && (bits & 32))
            answer.flags |= ECE;
    }
    COUNT(tcp, cookies_sent);
    send_stateless(tcp, ends, (struct marks){ 0 }, &answer);
}

/*
 * Takes the payload. It is used with Fast Open only; otherwise the peer sends it again after the handshake.
 */
static void syn_input(struct tcp_listener *listener, const struct ends *ends, const struct segment *syn,
                      uint32_t least_iss, struct buf *payload)
{
    struct tcp *tcp = listener->tcp;
    struct fast_open answer = { 0 };
    struct tcp_flow *flow;
    if (listener->ready.count >= listener->backlog) {
        COUNT(tcp, backlog_full);
        goto drop;
    }
    if (listener->half_open.count >= key_syn_backlog) {
        if (key_syn_cookies)
            send_cookie(listener, ends, syn);
        else
            COUNT(tcp, backlog_full);
        goto drop;
    }
    uint32_t iss = isn_make(tcp, ends, tcp->now);
    if (least_iss != 0)
        iss = seq_max(iss, least_iss);
    if ((flow = half_open_new(listener, ends, syn, iss)) == NULL)
        goto drop;
    if (key_fast_open > 0 && fast_open_allowed(tcp, ends, syn, &answer)) {
        fast_open_accept(flow, payload);
        payload = NULL;
    }
    send_syn(flow, SYN | ACK, &answer, 0);
    flow->retransmit_mode = MODE_RTO;
    timer_at(flow, TIMER_RETRANSMIT, tcp->now + flow->rto);
drop:
    buf_free(payload);
}

/* An ACK for a listener. It carries a SYN cookie, or it belongs to no connection, as a SYN-ACK does. */
static void cookie_input(struct tcp_listener *listener, const struct ends *ends, struct segment *segment,
                         const struct ip_head *head, struct buf *payload)
{
    struct tcp *tcp = listener->tcp;
    struct segment syn;
    struct tcp_flow *flow;
    if (!key_syn_cookies || tcp->metrics.cookies_sent.value == 0 || (segment->flags & SYN) ||
        !cookie_check(tcp, ends, segment, &syn, tcp->now)) {
        COUNT(tcp, cookies_bad);
        send_reset_for(tcp, ends, (struct marks){ 0 }, segment);
        buf_free(payload);
        return;
    }
    if (listener->ready.count >= listener->backlog ||
        (flow = half_open_new(listener, ends, &syn, segment->ack - 1)) == NULL) {
        COUNT(tcp, backlog_full);
        buf_free(payload);
        return;
    }
    COUNT(tcp, cookies_good);
    flow->rcv_adv = flow->rcv_nxt + min_u32((uint32_t)key_receive_buffer, 65535);
    flow->backoff = 1; /* how long the handshake took is not known */
    flow_input(flow, segment, head, payload);
}

/*
 * RFC 9293, section 3.10.7.2. Takes the payload. `least_iss` is the least initial sequence number that a
 * connection in TIME-WAIT allows, or 0.
 */
INTERNAL void listen_input(struct tcp_listener *listener, const struct ends *ends,
                           const struct segment *segment, const struct ip_head *head, uint32_t least_iss,
                           struct buf *payload)
{
    struct segment copy = *segment;
    if (segment->flags & RST) {
        buf_free(payload);
    } else if (segment->flags & ACK) {
        cookie_input(listener, ends, &copy, head, payload);
    } else {
        if ((segment->flags & (SYN | FIN)) == SYN)
            syn_input(listener, ends, segment, least_iss, payload);
        else
            buf_free(payload);
    }
}

/*
 * The handshake is done: put the connection into the queue of those to be accepted. Returns false when that
 * is full; the ACK then counts as lost.
 */
INTERNAL bool listen_established(struct tcp_flow *flow)
{
    struct tcp_listener *listener = flow->listener;
    if (listener->ready.count >= listener->backlog) {
        COUNT(flow->tcp, backlog_full);
        return false;
    }
    flow_list_remove(&listener->half_open, flow);
    flow_list_add(&listener->ready, flow);
    COUNT(flow->tcp, accepted);
    os_wake_one(&listener->acceptors);
    return true;
}
