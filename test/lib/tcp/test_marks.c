/*
 * The DSCP and the hop limit of a connection: each of its segments has them, whatever it is for, and the two
 * bits of ECN stay TCP's.
 */
#include "script.h"

enum { EF = 46 };

static const struct tcp_options marks = { EF, 7 };

/* What the peer saw last. */
static const struct captured *last(const struct peer *p)
{
    return &p->net.a.ip.captured[(p->net.a.ip.taken - 1) % CAPTURED];
}

/* Expect a segment with these flags, marked so. */
static struct segment expect_marked(struct peer *p, os_time wait, uint8_t flags, int traffic_class, int hops)
{
    struct segment s = peer_expect(p, wait, flags);
    CHECK_EQUAL(last(p)->head.traffic_class, traffic_class);
    CHECK_EQUAL(last(p)->head.hop_limit, hops);
    return s;
}

static void accept_marked(struct peer *p, struct segment syn)
{
    peer_make(p);
    peer_connect(p, syn);
    CHECK(last(p)->head.traffic_class == 0 && last(p)->head.hop_limit == 0);
    CHECK_EQUAL(tcp_set_options(p->flow, &marks), OK);
}

static void done(struct peer *p)
{
    tcp_abort(p->flow);
    peer_end(p);
}

static err open_marked(void *arg)
{
    struct peer *p = arg;
    struct endpoint to = { ADDRESS_B, p->port };
    return tcp_open_with(p->tcp, &to, &marks, buf_static("", 0), &p->flow);
}

/* Begin to open a marked connection, and see its SYN. */
static void begin_opening(struct peer *p, struct os_fiber **opener)
{
    peer_make(p);
    CHECK_EQUAL(os_spawn(opener, open_marked, p), OK);
    p->syn_ack = expect_marked(p, SECONDS(1), SYN, EF << 2, 7);
    p->local_port = p->syn_ack.source_port;
}

/* Answer it with a SYN-ACK that acknowledges this. */
static void answer_opening(struct peer *p, uint32_t ack)
{
    struct segment s = peer_segment(p, SYN | ACK);
    s.ack = ack;
    inject(&p->net, s, NULL, 0);
}

/* The SYN has the options, and so has the SYN that follows a lost one; no bytes go with it. */
FIBER_TEST(of_the_syn)
{
    struct peer p;
    struct os_fiber *opener;
    begin_opening(&p, &opener);
    CHECK_EQUAL(p.syn_ack.fast_open.kind, 0);
    expect_marked(&p, SECONDS(2), SYN, EF << 2, 7);
    answer_opening(&p, p.ack);
    p.seq++;
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    CHECK_EQUAL(os_join(opener), OK);
    write_bytes(&p, 10);
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    done(&p);
    return OK;
}

/* A SYN-ACK that acknowledges nonsense is answered with a reset of this connection. */
FIBER_TEST(of_a_reset_while_opening)
{
    struct peer p;
    struct os_fiber *opener;
    begin_opening(&p, &opener);
    answer_opening(&p, p.ack + 1000);
    expect_marked(&p, SECONDS(1), RST, EF << 2, 7);
    os_cancel(opener);
    CHECK_EQUAL(os_join(opener), ERR_CANCELLED);
    peer_end(&p);
    return OK;
}

/* Bytes, retransmissions, acknowledgements, probes of a closed window and of a silent peer, and the reset. */
FIBER_TEST(of_everything)
{
    struct peer p;
    accept_marked(&p, sack_syn);
    write_bytes(&p, 1000);
    uint32_t seq = expect_marked(&p, SECONDS(1), ACK, EF << 2, 7).seq;
    CHECK_EQUAL(expect_marked(&p, SECONDS(2), ACK, EF << 2, 7).seq, seq);
    p.window = 0;
    peer_send(&p, ACK, "question", 8);
    read_bytes(&p, 8);
    CHECK_EQUAL(expect_marked(&p, SECONDS(1), ACK, EF << 2, 7).len, 0);
    write_bytes(&p, 10);
    CHECK_EQUAL(expect_marked(&p, SECONDS(10), ACK, EF << 2, 7).seq, p.ack - 1);
    p.window = 65535;
    peer_ack(&p);
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    peer_ack(&p);
    tcp_set_keepalive(p.flow, SECONDS(10));
    CHECK_EQUAL(expect_marked(&p, SECONDS(12), ACK, EF << 2, 7).seq, p.ack - 1);
    struct segment stale = peer_segment(&p, ACK);
    stale.ack += 100000;
    inject(&p.net, stale, NULL, 0);
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7); /* a challenge */
    tcp_abort(p.flow);
    expect_marked(&p, SECONDS(1), RST | ACK, EF << 2, 7);
    peer_end(&p);
    return OK;
}

/* A FIN, and what TIME-WAIT answers when the connection itself is gone. */
FIBER_TEST(of_the_end)
{
    struct peer p;
    accept_marked(&p, plain_syn);
    tcp_close(p.flow);
    expect_marked(&p, SECONDS(1), FIN | ACK, EF << 2, 7);
    peer_send(&p, FIN | ACK, NULL, 0);
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    p.seq--;
    peer_send(&p, FIN | ACK, NULL, 0);
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    peer_end(&p);
    return OK;
}

/* Bytes for a connection that the application has closed are answered with its reset. */
FIBER_TEST(of_a_reset_for_unread_bytes)
{
    struct peer p;
    accept_marked(&p, plain_syn);
    peer_send(&p, ACK, "unread", 6);
    os_sleep(SECONDS(1));
    while (p.net.a.ip.taken < p.net.a.ip.captured_count)
        expect_marked(&p, 0, ACK, EF << 2, 7);
    tcp_close(p.flow);
    expect_marked(&p, SECONDS(1), RST | ACK, EF << 2, 7);
    peer_end(&p);
    return OK;
}

/* ECN marks new bytes only (RFC 3168, section 6.1.5), and its bits are no part of the DSCP. */
FIBER_TEST(beside_ecn)
{
    struct peer p;
    struct segment syn = sack_syn;
    syn.flags = SYN | ECE | CWR;
    accept_marked(&p, syn);
    CHECK(p.flow->ecn);
    write_bytes(&p, 1000);
    expect_marked(&p, SECONDS(1), ACK, EF << 2 | ECN_ECT0, 7);
    expect_marked(&p, SECONDS(2), ACK, EF << 2, 7);
    CHECK_EQUAL(tcp_set_options(p.flow, &(struct tcp_options){ 63, 255 }), OK);
    peer_ack(&p);
    write_bytes(&p, 1000);
    expect_marked(&p, SECONDS(1), ACK, 63 << 2 | ECN_ECT0, 255);
    CHECK_EQUAL(tcp_set_options(p.flow, &(struct tcp_options){ 0, 0 }), OK);
    peer_ack(&p);
    write_bytes(&p, 1000);
    expect_marked(&p, SECONDS(1), ACK, ECN_ECT0, 0);
    done(&p);
    return OK;
}

/* A segment that the device cuts is marked like another. */
FIBER_TEST(of_large_segments)
{
    struct peer p;
    peer_make(&p);
    p.net.a.ip.offloads = p.tcp->offloads = NETWORK_CSUM_OUT | NETWORK_TSO4;
    peer_connect(&p, modern_syn);
    CHECK_EQUAL(tcp_set_options(p.flow, &marks), OK);
    write_bytes(&p, 8000);
    struct segment s = expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    CHECK(s.len > 2000 && last(&p)->gso_size == 988);
    done(&p);
    return OK;
}

/* Options out of bounds are refused whole. */
FIBER_TEST(bounds)
{
    static const struct tcp_options wrong[] = { { 64, 1 }, { -1, 1 }, { 1, 256 }, { 1, -1 }, { 256, 0 } };
    struct peer p;
    accept_marked(&p, plain_syn);
    struct endpoint to = { ADDRESS_B, 99 };
    struct tcp_flow *flow = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        CHECK_EQUAL(tcp_set_options(p.flow, &wrong[i]), ERR_INVALID);
        CHECK_EQUAL(tcp_open_with(p.tcp, &to, &wrong[i], buf_copy("x", 1), &flow), ERR_INVALID);
    }
    CHECK_EQUAL(p.tcp->flow_count, 1);
    write_bytes(&p, 10);
    expect_marked(&p, SECONDS(1), ACK, EF << 2, 7);
    done(&p);
    return OK;
}

/* Another connection, and a reset for none, have nothing of this one. */
FIBER_TEST(of_this_connection_only)
{
    struct peer p;
    accept_marked(&p, plain_syn);
    struct tcp_flow *first = p.flow;
    p.port++;
    p.seq = PEER_ISS;
    peer_connect(&p, plain_syn);
    write_bytes(&p, 10);
    expect_marked(&p, SECONDS(1), ACK, 0, 0);
    tcp_abort(p.flow);
    expect_marked(&p, SECONDS(1), RST | ACK, 0, 0);
    p.port++;
    peer_send(&p, ACK, "stray", 5);
    expect_marked(&p, SECONDS(1), RST, 0, 0);
    tcp_abort(first);
    expect_marked(&p, SECONDS(1), RST | ACK, EF << 2, 7);
    peer_end(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_syn),
        cmocka_unit_test(of_a_reset_while_opening),
        cmocka_unit_test(of_everything),
        cmocka_unit_test(of_the_end),
        cmocka_unit_test(of_a_reset_for_unread_bytes),
        cmocka_unit_test(beside_ecn),
        cmocka_unit_test(of_large_segments),
        cmocka_unit_test(bounds),
        cmocka_unit_test(of_this_connection_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
