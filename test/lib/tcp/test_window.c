/*
 * The peer's window: closed, pulled back over what was sent, opened and closed again, with and without SACK.
 */
#include "script.h"

enum { SEGMENT = 1000, FLIGHT = 8 };

/*
 * A connection with a flight of full segments under way, of which the first is acknowledged with this window.
 */
static void pull_back(struct peer *p, struct segment syn, uint16_t window)
{
    peer_make(p);
    peer_connect(p, syn);
    uint32_t first = p->ack;
    write_bytes(p, FLIGHT * SEGMENT);
    for (int i = 0; i < FLIGHT; i++)
        peer_expect(p, MILLISECONDS(1), ACK);
    os_sleep(MILLISECONDS(10));
    p->ack = first + SEGMENT;
    p->window = window;
    for (int i = 0; i < FLIGHT; i++)
        peer_ack(p);
    p->net.a.ip.taken = p->net.a.ip.captured_count;
}

static void end(struct peer *p)
{
    tcp_abort(p->flow);
    p->net.a.ip.taken = p->net.a.ip.captured_count;
    peer_end(p);
}

/*
 * How many segments a sends in this time, each answered with the same acknowledgement, and how many of them
 * bear bytes.
 */
static unsigned answered(struct peer *p, os_time time, unsigned *with_bytes)
{
    os_time until = os_now() + time;
    uint32_t ack = p->ack;
    unsigned count = 0;
    *with_bytes = 0;
    for (struct captured *c; os_now() < until && (c = expect_segment(&p->net, until - os_now())) != NULL;
         count++) {
        *with_bytes += c->segment.len > 0;
        if (c->segment.flags & RST)
            break;
        p->ack = ack;
        peer_ack(p);
    }
    return count;
}

static const struct segment syns[2] = {
    { .flags = SYN, .mss = SEGMENT, .window = 65535 },
    { .flags = SYN, .mss = SEGMENT, .window = 65535, .sack_permitted = true }
};

/*
 * For an hour the peer answers that it has no room: it is probed, and nothing is learned of the path. Then
 * all goes on.
 */
FIBER_TEST(closed_for_an_hour)
{
    for (int i = 0; i < 2; i++) {
        struct peer p;
        unsigned with_bytes;
        pull_back(&p, syns[i], 0);
        uint32_t cwnd = p.flow->cwnd, next = p.ack;
        unsigned count = answered(&p, HOURS(1), &with_bytes);
        CHECK(count >= 30 && count <= 60);
        CHECK_EQUAL(with_bytes, 0);
        CHECK(p.flow->cwnd == cwnd && p.flow->mss == SEGMENT);
        CHECK(METRIC(&p, timeouts) == 0 && METRIC(&p, recoveries) == 0 && METRIC(&p, black_holes) == 0);
        p.ack = next;
        p.window = 65535;
        peer_ack(&p);
        for (int k = 1; k < FLIGHT; k++)
            CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), ACK).seq, next + (uint32_t)(k - 1) * SEGMENT);
        peer_ack(&p);
        CHECK(p.flow->sent == NULL && p.flow->lost_bytes == 0);
        end(&p);
    }
    return OK;
}

/* Nobody answers the probes: the connection is given up after the user timeout. */
FIBER_TEST(closed_and_silent)
{
    struct peer p;
    pull_back(&p, plain_syn, 0);
    os_time begin = os_now();
    while (p.flow->state != STATE_CLOSED && os_now() < begin + HOURS(1))
        os_sleep(SECONDS(1));
    CHECK(p.flow->error == ERR_TIMEOUT);
    CHECK(os_now() - begin >= MILLISECONDS(key_user_timeout_ms));
    CHECK(os_now() - begin <= MILLISECONDS(key_user_timeout_ms) + MINUTES(5));
    end(&p);
    return OK;
}

/*
 * A peer that opens and closes its window over the same bytes, as fast as it can, gets them once and then one
 * segment at a time.
 */
FIBER_TEST(opened_and_closed)
{
    for (int i = 0; i < 2; i++) {
        struct peer p;
        pull_back(&p, syns[i], 0);
        size_t before = p.net.a.ip.captured_count;
        uint32_t ack = p.ack;
        for (int k = 0; k < 2000; k++) {
            p.ack = ack;
            p.window = k % 2 == 0 ? 65535 : 0;
            peer_ack(&p);
            os_sleep(MICROSECONDS(500));
        }
        CHECK(p.net.a.ip.captured_count - before <= 2 * FLIGHT);
        end(&p);
    }
    return OK;
}

/* Duplicates that go on after a timeout don't make each of them a retransmission. */
FIBER_TEST(duplicates_after_timeout)
{
    struct peer p;
    unsigned with_bytes;
    pull_back(&p, plain_syn, 65535);
    uint32_t ack = p.ack;
    while (METRIC(&p, timeouts) == 0)
        os_sleep(MILLISECONDS(10));
    p.ack = ack;
    CHECK(answered(&p, SECONDS(10), &with_bytes) <= 8 * FLIGHT); /* as many timeouts at most */
    end(&p);
    return OK;
}

/* A FIN that was sent is taken back like bytes. */
FIBER_TEST(fin_pulled_back)
{
    struct peer p;
    unsigned with_bytes;
    peer_make(&p);
    peer_connect(&p, plain_syn);
    write_bytes(&p, SEGMENT);
    CHECK_EQUAL(tcp_shutdown(p.flow), OK);
    uint32_t seq = peer_expect(&p, MILLISECONDS(1), ACK).seq;
    peer_expect(&p, MILLISECONDS(1), FIN | ACK);
    p.ack = seq + SEGMENT;
    p.window = 0;
    peer_ack(&p);
    CHECK(answered(&p, MINUTES(30), &with_bytes) <= 40);
    CHECK_EQUAL(p.flow->state, STATE_FIN_WAIT_1);
    p.ack = seq + SEGMENT;
    p.window = 1;
    peer_ack(&p);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(1), FIN | ACK).seq, seq + SEGMENT);
    peer_ack(&p);
    CHECK_EQUAL(p.flow->state, STATE_FIN_WAIT_2);
    end(&p);
    return OK;
}

/* Less than a segment's room is used when the probe's time has come, and what is taken is progress. */
FIBER_TEST(small_window)
{
    for (int i = 0; i < 2; i++) {
        struct peer p;
        pull_back(&p, syns[i], 100);
        uint32_t end_of_flight = p.flow->snd_nxt;
        for (int k = 0; k < 5; k++) {
            struct segment s = peer_expect(&p, SECONDS(2), ACK);
            CHECK(s.len == 100 && s.seq == p.ack - 100);
            peer_ack(&p);
        }
        CHECK(METRIC(&p, timeouts) == 0 && p.flow->snd_nxt == end_of_flight);
        end(&p);
    }
    return OK;
}

/* A user timeout that is shorter than the time between probes ends nothing while each is answered. */
FIBER_TEST(short_user_timeout)
{
    struct peer p;
    unsigned with_bytes;
    pull_back(&p, plain_syn, 0);
    p.flow->user_timeout = 10000;
    unsigned count = answered(&p, MINUTES(10), &with_bytes);
    CHECK(p.flow->state == STATE_ESTABLISHED && count >= 200 && count <= 300);
    end(&p);
    return OK;
}

/*
 * A closed connection whose peer answers and does not read stays, but gives way when memory is short: RFC
 * 6429.
 */
FIBER_TEST(orphan_and_memory)
{
    struct peer p;
    unsigned with_bytes;
    pull_back(&p, plain_syn, 0);
    tcp_close(p.flow);
    CHECK(answered(&p, MINUTES(30), &with_bytes) >= 30);
    CHECK(p.tcp->orphans.count == 1 && with_bytes == 0);
    uint64_t memory = p.tcp->memory;
    p.tcp->memory += (uint64_t)key_memory_max;
    answered(&p, 2 * MILLISECONDS(key_orphan_timeout_ms), &with_bytes);
    CHECK(p.tcp->orphans.count == 0 && METRIC(&p, orphans_reset) == 1);
    CHECK_EQUAL(p.tcp->memory, (uint64_t)key_memory_max);
    p.tcp->memory -= (uint64_t)key_memory_max;
    CHECK(memory > 0 && p.tcp->memory == 0);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    peer_end(&p);
    return OK;
}

/* The longest of idle times overflows nothing. */
FIBER_TEST(keepalive_for_ever)
{
    struct peer p;
    peer_make(&p);
    peer_connect(&p, plain_syn);
    tcp_set_keepalive(p.flow, INT64_MAX);
    os_sleep(HOURS(24));
    tcp_set_keepalive(p.flow, INT64_MIN);
    os_sleep(HOURS(24));
    expect_silence(&p, 1);
    end(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_for_an_hour), cmocka_unit_test(closed_and_silent),
        cmocka_unit_test(opened_and_closed),  cmocka_unit_test(duplicates_after_timeout),
        cmocka_unit_test(fin_pulled_back),    cmocka_unit_test(small_window),
        cmocka_unit_test(short_user_timeout), cmocka_unit_test(orphan_and_memory),
        cmocka_unit_test(keepalive_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
