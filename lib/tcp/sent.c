/*
 * The retransmission queue's records: the bytes from snd_una to snd_nxt, in records of what was sent
 * together, in the order of sequence numbers. A record says what is known of its bytes: SACKed (RFC 2018),
 * lost, or retransmitted. A large segment is one record until an acknowledgement divides it, and adjacent
 * SACKed records are merged. So the list stays short: it has at most twice as many records as the window has
 * segments.
 */
#include "private.h"

#include <stdlib.h>

enum { SPARE_SENT = 256 };

static struct sent *sent_new(struct tcp_flow *flow)
{
    struct tcp *tcp = flow->tcp;
    struct sent *s = tcp->spare_sent;
    if (s == NULL)
        return calloc(1, sizeof *s);
    tcp->spare_sent = s->next;
    tcp->spare_sent_count--;
    *s = (struct sent){ 0 };
    return s;
}

static void sent_discard(struct tcp *tcp, struct sent *s)
{
    if (tcp->spare_sent_count >= SPARE_SENT) {
        free(s);
        return;
    }
    s->next = tcp->spare_sent;
    tcp->spare_sent = s;
    tcp->spare_sent_count++;
}

static void time_unlink(struct tcp_flow *flow, struct sent *s)
{
    if (!s->timed)
        return;
    if (s->earlier != NULL)
        s->earlier->later = s->later;
    else
        flow->earliest = s->later;
    if (s->later != NULL)
        s->later->earlier = s->earlier;
    else
        flow->latest = s->earlier;
    s->timed = false;
}

/* Insert behind `after` in the list by time of sending. NULL: in front. */
static void time_link(struct tcp_flow *flow, struct sent *s, struct sent *after)
{
    s->earlier = after;
    s->later = after != NULL ? after->later : flow->earliest;
    if (s->later != NULL)
        s->later->earlier = s;
    else
        flow->latest = s;
    if (after != NULL)
        after->later = s;
    else
        flow->earliest = s;
    s->timed = true;
}

static void seq_link(struct tcp_flow *flow, struct sent *s, struct sent *after)
{
    s->prev = after;
    s->next = after != NULL ? after->next : flow->sent;
    if (s->next != NULL)
        s->next->prev = s;
    else
        flow->sent_last = s;
    if (after != NULL)
        after->next = s;
    else
        flow->sent = s;
    flow->sent_count++;
}

static uint32_t sent_len(const struct sent *s)
{
    return s->end - s->seq;
}

/* Add a record at the end of the flight, for what is sent now. NULL: no memory. */
INTERNAL struct sent *sent_add(struct tcp_flow *flow, uint32_t seq, uint32_t end, bool fin)
{
    struct sent *s = sent_new(flow);
    if (s == NULL)
        return NULL;
    s->seq = seq;
    s->end = end;
    s->fin = fin;
    s->at = flow->tcp->now;
    seq_link(flow, s, flow->sent_last);
    time_link(flow, s, flow->latest);
    return s;
}

/* Returns where in the send queue the byte lies that is `n` bytes behind the record's first. */
static void find_byte(const struct sent *s, uint32_t n, struct buf **view, uint32_t *offset)
{
    struct buf *v = s->view;
    n += s->offset;
    while (v != NULL && n >= v->len) {
        n -= v->len;
        v = v->next;
    }
    *view = v;
    *offset = n;
}

/*
 * Divide the record at the sequence number `at`, which lies within it. Returns false when there is no memory,
 * or when there would be too many records, which only a peer that SACKs single bytes can cause.
 */
INTERNAL bool sent_split(struct tcp_flow *flow, struct sent *s, uint32_t at)
{
    uint32_t flight = flow->snd_nxt - flow->snd_una;
    if (flow->sent_count > 2 * (flight / flow->mss) + 64)
        return false;
    if (s->probe)
        search_spoiled(flow, s);
    struct sent *right = sent_new(flow);
    if (right == NULL)
        return false;
    *right = *s;
    right->seq = at;
    right->timed = false;
    find_byte(s, at - s->seq, &right->view, &right->offset);
    s->end = at;
    s->fin = s->pushed = false;
    seq_link(flow, right, s);
    if (s->timed)
        time_link(flow, right, s);
    return true;
}

static void uncount(struct tcp_flow *flow, struct sent *s)
{
    if (s->sacked)
        flow->sacked_bytes -= sent_len(s);
    if (s->lost)
        flow->lost_bytes -= sent_len(s);
    if (s->resent)
        flow->resent_bytes -= sent_len(s);
    s->sacked = s->lost = s->resent = false;
}

INTERNAL void sent_remove(struct tcp_flow *flow, struct sent *s)
{
    uncount(flow, s);
    time_unlink(flow, s);
    if (flow->resend_from == s)
        flow->resend_from = s->next;
    if (s->prev != NULL)
        s->prev->next = s->next;
    else
        flow->sent = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
    else
        flow->sent_last = s->prev;
    flow->sent_count--;
    sent_discard(flow->tcp, s);
}

/* Mark the record as lost: neither it nor its last retransmission will arrive. */
INTERNAL void sent_mark_lost(struct tcp_flow *flow, struct sent *s)
{
    if (s->probe)
        search_spoiled(flow, s);
    uncount(flow, s);
    time_unlink(flow, s);
    s->lost = true;
    flow->lost_bytes += sent_len(s);
    if (flow->resend_from == NULL || seq_before(s->seq, flow->resend_from->seq))
        flow->resend_from = s;
}

/*
 * The record was not lost after all. Its time of sending is no longer known exactly, so it counts as sent
 * now.
 */
INTERNAL void sent_mark_found(struct tcp_flow *flow, struct sent *s)
{
    uncount(flow, s);
    s->at = flow->tcp->now;
    s->ever_resent = true;
    time_link(flow, s, flow->latest);
}

INTERNAL void sent_mark_sacked(struct tcp_flow *flow, struct sent *s)
{
    uncount(flow, s);
    time_unlink(flow, s);
    s->sacked = true;
    flow->sacked_bytes += sent_len(s);
}

/* The record has just been retransmitted. */
INTERNAL void sent_mark_resent(struct tcp_flow *flow, struct sent *s)
{
    if (!s->resent)
        flow->resent_bytes += sent_len(s);
    s->resent = s->ever_resent = true;
    s->at = flow->tcp->now;
    time_unlink(flow, s);
    time_link(flow, s, flow->latest);
}

/*
 * A peer that has SACKed the very first bytes and does not acknowledge them has reneged on its SACKs, which
 * RFC 2018, section 8, allows: all bytes may be lost.
 */
INTERNAL void sent_check_reneged(struct tcp_flow *flow)
{
    if (!flow->sent->sacked)
        return;
    COUNT(flow->tcp, reneged);
    for (struct sent *s = flow->sent; s != NULL; s = s->next)
        if (s->sacked)
            sent_mark_lost(flow, s);
}

/* Mark everything as lost that is not SACKed. */
INTERNAL void sent_mark_all_lost(struct tcp_flow *flow)
{
    for (struct sent *s = flow->sent; s != NULL; s = s->next)
        if (!s->sacked && (!s->lost || s->resent))
            sent_mark_lost(flow, s);
}

/* Returns the first record that is lost and not retransmitted. NULL: none. */
INTERNAL struct sent *sent_to_resend(struct tcp_flow *flow)
{
    struct sent *s = flow->resend_from;
    while (s != NULL && (!s->lost || s->resent))
        s = s->next;
    flow->resend_from = s;
    return s;
}

/* Merge a SACKed record with adjacent SACKed ones. Returns the record that it is part of now. */
INTERNAL struct sent *sent_merge(struct tcp_flow *flow, struct sent *s)
{
    if (s->next != NULL && s->next->sacked) {
        s->end = s->next->end;
        s->fin = s->next->fin;
        flow->sacked_bytes += sent_len(s->next);
        sent_remove(flow, s->next);
    }
    struct sent *prev = s->prev;
    if (prev == NULL || !prev->sacked)
        return s;
    prev->end = s->end;
    prev->fin = s->fin;
    flow->sacked_bytes += sent_len(s);
    sent_remove(flow, s);
    return prev;
}

INTERNAL void sent_clear(struct tcp_flow *flow)
{
    while (flow->sent != NULL)
        sent_remove(flow, flow->sent);
}

/* Returns how many bytes are believed to be in the network: RFC 6675's pipe. */
INTERNAL uint32_t sent_flight(const struct tcp_flow *flow)
{
    uint32_t flight =
        flow->snd_nxt - flow->snd_una - flow->sacked_bytes - flow->lost_bytes + flow->resent_bytes;
    if (flow->sack)
        return flight;
    /* Without SACK, each duplicate acknowledgement means that one segment has left the network (RFC 6582). */
    uint32_t left = min_u32(flow->dup_acks * flow->mss, flight);
    return flight - left;
}
