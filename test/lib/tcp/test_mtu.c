/*
 * The search for larger segments (RFC 8899), seen by a scripted peer: what a probe is, what its loss and its
 * arrival mean, and what strangers and peers can do to it.
 */
#include "script.h"

#include "invariants.h"

static void take_all(struct peer *p)
{
    p->net.a.ip.taken = p->net.a.ip.captured_count;
}

static void icmp_about(struct peer *p, uint32_t mtu, uint32_t seq)
{
    struct icmp_error e = { .kind = ICMP_TOO_BIG,
                            .mtu = mtu,
                            .head = { .source = ADDRESS_A, .destination = ADDRESS_B } };
    uint16_t ports[2] = { p->local_port, p->port };
    for (int i = 0; i < 4; i++) {
        e.transport[i] = (uint8_t)(ports[i / 2] >> (i % 2 ? 0 : 8));
        e.transport[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
    }
    icmp_on_tcp_error(p->net.a.icmp.ctx, &e);
}

static const struct captured *at(const struct peer *p, size_t i)
{
    return &p->net.a.ip.captured[i % CAPTURED];
}

/*
 * A connection whose path has 1300 bytes, ten minutes after a router said so, and with bytes to send. Returns
 * the place of the probe among what the peer saw, which is the first segment of the flight.
 */
static size_t probing(struct peer *p, uint32_t offloads, uint32_t mtu)
{
    struct segment syn = sack_syn;
    syn.mss = 1460;
    peer_make(p);
    p->net.a.ip.offloads = p->tcp->offloads = offloads;
    peer_connect(p, syn);
    write_bytes(p, 3000);
    os_sleep(MILLISECONDS(1));
    icmp_about(p, mtu, p->flow->snd_una);
    os_sleep(MILLISECONDS(1));
    p->ack = p->flow->snd_nxt;
    peer_ack(p);
    CHECK_EQUAL(p->flow->mss, mtu - 40);
    CHECK_EQUAL(p->flow->search.state, SEARCH_COMPLETE);
    os_sleep(SECONDS(601));
    p->flow->srtt = p->flow->min_rtt = MILLISECONDS(100);
    p->flow->rttvar = MILLISECONDS(10);
    p->flow->rto = MILLISECONDS(300);
    take_all(p);
    size_t first = p->net.a.ip.captured_count;
    write_bytes(p, 20000);
    os_sleep(MILLISECONDS(100));
    CHECK_EQUAL(METRIC(p, mtu_probes), 1);
    return first;
}

static void done(struct peer *p)
{
    check_flow(p->flow);
    tcp_abort(p->flow);
    peer_end(p);
}

/* The probe is a segment of its own, also if the device cuts. It may exceed what IP knows of the path. */
FIBER_TEST(a_probe)
{
    for (int tso = 0; tso < 2; tso++) {
        struct peer p;
        size_t i = probing(&p, tso ? NETWORK_CSUM_OUT | NETWORK_TSO4 : 0, 1300);
        const struct captured *probe = at(&p, i);
        CHECK_EQUAL(probe->segment.len, 1300);
        CHECK(probe->gso_size == 0 && probe->head.probe && !(probe->segment.flags & PSH));
        const struct captured *next = at(&p, i + 1);
        CHECK(!next->head.probe && next->segment.seq == probe->segment.seq + 1300);
        CHECK(tso ? next->gso_size == 1260 : next->segment.len == 1260);
        /* The next one is tried as soon as this one has arrived. */
        uint32_t cwnd = p.flow->cwnd;
        peer_sack(&p, p.flow->snd_nxt, 0, 0);
        CHECK_EQUAL(p.flow->mss, 1300);
        CHECK(p.flow->cwnd >= cwnd);
        CHECK_EQUAL(p.net.a.ip.mtu, 1320);
        CHECK_EQUAL(METRIC(&p, mtu_found), 1);
        write_bytes(&p, 20000);
        os_sleep(MILLISECONDS(1));
        CHECK_EQUAL(METRIC(&p, mtu_probes), 2);
        CHECK_EQUAL(p.flow->search.size, 1380);
        CHECK_EQUAL(p.syn_ack.mss, 1460);
        done(&p);
    }
    return OK;
}

/* SACK what follows the probe, and look how it is repaired. */
static void lose(struct peer *p, size_t i)
{
    uint32_t seq = at(p, i)->segment.seq, end = seq + at(p, i)->segment.len, cwnd = p->flow->cwnd;
    int64_t recoveries = METRIC(p, recoveries), timeouts = METRIC(p, timeouts);
    take_all(p);
    peer_sack(p, seq, end, p->flow->snd_nxt);
    os_sleep(MILLISECONDS(30));
    CHECK(at(p, p->net.a.ip.taken)->segment.seq == seq && at(p, p->net.a.ip.taken)->segment.len == 1260);
    CHECK_EQUAL(at(p, p->net.a.ip.taken + 1)->segment.seq, seq + 1260);
    CHECK(p->flow->recovery == OPEN && p->flow->cwnd >= cwnd && p->flow->backoff == 0);
    CHECK(METRIC(p, recoveries) == recoveries && METRIC(p, timeouts) == timeouts);
    check_flow(p->flow);
    peer_sack(p, p->flow->snd_nxt, 0, 0);
}

/* A lost probe is sent again at once in segments of the old size. The third one ends the search. */
FIBER_TEST(lost_probes)
{
    struct peer p;
    size_t i = probing(&p, 0, 1300);
    for (int n = 1; n <= 3; n++) {
        lose(&p, i);
        CHECK_EQUAL(METRIC(&p, mtu_probes_lost), n);
        take_all(&p);
        i = p.net.a.ip.captured_count;
        write_bytes(&p, 20000);
        os_sleep(MILLISECONDS(100));
    }
    CHECK_EQUAL(METRIC(&p, mtu_probes), 3);
    CHECK(p.flow->search.state == SEARCH_COMPLETE && p.flow->mss == 1260);
    CHECK_EQUAL(at(&p, i)->segment.len, 1260);
    done(&p);
    return OK;
}

/* A router says how much the link behind it carries: that is tried next. */
FIBER_TEST(a_router_answers)
{
    struct peer p;
    size_t i = probing(&p, 0, 1300);
    uint32_t seq = at(&p, i)->segment.seq, cwnd = p.flow->cwnd;
    take_all(&p);
    icmp_about(&p, 1310, seq + 1300); /* about a segment that is smaller */
    CHECK(METRIC(&p, mtu_probes_lost) == 0 && p.flow->search.size == 1320);
    icmp_about(&p, 1310, seq);
    os_sleep(MILLISECONDS(1));
    CHECK(at(&p, p.net.a.ip.taken)->segment.seq == seq && at(&p, p.net.a.ip.taken)->segment.len == 1260);
    CHECK(p.flow->recovery == OPEN && p.flow->cwnd == cwnd && p.flow->mss == 1260);
    peer_sack(&p, p.flow->snd_nxt, 0, 0);
    write_bytes(&p, 20000);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(p.flow->search.size, 1290);
    peer_sack(&p, p.flow->snd_nxt, 0, 0);
    CHECK_EQUAL(p.flow->mss, 1270);
    CHECK_EQUAL(p.flow->search.state, SEARCH_COMPLETE);
    done(&p);
    return OK;
}

/* A router that says no number, or a little less each time, ends the search as lost probes do. */
FIBER_TEST(routers_that_say_little)
{
    for (int silent = 0; silent < 2; silent++) {
        struct peer p;
        size_t i = probing(&p, 0, 1300);
        for (int n = 0; n < 8; n++) {
            if (p.flow->search.size != 0)
                icmp_about(&p, silent ? 0 : p.flow->search.size + 20u - 1, at(&p, i)->segment.seq);
            os_sleep(MILLISECONDS(1));
            peer_sack(&p, p.flow->snd_nxt, 0, 0);
            take_all(&p);
            i = p.net.a.ip.captured_count;
            write_bytes(&p, 20000);
            os_sleep(MILLISECONDS(1));
        }
        CHECK_EQUAL(METRIC(&p, mtu_probes), 3);
        CHECK(p.flow->search.state == SEARCH_COMPLETE && p.flow->mss == 1260 && p.net.a.ip.mtu == 1280);
        done(&p);
    }
    return OK;
}

/*
 * A forged message about a segment in flight makes segments smaller, down to the least size that is believed.
 * That is not taken for the path's for ten minutes: what is smaller than the base size is doubted at once.
 */
FIBER_TEST(forged)
{
    struct peer p;
    size_t i = probing(&p, 0, 1300);
    icmp_about(&p, 68, at(&p, i)->segment.seq + 1300);
    CHECK_EQUAL(p.flow->mss, 512);
    CHECK_EQUAL(METRIC(&p, mtu_probes_lost), 1);
    CHECK_EQUAL(p.flow->search.state, SEARCH_ERROR);
    for (int n = 0; n < 60 && p.flow->mss < 1460; n++) {
        os_sleep(MILLISECONDS(100));
        peer_sack(&p, p.flow->snd_nxt, 0, 0);
        write_bytes(&p, 20000);
        check_flow(p.flow);
    }
    CHECK_EQUAL(p.flow->mss, 1460);
    CHECK_EQUAL(p.flow->search.state, SEARCH_NONE);
    done(&p);
    return OK;
}

/* A peer that acknowledges parts of each probe learns no size, and is not probed for ever. */
FIBER_TEST(parts)
{
    for (int sacks = 0; sacks < 2; sacks++) {
        struct peer p;
        probing(&p, 0, 1300);
        for (int n = 0; n < 30; n++) {
            const struct sent *s = p.flow->sent;
            while (s != NULL && !s->probe)
                s = s->next;
            if (s != NULL) {
                uint32_t seq = s->seq;
                if (sacks)
                    peer_sack(&p, p.flow->snd_una, seq + 100, seq + 200);
                else
                    peer_sack(&p, seq + 500, 0, 0);
                CHECK_EQUAL(p.flow->search.size, 0);
                check_flow(p.flow);
            }
            peer_sack(&p, p.flow->snd_nxt, 0, 0);
            write_bytes(&p, 20000);
            os_sleep(MILLISECONDS(1));
        }
        CHECK_EQUAL(METRIC(&p, mtu_probes), 9);
        CHECK_EQUAL(METRIC(&p, mtu_found), 0);
        CHECK(p.flow->search.state == SEARCH_COMPLETE && p.flow->mss == 1260);
        done(&p);
    }
    return OK;
}

/* The peer SACKs the probe, so it has arrived, and takes that back: its bytes go again. */
FIBER_TEST(reneged)
{
    struct peer p;
    probing(&p, 0, 1300);
    while (p.flow->sent_count > 0) {
        peer_sack(&p, p.flow->snd_nxt, 0, 0);
        os_sleep(MILLISECONDS(1));
    }
    int64_t found = METRIC(&p, mtu_found);
    uint32_t before = p.flow->mss;
    size_t i = p.net.a.ip.captured_count;
    write_bytes(&p, 1000);
    write_bytes(&p, 20000);
    os_sleep(MILLISECONDS(1));
    CHECK(at(&p, i)->segment.len == 1000 && at(&p, i + 1)->head.probe && p.flow->search.size != 0);
    uint32_t seq = at(&p, i + 1)->segment.seq, end = seq + at(&p, i + 1)->segment.len;
    peer_sack(&p, seq - 1000, seq, end);
    CHECK(METRIC(&p, mtu_found) == found + 1 && p.flow->mss == end - seq && p.flow->mss > before);
    check_flow(p.flow);
    peer_sack(&p, seq, 0, 0);
    check_flow(p.flow);
    i = p.net.a.ip.captured_count;
    os_sleep(SECONDS(2));
    CHECK_EQUAL(METRIC(&p, reneged), 1);
    while (i < p.net.a.ip.captured_count && at(&p, i)->segment.seq != seq)
        i++;
    CHECK(i < p.net.a.ip.captured_count && at(&p, i)->segment.len == end - seq && !at(&p, i)->head.probe);
    check_flow(p.flow);
    peer_sack(&p, p.flow->snd_nxt, 0, 0);
    CHECK_EQUAL(p.flow->sent_count, 0);
    done(&p);
    return OK;
}

/* Nothing arrives any more while a probe is in flight: a timeout is a timeout, and it can be undone. */
FIBER_TEST(among_timeouts)
{
    struct peer p;
    size_t i = probing(&p, 0, 1300);
    uint32_t seq = at(&p, i)->segment.seq;
    os_sleep(SECONDS(2));
    CHECK(METRIC(&p, timeouts) > 0 && p.flow->search.size == 0);
    CHECK_EQUAL(METRIC(&p, mtu_probes_lost), 1);
    check_flow(p.flow);
    /* The originals come after all, and a report of duplicates, at once. */
    peer_sack(&p, seq + 1300, seq, seq + 1260);
    check_flow(p.flow);
    os_sleep(MILLISECONDS(1));
    peer_sack(&p, seq + 1300 + 1260, 0, 0);
    check_flow(p.flow);
    os_sleep(MILLISECONDS(1));
    peer_sack(&p, p.flow->snd_nxt, 0, 0);
    check_flow(p.flow);
    CHECK(p.flow->mss == 1260 && METRIC(&p, mtu_found) == 0);
    done(&p);
    return OK;
}

/* The connection is closed, or reset by either side, while a probe is in flight. */
FIBER_TEST(closed)
{
    struct peer p;
    struct buf *b;
    probing(&p, 0, 1300);
    tcp_abort(p.flow);
    peer_end(&p);

    probing(&p, 0, 1300);
    tcp_close(p.flow);
    os_sleep(MILLISECONDS(1));
    p.ack = p.tcp->orphans.flows.first->snd_nxt;
    peer_ack(&p);
    os_sleep(MILLISECONDS(10));
    p.ack = p.tcp->orphans.flows.first->snd_nxt;
    peer_send(&p, FIN | ACK, NULL, 0);
    CHECK_EQUAL(p.tcp->flow_count, 0);
    peer_end(&p);

    probing(&p, 0, 1300);
    inject(&p.net, peer_segment(&p, RST), NULL, 0);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET);
    tcp_close(p.flow);
    peer_end(&p);
    return OK;
}

/* Neither the peer's MSS nor the interface is exceeded, and a little to send is no reason for a probe. */
FIBER_TEST(limits)
{
    struct peer p;
    peer_make(&p);
    p.net.a.ip.mtu = 1260;
    struct segment syn = sack_syn;
    syn.mss = 1300;
    peer_connect(&p, syn);
    CHECK_EQUAL(p.flow->mss, 1240);
    os_sleep(SECONDS(601));
    write_bytes(&p, 1240 * 3);
    os_sleep(MILLISECONDS(1));
    peer_sack(&p, p.flow->snd_nxt, 0, 0);
    CHECK_EQUAL(METRIC(&p, mtu_probes), 0);
    for (int n = 0; n < 20; n++) {
        write_bytes(&p, 20000);
        os_sleep(MILLISECONDS(1));
        CHECK(p.flow->search.size <= 1320);
        peer_sack(&p, p.flow->snd_nxt, 0, 0);
    }
    CHECK(p.flow->mss == 1300 && p.flow->search.state == SEARCH_NONE);
    tcp_abort(p.flow);
    take_all(&p);
    p.port++;
    p.seq = PEER_ISS;
    p.net.a.ip.mtu = 1260;
    syn = plain_syn;
    syn.mss = 1460;
    peer_connect(&p, syn); /* without SACK the loss of a probe would be found too late */
    CHECK_EQUAL(p.flow->search.state, SEARCH_NONE);
    done(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe),          cmocka_unit_test(lost_probes),
        cmocka_unit_test(a_router_answers), cmocka_unit_test(routers_that_say_little),
        cmocka_unit_test(forged),           cmocka_unit_test(parts),
        cmocka_unit_test(reneged),          cmocka_unit_test(among_timeouts),
        cmocka_unit_test(closed),           cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
