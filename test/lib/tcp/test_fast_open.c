/*
 * Fast Open: how cookies are given and used, bytes in a SYN and before the handshake ends, and the limits of
 * all this.
 */
#include "script.h"

enum { KIND = OPTION_FAST_OPEN };

static struct segment fast_syn(struct peer *p, const struct fast_open *option)
{
    struct segment s = peer_segment(p, SYN);
    s.mss = 1000;
    s.fast_open = *option;
    return s;
}

/* Send a SYN with `len` bytes and this option from another port. Returns the answer. */
static struct segment ask(struct peer *p, const struct fast_open *option, const void *data, size_t len)
{
    p->port++;
    p->seq = PEER_ISS;
    inject(&p->net, fast_syn(p, option), data, len);
    return peer_expect(p, SECONDS(1), SYN | ACK);
}

/* Host a listens, and the peer has a cookie of it. */
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
        peer_send(&p, ACK, "more", 4); /* acknowledges the SYN-ACK and both segments */
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

/*
 * A SYN with a cookie and no bytes also opens the connection. When the application closes it, the FIN waits
 * for the handshake.
 */
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
    /* Bytes without the option are not taken, and a peer that does not ask gets no cookie. */
    s = ask(&p, &(struct fast_open){ 0 }, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && s.fast_open.kind == 0);
    CHECK_EQUAL(p.listener->ready.count, 0);
    /* The bytes are repeated with the end of the handshake. */
    p.seq = PEER_ISS + 1;
    peer_send(&p, ACK, "question", 8);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    read_bytes(&p, 8);
    CHECK(!p.flow->syn_data);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* A cookie is valid for one change of the key, and is then replaced. */
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
    s = ask(&p, &s.fast_open, "question", 8);
    CHECK_EQUAL(s.ack, PEER_ISS + 9);
    os_sleep(3 * KEY_LIFE);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    CHECK_EQUAL(ask(&p, &s.fast_open, "question", 8).ack, PEER_ISS + 1);
    peer_end(&p);
    return OK;
}

/*
 * Above the limit, handshakes are ordinary. A peer that resets its connection occupies a place for a minute.
 */
FIBER_TEST(limit)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    for (int i = 0; i < key_fast_open; i++)
        CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 9);
    struct segment s = ask(&p, &cookie, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && s.fast_open.kind == 0);
    CHECK_EQUAL(METRIC(&p, fast_open_limited), 1);
    p.seq = PEER_ISS + 9;
    p.port--;
    peer_send(&p, RST, NULL, 0);
    CHECK_EQUAL(p.listener->ready.count, (uint32_t)key_fast_open); /* it is accepted like another */
    CHECK_EQUAL(p.tcp->fast_open_pending, (uint32_t)key_fast_open - 1);
    p.port++;
    CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 1);
    os_sleep(SECONDS(61));
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.port += 10;
    CHECK_EQUAL(ask(&p, &cookie, "question", 8).ack, PEER_ISS + 9);
    peer_end(&p);
    return OK;
}

/* The SYN-ACK and the segments after it are lost. */
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
    /* the client repeats its SYN without the option */
    inject(&p.net, fast_syn(&p, &(struct fast_open){ 0 }), NULL, 0);
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
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET); /* this waits until the last SYN-ACK has timed out */
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
    /* Host a resets connections for unread bytes, and those of a listener that is closed. */
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

/* A SYN cookie holds no bytes, so a peer that gets one is not opened fast. */
FIBER_TEST(in_a_flood)
{
    struct peer p;
    struct fast_open cookie = begin(&p, KIND);
    for (uint32_t i = 0; i < key_syn_backlog; i++)
        ask(&p, &(struct fast_open){ 0 }, NULL, 0);
    struct segment s = ask(&p, &cookie, "question", 8);
    CHECK(s.ack == PEER_ISS + 1 && s.fast_open.kind == 0);
    CHECK_EQUAL(METRIC(&p, cookies_sent), 1);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    peer_end(&p);
    return OK;
}

struct opening {
    struct peer *p;
    size_t len;
    uint16_t port;
};

static err open_with(void *arg)
{
    struct opening *o = arg;
    struct buf *first = buf_alloc(o->len);
    memset(first->data, 'q', o->len);
    return tcp_open_with(o->p->tcp, &(struct endpoint){ ADDRESS_B, o->port }, NULL, first, &o->p->flow);
}

/* Let host a open our port with `len` bytes. Returns its SYN. */
static struct segment open_fast_to(struct peer *p, uint16_t port, size_t len, struct os_fiber **opener)
{
    struct opening *o = &(struct opening){ p, len, port };
    p->port = port;
    p->seq = PEER_ISS;
    CHECK_EQUAL(os_spawn(opener, open_with, o), OK);
    struct segment syn = peer_expect(p, SECONDS(1), SYN);
    p->local_port = syn.source_port;
    return syn;
}

static struct segment open_fast(struct peer *p, size_t len, struct os_fiber **opener)
{
    return open_fast_to(p, 40000, len, opener);
}

/*
 * Acknowledge `ack` bytes of the SYN, with a cookie (or none, for kind 0) and this MSS. Returns what is sent
 * then.
 */
static struct segment answer(struct peer *p, const struct segment *syn, uint32_t ack, uint16_t mss,
                             struct fast_open cookie, struct os_fiber *opener)
{
    struct segment s = peer_segment(p, SYN | ACK);
    s.ack = syn->seq + 1 + ack;
    s.mss = mss;
    s.fast_open = cookie;
    inject(&p->net, s, NULL, 0);
    p->seq++;
    p->ack = s.ack;
    CHECK_EQUAL(os_join(opener), OK);
    return peer_expect(p, SECONDS(1), ACK);
}

static void end(struct peer *p)
{
    tcp_abort(p->flow);
    peer_expect(p, SECONDS(1), RST | ACK);
}

static const struct fast_open given = { .kind = KIND, .len = 6, .cookie = "cookie" };

FIBER_TEST(opening_fast)
{
    struct peer p;
    struct os_fiber *opener;
    peer_make(&p);
    /* Host a asks for a cookie. The bytes follow the handshake. */
    struct segment s = open_fast(&p, 700, &opener);
    CHECK(s.fast_open.kind == KIND && s.fast_open.len == 0 && s.len == 0);
    s = answer(&p, &s, 0, 1000, given, opener);
    CHECK(s.len == 700 && s.seq == p.ack - 700 && !p.flow->syn_data);
    end(&p);
    /* The bytes go with the SYN. */
    s = open_fast(&p, 700, &opener);
    CHECK(same_cookie(&s.fast_open, &given) && s.len == 700);
    s = answer(&p, &s, 700, 900, (struct fast_open){ 0 }, opener);
    CHECK(s.len == 0 && p.flow->snd_queued == 0 && p.flow->syn_data);
    end(&p);
    /*
     * The SYN has as many bytes as fit next to the options, by the peer's last MSS. The peer takes a part of
     * them.
     */
    s = open_fast(&p, 2000, &opener);
    CHECK(same_cookie(&s.fast_open, &given) && s.len == 860);
    s = answer(&p, &s, 60, 1000, (struct fast_open){ 0 }, opener);
    CHECK_EQUAL(s.len, 1000);
    CHECK_EQUAL(peer_expect(&p, SECONDS(1), ACK).len, 940);
    peer_ack(&p);
    CHECK_EQUAL(p.flow->snd_queued, 0);
    end(&p);
    /* The peer takes none of them. */
    s = open_fast(&p, 800, &opener);
    s = answer(&p, &s, 0, 1000, given, opener);
    CHECK(s.len == 800 && !p.flow->syn_data);
    end(&p);
    CHECK_EQUAL(METRIC(&p, fast_open_sent), 3);
    CHECK_EQUAL(METRIC(&p, fast_open_taken), 2);
    /* The peer acknowledges more bytes than were sent. */
    s = open_fast(&p, 100, &opener);
    struct segment wrong = peer_segment(&p, SYN | ACK);
    wrong.ack = s.seq + 102;
    inject(&p.net, wrong, NULL, 0);
    peer_expect(&p, SECONDS(1), RST);
    os_cancel(opener);
    CHECK_EQUAL(os_join(opener), ERR_CANCELLED);
    peer_end(&p);
    return OK;
}

/*
 * An unanswered SYN is repeated without the option and the bytes. After two in a row, SYNs are ordinary for a
 * while.
 */
FIBER_TEST(opening_in_vain)
{
    struct peer p;
    struct os_fiber *opener;
    peer_make(&p);
    struct segment s = open_fast(&p, 10, &opener);
    answer(&p, &s, 0, 1000, given, opener);
    end(&p);
    for (int i = 0; i < 2; i++) {
        s = open_fast(&p, 10, &opener);
        CHECK_EQUAL(s.len, 10);
        struct segment again = peer_expect(&p, SECONDS(2), SYN);
        CHECK(again.len == 0 && again.seq == s.seq && again.fast_open.kind == 0);
        CHECK_EQUAL(answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener).len, 10);
        end(&p);
    }
    s = open_fast(&p, 10, &opener);
    CHECK(s.len == 0 && s.fast_open.kind == 0);
    CHECK_EQUAL(answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener).len, 10);
    end(&p);
    os_sleep(PAUSE);
    s = open_fast(&p, 10, &opener);
    CHECK_EQUAL(s.len, 10);
    inject(&p.net, peer_segment(&p, RST | ACK), NULL, 0);
    p.ack = s.seq + 1;
    inject(&p.net, peer_segment(&p, RST | ACK), NULL, 0); /* it acknowledges only the SYN */
    CHECK_EQUAL(os_join(opener), ERR_REFUSED);
    CHECK_EQUAL(p.tcp->memory, 0);
    peer_end(&p);
    return OK;
}

static void unreachable_port(struct peer *p, const struct segment *syn)
{
    struct icmp_error e = { .kind = ICMP_UNREACHABLE_ADMIN,
                            .head = { .source = ADDRESS_A, .destination = ADDRESS_B } };
    wire_put16(e.transport, syn->source_port);
    wire_put16(e.transport + 2, syn->destination_port);
    wire_put32(e.transport + 4, syn->seq);
    icmp_on_tcp_error(p->net.a.icmp.ctx, &e);
}

/*
 * A server that takes none of the bytes, or from where a router says that they can't come, is opened in the
 * ordinary way for a while: RFC 7413, section 4.1.3.1. Its other ports are not concerned.
 */
FIBER_TEST(opening_refused)
{
    static const struct fast_open others[2] = { { .kind = KIND, .len = 6, .cookie = "second" },
                                                { .kind = KIND, .len = 6, .cookie = "third." } };
    struct peer p;
    struct os_fiber *opener;
    peer_make(&p);
    struct segment s = open_fast(&p, 10, &opener);
    answer(&p, &s, 0, 1000, given, opener);
    end(&p);
    s = open_fast(&p, 10, &opener);
    CHECK_EQUAL(s.len, 10);
    CHECK_EQUAL(answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener).len, 10);
    end(&p);
    s = open_fast(&p, 10, &opener);
    CHECK(s.len == 0 && s.fast_open.kind == 0);
    answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener);
    end(&p);
    s = open_fast_to(&p, 40001, 10, &opener);
    CHECK(s.len == 10 && same_cookie(&s.fast_open, &given));
    answer(&p, &s, 10, 1000, (struct fast_open){ 0 }, opener);
    end(&p);
    os_sleep(PAUSE);
    s = open_fast(&p, 10, &opener);
    CHECK_EQUAL(s.len, 10);
    unreachable_port(&p, &s);
    CHECK_EQUAL(os_join(opener), ERR_UNREACHABLE);
    s = open_fast(&p, 10, &opener);
    CHECK(s.len == 0 && s.fast_open.kind == 0);
    answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener);
    end(&p);
    /* Another cookie says that the old one was not good any more. Twice in a row, it says nothing. */
    os_sleep(PAUSE);
    for (int i = 0; i < 2; i++) {
        s = open_fast(&p, 10, &opener);
        CHECK_EQUAL(s.len, 10);
        answer(&p, &s, 0, 1000, others[i], opener);
        end(&p);
    }
    s = open_fast(&p, 10, &opener);
    CHECK(s.len == 0 && s.fast_open.kind == 0);
    answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener);
    end(&p);
    peer_end(&p);
    return OK;
}

/* A router reports that the SYN is too large. It is repeated at once without bytes. */
FIBER_TEST(syn_too_large)
{
    struct peer p;
    struct os_fiber *opener;
    peer_make(&p);
    struct segment s = open_fast(&p, 900, &opener);
    answer(&p, &s, 0, 1000, given, opener);
    peer_ack(&p);
    end(&p);
    s = open_fast(&p, 900, &opener);
    CHECK_EQUAL(s.len, 900);
    struct icmp_error e = { .kind = ICMP_TOO_BIG,
                            .mtu = 600,
                            .head = { .source = ADDRESS_A, .destination = ADDRESS_B } };
    for (int i = 0; i < 4; i++) {
        e.transport[i] = (uint8_t)((i < 2 ? s.source_port : s.destination_port) >> (i % 2 ? 0 : 8));
        e.transport[4 + i] = (uint8_t)(s.seq >> (24 - 8 * i));
    }
    icmp_on_tcp_error(p.net.a.icmp.ctx, &e);
    struct segment again = peer_expect(&p, MILLISECONDS(1), SYN);
    CHECK(again.len == 0 && again.seq == s.seq && again.fast_open.kind == 0 && again.mss == s.mss);
    icmp_on_tcp_error(p.net.a.icmp.ctx, &e);
    expect_silence(&p, MILLISECONDS(100));
    s = answer(&p, &s, 0, 1000, (struct fast_open){ 0 }, opener);
    CHECK_EQUAL(s.len, 560);
    CHECK_EQUAL(peer_expect(&p, SECONDS(1), ACK).len, 340);
    end(&p);
    peer_end(&p);
    return OK;
}

/* Cookies are kept for the peers that were used last. */
FIBER_TEST(many_peers)
{
    struct peer p;
    peer_make(&p);
    for (uint32_t i = 0; i < FAST_OPEN_PEERS + 10; i++) {
        struct tcp_flow flow = {
            .tcp = p.tcp, .iss = 5, .snd_nxt = 6, .node.ends.remote = IP_V4(10, 0, 1, (uint8_t)i)
        };
        fast_open_learn(&flow, &(struct segment){ .ack = 6, .mss = 1000, .fast_open = given });
    }
    for (uint32_t i = 0; i < FAST_OPEN_PEERS + 10; i++) {
        struct fast_open option;
        uint32_t room;
        CHECK(fast_open_known(p.tcp, &IP_V4(10, 0, 1, (uint8_t)i), 80, &option, &room));
        CHECK_EQUAL(option.len, i < 10 ? 0 : given.len);
        CHECK_EQUAL(room, i < 10 ? 0 : 960);
    }
    peer_end(&p);
    return OK;
}

static err answer_one(void *arg)
{
    struct tcp_listener *listener = arg;
    struct tcp_flow *flow;
    struct buf *b;
    err e;
    TRY(tcp_accept(listener, &flow));
    while ((e = tcp_read(flow, &b)) == OK && tcp_write(flow, b) == OK)
        continue;
    tcp_close(flow);
    return OK;
}

/* Exchange `len` bytes. Returns whether they came back. */
static bool exchange(struct net *net, struct tcp_listener *listener, size_t len)
{
    struct os_fiber *server;
    struct tcp_flow *flow;
    struct buf *first = buf_alloc(len), *b;
    size_t got = 0;
    bool same = true;
    for (size_t i = 0; i < len; i++)
        first->data[i] = (uint8_t)(i * 7);
    CHECK_EQUAL(os_spawn(&server, answer_one, listener), OK);
    CHECK_EQUAL(tcp_open_with(net->b.tcp, &(struct endpoint){ ADDRESS_A, SERVER_PORT }, NULL, first, &flow),
                OK);
    CHECK_EQUAL(tcp_shutdown(flow), OK);
    while (tcp_read(flow, &b) == OK) {
        for (const struct buf *view = b; view != NULL; view = view->next)
            for (size_t i = 0; i < view->len; i++)
                same &= view->data[i] == (uint8_t)(got++ * 7);
        buf_free(b);
    }
    tcp_close(flow);
    os_cancel(server);
    IGNORE(os_join(server));
    return same && got == len;
}

/* Two hosts with this TCP, over a line that loses, duplicates and reorders. */
FIBER_TEST(between_two)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct net net;
        struct tcp_listener *listener;
        struct faults faults = { .delay = MILLISECONDS(10), .jitter = MILLISECONDS(5) };
        if (seed > 0)
            faults.loss = faults.reorder = faults.duplicate = 50;
        net_make(&net, seed, faults, 0);
        CHECK_EQUAL(tcp_listen(net.a.tcp, &IP_ANY, SERVER_PORT, 16, &listener), OK);
        for (size_t i = 0; i < 8; i++)
            CHECK(exchange(&net, listener, 1 + i * 500));
        if (seed == 0) {
            CHECK_EQUAL(net.b.tcp->metrics.fast_open_sent.value, 7);
            CHECK_EQUAL(net.b.tcp->metrics.fast_open_taken.value, 7);
            CHECK_EQUAL(net.a.tcp->metrics.fast_open_good.value, 7);
        }
        os_sleep(MINUTES(5));
        CHECK_EQUAL(net.a.tcp->fast_open_pending, 0);
        tcp_unlisten(listener);
        net_end(&net);
    }
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_in_the_syn),
        cmocka_unit_test(no_bytes),
        cmocka_unit_test(bad_cookies),
        cmocka_unit_test(keys),
        cmocka_unit_test(limit),
        cmocka_unit_test(syn_ack_lost),
        cmocka_unit_test(never_finished),
        cmocka_unit_test(resets),
        cmocka_unit_test(in_a_flood),
        cmocka_unit_test(opening_fast),
        cmocka_unit_test(opening_in_vain),
        cmocka_unit_test(opening_refused),
        cmocka_unit_test(many_peers),
        cmocka_unit_test(syn_too_large),
        cmocka_unit_test(between_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
