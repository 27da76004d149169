/*
 * Reassembly: bytes that came out of order, as ranges of sequence numbers with holes between them, and the
 * SACK blocks that report them. No byte is held twice, and there are at most RANGES_MAX ranges.
 */
#include "private.h"

#include <stdlib.h>

/* Returns the last view of the chain. `views` receives how many views it has. */
INTERNAL struct buf *chain_last(struct buf *b, uint32_t *views)
{
    for (*views = 1; b->next != NULL; b = b->next)
        ++*views;
    return b;
}

static void range_free(struct tcp_flow *flow, struct range *range)
{
    uint32_t len = range->end - range->seq - range->fin;
    flow->range_count--;
    flow->range_bytes -= len;
    flow->tcp->memory -= len;
    buf_free(range->data);
    free(range);
}

static void drop_from(struct tcp_flow *flow, struct range **link)
{
    for (struct range *range; (range = *link) != NULL;) {
        *link = range->next;
        range_free(flow, range);
    }
}

INTERNAL void ranges_drop(struct tcp_flow *flow)
{
    drop_from(flow, &flow->ranges);
}

/*
 * The SACK blocks for the next segment: a DSACK if one is due, then the ranges, the most recently changed
 * first (RFC 2018, section 4).
 */
INTERNAL size_t receive_sacks(const struct tcp_flow *flow, struct sack_block *out, size_t room)
{
    size_t count = 0;
    if (flow->dsack_pending)
        out[count++] = flow->dsack;
    for (int i = 0; i < SACK_BLOCKS && count < room; i++) {
        const struct range *range = flow->ranges;
        while (range != NULL &&
               !(seq_before(range->seq, flow->recent[i] + 1) && seq_before(flow->recent[i], range->end)))
            range = range->next;
        bool known = range == NULL;
        for (size_t k = flow->dsack_pending; k < count && !known; k++)
            known = out[k].left == range->seq;
        if (!known)
            out[count++] = (struct sack_block){ range->seq, range->end };
    }
    return count;
}

/*
 * These bytes came a second time: the next segment reports it (RFC 2883). One segment has room for one such
 * report, so the one before it leaves first, unless the two are adjacent.
 */
INTERNAL void dsack_note(struct tcp_flow *flow, uint32_t left, uint32_t right)
{
    if (!flow->sack || !seq_before(left, right))
        return;
    if (flow->dsack_pending && left == flow->dsack.right) {
        flow->dsack.right = right;
        return;
    }
    if (flow->dsack_pending)
        send_ack(flow);
    flow->dsack = (struct sack_block){ left, right };
    flow->dsack_pending = true;
}

/*
 * The range with this number has changed, or was received again. It is reported before the others: behind the
 * report of a duplicate stands the range that holds it (RFC 2883, section 4).
 */
static void note_recent(struct tcp_flow *flow, uint32_t seq)
{
    const struct range *range = flow->ranges;
    while (range != NULL && seq_before(range->end, seq + 1))
        range = range->next;
    /* An entry of the same range gives way, or else the oldest one. */
    int last = 0;
    while (last < SACK_BLOCKS - 1 && !(range != NULL && !seq_before(flow->recent[last], range->seq) &&
                                       seq_before(flow->recent[last], range->end)))
        last++;
    memmove(flow->recent + 1, flow->recent, (size_t)last * sizeof *flow->recent);
    flow->recent[0] = seq;
}

/* Cut `n` bytes off the front of the chain. NULL when nothing is left. */
INTERNAL struct buf *cut_front(struct buf *data, uint32_t n)
{
    return n > 0 ? buf_advance(data, n) : data;
}

/* Join adjacent ranges, beginning with `range`. */
static void join_next(struct tcp_flow *flow, struct range *range)
{
    struct range *next = range->next;
    if (next == NULL || next->seq != range->end)
        return;
    range->end = next->end;
    range->fin = next->fin;
    if (range->last != NULL)
        range->last->next = next->data;
    else
        range->data = next->data;
    if (next->last != NULL)
        range->last = next->last;
    range->next = next->next;
    flow->range_count--;
    free(next);
}

/* Of the bytes that have come now, report the first that are held already. */
INTERNAL void note_duplicate(struct tcp_flow *flow, uint32_t seq, uint32_t end)
{
    const struct range *range = flow->ranges;
    while (range != NULL && !seq_after(range->end, seq))
        range = range->next;
    if (range != NULL && seq_before(range->seq, end))
        dsack_note(flow, seq_max(range->seq, seq), seq_min(range->end, end));
}

/*
 * Keep bytes that came out of order. Bytes that are held already are cut off, and ranges that the new bytes
 * cover entirely are dropped, so that no byte is held twice.
 */
INTERNAL void ranges_hold(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin, struct buf *data)
{
    struct range **link = &flow->ranges, *prev = NULL, *range;
    uint32_t views, first = seq;
    note_duplicate(flow, seq, end);
    while (*link != NULL && seq_before((*link)->end, seq)) {
        prev = *link;
        link = &(*link)->next;
    }
    /* `*link` is the first range that ends at or behind the beginning of the new bytes. */
    if (*link != NULL && !seq_after((*link)->seq, seq)) {
        prev = *link;
        uint32_t known = prev->end - seq;
        if (!seq_before(prev->end, end) || prev->fin) {
            note_recent(flow, seq);
            goto drop;
        }
        data = cut_front(data, known);
        seq = prev->end;
        link = &prev->next;
    } else {
        prev = NULL;
    }
    while ((range = *link) != NULL && !seq_after(range->end, end) && !range->fin) {
        *link = range->next;
        range_free(flow, range);
    }
    if (range != NULL && seq_before(range->seq, end)) {
        end = range->seq;
        fin = false;
        buf_truncate(data, end - seq);
    }
    if (end == seq)
        goto drop;
    flow->range_bytes += end - seq - fin;
    flow->tcp->memory += end - seq - fin;
    if (prev != NULL && prev->end == seq) {
        struct buf *last = data != NULL ? chain_last(data, &views) : prev->last;
        if (prev->last != NULL)
            prev->last->next = data;
        else
            prev->data = data;
        prev->last = last;
        prev->end = end;
        prev->fin = fin;
        range = prev;
    } else {
        range = calloc(1, sizeof *range);
        if (range == NULL || flow->range_count >= RANGES_MAX) {
            free(range);
            flow->range_bytes -= end - seq - fin;
            flow->tcp->memory -= end - seq - fin;
            COUNT(flow->tcp, refused_memory);
            goto drop;
        }
        *range = (struct range){ *link, seq, end, data, data != NULL ? chain_last(data, &views) : NULL, fin };
        *link = range;
        flow->range_count++;
    }
    if (range->fin)
        drop_from(flow, &range->next); /* no byte can follow a FIN */
    else
        join_next(flow, range);
    note_recent(flow, first);
    return;
drop:
    buf_free(data);
}

/*
 * Move the bytes that have become contiguous to those received in order. Returns whether a FIN came with
 * them.
 */
INTERNAL bool ranges_take(struct tcp_flow *flow)
{
    bool fin = false;
    struct range *range;
    while ((range = flow->ranges) != NULL && !seq_after(range->seq, flow->rcv_nxt)) {
        uint32_t known = flow->rcv_nxt - range->seq, len = range->end - range->seq - range->fin;
        struct buf *data = range->data;
        flow->ranges = range->next;
        fin = range->fin;
        range->data = NULL;
        range_free(flow, range);
        if (known >= len) {
            buf_free(data);
            continue;
        }
        receive_append(flow, cut_front(data, known), len - known);
    }
    return fin;
}
