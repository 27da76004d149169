/* What an acknowledgement means for what was sent: RFC 9293, section 3.10.7.4, fifth check. */
#include "private.h"

/* Free the bytes of the retransmission queue that the peer has acknowledged: those before snd_una. */
INTERNAL void queue_acked(struct tcp_flow *flow, uint32_t bytes)
{
    flow->snd_queued -= bytes;
    flow->queue_offset += bytes;
    while (flow->queue != NULL && flow->queue_offset >= flow->queue->len) {
        struct buf *done = flow->queue;
        flow->queue_offset -= done->len;
        flow->queue = done->next;
        flow->queue_views--;
        flow->tcp->memory -= queue_cost(done->len);
        done->next = NULL;
        buf_free(done);
    }
    if (flow->queue == NULL)
        flow->queue_last = NULL;
}

/* The acknowledgement covers only part of the record. */
static void trim(struct sent *s, struct tcp_flow *flow, uint32_t ack)
{
    uint32_t n = ack - s->seq;
    if (s->probe)
        search_spoiled(flow, s);
    if (s->sacked)
        flow->sacked_bytes -= n;
    if (s->lost)
        flow->lost_bytes -= n;
    if (s->resent)
        flow->resent_bytes -= n;
    s->seq = ack;
    s->offset += n;
    while (s->view != NULL && s->offset >= s->view->len) {
        s->offset -= s->view->len;
        s->view = s->view->next;
    }
}

/* The round trip to take from an acknowledged record: by its time stamp, or else by Karn's rule. */
static void sample(struct tcp_flow *flow, const struct sent *newest, const struct segment *segment)
{
    if (newest != NULL && !newest->ever_resent) {
        rtt_sample(flow, flow->tcp->now - newest->at);
    } else if (flow->timestamps && segment->has_timestamp && segment->tsecr != 0) {
        uint32_t ms = timestamp_now(flow->tcp) + flow->ts_offset - segment->tsecr;
        if (ms < 60000)
            rtt_sample(flow, MILLISECONDS(ms == 0 ? 1 : ms));
    }
}

/* Move snd_una forward: free the records and the bytes that were acknowledged, and restart the timer. */
INTERNAL void ack_new(struct tcp_flow *flow, const struct segment *segment)
{
    uint32_t ack = segment->ack, bytes = ack - flow->snd_una;
    bool fin_acked = flow->fin_sent && ack == flow->snd_nxt;
    struct sent *s, newest = { 0 };
    bool sampled = false;
    while ((s = flow->sent) != NULL && seq_before(s->seq, ack)) {
        if (!s->sacked) {
            rack_delivered(flow, s);
            newest = *s;
            sampled = true;
        }
        if (seq_after(s->end, ack)) {
            trim(s, flow, ack);
            break;
        }
        if (s->probe)
            search_arrived(flow, s);
        sent_remove(flow, s);
    }
    flow->snd_una = ack;
    queue_acked(flow, bytes - fin_acked);
    if (sampled)
        sample(flow, &newest, segment);
    flow->backoff = 0;
    if (flow->tcp->now - flow->last_progress >= flow->srtt)
        ip_confirm(flow->tcp->ip, &flow->node.ends.remote);
    flow->last_progress = flow->rto_base = flow->tcp->now;
    if (flow->sack)
        flow->dup_acks = 0;
    if (os_has_waiters(&flow->writers))
        os_wake_all(&flow->writers);
}

/* Mark the part of a record that a SACK block covers as SACKed. Returns the record behind it. */
static struct sent *sack_record(struct tcp_flow *flow, struct sent *s, const struct sack_block *block)
{
    if (seq_before(s->seq, block->left)) {
        if (!sent_split(flow, s, block->left))
            return s->next;
        s = s->next;
    }
    if (seq_after(s->end, block->right) && !sent_split(flow, s, block->right))
        return s->next;
    rack_delivered(flow, s);
    if (s->probe)
        search_arrived(flow, s);
    sent_mark_sacked(flow, s);
    return sent_merge(flow, s)->next;
}

static void sack_apply(struct tcp_flow *flow, const struct sack_block *block)
{
    struct sent *s = flow->sent;
    /* New SACKs mostly concern the end of the flight, so the search begins there. */
    while (s != NULL && !seq_after(s->end, block->left))
        s = s->next;
    while (s != NULL && seq_before(s->seq, block->right))
        s = s->sacked ? s->next : sack_record(flow, s, block);
}

/* RFC 2883: a first block below the acknowledgement, or within the second, tells of a duplicate. */
static bool is_dsack(const struct segment *segment)
{
    const struct sack_block *first = &segment->sacks[0], *second = &segment->sacks[1];
    if (seq_before(first->left, segment->ack))
        return true;
    return segment->sack_count > 1 && !seq_before(first->left, second->left) &&
           !seq_after(first->right, second->right);
}

/* A block that covers bytes which are not in flight is a mistake or an attack: it is ignored. */
static void sacks_apply(struct tcp_flow *flow, const struct segment *segment)
{
    unsigned first = 0;
    if (is_dsack(segment)) {
        flow->dsack_seen = true;
        undo_reported(flow, &segment->sacks[0]);
        first = 1;
    }
    for (unsigned i = first; i < segment->sack_count; i++) {
        const struct sack_block *block = &segment->sacks[i];
        if (seq_before(block->left, block->right) && seq_after(block->left, flow->snd_una) &&
            !seq_after(block->right, flow->snd_nxt))
            sack_apply(flow, block);
    }
}

/* RFC 9293: a window update counts only when it is not older than the one that is known. */
static void update_window(struct tcp_flow *flow, const struct segment *segment)
{
    uint32_t window = (uint32_t)segment->window << (segment->flags & SYN ? 0 : flow->snd_scale);
    if (seq_before(segment->seq, flow->snd_wl1) ||
        (segment->seq == flow->snd_wl1 && seq_before(segment->ack, flow->snd_wl2)))
        return;
    bool withdrawn = window_withdrawn(flow);
    if (window > flow->snd_wnd && flow->retransmit_mode == MODE_PERSIST) {
        flow->backoff = 0;
        timer_off(flow, TIMER_RETRANSMIT);
    }
    flow->snd_wnd = window;
    if (withdrawn && !window_withdrawn(flow))
        window_reopened(flow);
    flow->snd_max_wnd = max_u32(flow->snd_max_wnd, window);
    flow->snd_wl1 = segment->seq;
    flow->snd_wl2 = segment->ack;
}

/*
 * RFC 5681, section 2: what makes an acknowledgement a duplicate. An answer to what the peer's window has no
 * room for tells of no loss, nor that a segment has left the network for the peer.
 */
static bool is_duplicate(const struct tcp_flow *flow, const struct segment *segment)
{
    return segment->ack == flow->snd_una && flow->sent != NULL && segment->len == 0 &&
           !(segment->flags & (SYN | FIN)) && (uint32_t)segment->window << flow->snd_scale == flow->snd_wnd &&
           !window_withdrawn(flow);
}

/*
 * How many bytes this segment newly reports as delivered: those that it SACKs for the first time, and those
 * that it acknowledges and that were not SACKed before. Without SACK, each duplicate acknowledgement stands
 * for one segment, which is not counted again when it is acknowledged (RFC 9937, section 5).
 */
static uint32_t newly_delivered(struct tcp_flow *flow, uint32_t sacked, uint32_t acked, bool duplicate)
{
    if (flow->sack)
        return flow->sacked_bytes + acked - sacked;
    if (acked == 0)
        return duplicate ? flow->mss : 0;
    uint32_t known = flow->dup_acks * flow->mss;
    if (flow->recovery < RECOVERY)
        flow->dup_acks = 0; /* RFC 5681, section 3.2: only duplicates in a row tell of a loss */
    return max_u32(acked > known ? acked - known : 0, min_u32(acked, flow->mss));
}

/* The segment reports something new about what was sent: look for losses, and send what may be sent. */
static void react(struct tcp_flow *flow, const struct segment *segment, uint32_t delivered, uint32_t acked)
{
    if (flow->retransmit_mode != MODE_PERSIST || acked > 0) {
        flow->retransmit_mode = MODE_RTO;
        timer_off(flow, TIMER_RETRANSMIT);
    }
    tail_probe_after_ack(flow, segment);
    recovery_after_ack(flow, segment, delivered, acked);
    flush_later(flow);
}

/*
 * A later acknowledgement overtook this one. What it SACKs is news all the same: RFC 6675, section 5, updates
 * the scoreboard with every acknowledgement. Its window and its number are old.
 */
static void acknowledge_late(struct tcp_flow *flow, const struct segment *segment)
{
    uint32_t sacked = flow->sacked_bytes;
    if (!flow->sack || segment->sack_count == 0)
        return;
    sacks_apply(flow, segment);
    if (flow->sacked_bytes > sacked || flow->dsack_seen)
        react(flow, segment, flow->sacked_bytes - sacked, 0);
}

/*
 * Returns false when the segment must be dropped, because it acknowledges what was never sent or is too old.
 */
INTERNAL bool acknowledge(struct tcp_flow *flow, const struct segment *segment)
{
    uint32_t ack = segment->ack, una = flow->snd_una, sacked = flow->sacked_bytes, acked;
    if (seq_after(ack, flow->snd_nxt) || seq_before(ack, una - max_u32(flow->snd_max_wnd, 65535))) {
        challenge_ack(flow); /* RFC 5961, section 5.2 */
        return false;
    }
    flow->original_arrived = flow->arrived_early = false;
    if (seq_before(ack, una)) {
        acknowledge_late(flow, segment);
        return true; /* its payload may still be new */
    }
    acked = ack - una;
    bool duplicate = is_duplicate(flow, segment);
    if (segment->sack_count > 0 && flow->sack)
        sacks_apply(flow, segment);
    if (flow->ecn && (segment->flags & ECE))
        recovery_reduce(flow);
    if (acked > 0)
        ack_new(flow, segment);
    else if (duplicate && !flow->sack && flow->dup_acks < UINT16_MAX)
        flow->dup_acks++;
    uint32_t delivered = newly_delivered(flow, sacked, acked, duplicate);
    update_window(flow, segment);
    if (acked > 0 || delivered > 0 || duplicate || flow->dsack_seen)
        react(flow, segment, delivered, acked);
    if (flow->state != STATE_CLOSED)
        flush_later(flow);
    return true;
}
