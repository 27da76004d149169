/*
 * Which bytes are lost, and what follows from it: RACK-TLP (RFC 8985), NewReno (RFC 6582) for peers without
 * SACK, proportional rate reduction (RFC 9937), and retransmission timeouts (RFC 6298). What undoes a
 * reduction when nothing was lost is in undo.c.
 */
#include "private.h"

/* Whether enough is SACKed behind the first hole that its segment would count as lost without RACK. */
static bool duplicates_reached(const struct tcp_flow *flow)
{
    return flow->sacked_bytes > (DUP_THRESHOLD - 1) * (uint32_t)flow->mss;
}

/*
 * A record was acknowledged or SACKed for the first time: RFC 8985, section 6.2, steps 1 to 3. When a
 * retransmission is acknowledged in less than a round trip, the acknowledgement is for the original, and the
 * retransmission's time is not used.
 */
INTERNAL void rack_delivered(struct tcp_flow *flow, const struct sent *s)
{
    os_time rtt = flow->tcp->now - s->at;
    if (seq_before(s->end, flow->rack.highest)) {
        if (!s->ever_resent) {
            flow->reordering_seen = true;
            flow->reordering = max_u32(flow->reordering, flow->rack.highest - s->seq);
        }
    } else {
        flow->rack.highest = s->end;
    }
    if (!s->ever_resent && !seq_after(s->end, flow->recover))
        flow->original_arrived = true;
    if (s->ever_resent && rtt < flow->min_rtt) {
        flow->arrived_early = true;
        return;
    }
    flow->rack.rtt = rtt;
    if (s->at > flow->rack.at || (s->at == flow->rack.at && seq_after(s->end, flow->rack.end))) {
        flow->rack.at = s->at;
        flow->rack.end = s->end;
    }
}

/* Section 6.2, step 4: how much later than in order a segment may arrive without counting as lost. */
static os_time reorder_window(const struct tcp_flow *flow)
{
    if (!flow->reordering_seen && (flow->recovery >= RECOVERY || duplicates_reached(flow)))
        return 0;
    os_time window = flow->min_rtt == OS_NEVER ? 0 : flow->min_rtt / 4 * flow->rack.multiple;
    return window > flow->srtt ? flow->srtt : window;
}

/* A DSACK reports a needless retransmission: allow more reordering, at most once a round trip. */
INTERNAL void rack_new_round(struct tcp_flow *flow)
{
    if (flow->dsack_seen && !seq_before(flow->snd_una, flow->rack.dsack_round)) {
        flow->rack.dsack_round = flow->snd_nxt;
        if (flow->rack.multiple < 16)
            flow->rack.multiple++;
        flow->rack.persist = 16;
    }
    flow->dsack_seen = false;
}

/*
 * Step 5: a record counts as lost when a record that was sent sufficiently later has arrived. If some records
 * may still arrive in time, a timer checks them again. Returns true when a record was newly found lost.
 */
INTERNAL bool rack_detect(struct tcp_flow *flow)
{
    os_time now = flow->tcp->now, patience = flow->rack.rtt + reorder_window(flow);
    bool found = false, probe = false;
    for (struct sent *s = flow->earliest, *later; s != NULL; s = later) {
        later = s->later;
        if (s->at > flow->rack.at || (s->at == flow->rack.at && !seq_before(s->end, flow->rack.end)))
            break;
        os_time left = s->at + patience - now;
        if (left > 0) {
            flow->retransmit_mode = MODE_REORDER;
            timer_at(flow, TIMER_RETRANSMIT, now + left);
            break;
        }
        /* A lost probe tells of its size, and not of congestion (RFC 8899, section 3). */
        if (s->probe)
            probe = true;
        else
            found = true;
        s->probe = false;
        sent_mark_lost(flow, s);
    }
    if (probe)
        search_lost(flow, !found && flow->recovery == OPEN);
    return found;
}

/*
 * Lower the threshold for congestion. The next new bytes tell a peer with ECN so, whatever the reason was
 * (RFC 3168, section 6.1.2).
 */
static void reduce(struct tcp_flow *flow)
{
    flow->ssthresh = congestion_reduced(flow);
    flow->cwr = flow->ecn;
}

static void proportional_begin(struct tcp_flow *flow)
{
    flow->recover = flow->snd_nxt;
    flow->prr_delivered = flow->prr_out = 0;
    flow->recover_flight = max_u32(flow->snd_nxt - flow->snd_una, 1);
}

INTERNAL void recovery_enter(struct tcp_flow *flow)
{
    COUNT(flow->tcp, recoveries);
    if (flow->recovery == OPEN || flow->recovery == REDUCED) {
        undo_remember(flow);
        if (flow->recovery == OPEN)
            reduce(flow);
    }
    flow->recovery = RECOVERY;
    proportional_begin(flow);
}

/*
 * Congestion without a loss to repair: an ECN echo (RFC 3168, section 6.1.2), or a tail loss probe that
 * repaired the loss. The window comes down to its new size in the course of a round trip.
 */
INTERNAL void recovery_reduce(struct tcp_flow *flow)
{
    if (flow->recovery != OPEN)
        return;
    undo_forget(flow);
    reduce(flow);
    flow->recovery = REDUCED;
    proportional_begin(flow);
}

static void recovery_exit(struct tcp_flow *flow)
{
    if (flow->recovery == RECOVERY || flow->recovery == REDUCED)
        flow->cwnd = flow->ssthresh;
    flow->recovery = OPEN;
    flow->undo_armed = false;
    flow->undo_end = flow->snd_nxt;
    flow->frto = FRTO_OFF;
    flow->dup_acks = 0;
    if (flow->rack.persist > 0 && --flow->rack.persist == 0)
        flow->rack.multiple = 1;
}

/*
 * RFC 9937, section 6: send as much as is delivered, scaled to the target window. Below that window, catch up
 * only after a safe acknowledgement: one that moves snd_una and reports no further loss.
 */
static void proportional_rate(struct tcp_flow *flow, uint32_t delivered, bool safe)
{
    uint32_t flight = sent_flight(flow), count = 0;
    if (delivered == 0 && flow->prr_out > 0)
        return;
    flow->prr_delivered += delivered;
    if (flight > flow->ssthresh) {
        uint64_t share = ((uint64_t)flow->prr_delivered * flow->ssthresh + flow->recover_flight - 1) /
                         flow->recover_flight;
        count = share > flow->prr_out ? (uint32_t)share - flow->prr_out : 0;
    } else {
        uint32_t behind = flow->prr_delivered > flow->prr_out ? flow->prr_delivered - flow->prr_out : 0;
        count = min_u32(flow->ssthresh - flight, max_u32(behind, delivered) + (safe ? flow->mss : 0));
    }
    if (flow->prr_out == 0 && flow->recovery == RECOVERY)
        count = max_u32(count, flow->mss); /* the fast retransmission itself */
    flow->cwnd = max_u32(flight + count, flow->mss);
}

/* Without SACK: RFC 6582, section 3.2. Returns true when the first segment counts as lost. */
static bool reno_detect(struct tcp_flow *flow, uint32_t acked)
{
    struct sent *first = flow->sent;
    bool partial = flow->recovery == RECOVERY && acked > 0;
    if (first == NULL || !(partial || (flow->recovery != RECOVERY && flow->dup_acks >= DUP_THRESHOLD)))
        return false;
    if (flow->recovery != RECOVERY && seq_before(flow->snd_una, flow->recover))
        return false; /* duplicates of what the last timeout retransmitted are not another loss */
    if (first->end - first->seq > flow->mss && !sent_split(flow, first, first->seq + flow->mss))
        return false;
    sent_mark_lost(flow, flow->sent);
    if (partial)
        flow->dup_acks = flow->dup_acks > acked / flow->mss ? flow->dup_acks - acked / flow->mss : 0;
    return true;
}

static bool detect(struct tcp_flow *flow, uint32_t acked)
{
    if (!flow->sack)
        return reno_detect(flow, acked);
    return rack_detect(flow);
}

/*
 * Called after each acceptable acknowledgement. It newly reports `delivered` bytes as arrived, and moves
 * snd_una by `acked` bytes.
 */
INTERNAL void recovery_after_ack(struct tcp_flow *flow, const struct segment *segment, uint32_t delivered,
                                 uint32_t acked)
{
    rack_new_round(flow);
    undo_if_spurious(flow, segment, acked);
    bool done = flow->recovery != OPEN && !seq_before(flow->snd_una, flow->recover);
    /*
     * The acknowledgement that ends a fast recovery covers bytes from before it. The window is set to its
     * target, and does not grow for them.
     */
    bool grows = acked > 0 && !(done && flow->recovery == RECOVERY) && flow->recovery != REDUCED;
    /*
     * Without SACK, a recovery lasts until more than what was sent before it is acknowledged. Otherwise old
     * duplicates look like a new loss (RFC 6582, section 3.2).
     */
    if (done &&
        (flow->sack || flow->recovery != RECOVERY || flow->snd_una != flow->recover || flow->sent == NULL))
        recovery_exit(flow);
    if (flow->sent == NULL) {
        if (grows)
            congestion_acked(flow, delivered);
        return;
    }
    bool lost = detect(flow, done ? 0 : acked);
    if (lost && flow->recovery < RECOVERY)
        recovery_enter(flow);
    if (flow->recovery == RECOVERY || flow->recovery == REDUCED)
        proportional_rate(flow, delivered, acked > 0 && !lost && !(segment->flags & ECE));
    else if (grows)
        congestion_acked(flow, delivered);
    if (flow->recovery == LOSS)
        frto_after_ack(flow, acked);
}

/* RFC 8985, section 7.4: what the answer to a tail loss probe means. */
INTERNAL void tail_probe_after_ack(struct tcp_flow *flow, const struct segment *segment)
{
    if (!flow->tail_probe || seq_before(segment->ack, flow->tail_probe_end))
        return;
    bool repaired = flow->tail_probe_resent && !flow->dsack_seen &&
                    (seq_after(segment->ack, flow->tail_probe_end) || segment->sack_count == 0);
    flow->tail_probe = false;
    if (repaired && seq_after(segment->ack, flow->tail_probe_end))
        recovery_reduce(flow);
}

/*
 * RFC 6298, (5.4) to (5.6), and RFC 5681, section 3.1: a retransmission timeout. Everything that is not
 * SACKed counts as lost.
 */
INTERNAL void recovery_timeout(struct tcp_flow *flow)
{
    COUNT(flow->tcp, timeouts);
    sent_check_reneged(flow);
    frto_start(flow);
    if (flow->recovery != LOSS) {
        if (flow->recovery != RECOVERY)
            undo_remember(flow);
        reduce(flow);
    }
    flow->recovery = LOSS;
    flow->recover = flow->snd_nxt;
    flow->cwnd = flow->mss;
    flow->cwnd_acked = 0;
    flow->dup_acks = 0;
    flow->tail_probe = false;
    sent_mark_all_lost(flow);
}
