/*
 * The search for larger segments (RFC 8899) between two hosts, over paths that take little, that become wide,
 * and that lose segments: when it begins, what it finds, and what it costs.
 */
#include "hosts.h"

#include "invariants.h"

/* A connection between two hosts, with as much to send as the windows take. */
struct stream {
    struct net net;
    struct tcp_listener *listener;
    struct tcp_flow *flow, *server;
    struct os_fiber *reader;
    uint64_t got;
};

static err read_all(void *arg)
{
    struct stream *s = arg;
    struct buf *b;
    err e;
    while ((e = tcp_read(s->server, &b)) == OK) {
        for (const struct buf *v = b; v != NULL; v = v->next)
            for (size_t i = 0; i < v->len; i++, s->got++)
                CHECK(v->data[i] == (uint8_t)(s->got % 251));
        buf_free(b);
    }
    return e == ERR_END ? OK : e;
}

static struct ip_addr v6_address(uint8_t n)
{
    return (struct ip_addr){ .bytes = { 0xfd, [15] = n } };
}

static void connect_again(struct stream *s, uint16_t port)
{
    CHECK_EQUAL(tcp_listen(s->net.b.tcp, &IP_ANY, port, 1, &s->listener), OK);
    CHECK_EQUAL(tcp_open(s->net.a.tcp, &(struct endpoint){ s->net.b.ip.address, port }, &s->flow), OK);
    CHECK_EQUAL(tcp_accept(s->listener, &s->server), OK);
    s->got = 0;
    CHECK_EQUAL(os_spawn(&s->reader, read_all, s), OK);
}

static void stream_begin(struct stream *s, bool v6, uint32_t offloads)
{
    *s = (struct stream){ 0 };
    net_make(&s->net, 5, (struct faults){ .delay = MILLISECONDS(5) }, offloads);
    if (v6) {
        s->net.a.ip.address = v6_address(1);
        s->net.b.ip.address = v6_address(2);
        s->net.a.ip.mtu = s->net.a.ip.link_mtu = s->net.b.ip.mtu = s->net.b.ip.link_mtu = 1460;
    }
    connect_again(s, 80);
}

/* Send `len` bytes more, and wait until they have arrived. */
static void transfer(struct stream *s, size_t len)
{
    uint64_t at = s->got, end = at + len;
    while (at < end) {
        size_t n = end - at < 10000 ? (size_t)(end - at) : 10000;
        struct buf *b = buf_alloc(n);
        for (size_t i = 0; i < n; i++)
            b->data[i] = (uint8_t)((at + i) % 251);
        CHECK_EQUAL(tcp_write(s->flow, b), OK);
        check_flow(s->flow);
        at += n;
    }
    for (int i = 0; i < 100000 && s->got < end; i++)
        os_sleep(MILLISECONDS(10));
    CHECK_EQUAL(s->got, end);
    check_flow(s->flow);
}

static void disconnect(struct stream *s)
{
    tcp_close(s->flow);
    CHECK_EQUAL(os_join(s->reader), OK);
    tcp_close(s->server);
    tcp_unlisten(s->listener);
}

static void stream_end(struct stream *s)
{
    disconnect(s);
    net_end(&s->net);
}

#define OF(s, name) ((s)->net.a.tcp->metrics.name.value)

/* How long segments are with their headers, without IP's. */
static uint32_t size_of(const struct stream *s)
{
    return s->flow->mss + 32u;
}

/*
 * Large segments vanish, and nobody says so. The base size is kept after three probes, which is not taken for
 * congestion. When the path is wide again, the connection finds it after ten minutes, and others know it.
 */
FIBER_TEST(black_hole_then_wide)
{
    struct stream s;
    stream_begin(&s, false, 0);
    s.net.a.ip.narrow = 1100;
    transfer(&s, 100000);
    CHECK_EQUAL(OF(&s, black_holes), 1);
    int64_t timeouts = OF(&s, timeouts), recoveries = OF(&s, recoveries);
    transfer(&s, 1000000);
    CHECK_EQUAL(size_of(&s), 1044);
    CHECK_EQUAL(OF(&s, mtu_probes), 3);
    CHECK_EQUAL(OF(&s, mtu_probes_lost), 3);
    CHECK_EQUAL(OF(&s, mtu_found), 0);
    CHECK(OF(&s, timeouts) == timeouts && OF(&s, recoveries) == recoveries);
    CHECK_EQUAL(s.flow->search.state, SEARCH_COMPLETE);
    CHECK_EQUAL(s.net.a.ip.mtu, 1044);
    s.net.a.ip.narrow = 0;
    os_sleep(SECONDS(500));
    transfer(&s, 1000000);
    CHECK_EQUAL(OF(&s, mtu_probes), 3);
    os_sleep(SECONDS(110));
    transfer(&s, 1000000);
    CHECK_EQUAL(size_of(&s), 1480);
    CHECK_EQUAL(OF(&s, mtu_probes_lost), 3);
    CHECK(OF(&s, mtu_found) > 0);
    CHECK_EQUAL(s.flow->search.state, SEARCH_NONE);
    CHECK_EQUAL(s.net.a.ip.mtu, 1480);
    CHECK(OF(&s, timeouts) == timeouts && OF(&s, recoveries) == recoveries);
    stream_end(&s);
    return OK;
}

/* What lies between the base size and the one that failed is found at once, and kept for the destination. */
FIBER_TEST(black_hole_found)
{
    struct stream s;
    stream_begin(&s, false, 0);
    s.net.a.ip.narrow = 1405;
    transfer(&s, 1000000);
    CHECK_EQUAL(size_of(&s), 1400);
    CHECK_EQUAL(OF(&s, mtu_probes_lost), 3);
    CHECK_EQUAL(s.net.a.ip.mtu, 1400);
    disconnect(&s);
    connect_again(&s, 81);
    CHECK_EQUAL(size_of(&s), 1400);
    CHECK_EQUAL(s.flow->search.state, SEARCH_COMPLETE);
    transfer(&s, 100000);
    CHECK_EQUAL(OF(&s, black_holes), 1);
    stream_end(&s);
    return OK;
}

/* The same with IPv6, whose base size is that of 1280 bytes, and with a device that cuts. */
FIBER_TEST(black_hole_v6)
{
    struct stream s;
    stream_begin(&s, true, NETWORK_CSUM_OUT | NETWORK_TSO6);
    s.net.a.ip.narrow = 1240;
    transfer(&s, 300000);
    CHECK_EQUAL(size_of(&s), 1240);
    CHECK_EQUAL(OF(&s, mtu_probes), 3);
    CHECK_EQUAL(OF(&s, mtu_probes_lost), 3);
    s.net.a.ip.narrow = 1372;
    os_sleep(SECONDS(601));
    transfer(&s, 1000000);
    CHECK_EQUAL(size_of(&s), 1360);
    CHECK_EQUAL(OF(&s, mtu_probes_lost), 6);
    CHECK_EQUAL(s.net.a.ip.mtu, 1360);
    s.net.a.ip.narrow = 0;
    os_sleep(SECONDS(601));
    transfer(&s, 1000000);
    CHECK_EQUAL(size_of(&s), 1460);
    stream_end(&s);
    return OK;
}

/* Not even the base size arrives: the least one is used, and the base size is tried from there. */
FIBER_TEST(base_fails)
{
    struct stream s;
    stream_begin(&s, false, 0);
    s.net.a.ip.narrow = 600;
    transfer(&s, 300000);
    CHECK_EQUAL(size_of(&s), 556);
    CHECK_EQUAL(OF(&s, mtu_probes_lost), 3);
    s.net.a.ip.narrow = 0;
    os_sleep(SECONDS(601));
    transfer(&s, 1000000);
    CHECK_EQUAL(size_of(&s), 1480);
    stream_end(&s);
    return OK;
}

/* A path that drops what is larger, for ever: three probes in ten minutes are all that it costs. */
FIBER_TEST(bounded)
{
    struct stream s;
    stream_begin(&s, false, NETWORK_CSUM_OUT | NETWORK_TSO4);
    s.net.a.ip.narrow = 1100;
    transfer(&s, 100000);
    int64_t timeouts = OF(&s, timeouts), recoveries = OF(&s, recoveries);
    for (int i = 0; i < 60; i++) {
        os_sleep(SECONDS(60));
        transfer(&s, 200000);
    }
    CHECK(OF(&s, mtu_probes) >= 15 && OF(&s, mtu_probes) <= 21);
    CHECK(OF(&s, timeouts) == timeouts && OF(&s, recoveries) == recoveries);
    stream_end(&s);
    return OK;
}

/* Losses of all kinds beside the probes: every byte arrives, and the search ends where the path does. */
FIBER_TEST(among_losses)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct stream s;
        stream_begin(&s, seed % 2, seed % 4 < 2 ? 0 : NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_TSO6);
        struct faults faults = { .loss = 10, .reorder = 20, .duplicate = 10, .delay = MILLISECONDS(2) };
        s.net.a.ip.faults = s.net.b.ip.faults = faults;
        s.net.a.ip.seed = seed;
        s.net.a.ip.narrow = 1390;
        transfer(&s, 600000);
        CHECK(size_of(&s) <= 1390);
        CHECK(OF(&s, mtu_probes) < 40);
        s.net.a.ip.narrow = 0;
        os_sleep(SECONDS(601));
        transfer(&s, 600000);
        stream_end(&s);
    }
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(black_hole_then_wide),
        cmocka_unit_test(black_hole_found),
        cmocka_unit_test(black_hole_v6),
        cmocka_unit_test(base_fails),
        cmocka_unit_test(bounded),
        cmocka_unit_test(among_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
