/*
 * Reassembly: bytes that came out of order, as ranges of sequence numbers with holes between them, and the
 * SACK blocks that report them. No byte is held twice, there are at most RANGES_MAX ranges, and each is
 * charged by the memory that it takes; receive.c limits their sum.
 */
#include "private.h"

#include <stdlib.h>

/* What a range takes beside its data. */
enum { RANGE_COST = sizeof(struct range) + 16 };

/* Returns the last view of the chain. */
INTERNAL struct buf *chain_last(struct buf *b)
{
    while (b->next != NULL)
        b = b->next;
    return b;
}

/* The memory that the range takes is now this much. */
static void charge(struct tcp_flow *flow, struct range *range, size_t pinned)
{
    flow->range_pinned += pinned - range->pinned;
    flow->tcp->memory += pinned - range->pinned;
    range->pinned = pinned;
}

static void range_free(struct tcp_flow *flow, struct range *range)
{
    flow->range_count--;
    flow->range_bytes -= range->end - range->seq - range->fin;
    charge(flow, range, 0);
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
    size_t pinned = range->pinned + next->pinned - RANGE_COST;
    charge(flow, next, 0);
    charge(flow, range, pinned);
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

/* Make a range for bytes that begin at `seq`, before `next`. NULL: no memory, or there are too many. */
static struct range *range_new(struct tcp_flow *flow, uint32_t seq, struct range *next)
{
    struct range *range = flow->range_count < RANGES_MAX ? calloc(1, sizeof *range) : NULL;
    if (range == NULL) {
        COUNT(flow->tcp, refused_memory);
        return NULL;
    }
    range->next = next;
    range->seq = range->end = seq;
    charge(flow, range, RANGE_COST);
    flow->range_count++;
    return range;
}

/* Append bytes, or only a FIN, to a range. */
static void range_append(struct tcp_flow *flow, struct range *range, uint32_t end, bool fin, struct buf *data)
{
    flow->range_bytes += end - range->end - fin;
    range->end = end;
    range->fin = fin;
    if (data == NULL)
        return;
    charge(flow, range, range->pinned + buf_pinned_behind(range->last, data));
    if (range->last != NULL)
        range->last->next = data;
    else
        range->data = data;
    range->last = chain_last(data);
}

/* Copy each range together that is sparse. */
INTERNAL void ranges_compact(struct tcp_flow *flow)
{
    for (struct range *range = flow->ranges; range != NULL; range = range->next) {
        if (range->data == NULL)
            continue;
        range->data = buf_compact(range->data);
        range->last = chain_last(range->data);
        charge(flow, range, RANGE_COST + buf_pinned(range->data));
    }
}

/*
 * Keep bytes that came out of order. Bytes that are held already are cut off, and ranges that the new bytes
 * cover entirely are dropped, so that no byte is held twice.
 */
INTERNAL void ranges_hold(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin, struct buf *data)
{
    struct range **link = &flow->ranges, *prev = NULL, *range;
    uint32_t first = seq;
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
    range = prev;
    if (range == NULL) {
        if ((range = range_new(flow, seq, *link)) == NULL)
            goto drop;
        *link = range;
    }
    range_append(flow, range, end, fin, data);
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
