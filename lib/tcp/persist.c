/*
 * A window that is closed, or whose right edge the peer has pulled back over what was sent (RFC 9293, section
 * 3.8.6). Bytes beyond the edge were not lost: the peer did not take them, and says so as long as it answers.
 * They wait like unsent ones, the peer is probed, and they are sent again when it has room.
 */
#include "private.h"

/*
 * Whether the peer has taken back the window that bytes in flight were sent into, and what remains of it has
 * no room for the first segment of them.
 */
INTERNAL bool window_withdrawn(const struct tcp_flow *flow)
{
    return flow->sent != NULL && flow->snd_wnd < min_u32(flow->snd_nxt - flow->snd_una, flow->mss);
}

/*
 * Whether bytes or a FIN wait that no acknowledgement will release: the window is closed or too small, and
 * nothing is in flight that the peer would take.
 */
INTERNAL bool must_persist(const struct tcp_flow *flow)
{
    if (flow->sent != NULL)
        return window_withdrawn(flow);
    return flow_unsent(flow) > 0 || (flow->shut && !flow->fin_sent);
}

/*
 * Probes follow ever more slowly (section 3.8.6.1), but often enough that several are lost before the
 * connection is given up.
 */
static os_time probe_interval(const struct tcp_flow *flow)
{
    os_time interval = backed_off(flow, flow->backoff), most = longest_wait(flow) / 4;
    if (most < flow->rto)
        most = flow->rto;
    return interval < most ? interval : most;
}

/* Probe the window from now on, unless that has begun. */
INTERNAL void persist_arm(struct tcp_flow *flow)
{
    if (flow->retransmit_mode != MODE_PERSIST)
        flow->backoff = 0;
    else if (flow->deadlines[TIMER_RETRANSMIT] != OS_NEVER)
        return;
    flow->retransmit_mode = MODE_PERSIST;
    timer_at(flow, TIMER_RETRANSMIT, flow->tcp->now + probe_interval(flow));
}

INTERNAL bool persisting(const struct tcp_flow *flow)
{
    return flow->retransmit_mode == MODE_PERSIST && flow->deadlines[TIMER_RETRANSMIT] != OS_NEVER;
}

/*
 * The window has room again for what was sent into it before. The peer did not take those bytes, so they are
 * sent again, at the speed of before: nothing says that the path is congested. But a peer that closes and
 * opens its window over the same bytes gets no more than a segment of them in each timeout.
 */
INTERNAL void window_reopened(struct tcp_flow *flow)
{
    os_time now = flow->tcp->now;
    flow->last_progress = now;
    if (!flow->sent->ever_resent) {
        congestion_idle(flow);
    } else {
        if (now - flow->sent->at < flow->rto)
            return;
        flow->cwnd = flow->mss;
    }
    flow->rto_base = now;
    sent_check_reneged(flow);
    sent_mark_all_lost(flow);
}

/*
 * Whether the peer has answered no probe for too long. While it answers, its window may stay closed for ever
 * (section 3.8.6.1). Any segment is an answer. The first probe without one was sent at rto_base.
 */
static bool unanswered(struct tcp_flow *flow)
{
    if (flow->last_received >= flow->rto_base)
        flow->rto_base = flow->tcp->now;
    return given_up(flow, flow->rto_base);
}

/* Send less than a full segment into a window that has no room for more: section 3.8.6.2.1. */
static void send_small(struct tcp_flow *flow)
{
    if (flow->sent != NULL) {
        if (!flow->sent->sacked)
            resend(flow, flow->sent, flow->snd_wnd);
        return;
    }
    uint32_t most = flow->snd_max_wnd;
    flow->snd_max_wnd = 0; /* so that any part of the window counts as half of the largest */
    output(flow);
    flow->snd_max_wnd = most;
}

/*
 * Probe the window: a segment with a number that was acknowledged already makes the peer report it. If the
 * window has some room, bytes do the same.
 */
INTERNAL void persist_timeout(struct tcp_flow *flow)
{
    if (unanswered(flow))
        return;
    if (flow->backoff < 30)
        flow->backoff++;
    if (flow->snd_wnd > 0 && flow->snd_wnd < flow->mss && flow_unsent(flow) + (flow->sent != NULL) > 0) {
        send_small(flow);
    } else {
        output(flow);
        if (flow->state != STATE_CLOSED && must_persist(flow))
            send_control(flow, flow->snd_una - 1, ACK);
    }
    if (flow->state != STATE_CLOSED && must_persist(flow))
        persist_arm(flow);
}
