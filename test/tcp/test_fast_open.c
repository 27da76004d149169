/* Fast Open: cookies given and shown, bytes in a SYN and before the handshake is done, and what bounds all that. */
#define MIRAGE_KEY_fast_open 3

#include "script.h"

enum { KIND = OPTION_FAST_OPEN };

static struct segment fast_syn(struct peer *p, const struct fast_open *option)
{
    struct segment s = peer_segment(p, SYN);
    s.mss = 1000;
    s.fast_open = *option;
    return s;
}

/* A SYN with `len` bytes and this option from another port: what is answered. */
static struct segment ask(struct peer *p, const struct fast_open *option, const void *data, size_t len)
{
    p->port++;
    p->seq = PEER_ISS;
    inject(&p->net, fast_syn(p, option), data, len);
    return peer_expect(p, SECONDS(1), SYN | ACK);
}

/* Host a listens, and we have a cookie of its. */
static struct fast_open begin(struct peer *p, uint8_t kind)
{
    peer_make(p);
    CHECK_EQUAL(tcp_listen(p->tcp, &IP_ANY, SERVER_PORT, 16, &p->listener), OK);
    struct segment s = ask(p, &(struct fast_open){ .kind = kind }, NULL, 0);
    CHECK(s.fast_open.kind == kind && s.fast_open.len == 8 && s.ack == PEER_ISS + 1);
    p->seq = s.ack;
    peer_send(p, RST, NULL, 0);
    CHECK_EQUAL(p->tcp->flow_count, 0);
    return s.fast_open;
}

FIBER_TEST(bytes_in_the_syn)
{
    static const uint8_t kinds[] = { OPTION_FAST_OPEN, OPTION_EXPERIMENT };
    for (int i = 0; i < 2; i++) {
        struct peer p;
        struct fast_open cookie = begin(&p, kinds[i]);
        struct segment s = ask(&p, &cookie, "question", 8);
        CHECK(s.ack == PEER_ISS + 9 && s.fast_open.kind == 0);
        CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
        CHECK(p.flow->state == STATE_SYN_RECEIVED && p.tcp->fast_open_pending == 1);
        read_bytes(&p, 8);
        write_bytes(&p, 1500);
        CHECK_EQUAL(peer_expect(&p, SECONDS(1), ACK).len, 1000);
        CHECK_EQUAL(peer_expect(&p, SECONDS(1), ACK).len, 500);
        p.seq = PEER_ISS + 9;
        peer_send(&p, ACK, "more", 4); /* of the SYN-ACK and both segments */
        CHECK(p.flow->state == STATE_ESTABLISHED && p.flow->snd_queued == 0 && p.tcp->fast_open_pending == 0);
        read_bytes(&p, 4);
        CHECK_EQUAL(METRIC(&p, fast_open_given), 1);
        CHECK_EQUAL(METRIC(&p, fast_open_good), 1);
        CHECK_EQUAL(METRIC(&p, accepted), 1);
        CHECK_EQUAL(METRIC(&p, opened), 0);
        tcp_abort(p.flow);
        peer_end(&p);
    }
    return OK;
}

/* A cookie alone opens as well; the FIN of who closes waits for the handshake. */
FIBER_TEST(no_bytes)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    CHECK_EQUAL(ask(&p, &cookie, NULL, 0).ack, PEER_ISS + 1);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    write_bytes(&p, 10);
    CHECK_EQUAL(peer_expect(&p, SECONDS(1), ACK).len, 10);
    tcp_close(p.flow);
    expect_silence(&p, MILLISECONDS(100));
    p.seq = PEER_ISS + 1;
    peer_ack(&p);
    peer_expect(&p, SECONDS(1), FIN | ACK);
    peer_send(&p, FIN | ACK, NULL, 0);
    peer_expect(&p, SECONDS(1), ACK);
    peer_end(&p);
    return OK;
}

FIBER_TEST(bad_cookies)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND), wrong = cookie;
    wrong.cookie[3] ^= 1;
    struct segment s = ask(&p, &wrong, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && same_cookie(&s.fast_open, &cookie));
    wrong = (struct fast_open){ .kind = KIND, .len = 4 };
    s = ask(&p, &wrong, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && same_cookie(&s.fast_open, &cookie));
    CHECK_EQUAL(METRIC(&p, fast_open_bad), 2);
    /* Nor is what has no option taken, and nobody hears of cookies who doesn't ask. */
    s = ask(&p, &(struct fast_open){ 0 }, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && s.fast_open.kind == 0);
    CHECK_EQUAL(p.listener->ready.count, 0);
    /* The bytes come again with the handshake's end. */
    p.seq = PEER_ISS + 1;
    peer_send(&p, ACK, "question", 8);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    read_bytes(&p, 8);
    CHECK(!p.flow->syn_data);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* A cookie outlives one change of the key, and is replaced then. */
FIBER_TEST(keys)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    os_sleep(KEY_LIFE);
    struct segment s = ask(&p, &cookie, "question", 8);
    CHECK(s.ack == PEER_ISS + 9 && s.fast_open.len == 8 && !same_cookie(&s.fast_open, &cookie));
    os_sleep(KEY_LIFE);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 1);
    CHECK_EQUAL(ask(&p, &s.fast_open, "question", 8).ack, PEER_ISS + 9);
    peer_end(&p);
    return OK;
}

/* Over the limit handshakes are ordinary; who resets keeps a place for a minute. */
FIBER_TEST(limit)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    for (int i = 0; i < fast_open; i++)
        CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 9);
    struct segment s = ask(&p, &cookie, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && s.fast_open.kind == 0);
    CHECK_EQUAL(METRIC(&p, fast_open_limited), 1);
    p.seq = PEER_ISS + 9;
    p.port--;
    peer_send(&p, RST, NULL, 0);
    CHECK_EQUAL(p.listener->ready.count, (uint32_t)fast_open - 1); /* nobody hears of it */
    p.port++;
    CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 1);
    os_sleep(SECONDS(61));
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.port += 10;
    CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 9);
    peer_end(&p);
    return OK;
}

/* The SYN-ACK is lost, and what was sent behind it. */
FIBER_TEST(syn_ack_lost)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    struct segment first = ask(&p, &cookie, "question", 8);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    write_bytes(&p, 700);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).len, 700);
    struct segment again = peer_expect(&p, MILLISECONDS(1100), SYN | ACK);
    CHECK(again.seq == first.seq && again.ack == first.ack);
    inject(&p.net, fast_syn(&p, &(struct fast_open){ 0 }), NULL, 0); /* as the client does by itself */
    again = peer_expect(&p, MILLISECONDS(1), SYN | ACK);
    CHECK(again.seq == first.seq && again.ack == first.ack);
    p.seq = PEER_ISS + 9;
    peer_ack(&p);
    again = peer_expect(&p, MILLISECONDS(1), ACK);
    CHECK(again.seq == first.seq + 1 && again.len == 700);
    peer_ack(&p);
    CHECK_EQUAL(p.flow->snd_queued, 0);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

FIBER_TEST(never_finished)
{
    struct peer p;
    struct buf *b;
    struct fast_open cookie = begin(&p, KIND);
    ask(&p, &cookie, "question", 8);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    read_bytes(&p, 8);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET); /* that waits until the last SYN-ACK was for nothing */
    CHECK_EQUAL(p.tcp->fast_open_pending, 0);
    tcp_close(p.flow);
    peer_end(&p);
    return OK;
}

FIBER_TEST(resets)
{
    struct peer p;
    struct buf *b;
    struct fast_open cookie = begin(&p, KIND);
    ask(&p, &cookie, "question", 8);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    p.seq = PEER_ISS + 9;
    peer_send(&p, RST | ACK, NULL, 0);
    read_bytes(&p, 8);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET);
    tcp_close(p.flow);
    /* Ours, for what was not read; and of a listener that goes. */
    struct segment s = ask(&p, &cookie, "question", 8);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    tcp_close(p.flow);
    CHECK_EQUAL(peer_expect(&p, SECONDS(1), RST | ACK).seq, s.seq + 1);
    ask(&p, &cookie, "question", 8);
    tcp_unlisten(p.listener);
    p.listener = NULL;
    peer_expect(&p, SECONDS(1), RST | ACK);
    CHECK_EQUAL(p.tcp->fast_open_pending, 0);
    peer_end(&p);
    return OK;
}

/* SYN cookies remember no bytes: whoever is answered with one is not opened fast. */
FIBER_TEST(in_a_flood)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    for (uint32_t i = 0; i < syn_backlog; i++)
        ask(&p, &(struct fast_open){ 0 }, NULL, 0);
    struct segment s = ask(&p, &cookie, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && s.fast_open.kind == 0);
    CHECK_EQUAL(METRIC(&p, cookies_sent), 1);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    peer_end(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_in_the_syn), cmocka_unit_test(no_bytes),       cmocka_unit_test(bad_cookies),
        cmocka_unit_test(keys),             cmocka_unit_test(limit),          cmocka_unit_test(syn_ack_lost),
        cmocka_unit_test(never_finished),   cmocka_unit_test(resets),         cmocka_unit_test(in_a_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
