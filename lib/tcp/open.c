/* The active OPEN, and what both ends agree on in their SYNs. */
#include "private.h"

/*
 * Settle the options: what the peer's SYN offers and we want too. Called once, before our own SYN-ACK is
 * made.
 */
INTERNAL void flow_negotiate(struct tcp_flow *flow, const struct segment *syn)
{
    uint16_t least = flow_is_v4(flow) ? MSS_V4 : MSS_V6;
    flow->peer_mss = syn->mss == 0 ? least : syn->mss < MSS_LEAST ? MSS_LEAST : syn->mss;
    flow->scaled = key_window_scale >= 0 && syn->has_scale;
    flow->snd_scale = flow->scaled ? syn->scale : 0;
    if (!flow->scaled)
        flow->rcv_scale = 0;
    flow->timestamps = key_timestamps && syn->has_timestamp;
    flow->sack = key_sack && syn->sack_permitted;
    if (flow->timestamps) {
        flow->ts_recent = syn->tsval;
        flow->ts_recent_age = (uint32_t)(flow->tcp->now / SECONDS(1));
    }
    /* RFC 3168, section 6.1.1: a SYN asks with both flags, a SYN-ACK agrees with ECE alone. */
    uint8_t flags = syn->flags & (ECE | CWR);
    flow->ecn = syn->flags & ACK ? key_ecn == 1 && flags == ECE : key_ecn != 0 && flags == (ECE | CWR);
    mss_set(flow, mss_of_path(flow));
    search_start(flow, 0);
    congestion_init(flow);
}

/*
 * The peer has acknowledged our SYN, and its bytes up to `ack`. The remaining bytes are sent as if for the
 * first time: that the peer did not take them says nothing about the path.
 */
INTERNAL void syn_acked(struct tcp_flow *flow, uint32_t ack)
{
    uint32_t bytes = ack - flow->iss - 1;
    flow->syn_again = seq_after(flow->snd_nxt, ack);
    flow->snd_una = flow->snd_nxt = ack;
    if (bytes == 0)
        return;
    queue_acked(flow, bytes);
    flow->unsent = flow->queue;
    flow->unsent_offset = flow->queue_offset;
    flow->syn_data = true;
    COUNT(flow->tcp, fast_open_taken);
}

/* From here on the connection carries bytes. */
INTERNAL void flow_ready(struct tcp_flow *flow)
{
    flow->tuned_seq = flow->rcv_nxt;
    flow->rack.highest = flow->snd_una;
    flow->recover = flow->snd_una;
    flow->usage_end = flow->small_end = flow->snd_una;
}

/* Our SYN was acknowledged. The caller has set the state. */
INTERNAL void flow_established(struct tcp_flow *flow)
{
    struct tcp *tcp = flow->tcp;
    timer_off(flow, TIMER_RETRANSMIT);
    if (flow->backoff == 0) {
        rtt_sample(flow, tcp->now - flow->tuned_at);
    } else {
        /* RFC 6298, (5.7), and RFC 5681, section 3.1: a SYN was lost. */
        flow->rto = SECONDS(3);
        if (!flow->passive || flow->backoff > 1)
            flow->cwnd = flow->mss;
    }
    flow->backoff = 0;
    flow->last_progress = tcp->now;
    flow->tuned_at = tcp->now;
    if (flow->pending)
        fast_open_finish(flow);
    else
        flow_ready(flow);
    if (flow->opening) {
        flow->opening = false;
        COUNT(tcp, opened);
        os_wake_all(&flow->writers);
    }
}

/*
 * The SYNs of both ends crossed: RFC 9293, figure 7. Bytes and a FIN that came with the peer's SYN wait until
 * it has acknowledged ours, since the SYN may be an old duplicate. Takes the payload.
 */
static void simultaneous_open(struct tcp_flow *flow, const struct segment *syn, struct buf *payload)
{
    uint32_t len = min_u32(syn->len, min_u32(flow->rcv_buffer, 65535));
    bool fin = (syn->flags & FIN) && len == syn->len;
    flow_step(flow, RECEIVE_SYN);
    flow->backoff = 0;
    flow->tuned_at = flow->tcp->now;
    if ((len > 0 || fin) && !memory_short(flow->tcp)) {
        if (len < syn->len)
            buf_truncate(payload, len);
        ranges_hold(flow, flow->rcv_nxt, flow->rcv_nxt + len + fin, fin, payload);
    } else {
        buf_free(payload);
    }
    send_control(flow, flow->iss, SYN | ACK);
    timer_at(flow, TIMER_RETRANSMIT, flow->tcp->now + flow->rto);
}

/* The bytes and the FIN of a SYN-ACK, which begin behind the SYN's number. Takes the payload. */
static void text_input(struct tcp_flow *flow, const struct segment *syn_ack, struct buf *payload)
{
    struct segment text = *syn_ack;
    text.seq++;
    text.flags &= (uint8_t)~SYN;
    if (text.len > 0 || (text.flags & FIN))
        receive_data(flow, &text, payload);
    else
        buf_free(payload);
}

/*
 * Whether the segment acknowledges our SYN. One that echoes a time stamp which no SYN of ours had answers
 * another connection's, or is a guess. Some peers echo 0.
 */
static bool answers_syn(const struct tcp_flow *flow, const struct segment *segment)
{
    if (!seq_after(segment->ack, flow->iss) || seq_after(segment->ack, flow->snd_nxt))
        return false;
    if (!key_timestamps || !segment->has_timestamp || segment->tsecr == 0)
        return true;
    uint32_t age = timestamp_now(flow->tcp) + flow->ts_offset - segment->tsecr,
             most = timestamp_now(flow->tcp) - (uint32_t)(flow->tuned_at / MILLISECONDS(1));
    return age <= most;
}

/* RFC 9293, section 3.10.7.3. Takes the payload. */
INTERNAL void syn_sent_input(struct tcp_flow *flow, const struct segment *segment, struct buf *payload)
{
    bool acks_syn = (segment->flags & ACK) && answers_syn(flow, segment);
    if ((segment->flags & ACK) && !acks_syn) {
        send_reset_for(flow->tcp, &flow->node.ends, flow->marks, segment);
        goto drop;
    }
    if (segment->flags & RST) {
        if (acks_syn)
            flow_end(flow, ERR_REFUSED);
        goto drop;
    }
    if (!(segment->flags & SYN))
        goto drop;
    flow->irs = segment->seq;
    flow->rcv_nxt = flow->rcv_adv = flow->last_ack_sent = segment->seq + 1;
    flow->snd_wnd = flow->snd_max_wnd = segment->window;
    flow->snd_wl1 = segment->seq;
    flow->snd_wl2 = segment->ack;
    flow_negotiate(flow, segment);
    if (!acks_syn) {
        simultaneous_open(flow, segment, payload);
        return;
    }
    if (flow->asked)
        fast_open_learn(flow, segment);
    syn_acked(flow, segment->ack);
    flow->rcv_adv = flow->rcv_nxt + min_u32(flow->rcv_buffer, 65535);
    flow_step(flow, RECEIVE_SYN_ACK);
    flow_established(flow);
    flow->ack_need = ACK_NOW;
    /* The fiber in tcp_open may have bytes to send, which can then go with the acknowledgement. */
    flow->reader_woken = true;
    flush_later(flow);
    text_input(flow, segment, payload);
    return;
drop:
    buf_free(payload);
}
