/*
 * Opening: the options that are offered and agreed, retransmissions, simultaneous opens, the backlog, SYN
 * cookies, and the reuse of a four-tuple in TIME-WAIT.
 */
#include "script.h"

FIBER_TEST(options_of_the_answer)
{
    struct peer p;
    peer_make(&p);
    peer_connect(&p, modern_syn);
    CHECK(p.syn_ack.sack_permitted && p.syn_ack.has_timestamp && p.syn_ack.has_scale);
    CHECK_EQUAL(p.syn_ack.scale, 7);
    CHECK_EQUAL(p.syn_ack.mss, 1460);
    CHECK_EQUAL(p.syn_ack.tsecr, 100);
    CHECK_EQUAL(p.syn_ack.ack, PEER_ISS + 1);
    CHECK_EQUAL(p.flow->mss, 1000 - 12);
    tcp_abort(p.flow);
    peer_expect(&p, SECONDS(1), RST | ACK);
    /* Options that the peer does not offer are not used. */
    p.seq = PEER_ISS;
    p.port++;
    peer_connect(&p, (struct segment){ .flags = SYN, .window = 1000 });
    CHECK(!p.syn_ack.sack_permitted && !p.syn_ack.has_timestamp && !p.syn_ack.has_scale);
    CHECK_EQUAL(p.flow->mss, 536);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

FIBER_TEST(syn_ack_again)
{
    struct peer p;
    peer_make(&p);
    CHECK_EQUAL(tcp_listen(p.tcp, &IP_ANY, SERVER_PORT, 16, &p.listener), OK);
    struct segment syn = peer_segment(&p, SYN);
    inject(&p.net, syn, NULL, 0);
    struct segment first = peer_expect(&p, SECONDS(1), SYN | ACK);
    os_time began = os_now();
    struct segment second = peer_expect(&p, SECONDS(2), SYN | ACK);
    CHECK(os_now() - began > MILLISECONDS(990) && second.seq == first.seq);
    inject(&p.net, syn, NULL, 0); /* a retransmitted SYN is answered at once */
    peer_expect(&p, MILLISECONDS(10), SYN | ACK);
    for (int i = 0; i < 4; i++)
        peer_expect(&p, SECONDS(40), SYN | ACK);
    expect_silence(&p, SECONDS(200));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

static err open_it(void *arg)
{
    struct peer *p = arg;
    return tcp_open(p->tcp, &(struct endpoint){ ADDRESS_B, 40000 }, &p->flow);
}

static struct segment active(struct peer *p, struct os_fiber **opener)
{
    peer_make(p);
    CHECK_EQUAL(os_spawn(opener, open_it, p), OK);
    struct segment syn = peer_expect(p, SECONDS(1), SYN);
    p->local_port = syn.source_port;
    return syn;
}

FIBER_TEST(active_open)
{
    struct peer p;
    struct os_fiber *opener;
    struct segment syn = active(&p, &opener);
    CHECK(syn.mss == 1460 && syn.has_scale && syn.has_timestamp && syn.sack_permitted);
    struct segment answer = peer_segment(&p, SYN | ACK);
    answer.mss = 700;
    inject(&p.net, answer, NULL, 0);
    p.seq++;
    CHECK_EQUAL(os_join(opener), OK);
    CHECK_EQUAL(peer_expect(&p, SECONDS(1), ACK).ack, p.seq);
    CHECK_EQUAL(p.flow->mss, 700);
    CHECK_EQUAL(p.flow->state, STATE_ESTABLISHED);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

FIBER_TEST(refused)
{
    struct peer p;
    struct os_fiber *opener;
    active(&p, &opener);
    struct segment reset = peer_segment(&p, RST | ACK);
    reset.ack += 5;
    inject(&p.net, reset, NULL, 0); /* it acknowledges another number */
    os_sleep(MILLISECONDS(1));
    inject(&p.net, peer_segment(&p, RST | ACK), NULL, 0);
    CHECK_EQUAL(os_join(opener), ERR_REFUSED);
    peer_end(&p);
    return OK;
}

FIBER_TEST(nobody_there)
{
    struct peer p;
    struct os_fiber *opener;
    os_time began = os_now();
    active(&p, &opener);
    CHECK_EQUAL(os_join(opener), ERR_TIMEOUT);
    CHECK(os_now() - began >= SECONDS(126) && os_now() - began < SECONDS(129));
    CHECK_EQUAL(p.net.a.ip.captured_count, 7);
    peer_end(&p);
    return OK;
}

FIBER_TEST(open_cancelled)
{
    struct peer p;
    struct os_fiber *opener;
    active(&p, &opener);
    os_cancel(opener);
    CHECK_EQUAL(os_join(opener), ERR_CANCELLED);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

/* A SYN-ACK for an old connection: RFC 9293, figure 9. */
FIBER_TEST(wrong_syn_ack)
{
    struct peer p;
    struct os_fiber *opener;
    struct segment syn = active(&p, &opener);
    struct segment stale = peer_segment(&p, SYN | ACK);
    stale.ack += 100;
    inject(&p.net, stale, NULL, 0);
    struct segment reset = peer_expect(&p, SECONDS(1), RST);
    CHECK_EQUAL(reset.seq, syn.seq + 101);
    inject(&p.net, peer_segment(&p, SYN | ACK), NULL, 0);
    CHECK_EQUAL(os_join(opener), OK);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* RFC 9293, figure 7. */
FIBER_TEST(simultaneous_opens)
{
    struct peer p;
    struct os_fiber *opener;
    struct segment syn = active(&p, &opener);
    p.ack = 0;
    peer_send(&p, SYN, NULL, 0);
    struct segment answer = peer_expect(&p, SECONDS(1), SYN | ACK);
    CHECK(answer.seq == syn.seq && answer.ack == p.seq);
    p.seq--;
    inject(&p.net, peer_segment(&p, SYN | ACK), NULL, 0);
    p.seq++;
    CHECK_EQUAL(os_join(opener), OK);
    CHECK_EQUAL(p.flow->state, STATE_ESTABLISHED);
    peer_send(&p, ACK, "abc", 3);
    read_bytes(&p, 3);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

static err accept_one(void *arg)
{
    struct peer *p = arg;
    return tcp_accept(p->listener, &p->flow);
}

/* The peer is a host on which nobody listens. */
FIBER_TEST(nobody_listens)
{
    struct net net;
    struct tcp_flow *flow;
    net_make(&net, 1, (struct faults){ .delay = MILLISECONDS(10) }, 0);
    CHECK_EQUAL(tcp_open(net.a.tcp, &(struct endpoint){ ADDRESS_B, 9 }, &flow), ERR_REFUSED);
    net_end(&net);
    return OK;
}

static void syn_from(struct peer *p, uint16_t port)
{
    p->port = port;
    p->seq = PEER_ISS;
    struct segment s = peer_segment(p, SYN);
    s.mss = 1000;
    inject(&p->net, s, NULL, 0);
}

FIBER_TEST(full_backlog)
{
    struct peer p;
    uint32_t third = 0;
    peer_make(&p);
    CHECK_EQUAL(tcp_listen(p.tcp, &IP_ANY, SERVER_PORT, 2, &p.listener), OK);
    for (uint16_t port = 3; port > 0; port--) {
        syn_from(&p, port);
        peer_expect(&p, SECONDS(1), SYN | ACK);
        p.seq++;
        if (port == 3)
            third = p.ack;
        else
            peer_ack(&p);
    }
    syn_from(&p, 4); /* two connections wait to be accepted, so no handshake begins */
    p.port = 3;
    p.seq = PEER_ISS + 1;
    p.ack = third;
    peer_ack(&p); /* no handshake ends either */
    CHECK_EQUAL(p.listener->ready.count, 2);
    CHECK_EQUAL(p.listener->half_open.count, 1);
    CHECK_EQUAL(METRIC(&p, backlog_full), 2);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
        tcp_abort(p.flow);
    }
    CHECK_EQUAL(peer_expect(&p, SECONDS(1), RST | ACK).flags & RST, RST);
    peer_expect(&p, SECONDS(1), RST | ACK);
    peer_expect(&p, SECONDS(4), SYN | ACK); /* the SYN-ACK is repeated, and now there is space */
    peer_ack(&p);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* In a flood of SYNs, memory stays bounded, and real clients still connect. */
FIBER_TEST(flood_and_cookies)
{
    struct peer p;
    peer_make(&p);
    CHECK_EQUAL(tcp_listen(p.tcp, &IP_ANY, SERVER_PORT, 16, &p.listener), OK);
    for (int i = 0; i < 60000; i++)
        syn_from(&p, (uint16_t)(1000 + i));
    CHECK_EQUAL(p.listener->half_open.count, key_syn_backlog);
    CHECK(METRIC(&p, cookies_sent) >= 60000 - key_syn_backlog - 10);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.port = 70;
    p.seq = PEER_ISS;
    peer_connect(&p, modern_syn);
    CHECK_EQUAL(METRIC(&p, cookies_good), 1);
    CHECK(p.flow->timestamps && p.flow->sack && p.flow->scaled && p.flow->snd_scale == 2 &&
          p.flow->mss <= 988);
    peer_send(&p, ACK, "abc", 3);
    read_bytes(&p, 3);
    write_bytes(&p, 2000);
    struct segment s = peer_expect(&p, SECONDS(1), ACK);
    CHECK(s.len > 500 && s.ack == p.seq);
    tcp_abort(p.flow);
    /* An ACK without a valid cookie gets a reset. */
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.port = 71;
    p.timestamps = false;
    peer_ack(&p);
    peer_expect(&p, SECONDS(1), RST);
    CHECK_EQUAL(METRIC(&p, cookies_bad), 1);
    peer_end(&p);
    return OK;
}

/*
 * What a cookie says in the time stamp of the SYN-ACK does not lead it ahead of the clock: the peer would
 * drop the answer to its request as old (PAWS), and wait for its retransmission.
 */
FIBER_TEST(time_stamps_of_cookies)
{
    struct peer p;
    peer_make(&p);
    CHECK_EQUAL(tcp_listen(p.tcp, &IP_ANY, SERVER_PORT, 16, &p.listener), OK);
    for (int i = 0; i <= key_syn_backlog; i++)
        syn_from(&p, (uint16_t)(1000 + i));
    for (uint16_t i = 0; i < 70; i++) {
        p.net.a.ip.taken = p.net.a.ip.captured_count;
        p.port = (uint16_t)(100 + i);
        p.seq = PEER_ISS;
        peer_connect(&p, modern_syn);
        write_bytes(&p, 10);
        struct segment s = peer_expect(&p, SECONDS(1), ACK);
        CHECK(s.has_timestamp && !seq_before(s.tsval, p.syn_ack.tsval));
        tcp_abort(p.flow);
        os_sleep(MILLISECONDS(1));
    }
    CHECK_EQUAL(METRIC(&p, cookies_good), 70);
    peer_end(&p);
    return OK;
}

/* A SYN-ACK bears no cookie, whatever its number says: nothing stays of it that no timer would end. */
FIBER_TEST(syn_ack_with_a_cookie)
{
    struct peer p;
    peer_make(&p);
    CHECK_EQUAL(tcp_listen(p.tcp, &IP_ANY, SERVER_PORT, 16, &p.listener), OK);
    for (uint16_t port = 1; port <= key_syn_backlog; port++)
        syn_from(&p, port);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.port = 40000;
    inject(&p.net, peer_segment(&p, SYN), NULL, 0);
    peer_expect(&p, SECONDS(1), SYN | ACK);
    CHECK_EQUAL(METRIC(&p, cookies_sent), 1);
    p.seq++;
    inject(&p.net, peer_segment(&p, SYN | ACK), NULL, 0);
    peer_expect(&p, SECONDS(1), RST);
    CHECK_EQUAL(p.listener->half_open.count, key_syn_backlog);
    peer_ack(&p);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

static void close_passively(struct peer *p)
{
    /* host a closes first, so it is the end in TIME-WAIT */
    tcp_close(p->flow);
    peer_expect(p, SECONDS(1), FIN | ACK);
    peer_send(p, FIN | ACK, NULL, 0);
    peer_expect(p, SECONDS(1), ACK);
    CHECK_EQUAL(p->tcp->time_wait_count, 1);
}

FIBER_TEST(time_wait)
{
    struct peer p;
    peer_make(&p);
    peer_connect(&p, plain_syn);
    close_passively(&p);
    /*
     * A repeated FIN is acknowledged again, a reset is ignored, and stray segments are answered at a limited
     * rate.
     */
    p.seq--;
    peer_send(&p, FIN | ACK, NULL, 0);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).ack, p.seq);
    peer_send(&p, RST, NULL, 0);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    /* A SYN with an older number is a stray one, and one with a newer number begins a new connection. */
    uint32_t end = p.seq;
    p.seq = end - 10;
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    inject(&p.net, peer_segment(&p, SYN), NULL, 0);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    os_sleep(SECONDS(1));
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    p.seq = end + 10;
    uint32_t old = p.ack;
    peer_connect(&p, plain_syn);
    CHECK_EQUAL(p.tcp->time_wait_count, 0);
    CHECK(seq_after(p.syn_ack.seq, old));
    close_passively(&p);
    os_sleep(SECONDS(61));
    CHECK_EQUAL(p.tcp->time_wait_count, 0);
    CHECK_EQUAL(p.tcp->table_count, 0);
    peer_end(&p);
    return OK;
}

/* RFC 6191: with time stamps, they tell an old SYN from a new one. */
FIBER_TEST(time_wait_with_timestamps)
{
    struct peer p;
    peer_make(&p);
    peer_connect(&p, modern_syn);
    close_passively(&p);
    p.seq -= 5000; /* a lower number, but a later time stamp */
    struct segment again = modern_syn;
    again.tsval = p.tsval + 1000;
    os_sleep(SECONDS(1));
    peer_connect(&p, again);
    CHECK_EQUAL(p.tcp->time_wait_count, 0);
    close_passively(&p);
    again.tsval = 50;
    again.seq = p.seq + 1000;
    again.source_port = p.port;
    again.destination_port = SERVER_PORT;
    inject(&p.net, again, NULL, 0);
    CHECK_EQUAL(p.tcp->time_wait_count, 1);
    peer_end(&p);
    return OK;
}

FIBER_TEST(closed_ports)
{
    struct peer p;
    peer_make(&p);
    peer_send(&p, SYN, NULL, 0);
    struct segment r = peer_expect(&p, SECONDS(1), RST | ACK);
    CHECK(r.seq == 0 && r.ack == PEER_ISS + 1);
    p.ack = 777;
    peer_send(&p, ACK, "xy", 2);
    r = peer_expect(&p, SECONDS(1), RST);
    CHECK_EQUAL(r.seq, 777);
    peer_send(&p, RST, NULL, 0);
    expect_silence(&p, SECONDS(1));
    struct tcp_listener *l, *m;
    CHECK_EQUAL(tcp_listen(p.tcp, &IP_ANY, 0, 1, &l), OK);
    CHECK(tcp_listener_port(l) >= key_port_first);
    CHECK_EQUAL(tcp_listen(p.tcp, &ADDRESS_A, tcp_listener_port(l), 1, &m), ERR_ADDRESS_IN_USE);
    CHECK_EQUAL(tcp_listen(p.tcp, &ADDRESS_B, 5, 1, &m), ERR_ADDRESS_NOT_HERE);
    tcp_unlisten(l);
    peer_end(&p);
    return OK;
}

/* Make a listener with a fiber that waits to accept, and a half-open connection. Returns its SYN-ACK. */
static struct segment listen_with_acceptor(struct peer *p, struct os_fiber **acceptor)
{
    peer_make(p);
    CHECK_EQUAL(tcp_listen(p->tcp, &IP_ANY, SERVER_PORT, 16, &p->listener), OK);
    CHECK_EQUAL(os_spawn(acceptor, accept_one, p), OK);
    IGNORE(os_yield());
    syn_from(p, 5);
    return peer_expect(p, SECONDS(1), SYN | ACK);
}

/* A half-open connection is not accepted, and is reset when its listener is freed. */
FIBER_TEST(unlisten)
{
    struct peer p;
    struct os_fiber *acceptor;
    listen_with_acceptor(&p, &acceptor);
    tcp_unlisten(p.listener);
    p.listener = NULL;
    peer_expect(&p, SECONDS(1), RST | ACK);
    CHECK_EQUAL(os_join(acceptor), ERR_CLOSED);
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);
    return OK;
}

/* A connection that waits to be accepted, and ends while it waits. */
static void reset_before_accept(struct peer *p)
{
    peer_make(p);
    CHECK_EQUAL(tcp_listen(p->tcp, &IP_ANY, SERVER_PORT, 1, &p->listener), OK);
    syn_from(p, 9);
    p->seq = peer_expect(p, SECONDS(1), SYN | ACK).ack;
    peer_send(p, ACK, "question", 8);
    peer_expect(p, SECONDS(1), ACK);
    peer_send(p, RST | ACK, NULL, 0);
    CHECK_EQUAL(p->tcp->flow_count, 0);
    CHECK_EQUAL(p->listener->ready.count, 1);
}

/* It is accepted: what it brought can be read, and then comes how it ended. */
FIBER_TEST(ended_before_accept)
{
    struct peer p;
    struct endpoint peer;
    struct buf *b;
    reset_before_accept(&p);
    syn_from(&p, 10); /* it has its place in the backlog until then */
    CHECK_EQUAL(METRIC(&p, backlog_full), 1);
    CHECK_EQUAL(tcp_accept(p.listener, &p.flow), OK);
    CHECK_EQUAL(p.listener->ready.count, 0);
    tcp_peer(p.flow, &peer);
    CHECK_EQUAL(peer.port, 9);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK_EQUAL(buf_len(b), 8);
    buf_free(b);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET);
    CHECK_EQUAL(tcp_write(p.flow, buf_copy("x", 1)), ERR_RESET);
    tcp_close(p.flow);
    CHECK_EQUAL(p.tcp->memory, 0);
    peer_end(&p);
    return OK;
}

/* Nobody accepts it: it is freed with its listener, also when the reset came in the same turn. */
FIBER_TEST(ended_before_unlisten)
{
    for (int later = 0; later < 2; later++) {
        struct peer p;
        reset_before_accept(&p);
        if (later)
            os_sleep(SECONDS(1));
        tcp_unlisten(p.listener);
        p.listener = NULL;
        CHECK_EQUAL(p.tcp->memory, 0);
        expect_silence(&p, SECONDS(1));
        peer_end(&p);
    }
    return OK;
}

/* The acceptor's wait ends, by a cancellation or a connection, in the turn in which the listener is freed. */
FIBER_TEST(unlisten_under_woken_acceptor)
{
    for (int connected = 0; connected < 2; connected++) {
        struct peer p;
        struct os_fiber *acceptor;
        struct segment s = listen_with_acceptor(&p, &acceptor);
        CHECK(os_has_waiters(&p.listener->acceptors));
        if (connected) {
            p.seq = s.ack;
            peer_ack(&p);
            CHECK_EQUAL(p.listener->ready.count, 1);
        } else {
            os_cancel(acceptor);
        }
        CHECK(!os_has_waiters(&p.listener->acceptors));
        tcp_unlisten(p.listener);
        p.listener = NULL;
        CHECK_EQUAL(os_join(acceptor), ERR_CLOSED);
        CHECK_EQUAL(p.tcp->flow_count, 0);
        peer_end(&p);
    }
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_the_answer),
        cmocka_unit_test(syn_ack_again),
        cmocka_unit_test(active_open),
        cmocka_unit_test(refused),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(open_cancelled),
        cmocka_unit_test(wrong_syn_ack),
        cmocka_unit_test(simultaneous_opens),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(full_backlog),
        cmocka_unit_test(flood_and_cookies),
        cmocka_unit_test(time_stamps_of_cookies),
        cmocka_unit_test(syn_ack_with_a_cookie),
        cmocka_unit_test(time_wait),
        cmocka_unit_test(time_wait_with_timestamps),
        cmocka_unit_test(closed_ports),
        cmocka_unit_test(unlisten),
        cmocka_unit_test(unlisten_under_woken_acceptor),
        cmocka_unit_test(ended_before_accept),
        cmocka_unit_test(ended_before_unlisten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
