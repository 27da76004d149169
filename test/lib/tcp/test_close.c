/*
 * The end of connections: both orders of closing, half-close, resets and forged ones, orphans, unread bytes.
 */
#include "script.h"

static void open_with(struct peer *p, struct segment syn)
{
    peer_make(p);
    peer_connect(p, syn);
}

FIBER_TEST(active_close)
{
    struct peer p;
    open_with(&p, plain_syn);
    tcp_close(p.flow);
    struct segment s = peer_expect(&p, MILLISECONDS(1), FIN | ACK);
    CHECK_EQUAL(s.len, 0);
    peer_ack(&p);
    os_sleep(1);
    CHECK_EQUAL(p.tcp->orphans.flows.first->state, STATE_FIN_WAIT_2);
    peer_send(&p, FIN | ACK, NULL, 0);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, p.seq);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

FIBER_TEST(passive_close)
{
    struct peer p;
    struct buf *b;
    open_with(&p, plain_syn);
    peer_send(&p, FIN | ACK, "bye", 3);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, p.seq);
    CHECK_EQUAL(p.flow->state, STATE_CLOSE_WAIT);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK_EQUAL(buf_len(b), 3);
    buf_free(b);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_END);
    write_bytes(&p, 100); /* the connection is half-closed, so this side may still send */
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).len, 100);
    tcp_close(p.flow);
    peer_expect(&p, MILLISECONDS(1), FIN | ACK);
    peer_ack(&p);
    os_sleep(MILLISECONDS(1));
    CHECK(p.tcp->flow_count == 0 && p.tcp->time_wait_count == 0 && p.tcp->table_count == 0);
    peer_end(&p);
    return OK;
}

/* Host a ends its side and still reads. The FIN goes with the last bytes. */
FIBER_TEST(half_close)
{
    struct peer p;
    struct buf *b;
    open_with(&p, plain_syn);
    write_bytes(&p, 10);
    peer_expect(&p, MILLISECONDS(1), ACK);
    write_bytes(&p, 20);
    CHECK_EQUAL(tcp_shutdown(p.flow), OK);
    CHECK_EQUAL(tcp_shutdown(p.flow), OK);
    CHECK_EQUAL(tcp_write(p.flow, buf_copy("x", 1)), ERR_CLOSED);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), FIN | ACK).len, 20);
    peer_ack(&p);
    for (int i = 0; i < 5; i++) {
        peer_send(&p, ACK, "answer", 6);
        read_bytes(&p, 6);
        os_sleep(SECONDS(100)); /* the flow is not an orphan, so it has no time limit */
    }
    CHECK_EQUAL(p.flow->state, STATE_FIN_WAIT_2);
    peer_send(&p, FIN | ACK, NULL, 0);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_END);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_END);
    CHECK_EQUAL(tcp_write(p.flow, buf_copy("x", 1)), ERR_CLOSED);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    tcp_close(p.flow);
    peer_end(&p);
    return OK;
}

/* RFC 9293, figure 13. */
FIBER_TEST(simultaneous_close)
{
    struct peer p;
    open_with(&p, plain_syn);
    tcp_close(p.flow);
    uint32_t before = p.ack;
    peer_expect(&p, MILLISECONDS(1), FIN | ACK);
    uint32_t after = p.ack;
    p.ack = before;
    peer_send(&p, FIN | ACK, NULL, 0);
    CHECK_EQUAL(p.tcp->orphans.flows.first->state, STATE_CLOSING);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, p.seq);
    p.ack = after;
    peer_ack(&p);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    peer_end(&p);
    return OK;
}

/* The FIN is retransmitted like everything else. */
FIBER_TEST(lost_fin)
{
    struct peer p;
    open_with(&p, plain_syn);
    write_bytes(&p, 10);
    peer_expect(&p, MILLISECONDS(1), ACK);
    peer_ack(&p);
    CHECK_EQUAL(tcp_shutdown(p.flow), OK);
    uint32_t seq = peer_expect(&p, MILLISECONDS(1), FIN | ACK).seq;
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(peer_expect(&p, SECONDS(5), FIN | ACK).seq, seq);
    peer_ack(&p);
    CHECK_EQUAL(p.flow->state, STATE_FIN_WAIT_2);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* A FIN that comes before the bytes in front of it. */
FIBER_TEST(fin_out_of_order)
{
    struct peer p;
    struct buf *b;
    open_with(&p, sack_syn);
    uint32_t base = p.seq;
    p.seq = base + 5;
    peer_send(&p, FIN | ACK, "fgh", 3);
    CHECK_EQUAL(p.flow->state, STATE_ESTABLISHED);
    peer_expect(&p, MILLISECONDS(1), ACK);
    p.seq = base + 2;
    peer_send(&p, FIN | ACK, "cdefgh", 6); /* the same FIN, with more bytes before it */
    peer_expect(&p, MILLISECONDS(1), ACK);
    p.seq = base;
    peer_send(&p, ACK, "abc", 3);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, base + 9);
    CHECK_EQUAL(p.flow->state, STATE_CLOSE_WAIT);
    read_bytes(&p, 8);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_END);
    p.seq = base + 9;
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* A late FIN ends the stream before bytes that are held. These bytes are discarded. */
FIBER_TEST(bytes_behind_fin)
{
    struct peer p;
    struct buf *b;
    open_with(&p, sack_syn);
    uint32_t base = p.seq;
    p.seq = base + 6;
    peer_send(&p, ACK, "void", 4);
    peer_expect(&p, MILLISECONDS(1), ACK);
    p.seq = base + 2;
    peer_send(&p, FIN | ACK, "cde", 3);
    peer_expect(&p, MILLISECONDS(1), ACK);
    CHECK_EQUAL(p.flow->range_count, 1);
    CHECK_EQUAL(p.flow->range_bytes, 3);
    p.seq = base;
    peer_send(&p, ACK, "ab", 2);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, base + 6);
    CHECK_EQUAL(p.flow->state, STATE_CLOSE_WAIT);
    read_bytes(&p, 5);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_END);
    p.seq = base + 6;
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

static err wait_read(void *arg)
{
    struct peer *p = arg;
    struct buf *b;
    return tcp_read(p->flow, &b);
}

static err wait_write(void *arg)
{
    struct peer *p = arg;
    err e = OK;
    while (e == OK)
        e = tcp_write(p->flow, buf_alloc(3000));
    return e;
}

/* A connection in which one fiber waits to read and another to write. */
static void open_with_waiters(struct peer *p, struct os_fiber **reader, struct os_fiber **writer)
{
    open_with(p, plain_syn);
    CHECK_EQUAL(os_spawn(reader, wait_read, p), OK);
    CHECK_EQUAL(os_spawn(writer, wait_write, p), OK);
    os_sleep(MILLISECONDS(1));
}

FIBER_TEST(reset_by_the_peer)
{
    struct peer p;
    struct os_fiber *reader, *writer;
    open_with_waiters(&p, &reader, &writer);
    struct buf *b;
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_BUSY);
    CHECK_EQUAL(tcp_write(p.flow, buf_copy("x", 1)), ERR_BUSY);
    peer_send(&p, RST, NULL, 0);
    CHECK_EQUAL(os_join(reader), ERR_RESET);
    CHECK_EQUAL(os_join(writer), ERR_RESET);
    CHECK(p.tcp->flow_count == 0 && p.tcp->memory == 0);
    tcp_close(p.flow);
    peer_end(&p);
    return OK;
}

/* Bytes that arrived before a reset can still be read. */
FIBER_TEST(reset_after_bytes)
{
    struct peer p;
    struct buf *b;
    open_with(&p, plain_syn);
    peer_send(&p, ACK, "last words", 10);
    peer_send(&p, RST, NULL, 0);
    read_bytes(&p, 10);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET);
    tcp_close(p.flow);
    peer_end(&p);
    return OK;
}

FIBER_TEST(closed_under_waiters)
{
    struct peer p;
    struct os_fiber *reader, *writer;
    open_with_waiters(&p, &reader, &writer);
    tcp_close(p.flow);
    CHECK_EQUAL(os_join(reader), ERR_CLOSED);
    CHECK_EQUAL(os_join(writer), ERR_CLOSED);
    peer_end(&p);
    return OK;
}

/* In the next three tests, the waits end in the turn in which the connection is closed and freed. */
FIBER_TEST(closed_under_cancelled_waiters)
{
    struct peer p;
    struct os_fiber *reader, *writer;
    open_with_waiters(&p, &reader, &writer);
    os_cancel(reader);
    os_cancel(writer);
    tcp_abort(p.flow);
    CHECK_EQUAL(os_join(reader), ERR_CLOSED);
    CHECK_EQUAL(os_join(writer), ERR_CLOSED);
    peer_end(&p);
    return OK;
}

/* The reader's bytes and the writer's space have arrived. */
FIBER_TEST(closed_under_served_waiters)
{
    struct peer p;
    struct os_fiber *reader, *writer;
    struct captured *c;
    open_with_waiters(&p, &reader, &writer);
    while ((c = expect_segment(&p.net, MILLISECONDS(1))) != NULL)
        p.ack = c->segment.seq + c->segment.len;
    CHECK(os_has_waiters(&p.flow->readers) && os_has_waiters(&p.flow->writers));
    peer_send(&p, ACK, "x", 1);
    CHECK(!os_has_waiters(&p.flow->readers) && !os_has_waiters(&p.flow->writers));
    tcp_abort(p.flow);
    CHECK_EQUAL(os_join(reader), ERR_CLOSED);
    CHECK_EQUAL(os_join(writer), ERR_CLOSED);
    peer_end(&p);
    return OK;
}

static err read_late(void *arg)
{
    err e = OK;
    OS_DEADLINE(1)
    {
        e = wait_read(arg);
    }
    return e;
}

static err write_late(void *arg)
{
    err e = OK;
    OS_DEADLINE(1)
    {
        e = wait_write(arg);
    }
    return e;
}

/* The deadlines pass before the fibers begin to wait. */
FIBER_TEST(closed_under_late_waiters)
{
    struct peer p;
    struct os_fiber *reader, *writer;
    open_with(&p, plain_syn);
    CHECK_EQUAL(os_spawn(&reader, read_late, &p), OK);
    CHECK_EQUAL(os_spawn(&writer, write_late, &p), OK);
    IGNORE(os_yield());
    CHECK(p.flow->reading && p.flow->writing);
    tcp_abort(p.flow);
    CHECK_EQUAL(os_join(reader), ERR_CLOSED);
    CHECK_EQUAL(os_join(writer), ERR_CLOSED);
    peer_end(&p);
    return OK;
}

/* RFC 5961: forged resets, SYNs and acknowledgements get challenge ACKs, at a limited rate. */
FIBER_TEST(forgeries)
{
    struct peer p;
    open_with(&p, plain_syn);
    uint32_t seq = p.seq, ack = p.ack;
    struct segment s;
    p.seq = seq + 100;
    peer_send(&p, RST, NULL, 0);
    s = peer_expect(&p, MILLISECONDS(1), ACK);
    CHECK(s.ack == seq && s.seq == ack);
    for (int i = 0; i < 100; i++)
        inject(&p.net, peer_segment(&p, RST), NULL, 0);
    expect_silence(&p, MILLISECONDS(100));
    p.seq = seq + 70000;
    inject(&p.net, peer_segment(&p, RST), NULL, 0); /* outside the window it gets no answer at all */
    os_sleep(SECONDS(1));
    p.seq = seq + 10;
    inject(&p.net, peer_segment(&p, SYN), NULL, 0);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, seq);
    os_sleep(SECONDS(1));
    p.seq = seq;
    p.ack = ack + 1000; /* acknowledges bytes that were never sent */
    inject(&p.net, peer_segment(&p, ACK), "evil", 4);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, seq);
    os_sleep(SECONDS(1));
    p.ack = ack - 100000; /* older than any window */
    inject(&p.net, peer_segment(&p, ACK), "evil", 4);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, seq);
    CHECK(METRIC(&p, challenges) >= 4);
    CHECK_EQUAL(p.flow->rcv_queued, 0);
    CHECK_EQUAL(p.flow->state, STATE_ESTABLISHED);
    p.ack = ack;
    peer_send(&p, RST, NULL, 0); /* the exact number */
    CHECK_EQUAL(p.flow->state, STATE_CLOSED);
    tcp_close(p.flow);
    peer_end(&p);
    return OK;
}

/* Two ends whose numbers disagree do not answer each other for ever. */
FIBER_TEST(no_ack_storm)
{
    struct peer p;
    open_with(&p, plain_syn);
    size_t before = p.net.a.ip.captured_count;
    p.seq += 1 << 20;
    for (int i = 0; i < 1000; i++) {
        inject(&p.net, peer_segment(&p, ACK), NULL, 0);
        os_sleep(MILLISECONDS(1));
    }
    CHECK(p.net.a.ip.captured_count - before <= 3);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* RFC 2525, section 2.17: closing with unread bytes sends a reset … */
FIBER_TEST(close_with_unread_bytes)
{
    struct peer p;
    open_with(&p, plain_syn);
    peer_send(&p, ACK, "unread", 6);
    tcp_close(p.flow);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(100), RST | ACK).flags & RST, RST);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

/* … but only after the written bytes have arrived. */
FIBER_TEST(close_with_unread_and_unsent_bytes)
{
    struct peer p;
    open_with(&p, plain_syn);
    peer_send(&p, ACK, "unread", 6);
    write_bytes(&p, 500);
    tcp_close(p.flow);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).len, 500);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), FIN | ACK).len, 0);
    uint32_t all = p.ack;
    p.ack -= 501;
    peer_send(&p, ACK, "more", 4); /* acknowledged and dropped */
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(100), ACK).ack, p.seq);
    p.ack = all;
    peer_ack(&p);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), RST | ACK).flags & RST, RST);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

/* Bytes that arrive after the close, when nothing is left to deliver, get a reset. */
FIBER_TEST(bytes_after_close)
{
    struct peer p;
    open_with(&p, plain_syn);
    tcp_close(p.flow);
    peer_expect(&p, MILLISECONDS(1), FIN | ACK);
    peer_send(&p, ACK, "too late", 8);
    peer_expect(&p, MILLISECONDS(1), RST);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

/* A closed connection ends after a minute when its peer is gone or never ends its side. */
FIBER_TEST(orphans)
{
    struct peer p;
    open_with(&p, plain_syn);
    write_bytes(&p, 100);
    tcp_close(p.flow);
    os_sleep(SECONDS(59));
    CHECK_EQUAL(p.tcp->orphans.count, 1);
    os_sleep(SECONDS(70));
    CHECK_EQUAL(p.tcp->orphans.count, 0);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.seq = PEER_ISS;
    p.port++;
    peer_connect(&p, plain_syn);
    tcp_close(p.flow);
    peer_expect(&p, MILLISECONDS(1), FIN | ACK);
    peer_ack(&p);
    os_sleep(SECONDS(59));
    CHECK_EQUAL(p.tcp->flow_count, 1);
    os_sleep(SECONDS(2));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    /* A peer that keeps its window closed may do so while it answers. */
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.seq = PEER_ISS;
    p.port++;
    peer_connect(&p, plain_syn);
    p.window = 0;
    peer_ack(&p);
    write_bytes(&p, 1000);
    tcp_close(p.flow);
    for (int i = 0; i < 600; i++) {
        os_sleep(SECONDS(1));
        peer_ack(&p);
    }
    CHECK_EQUAL(p.tcp->flow_count, 1);
    os_sleep(SECONDS(110));
    CHECK_EQUAL(p.tcp->flow_count, 1);
    os_sleep(SECONDS(70));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

/* When there are too many orphans, the oldest is reset. */
FIBER_TEST(orphan_limit)
{
    struct peer p;
    peer_make(&p);
    for (int i = 0; i < key_orphans_max + 5; i++) {
        p.port = (uint16_t)(1000 + i);
        p.seq = PEER_ISS;
        p.net.a.ip.taken = p.net.a.ip.captured_count;
        peer_connect(&p, plain_syn);
        tcp_close(p.flow);
    }
    CHECK_EQUAL(p.tcp->orphans.count, key_orphans_max);
    CHECK_EQUAL(METRIC(&p, orphans_reset), 5);
    peer_end(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active_close),
        cmocka_unit_test(passive_close),
        cmocka_unit_test(half_close),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(lost_fin),
        cmocka_unit_test(fin_out_of_order),
        cmocka_unit_test(bytes_behind_fin),
        cmocka_unit_test(reset_by_the_peer),
        cmocka_unit_test(reset_after_bytes),
        cmocka_unit_test(closed_under_waiters),
        cmocka_unit_test(closed_under_cancelled_waiters),
        cmocka_unit_test(closed_under_served_waiters),
        cmocka_unit_test(closed_under_late_waiters),
        cmocka_unit_test(forgeries),
        cmocka_unit_test(no_ack_storm),
        cmocka_unit_test(close_with_unread_bytes),
        cmocka_unit_test(close_with_unread_and_unsent_bytes),
        cmocka_unit_test(bytes_after_close),
        cmocka_unit_test(orphans),
        cmocka_unit_test(orphan_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
