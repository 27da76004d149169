/*
 * Timers. A flow has one timer of the runtime, which is set to the flow's first deadline or earlier. So
 * moving a deadline away, as every acknowledgement does, costs one store. An idle connection has no timer
 * set.
 */
#include "private.h"

INTERNAL void timer_at(struct tcp_flow *flow, enum timer timer, os_time when)
{
    flow->deadlines[timer] = when;
    if (os_timer_is_set(&flow->timer) && flow->timer.when <= when)
        return;
    if (os_timer_set(&flow->timer, when) != OK) {
        /* Without its timer a connection would hang, so it ends. */
        flow->timer_failed = true;
        flush_later(flow);
    }
}

INTERNAL void timer_off(struct tcp_flow *flow, enum timer timer)
{
    flow->deadlines[timer] = OS_NEVER;
}

/* RFC 6298, (2.2) and (2.4). The variance counts at least as much as Linux lets it: the timer's tick. */
INTERNAL os_time rto_of(os_time srtt, os_time rttvar)
{
    os_time least = MILLISECONDS(key_rto_min_ms), most = MILLISECONDS(key_rto_max_ms);
    os_time variance = 4 * rttvar < least ? least : 4 * rttvar;
    os_time rto = srtt + variance;
    return rto > most ? most : rto;
}

/* RFC 6298, (2.2) and (2.3), and for RACK the least round trip of the last five minutes. */
INTERNAL void rtt_sample(struct tcp_flow *flow, os_time rtt)
{
    os_time now = flow->tcp->now;
    if (rtt <= 0)
        rtt = 1;
    if (flow->ssthresh == UINT32_MAX)
        hystart_sample(flow, rtt);
    if (flow->srtt == 0) {
        flow->srtt = rtt;
        flow->rttvar = rtt / 2;
    } else {
        os_time off = flow->srtt > rtt ? flow->srtt - rtt : rtt - flow->srtt;
        flow->rttvar += (off - flow->rttvar) / 4;
        flow->srtt += (rtt - flow->srtt) / 8;
    }
    if (rtt <= flow->min_rtt || now - flow->min_rtt_at > MINUTES(5)) {
        flow->min_rtt = rtt;
        flow->min_rtt_at = now;
    }
    flow->rto = rto_of(flow->srtt, flow->rttvar);
}

/* Returns the retransmission timeout, doubled this many times. */
INTERNAL os_time backed_off(const struct tcp_flow *flow, unsigned times)
{
    os_time most = MILLISECONDS(key_rto_max_ms);
    os_time rto = flow->rto << (times < 20 ? times : 20);
    return rto > most ? most : rto;
}

/* RFC 8985, section 7.2: when to send a tail loss probe. OS_NEVER: not now. */
static os_time tail_probe_time(const struct tcp_flow *flow)
{
    if (!flow->sack || flow->recovery != OPEN || flow->tail_probe || flow->srtt == 0 || flow->backoff > 0 ||
        flow->sacked_bytes > 0 || seq_after(flow->snd_nxt, flow_edge(flow)))
        return OS_NEVER;
    os_time wait = 2 * flow->srtt;
    if (flow->snd_nxt - flow->snd_una <= flow->mss)
        wait += key_rto_min_ms < 200 ? MILLISECONDS(key_rto_min_ms)
                                     : MILLISECONDS(200); /* the peer may delay its acknowledgement */
    if (wait < MILLISECONDS(2))
        wait = MILLISECONDS(2);
    return flow->last_sent + wait;
}

/* How long bytes may stay unacknowledged: RFC 9293, section 3.8.3, and RFC 5482. */
INTERNAL os_time longest_wait(const struct tcp_flow *flow)
{
    return MILLISECONDS(flow->owned || flow->listener != NULL ? flow->user_timeout : key_orphan_timeout_ms);
}

/* Set the retransmission timer for the present state: RFC 6298, section 5. */
INTERNAL void retransmit_rearm(struct tcp_flow *flow)
{
    if (!flow_synchronized(flow))
        return;
    if (flow->sent != NULL && !window_withdrawn(flow)) {
        os_time rto = flow->rto_base + backed_off(flow, flow->backoff), probe,
                last = flow->last_progress + longest_wait(flow);
        if (flow->retransmit_mode == MODE_REORDER && flow->deadlines[TIMER_RETRANSMIT] < rto)
            return;
        /*
         * RFC 8985, section 7.2: if the retransmission timeout would come first, the probe is sent at that
         * time instead.
         */
        probe = tail_probe_time(flow);
        if (last < rto)
            rto = last;
        flow->retransmit_mode = probe != OS_NEVER ? MODE_TAIL_PROBE : MODE_RTO;
        timer_at(flow, TIMER_RETRANSMIT, probe < rto ? probe : rto);
        return;
    }
    if (!must_persist(flow)) {
        timer_off(flow, TIMER_RETRANSMIT);
        flow->retransmit_mode = MODE_RTO;
        return;
    }
    persist_arm(flow);
}

/*
 * Give the connection up when the peer has not answered since then for too long. Returns whether it is over.
 */
INTERNAL bool given_up(struct tcp_flow *flow, os_time since)
{
    if (flow->tcp->now - since < longest_wait(flow))
        return false;
    log_debug("port %u: nothing acknowledged for too long", flow->node.ends.remote_port);
    send_reset(flow);
    flow_end(flow, ERR_TIMEOUT);
    return true;
}

static void handshake_timeout(struct tcp_flow *flow)
{
    bool syn_sent = flow->state == STATE_SYN_SENT;
    flow->backoff++;
    if (flow->backoff > flow->handshake_limit) {
        flow_end(flow, ERR_TIMEOUT);
        return;
    }
    /* Bytes that followed a lost SYN-ACK may be lost too. They are sent again when the handshake is done. */
    if (flow->pending && flow->sent != NULL && flow->backoff == 1)
        recovery_timeout(flow);
    else
        COUNT(flow->tcp, timeouts);
    if (flow->asked && flow->backoff == 1)
        fast_open_failed(flow);
    send_control(flow, flow->iss, syn_sent ? SYN : SYN | ACK);
    timer_at(flow, TIMER_RETRANSMIT, flow->tcp->now + backed_off(flow, flow->backoff));
}

static void retransmission_timeout(struct tcp_flow *flow)
{
    if (given_up(flow, flow->last_progress))
        return;
    recovery_timeout(flow);
    if (flow->backoff < 30)
        flow->backoff++;
    flow->rto_base = flow->tcp->now;
    black_hole_suspected(flow);
    output(flow);
}

static void tail_probe_timeout(struct tcp_flow *flow)
{
    COUNT(flow->tcp, tail_probes);
    if (send_tail_probe(flow)) {
        flow->tail_probe = true;
        flow->tail_probe_end = flow->snd_nxt;
    }
    /* RFC 8985, section 7.3: restart the retransmission timer after the probe. */
    flow->tail_probe = true;
    flow->rto_base = flow->tcp->now;
    retransmit_rearm(flow);
}

static void reorder_timeout(struct tcp_flow *flow)
{
    flow->retransmit_mode = MODE_RTO;
    flow->frto = FRTO_OFF;
    if (rack_detect(flow)) {
        if (flow->recovery < RECOVERY)
            recovery_enter(flow);
        if (flow->recovery == RECOVERY)
            flow->cwnd = max_u32(flow->cwnd, sent_flight(flow) + flow->mss);
    }
    output(flow);
}

static void retransmit_timeout(struct tcp_flow *flow)
{
    if (!flow_synchronized(flow)) {
        handshake_timeout(flow);
        return;
    }
    switch ((enum retransmit_mode)flow->retransmit_mode) {
    case MODE_PERSIST: persist_timeout(flow); break;
    case MODE_RTO:
        if (flow->sent != NULL)
            retransmission_timeout(flow);
        break;
    case MODE_TAIL_PROBE:
        if (flow->sent != NULL)
            tail_probe_timeout(flow);
        break;
    case MODE_REORDER: reorder_timeout(flow); break;
    }
}

/*
 * RFC 9293, section 3.8.4: keep-alive. While bytes are in flight, the retransmission timer does this timer's
 * work.
 */
static void keepalive_timeout(struct tcp_flow *flow)
{
    os_time now = flow->tcp->now, due = flow->last_received + flow->keepalive;
    if (flow->keepalive == 0)
        return;
    if (due > now)
        flow->probes = 0;
    if (due > now || flow->sent != NULL) {
        timer_at(flow, TIMER_KEEPALIVE, due > now ? due : now + flow->keepalive);
        return;
    }
    if (flow->probes >= flow->keepalive_limit) {
        send_reset(flow);
        flow_end(flow, ERR_TIMEOUT);
        return;
    }
    flow->probes++;
    send_control(flow, flow->snd_una - 1, ACK);
    os_time interval = MILLISECONDS(flow->keepalive_interval);
    timer_at(flow, TIMER_KEEPALIVE, now + (interval < flow->keepalive ? interval : flow->keepalive));
}

/*
 * The orphan's time is over. It ends, unless its bytes are still being acknowledged, or the peer is being
 * asked for room, which ends when it answers no more. But when memory is short, orphans whose peers don't
 * read give way (RFC 6429).
 */
static void linger_timeout(struct tcp_flow *flow)
{
    os_time now = flow->tcp->now, most = MILLISECONDS(key_orphan_timeout_ms),
            more = flow->last_progress + most;
    if (persisting(flow) && !memory_short(flow->tcp))
        more = now + most;
    if (flow->state != STATE_FIN_WAIT_2 && more > now) {
        timer_at(flow, TIMER_LINGER, more);
        return;
    }
    COUNT(flow->tcp, orphans_reset);
    send_reset(flow);
    flow_end(flow, ERR_TIMEOUT);
}

static void expired(struct tcp_flow *flow, enum timer timer)
{
    switch (timer) {
    case TIMER_RETRANSMIT: retransmit_timeout(flow); break;
    case TIMER_DELAYED_ACK:
        if (flow->ack_need != ACK_NONE)
            send_ack(flow);
        break;
    case TIMER_KEEPALIVE: keepalive_timeout(flow); break;
    case TIMER_LINGER: linger_timeout(flow); break;
    case TIMERS: break;
    }
}

INTERNAL void timer_fire(void *arg)
{
    struct tcp_flow *flow = arg;
    os_time now = os_now(), first = OS_NEVER;
    flow->tcp->now = now;
    for (int i = 0; i < TIMERS; i++) {
        if (flow->deadlines[i] > now)
            continue;
        flow->deadlines[i] = OS_NEVER;
        expired(flow, (enum timer)i);
        if (flow->state == STATE_CLOSED)
            return;
    }
    for (int i = 0; i < TIMERS; i++)
        if (flow->deadlines[i] < first)
            first = flow->deadlines[i];
    if (first != OS_NEVER && (!os_timer_is_set(&flow->timer) || first < flow->timer.when) &&
        os_timer_set(&flow->timer, first) != OK) {
        flow->timer_failed = true;
        flush_later(flow);
    }
}
