/*
 * A loss that was none: the window was reduced because acknowledgements came late or packets were reordered.
 * Three signs tell of it, and each puts the window back (RFC 4015): the time stamp that an acknowledgement
 * echoes (Eifel, RFC 3522), the peer's report that every retransmission came twice (RFC 3708), and after a
 * timeout acknowledgements of what was never retransmitted (F-RTO, RFC 5682).
 */
#include "private.h"

/* Forget what the window was: reports about retransmissions count no more. */
INTERNAL void undo_forget(struct tcp_flow *flow)
{
    flow->undo_armed = flow->undo_dsack = false;
}

/*
 * The window is about to be reduced. A tail probe in flight counts as the first retransmission, so that its
 * report does not stand for that of another.
 */
INTERNAL void undo_remember(struct tcp_flow *flow)
{
    flow->prior_cwnd = flow->cwnd;
    flow->prior_ssthresh = flow->ssthresh;
    flow->undo_timestamp = timestamp_now(flow->tcp) + flow->ts_offset;
    flow->undo_armed = flow->timestamps;
    flow->undo_dsack = flow->sack;
    flow->undo_bytes = 0;
    flow->undo_resent = (struct sack_block){ flow->snd_nxt, flow->snd_una };
    for (const struct sent *s = flow->sent; s != NULL; s = s->next)
        if (s->ever_resent && !s->sacked)
            undo_resent(flow, s);
}

/* The record has been retransmitted. */
INTERNAL void undo_resent(struct tcp_flow *flow, const struct sent *s)
{
    flow->undo_resent.left = seq_min(flow->undo_resent.left, s->seq);
    flow->undo_resent.right = seq_max(flow->undo_resent.right, s->end);
    flow->undo_bytes += s->end - s->seq;
}

static void undo(struct tcp_flow *flow)
{
    COUNT(flow->tcp, undone);
    flow->cwnd = max_u32(flow->cwnd, flow->prior_cwnd);
    flow->ssthresh = flow->prior_ssthresh;
    flow->cubic.w_max = max_u32(flow->cubic.w_max, flow->prior_cwnd);
    flow->recovery = OPEN;
    undo_forget(flow);
    flow->frto = FRTO_OFF;
    flow->backoff = 0;
    for (struct sent *s = flow->sent; s != NULL; s = s->next)
        if (s->lost && !s->resent)
            sent_mark_found(flow, s);
    flow->resend_from = NULL;
}

/*
 * RFC 3708: the peer received these bytes twice. They count when they were retransmitted since the
 * reduction. A FIN takes part in what was sent, but the peer's report may leave it out.
 */
INTERNAL void undo_reported(struct tcp_flow *flow, const struct sack_block *block)
{
    if (!flow->undo_dsack || !seq_before(block->left, block->right) ||
        seq_before(block->left, flow->undo_resent.left) || seq_after(block->right, flow->undo_resent.right))
        return;
    uint32_t bytes = min_u32(block->right - block->left, flow->undo_bytes);
    flow->undo_bytes -= bytes;
}

/*
 * RFC 3522: when an acknowledgement echoes a time stamp from before the first retransmission, it is for the
 * original, and nothing was lost.
 */
static bool echoes_original(const struct tcp_flow *flow, const struct segment *segment, uint32_t acked)
{
    return flow->recovery >= RECOVERY && flow->undo_armed && acked > 0 && segment->has_timestamp &&
           segment->tsecr != 0 && seq_before(segment->tsecr, flow->undo_timestamp);
}

/* Whether every retransmission since the reduction came a second time. */
static bool all_needless(const struct tcp_flow *flow)
{
    return flow->undo_dsack && flow->undo_bytes == 0 &&
           seq_before(flow->undo_resent.left, flow->undo_resent.right);
}

/*
 * Called for each acceptable acknowledgement. A report of duplicates comes after the last retransmission was
 * acknowledged, so it is awaited for one round trip more than the recovery lasts.
 */
INTERNAL void undo_if_spurious(struct tcp_flow *flow, const struct segment *segment, uint32_t acked)
{
    if (echoes_original(flow, segment, acked) || all_needless(flow))
        undo(flow);
    else if (flow->recovery == OPEN && seq_after(flow->snd_una, flow->undo_end))
        undo_forget(flow);
}

/*
 * A timeout: F-RTO's first step. It is not taken in the middle of a fast recovery, nor when a timeout
 * follows on one that had repaired something, and time stamps tell more.
 */
INTERNAL void frto_start(struct tcp_flow *flow)
{
    bool again = flow->recovery == LOSS && flow->backoff > 0;
    flow->frto = !flow->timestamps && (flow->recovery < RECOVERY || again) ? FRTO_FIRST : FRTO_OFF;
}

/*
 * The second step: the first acknowledgement that advances. Instead of more retransmissions new bytes are
 * sent, and their acknowledgements tell. Without new bytes RFC 5682 gives up. But when this acknowledgement
 * came sooner than the retransmission can have caused it, the others of the late flight are close behind,
 * and are awaited for a round trip.
 */
static void frto_first(struct tcp_flow *flow)
{
    flow->frto = FRTO_OFF;
    if (new_sendable(flow)) {
        flow->frto = FRTO_SECOND;
        flow->cwnd = min_u32(flow->cwnd, 2u * flow->mss);
    } else if (flow->arrived_early) {
        flow->frto = FRTO_SECOND;
        flow->retransmit_mode = MODE_REORDER;
        timer_at(flow, TIMER_RETRANSMIT, flow->tcp->now + flow->srtt);
    }
}

/* The third step: bytes that were sent once have arrived after the timeout, so it came too early. */
static void frto_second(struct tcp_flow *flow)
{
    flow->frto = FRTO_OFF;
    if (flow->original_arrived)
        undo(flow);
}

/* Called for each acknowledgement below `recover` that reports something, while a timeout is repaired. */
INTERNAL void frto_after_ack(struct tcp_flow *flow, uint32_t acked)
{
    if (flow->frto == FRTO_FIRST && acked > 0)
        frto_first(flow);
    else if (flow->frto == FRTO_SECOND)
        frto_second(flow);
}
