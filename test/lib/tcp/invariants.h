/* The invariants of TCP, which must hold between any two events. */
#ifndef TEST_TCP_INVARIANTS_H
#define TEST_TCP_INVARIANTS_H

static void check_flight(const struct tcp_flow *f)
{
    uint32_t sacked = 0, lost = 0, resent = 0, count = 0, timed = 0, seq = f->snd_una, probes = 0;
    for (const struct sent *s = f->sent; s != NULL; s = s->next) {
        CHECK(s->seq == seq && seq_after(s->end, s->seq));
        CHECK(s->prev == NULL ? f->sent == s : s->prev->next == s);
        CHECK(!(s->sacked && (s->lost || s->resent)));
        CHECK(s->timed == (!s->sacked && (!s->lost || s->resent)));
        CHECK(!s->fin || s->next == NULL);
        CHECK(!s->probe || !(s->sacked || s->lost || s->resent || s->ever_resent || s->fin));
        probes += s->probe;
        sacked += s->sacked ? s->end - s->seq : 0;
        lost += s->lost ? s->end - s->seq : 0;
        resent += s->resent ? s->end - s->seq : 0;
        timed += s->timed;
        seq = s->end;
        count++;
    }
    CHECK(f->sent == NULL || seq == f->snd_nxt);
    CHECK(f->ended || probes == (f->search.size != 0));
    CHECK(sacked == f->sacked_bytes && lost == f->lost_bytes && resent == f->resent_bytes &&
          count == f->sent_count);
    const struct sent *earlier = NULL;
    for (const struct sent *s = f->earliest; s != NULL; earlier = s, s = s->later, timed--)
        CHECK(s->earlier == earlier && (earlier == NULL || earlier->at <= s->at));
    CHECK(timed == 0 && f->latest == earlier);
}

static void check_queue(const struct tcp_flow *f)
{
    uint64_t bytes = 0;
    uint32_t views = 0;
    for (const struct buf *b = f->queue; b != NULL; b = b->next, views++) {
        bytes += b->len;
        CHECK(b->next != NULL || b == f->queue_last);
    }
    CHECK(views == f->queue_views);
    CHECK(f->queue == NULL ? f->snd_queued == 0 : bytes - f->queue_offset == f->snd_queued);
    CHECK(!flow_synchronized(f) || (f->unsent == NULL) == (flow_unsent(f) == 0));
}

static void check_received(const struct tcp_flow *f)
{
    uint32_t count = 0, bytes = 0, end = f->rcv_nxt;
    uint64_t pinned = 0;
    CHECK(buf_len(f->received) == f->rcv_queued && buf_pinned(f->received) == f->rcv_pinned);
    for (const struct range *r = f->ranges; r != NULL; r = r->next) {
        /* What came with a SYN that crossed ours waits for the handshake. */
        CHECK(seq_after(r->seq, end) || (f->state == STATE_SYN_RECEIVED && r->seq == end));
        CHECK(seq_after(r->end, r->seq));
        CHECK(buf_len(r->data) == r->end - r->seq - r->fin);
        CHECK(r->last == NULL ? r->data == NULL : r->last->next == NULL);
        end = r->end;
        bytes += r->end - r->seq - r->fin;
        pinned += r->pinned;
        CHECK(buf_pinned(r->data) < r->pinned);
        count++;
    }
    CHECK(pinned == f->range_pinned);
    CHECK(count == f->range_count && bytes == f->range_bytes && count <= RANGES_MAX);
    CHECK(!seq_before(f->rcv_adv, f->rcv_nxt));
}

static __attribute__((unused)) void check_flow(const struct tcp_flow *f)
{
    check_flight(f);
    check_queue(f);
    check_received(f);
    CHECK(f->cwnd >= f->mss || !flow_synchronized(f));
    CHECK(f->mss >= MSS_LEAST - TIMESTAMP_SIZE || f->peer_mss == 0);
    /* Segments in flight have a timer, or the flow is about to be flushed. */
    CHECK(f->sent == NULL || f->deadlines[TIMER_RETRANSMIT] != OS_NEVER || f->flush_queued);
    CHECK(f->deadlines[TIMER_RETRANSMIT] == OS_NEVER || os_timer_is_set(&f->timer));
}

static __attribute__((unused)) void check_tcp(const struct tcp *tcp)
{
    uint64_t memory = 0;
    uint32_t flows = 0, waits = 0, pending = 0;
    for (uint32_t i = 0; tcp->table != NULL && i <= tcp->table_mask; i++)
        for (const struct node *n = tcp->table[i]; n != NULL; n = n->next) {
            const struct tcp_flow *f = (const struct tcp_flow *)n;
            if (n->is_time_wait) {
                waits++;
                continue;
            }
            check_flow(f);
            CHECK(!f->pending || f->state == STATE_SYN_RECEIVED);
            pending += f->pending;
            memory += f->rcv_pinned + f->range_pinned;
            for (const struct buf *b = f->queue; b != NULL; b = b->next)
                memory += queue_cost(b->len);
            flows++;
        }
    CHECK(flows == tcp->flow_count && waits == tcp->time_wait_count);
    CHECK(pending == tcp->fast_open_pending);
    CHECK(memory <= tcp->memory);
}

#endif
