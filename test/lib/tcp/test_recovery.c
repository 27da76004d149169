/*
 * Recovery from loss: timeouts, RACK and tail loss probes, SACK, NewReno, spurious timeouts, paths that are
 * too narrow, ICMP.
 */
#include "script.h"

static void open_with(struct peer *p, struct segment syn)
{
    peer_make(p);
    peer_connect(p, syn);
    p->flow->srtt = p->flow->min_rtt = MILLISECONDS(100);
    p->flow->rttvar = MILLISECONDS(10);
    p->flow->rto = MILLISECONDS(300);
}

static void done(struct peer *p)
{
    tcp_abort(p->flow);
    peer_end(p);
}

/* Take `n` full segments that host a sends. Returns the number of the first one. */
static uint32_t take(struct peer *p, int n, uint32_t len)
{
    uint32_t first = p->ack;
    for (int i = 0; i < n; i++)
        CHECK_EQUAL(peer_expect(p, MILLISECONDS(5), ACK).len, len);
    return first;
}

FIBER_TEST(timeout_and_backoff)
{
    struct peer p;
    open_with(&p, plain_syn);
    write_bytes(&p, 500);
    uint32_t first = take(&p, 1, 500);
    os_time last = os_now(), gap = MILLISECONDS(150);
    for (int i = 0; i < 6; i++) {
        struct segment s = peer_expect(&p, SECONDS(100), ACK);
        CHECK(s.seq == first && s.len == 500);
        CHECK(os_now() - last >= 2 * gap - MILLISECONDS(5) && os_now() - last <= 2 * gap + MILLISECONDS(5));
        gap = os_now() - last;
        last = os_now();
    }
    CHECK_EQUAL(p.flow->cwnd, p.flow->mss);
    peer_ack(&p);
    CHECK_EQUAL(p.flow->backoff, 0);
    CHECK_EQUAL(p.flow->recovery, OPEN);
    /* Karn's rule: a retransmitted segment gives no round-trip sample. */
    CHECK_EQUAL(p.flow->srtt, MILLISECONDS(100));
    done(&p);
    return OK;
}

/* RFC 8985: the last segments are lost, and the probe makes the peer send SACKs. */
FIBER_TEST(tail_loss)
{
    struct peer p;
    open_with(&p, modern_syn);
    write_bytes(&p, 988 * 5);
    uint32_t first = take(&p, 5, 988);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first + 3 * 988, 0, 0); /* the last two are lost */
    os_time began = os_now();
    struct segment s = peer_expect(&p, SECONDS(1), ACK);
    CHECK_EQUAL(s.seq, first + 4 * 988); /* the last segment is sent again */
    CHECK(os_now() - began < MILLISECONDS(300));
    CHECK_EQUAL(METRIC(&p, tail_probes), 1);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first + 3 * 988, first + 4 * 988, first + 5 * 988);
    s = peer_expect(&p, MILLISECONDS(5), ACK);
    CHECK_EQUAL(s.seq, first + 3 * 988);
    CHECK_EQUAL(METRIC(&p, timeouts), 0);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first + 5 * 988, 0, 0);
    CHECK_EQUAL(p.flow->recovery, OPEN);
    CHECK(p.flow->sent == NULL && p.flow->lost_bytes == 0 && p.flow->sacked_bytes == 0 &&
          p.flow->resent_bytes == 0);
    done(&p);
    return OK;
}

/* Three segments after a hole are SACKed. The hole counts as lost and is retransmitted at once. */
FIBER_TEST(fast_retransmit)
{
    struct peer p;
    open_with(&p, modern_syn);
    write_bytes(&p, 988 * 10);
    uint32_t first = take(&p, 10, 988);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first, first + 988, first + 2 * 988);
    peer_sack(&p, first, first + 988, first + 3 * 988);
    os_sleep(MILLISECONDS(1));
    expect_silence(&p, MILLISECONDS(1));
    peer_sack(&p, first, first + 988, first + 4 * 988);
    struct segment s = peer_expect(&p, MILLISECONDS(2), ACK);
    CHECK(s.seq == first && s.len == 988);
    CHECK_EQUAL(p.flow->recovery, RECOVERY);
    CHECK_EQUAL(p.flow->ssthresh, 9880 * 7 / 10);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first + 10 * 988, 0, 0);
    CHECK_EQUAL(p.flow->recovery, OPEN);
    CHECK_EQUAL(p.flow->cwnd, 9880 * 7 / 10);
    done(&p);
    return OK;
}

/*
 * There are two holes in one window, and a retransmission is lost, too. RACK detects that without a timeout.
 */
FIBER_TEST(lost_retransmission)
{
    struct peer p;
    open_with(&p, modern_syn);
    write_bytes(&p, 988 * 20);
    uint32_t first = take(&p, 10, 988);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first, first + 2 * 988, first + 10 * 988);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(2), ACK).seq, first); /* proportional rate: one or more */
    struct segment s = peer_expect(&p, MILLISECONDS(2), ACK);
    CHECK_EQUAL(s.seq, first + 988);
    take(&p, 1, 988);
    os_sleep(MILLISECONDS(110));
    /* The second retransmission and new bytes arrive. The first one does not. */
    peer_sack(&p, first, first + 988, p.ack);
    bool again = false;
    for (int i = 0; i < 12 && !again; i++) {
        struct captured *c = expect_segment(&p.net, MILLISECONDS(60));
        again = c != NULL && c->segment.seq == first;
    }
    CHECK(again);
    CHECK_EQUAL(METRIC(&p, timeouts), 0);
    done(&p);
    return OK;
}

/* After reordering was seen, late segments are waited for a little. */
FIBER_TEST(reordering)
{
    struct peer p;
    open_with(&p, modern_syn);
    p.flow->reordering_seen = true;
    write_bytes(&p, 988 * 8);
    uint32_t first = take(&p, 8, 988);
    os_sleep(MILLISECONDS(100));
    peer_sack(&p, first, first + 988, first + 8 * 988);
    expect_silence(&p, MILLISECONDS(20));
    peer_sack(&p, first + 8 * 988, 0, 0);
    expect_silence(&p, SECONDS(2));
    CHECK_EQUAL(METRIC(&p, resent), 0);
    done(&p);
    return OK;
}

/* RFC 2018, section 8: the peer drops bytes that it had SACKed. After a timeout, SACKs do not count. */
FIBER_TEST(reneging)
{
    struct peer p;
    open_with(&p, sack_syn);
    write_bytes(&p, 4000);
    uint32_t first = take(&p, 4, 1000);
    peer_sack(&p, first, first + 1000, first + 4000);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(2), ACK).seq, first);
    os_sleep(MILLISECONDS(1));
    peer_sack(&p, first + 1000, 0, 0); /* the peer forgets the other SACKed bytes */
    struct segment s = peer_expect(&p, SECONDS(2), ACK);
    CHECK_EQUAL(s.seq, first + 1000);
    CHECK_EQUAL(METRIC(&p, reneged), 1);
    p.ack = first + 4000;
    peer_ack(&p);
    CHECK(p.flow->sent == NULL);
    done(&p);
    return OK;
}

/*
 * Without SACK: three duplicate acknowledgements begin recovery, and partial acknowledgements continue with
 * the next hole (RFC 6582).
 */
FIBER_TEST(new_reno)
{
    struct peer p;
    open_with(&p, plain_syn);
    write_bytes(&p, 10000);
    uint32_t first = take(&p, 10, 1000);
    for (int i = 0; i < 3; i++)
        peer_sack(&p, first, 0, 0);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(2), ACK).seq, first);
    expect_silence(&p, MILLISECONDS(2));
    peer_sack(&p, first + 4000, 0, 0);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(2), ACK).seq, first + 4000);
    CHECK_EQUAL(p.flow->recovery, RECOVERY);
    p.ack = first + 10000;
    peer_ack(&p);
    write_bytes(&p, 1000);
    take(&p, 1, 1000);
    peer_ack(&p);
    CHECK_EQUAL(p.flow->recovery, OPEN);
    CHECK_EQUAL(METRIC(&p, timeouts), 0);
    done(&p);
    return OK;
}

/* The path pauses, so the timeout is spurious, which time stamps reveal (RFC 3522). */
FIBER_TEST(spurious_timeout)
{
    struct peer p;
    open_with(&p, modern_syn);
    write_bytes(&p, 988 * 8);
    uint32_t first = p.ack, before = p.flow->cwnd;
    uint32_t echo = 0;
    for (int i = 0; i < 8; i++)
        echo = peer_expect(&p, MILLISECONDS(5), ACK).tsval;
    os_sleep(MILLISECONDS(1500));
    CHECK(METRIC(&p, timeouts) > 0);
    p.tsecr = echo; /* the acknowledgement of the originals arrives */
    peer_sack(&p, first + 4 * 988, 0, 0);
    CHECK_EQUAL(METRIC(&p, undone), 1);
    CHECK(p.flow->cwnd >= before);
    CHECK_EQUAL(p.flow->recovery, OPEN);
    CHECK_EQUAL(p.flow->lost_bytes, 0);
    done(&p);
    return OK;
}

/* After a timeout, the missing bytes, and only these, are sent again as the window opens. */
FIBER_TEST(timeout_with_sacks)
{
    struct peer p;
    open_with(&p, modern_syn);
    write_bytes(&p, 988 * 10);
    uint32_t first = take(&p, 10, 988);
    p.flow->sack = true;
    peer_sack(&p, first, first + 2 * 988, first + 4 * 988);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    os_sleep(SECONDS(1));
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    CHECK_EQUAL(p.flow->recovery, LOSS);
    p.tsecr = 0;
    peer_sack(&p, first + 988, first + 2 * 988, first + 4 * 988);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(3), ACK).seq, first + 988);
    peer_sack(&p, first + 4 * 988, 0, 0);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(3), ACK).seq, first + 4 * 988);
    done(&p);
    return OK;
}

/* SACKs of bytes that were never sent, and reversed blocks, have no effect. */
FIBER_TEST(nonsense_sacks)
{
    struct peer p;
    open_with(&p, sack_syn);
    write_bytes(&p, 3000);
    uint32_t first = take(&p, 3, 1000);
    peer_sack(&p, first, first + 2000, first + 9000);
    peer_sack(&p, first, first + 3000, first + 2000);
    peer_sack(&p, first, first - 9000, first - 1000);
    CHECK_EQUAL(p.flow->sacked_bytes, 0);
    /* SACKs of single bytes: the list of records stays short. */
    for (uint32_t at = 1; at < 3000; at += 2)
        peer_sack(&p, first, first + at, first + at + 1);
    CHECK(p.flow->sent_count < 100);
    p.ack = first + 3000;
    peer_ack(&p);
    CHECK(p.flow->sent_count == 0 && p.flow->sacked_bytes == 0);
    done(&p);
    return OK;
}

/* Large segments are dropped silently, so smaller ones are tried (RFC 4821). */
FIBER_TEST(black_hole)
{
    struct net net;
    struct tcp_listener *listener;
    struct tcp_flow *flow, *server;
    struct buf *b;
    net_make(&net, 3, (struct faults){ .delay = MILLISECONDS(5) }, 0);
    CHECK_EQUAL(tcp_listen(net.b.tcp, &IP_ANY, 80, 1, &listener), OK);
    CHECK_EQUAL(tcp_open(net.a.tcp, &(struct endpoint){ ADDRESS_B, 80 }, &flow), OK);
    CHECK_EQUAL(tcp_accept(listener, &server), OK);
    net.a.ip.narrow = 1100;
    b = buf_alloc(50000);
    memset(b->data, 1, b->len);
    os_time began = os_now();
    CHECK_EQUAL(tcp_write(flow, b), OK);
    for (size_t got = 0; got < 50000; got += buf_len(b), buf_free(b))
        CHECK_EQUAL(tcp_read(server, &b), OK);
    CHECK(os_now() - began < SECONDS(10));
    CHECK(flow->mss <= 1100 - 20);
    CHECK_EQUAL(net.a.tcp->metrics.black_holes.value, 1);
    tcp_close(flow);
    tcp_close(server);
    tcp_unlisten(listener);
    net_end(&net);
    return OK;
}

static void icmp_about(struct peer *p, enum icmp_error_kind kind, uint32_t mtu, uint32_t seq)
{
    struct icmp_error e = { .kind = kind,
                            .mtu = mtu,
                            .head = { .source = ADDRESS_A, .destination = ADDRESS_B } };
    uint16_t ports[2] = { p->local_port, p->port };
    for (int i = 0; i < 2; i++) {
        e.transport[2 * i] = (uint8_t)(ports[i] >> 8);
        e.transport[2 * i + 1] = (uint8_t)ports[i];
    }
    for (int i = 0; i < 4; i++)
        e.transport[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
    icmp_on_tcp_error(p->net.a.icmp.ctx, &e);
}

/* RFC 5927: an ICMP error counts only when it quotes something in flight, and it never ends a connection. */
FIBER_TEST(icmp_too_big)
{
    struct peer p;
    struct segment syn = sack_syn;
    syn.mss = 1460;
    open_with(&p, syn);
    write_bytes(&p, 3000);
    uint32_t first = p.ack;
    take(&p, 2, 1460);
    take(&p, 1, 80);
    icmp_about(&p, ICMP_TOO_BIG, 1000, first - 1);
    icmp_about(&p, ICMP_TOO_BIG, 1000, first + 3000);
    CHECK_EQUAL(METRIC(&p, icmp_ignored), 2);
    CHECK_EQUAL(p.flow->mss, 1460);
    icmp_about(&p, ICMP_TOO_BIG, 1000, first);
    CHECK_EQUAL(p.flow->mss, 960);
    /* retransmitted at once in smaller segments */
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 960);
    icmp_about(&p, ICMP_TOO_BIG, 1400, first); /* larger than the known MTU */
    CHECK_EQUAL(p.flow->mss, 960);
    icmp_about(&p, ICMP_TOO_BIG, 20, first); /* impossibly small: the minimum MTU is used */
    CHECK_EQUAL(p.flow->mss, 512);
    icmp_about(&p, ICMP_UNREACHABLE_PORT, 0, first);
    icmp_about(&p, ICMP_UNREACHABLE_HOST, 0, first);
    CHECK_EQUAL(p.flow->state, STATE_ESTABLISHED);
    done(&p);
    return OK;
}

static err open_it(void *arg)
{
    struct peer *p = arg;
    return tcp_open(p->tcp, &(struct endpoint){ ADDRESS_B, 40000 }, &p->flow);
}

FIBER_TEST(icmp_unreachable)
{
    static const struct {
        enum icmp_error_kind kind;
        err e;
    } cases[] = {
        { ICMP_UNREACHABLE_HOST, ERR_UNREACHABLE },
        { ICMP_UNREACHABLE_PORT, ERR_REFUSED },
        { ICMP_UNREACHABLE_ADMIN, ERR_UNREACHABLE },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct peer p;
        struct os_fiber *opener;
        peer_make(&p);
        CHECK_EQUAL(os_spawn(&opener, open_it, &p), OK);
        struct segment syn = peer_expect(&p, SECONDS(1), SYN);
        p.local_port = syn.source_port;
        icmp_about(&p, cases[i].kind, 0, syn.seq + 1); /* not in flight */
        CHECK_EQUAL(p.tcp->flow_count, 1);
        icmp_about(&p, cases[i].kind, 0, syn.seq);
        CHECK_EQUAL(os_join(opener), cases[i].e);
        peer_end(&p);
    }
    return OK;
}

/* IP learns about a narrower path itself. A segment that it refuses is sent again in smaller ones. */
FIBER_TEST(path_shrinks)
{
    struct peer p;
    struct segment syn = sack_syn;
    syn.mss = 1460;
    open_with(&p, syn);
    p.net.a.ip.mtu = 1000;
    write_bytes(&p, 3000);
    uint32_t got = 0;
    for (int i = 0; i < 8 && got < 3000; i++) {
        struct segment s = peer_expect(&p, MILLISECONDS(900), ACK);
        CHECK(s.len > 0 && s.len <= 980);
        got += s.len;
        peer_ack(&p);
    }
    CHECK(got >= 3000);
    done(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeout_and_backoff),
        cmocka_unit_test(tail_loss),
        cmocka_unit_test(fast_retransmit),
        cmocka_unit_test(lost_retransmission),
        cmocka_unit_test(reordering),
        cmocka_unit_test(reneging),
        cmocka_unit_test(new_reno),
        cmocka_unit_test(spurious_timeout),
        cmocka_unit_test(timeout_with_sacks),
        cmocka_unit_test(nonsense_sacks),
        cmocka_unit_test(black_hole),
        cmocka_unit_test(icmp_too_big),
        cmocka_unit_test(icmp_unreachable),
        cmocka_unit_test(path_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
