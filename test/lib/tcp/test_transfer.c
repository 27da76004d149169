/* Transfer on an open connection: windows, acknowledgements, small segments, probes, time stamps, ECN. */
#include "script.h"

static void open_with(struct peer *p, struct segment syn)
{
    peer_make(p);
    peer_connect(p, syn);
}

static void done(struct peer *p)
{
    tcp_abort(p->flow);
    peer_end(p);
}

/*
 * The first segments are acknowledged at once, because the peer is in slow start. Later, every second one is,
 * or 40 ms pass.
 */
FIBER_TEST(delayed_ack)
{
    struct peer p;
    char data[1000] = { 0 };
    open_with(&p, sack_syn);
    for (int i = 0; i < 16; i++) {
        peer_send(&p, ACK, data, sizeof data);
        CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).ack, p.seq);
    }
    peer_send(&p, ACK, data, sizeof data);
    os_time began = os_now();
    peer_expect(&p, MILLISECONDS(100), ACK);
    CHECK(os_now() - began >= MILLISECONDS(40) && os_now() - began <= MILLISECONDS(42));
    peer_send(&p, ACK, data, sizeof data);
    peer_send(&p, ACK, data, sizeof data);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).ack, p.seq);
    /* A batch of segments gets one acknowledgement. */
    for (int i = 0; i < 9; i++)
        peer_send(&p, ACK, data, sizeof data);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).ack, p.seq);
    expect_silence(&p, MILLISECONDS(100));
    read_bytes(&p, 28000);
    done(&p);
    return OK;
}

/* An answer carries the acknowledgement. */
FIBER_TEST(ping_pong)
{
    struct peer p;
    open_with(&p, modern_syn);
    for (int i = 0; i < 40; i++) {
        peer_send(&p, ACK | PSH, "ask", 3);
        read_bytes(&p, 3);
        CHECK_EQUAL(tcp_write(p.flow, buf_copy("answer", 6)), OK);
        struct segment s = peer_expect(&p, MILLISECONDS(5), ACK);
        CHECK(s.len == 6 && s.ack == p.seq && (s.flags & PSH));
    }
    CHECK_EQUAL(p.net.a.ip.captured_count, 41);
    done(&p);
    return OK;
}

static err read_one(void *arg)
{
    struct peer *p = arg;
    read_bytes(p, 3);
    CHECK_EQUAL(tcp_write(p->flow, buf_copy("answer", 6)), OK);
    return OK;
}

/* The same for a reader that waits, as in a server, although the acknowledgement is due at once. */
FIBER_TEST(ping_pong_of_a_waiting_reader)
{
    struct peer p;
    struct os_fiber *fiber;
    open_with(&p, modern_syn);
    CHECK_EQUAL(os_spawn(&fiber, read_one, &p), OK);
    os_sleep(1);
    peer_send(&p, ACK | PSH, "ask", 3);
    CHECK_EQUAL(os_join(fiber), OK);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 6);
    expect_silence(&p, MILLISECONDS(100));
    done(&p);
    return OK;
}

FIBER_TEST(nagle)
{
    struct peer p;
    open_with(&p, plain_syn);
    write_bytes(&p, 10);
    write_bytes(&p, 10);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 10);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 10);
    peer_ack(&p);
    tcp_set_nodelay(p.flow, false);
    write_bytes(&p, 10);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 10);
    write_bytes(&p, 10);
    write_bytes(&p, 20);
    expect_silence(&p, MILLISECONDS(50));
    write_bytes(&p, 1000); /* a full segment may be sent */
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 1000);
    expect_silence(&p, MILLISECONDS(50));
    peer_ack(&p);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 30);
    write_bytes(&p, 5);
    expect_silence(&p, MILLISECONDS(5));
    tcp_set_nodelay(p.flow, true);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 5);
    done(&p);
    return OK;
}

/* Small writes while bytes are in flight are joined to one segment. */
FIBER_TEST(small_writes_join)
{
    struct peer p;
    open_with(&p, plain_syn);
    write_bytes(&p, 1);
    for (int i = 0; i < 100; i++)
        write_bytes(&p, 5);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 1);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 500);
    CHECK(p.flow->queue_views < 5);
    done(&p);
    return OK;
}

/* The initial window is ten segments, and an acknowledgement opens it. */
FIBER_TEST(initial_window_of_ten)
{
    struct peer p;
    open_with(&p, sack_syn);
    p.flow->srtt = MILLISECONDS(100);
    write_bytes(&p, 30000);
    for (int i = 0; i < 10; i++)
        CHECK_EQUAL(peer_expect(&p, MILLISECONDS(2), ACK).len, 1000);
    expect_silence(&p, MILLISECONDS(2));
    peer_ack(&p);
    for (int i = 0; i < 20; i++)
        CHECK_EQUAL(peer_expect(&p, MILLISECONDS(2), ACK).len, 1000);
    done(&p);
    return OK;
}

/* Segments of 64 kB, when the network device divides them. */
FIBER_TEST(large_segments)
{
    struct peer p;
    open_with(&p, modern_syn);
    p.tcp->offloads = p.net.a.ip.offloads = NETWORK_CSUM_OUT | NETWORK_TSO4;
    p.flow->cwnd = 200000;
    p.flow->snd_wnd = 200000;
    write_bytes(&p, 100000);
    struct captured *c = expect_segment(&p.net, MILLISECONDS(5));
    CHECK(c != NULL && c->segment.len == GSO_MOST / 988 * 988 && c->gso_size == 988 && c->head.dont_fragment);
    c = expect_segment(&p.net, MILLISECONDS(5));
    CHECK(c != NULL && c->segment.len == 100000 - GSO_MOST / 988 * 988 && c->gso_size == 988);
    done(&p);
    return OK;
}

FIBER_TEST(zero_window)
{
    struct peer p;
    open_with(&p, plain_syn);
    p.window = 0;
    peer_ack(&p);
    write_bytes(&p, 3000);
    os_time last = os_now(), gap = 0;
    for (int i = 0; i < 5; i++) {
        struct segment s = peer_expect(&p, SECONDS(70), ACK);
        CHECK(s.len == 0 && s.seq == p.ack - 1);
        CHECK(os_now() - last >= gap * 3 / 2); /* at growing intervals */
        gap = os_now() - last;
        last = os_now();
        peer_ack(&p);
    }
    p.window = 65535;
    peer_ack(&p);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 1000);
    peer_ack(&p);
    expect_silence(&p, SECONDS(100));
    done(&p);
    return OK;
}

/* A window smaller than a segment is used after a while, but not at once (silly window syndrome). */
FIBER_TEST(small_window)
{
    struct peer p;
    open_with(&p, plain_syn);
    p.window = 100;
    peer_ack(&p);
    write_bytes(&p, 3000);
    expect_silence(&p, MILLISECONDS(150));
    CHECK_EQUAL(peer_expect(&p, SECONDS(2), ACK).len, 100);
    peer_ack(&p);
    CHECK_EQUAL(peer_expect(&p, SECONDS(2), ACK).len, 100);
    p.window = 5000;
    peer_ack(&p);
    CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).len, 1000);
    done(&p);
    return OK;
}

/* The peer probes host a's closed window. It opens when the reader goes on, and never stays closed. */
FIBER_TEST(receiver_stops_and_resumes)
{
    struct peer p;
    static char data[1000];
    open_with(&p, modern_syn);
    uint32_t edge = 0;
    size_t sent = 0;
    for (int i = 0; i < 2000; i++) {
        uint32_t room = p.flow->rcv_adv - p.flow->rcv_nxt;
        if (room == 0)
            break;
        size_t len = room < sizeof data ? room : sizeof data;
        peer_send(&p, ACK, data, len);
        sent += len;
        os_sleep(MICROSECONDS(100));
    }
    CHECK(sent >= 262144);
    CHECK_EQUAL(receive_window(p.flow), 0);
    p.net.a.ip.taken = p.net.a.ip.captured_count;
    /* Bytes beyond the window are dropped and answered. */
    inject(&p.net, peer_segment(&p, ACK), data, 1);
    struct segment s = peer_expect(&p, MILLISECONDS(5), ACK);
    CHECK(s.ack == p.seq && s.window == 0);
    for (int round = 0; round < 20; round++) {
        struct buf *b;
        os_sleep(SECONDS(1));
        CHECK_EQUAL(tcp_read(p.flow, &b), OK);
        buf_free(b);
        s = peer_expect(&p, MILLISECONDS(5), ACK); /* the window update comes by itself */
        edge = s.ack + ((uint32_t)s.window << 7);
        CHECK(edge - p.seq >= 1000);
        while (edge - p.seq > 0) {
            size_t len = edge - p.seq < sizeof data ? edge - p.seq : sizeof data;
            peer_send(&p, ACK, data, len);
        }
        os_sleep(MILLISECONDS(1));
        p.net.a.ip.taken = p.net.a.ip.captured_count;
    }
    done(&p);
    return OK;
}

/* The window grows for a fast reader. */
FIBER_TEST(window_tuning)
{
    struct peer p;
    static char data[1000];
    open_with(&p, modern_syn);
    p.flow->srtt = MILLISECONDS(20);
    for (int round = 0; round < 60; round++) {
        struct buf *b;
        while (p.flow->rcv_adv - p.seq >= sizeof data)
            peer_send(&p, ACK, data, sizeof data);
        os_sleep(MILLISECONDS(10));
        CHECK_EQUAL(tcp_read(p.flow, &b), OK);
        buf_free(b);
    }
    CHECK_EQUAL(p.flow->rcv_buffer, key_receive_buffer_max);
    done(&p);
    return OK;
}

/* Single bytes, each in a page of its own, must not occupy a hundred times their size. */
FIBER_TEST(tiny_segments)
{
    struct peer p;
    struct buf_stats stats;
    open_with(&p, modern_syn);
    for (int i = 0; i < 100000; i++) {
        peer_send(&p, ACK, "x", 1);
        if (i % 1000 == 0)
            os_sleep(MILLISECONDS(1));
    }
    buf_get_stats(&stats);
    CHECK(stats.pages < 400);
    read_bytes(&p, 100000);
    done(&p);
    return OK;
}

FIBER_TEST(paws)
{
    struct peer p;
    open_with(&p, modern_syn);
    peer_send(&p, ACK, "abc", 3);
    read_bytes(&p, 3);
    peer_expect(&p, MILLISECONDS(100), ACK);
    struct segment old = peer_segment(&p, ACK);
    old.tsval -= 50;
    inject(&p.net, old, "xyz", 3);
    struct segment s = peer_expect(&p, MILLISECONDS(10), ACK);
    CHECK(s.ack == p.seq && s.tsecr == p.tsval - 1);
    CHECK_EQUAL(METRIC(&p, paws), 1);
    CHECK_EQUAL(p.flow->rcv_queued, 0);
    /* After 24 days of silence time stamps say nothing. */
    os_sleep(HOURS(24 * 25));
    inject(&p.net, old, "xyz", 3);
    read_bytes(&p, 3);
    done(&p);
    return OK;
}

FIBER_TEST(out_of_order)
{
    struct peer p;
    struct buf *b;
    char text[40] = { 0 };
    open_with(&p, sack_syn);
    uint32_t base = p.seq;
    static const struct {
        uint32_t at;
        const char *text;
    } pieces[] = {
        { 10, "klmno" }, { 20, "uvwxy" }, { 12, "mnopqrstuv" }, { 5, "fghijkl" },
        { 3, "de" },     { 10, "kl" },    { 0, "abcdef" },
    };
    struct segment s = { 0 };
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        p.seq = base + pieces[i].at;
        peer_send(&p, ACK, pieces[i].text, strlen(pieces[i].text));
        s = peer_expect(&p, MILLISECONDS(5), ACK);
        if (i == 0)
            CHECK(s.ack == base && s.sack_count == 1 && s.sacks[0].left == base + 10 &&
                  s.sacks[0].right == base + 15);
        if (i == 1)
            CHECK(s.sack_count == 2 && s.sacks[0].left == base + 20 && s.sacks[1].left == base + 10);
        if (i == 2)
            CHECK(s.sack_count == 2 && s.sacks[0].left == base + 12 && s.sacks[0].right == base + 15 &&
                  s.sacks[1].left == base + 10 && s.sacks[1].right == base + 25);
        if (i == 5) /* a DSACK within the range reports a duplicate */
            CHECK(s.sack_count == 2 && s.sacks[0].left == base + 10 && s.sacks[0].right == base + 12 &&
                  s.sacks[1].left == base + 3);
    }
    CHECK(s.ack == base + 25 && s.sack_count == 1 && s.sacks[0].left == base + 3 &&
          s.sacks[0].right == base + 6);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK_EQUAL(buf_len(b), 25);
    CHECK_EQUAL(buf_read_copy(b, 0, text, 25), OK);
    CHECK(strcmp(text, "abcdefghijklmnopqrstuvwxy") == 0);
    buf_free(b);
    /* The same bytes again get a DSACK. */
    p.seq = base + 5;
    peer_send(&p, ACK, "fgh", 3);
    s = peer_expect(&p, MILLISECONDS(5), ACK);
    CHECK(s.ack == base + 25 && s.sack_count == 1 && s.sacks[0].left == base + 5 &&
          s.sacks[0].right == base + 8);
    CHECK_EQUAL(p.tcp->memory, 0);
    done(&p);
    return OK;
}

/* However many holes there are, the memory of held bytes stays bounded. */
FIBER_TEST(many_holes)
{
    struct peer p;
    open_with(&p, modern_syn);
    uint32_t base = p.seq;
    for (int i = 1; i < 5000; i++) {
        p.seq = base + 2 * (uint32_t)i;
        peer_send(&p, ACK, "x", 1);
    }
    CHECK_EQUAL(p.flow->range_count, RANGES_MAX);
    p.seq = base;
    for (int i = 0; i < 2 * RANGES_MAX + 2; i++)
        peer_send(&p, ACK, "y", 1);
    CHECK_EQUAL(p.flow->range_count, 0);
    done(&p);
    return OK;
}

FIBER_TEST(keepalive)
{
    struct peer p;
    open_with(&p, plain_syn);
    tcp_set_keepalive(p.flow, SECONDS(100));
    expect_silence(&p, SECONDS(99));
    struct segment s = peer_expect(&p, SECONDS(2), ACK);
    CHECK(s.len == 0 && s.seq == p.ack - 1);
    peer_ack(&p);
    expect_silence(&p, SECONDS(99));
    for (int i = 0; i < 9; i++)
        peer_expect(&p, SECONDS(80), ACK);
    CHECK_EQUAL(p.flow->state, STATE_ESTABLISHED);
    peer_expect(&p, SECONDS(80), RST | ACK);
    struct buf *b;
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET);
    done(&p);
    return OK;
}

/* A probe of the peer's is answered. */
FIBER_TEST(keepalive_of_the_peer)
{
    struct peer p;
    open_with(&p, plain_syn);
    for (int i = 0; i < 3; i++) {
        p.seq--;
        peer_send(&p, ACK, "", 0);
        p.seq++;
        CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).ack, p.seq);
        p.seq--;
        peer_send(&p, ACK, "x", 1); /* with an old byte, as some stacks send it */
        CHECK_EQUAL(peer_expect(&p, MILLISECONDS(5), ACK).ack, p.seq);
        os_sleep(SECONDS(75));
    }
    done(&p);
    return OK;
}

FIBER_TEST(user_timeout)
{
    struct peer p;
    struct buf *b;
    open_with(&p, plain_syn);
    os_time began = os_now();
    write_bytes(&p, 10);
    CHECK_EQUAL(tcp_read(p.flow, &b), ERR_RESET);
    CHECK(os_now() - began >= SECONDS(900) && os_now() - began < SECONDS(1100));
    CHECK_EQUAL(tcp_write(p.flow, buf_copy("x", 1)), ERR_RESET);
    done(&p);
    return OK;
}

/*
 * Congestion marks are echoed until the peer says that it has reduced its window. Host a reduces its own once
 * a window.
 */
FIBER_TEST(congestion_notification)
{
    struct peer p;
    struct segment syn = sack_syn;
    char data[1000] = { 0 };
    syn.flags |= ECE | CWR;
    open_with(&p, syn);
    CHECK(p.syn_ack.flags & ECE && !(p.syn_ack.flags & CWR) && p.flow->ecn);
    struct segment s = peer_segment(&p, ACK);
    s.header_len = ECN_CE;
    inject(&p.net, s, data, sizeof data);
    p.seq += sizeof data;
    CHECK(peer_expect(&p, MILLISECONDS(5), ACK).flags & ECE);
    peer_send(&p, ACK, data, sizeof data);
    CHECK(peer_expect(&p, MILLISECONDS(50), ACK).flags & ECE);
    peer_send(&p, ACK | CWR, data, sizeof data);
    CHECK(!(peer_expect(&p, MILLISECONDS(50), ACK).flags & ECE));
    write_bytes(&p, 20000);
    struct captured *c = NULL;
    for (int i = 0; i < 10; i++) {
        c = expect_segment(&p.net, MILLISECONDS(5));
        CHECK(c != NULL && (c->head.traffic_class & 3) == ECN_ECT0 && !(c->segment.flags & CWR));
    }
    /* The window shrinks in the course of a round trip: seven new segments for ten that arrive (RFC 9937). */
    uint32_t before = p.flow->cwnd;
    unsigned marked = 0;
    for (int i = 0; i < 10; i++) {
        p.ack += 1000;
        peer_send(&p, i < 2 ? ACK | ECE : ACK, NULL, 0); /* it is not reduced twice in a window */
        CHECK_EQUAL(p.flow->ssthresh, before * 7 / 10);
        CHECK(p.flow->cwnd >= before * 7 / 10 && p.flow->cwnd <= before);
        if (i == 0)
            CHECK(expect_segment(&p.net, MILLISECONDS(5)) == NULL);
        while ((c = expect_segment(&p.net, MILLISECONDS(5))) != NULL) {
            CHECK(marked > 0 || (c->segment.flags & CWR));
            marked += !!(c->segment.flags & CWR);
        }
    }
    CHECK_EQUAL(marked, 1);
    CHECK_EQUAL(p.flow->cwnd, before * 7 / 10);
    CHECK_EQUAL(p.flow->snd_nxt - p.flow->snd_una, before * 7 / 10);
    done(&p);
    return OK;
}

/* Acknowledge what is in flight, segment by segment, a round trip after it was sent. */
static void acknowledge_round(struct peer *p, os_time rtt)
{
    uint32_t end = p->flow->snd_nxt;
    os_sleep(rtt);
    while (p->ack != end) {
        p->ack += 1000;
        peer_ack(p);
    }
    while (expect_segment(&p->net, MILLISECONDS(1)) != NULL)
        continue;
}

/*
 * HyStart++ (RFC 9406): when the round trip grows, slow start grows by a quarter, and ends after five rounds.
 */
FIBER_TEST(slow_start_ends_by_itself)
{
    struct peer p;
    open_with(&p, sack_syn);
    p.flow->snd_wnd = p.flow->snd_max_wnd = 1 << 20;
    for (int i = 0; i < 20; i++)
        write_bytes(&p, 3000);
    while (expect_segment(&p.net, MILLISECONDS(1)) != NULL)
        continue;
    CHECK_EQUAL(p.flow->cwnd, 10000);
    acknowledge_round(&p, MILLISECONDS(100));
    CHECK_EQUAL(p.flow->cwnd, 20000);
    CHECK(!p.flow->hystart.slow);
    acknowledge_round(&p, MILLISECONDS(130));
    CHECK(p.flow->hystart.slow && p.flow->cwnd > 28000 && p.flow->cwnd < 40000);
    for (int i = 0; i < 6 && p.flow->ssthresh == UINT32_MAX; i++) {
        uint32_t before = p.flow->cwnd;
        while (p.flow->snd_queued < 60000)
            write_bytes(&p, 1000);
        acknowledge_round(&p, MILLISECONDS(130));
        CHECK(p.flow->cwnd > before && p.flow->cwnd <= before * 5 / 4 + 1000);
    }
    CHECK(p.flow->ssthresh != UINT32_MAX && p.flow->ssthresh <= p.flow->cwnd);
    CHECK_EQUAL(METRIC(&p, timeouts), 0);
    done(&p);
    return OK;
}

/* A device without space drops segments, and they are sent again. */
FIBER_TEST(device_full)
{
    struct peer p;
    open_with(&p, plain_syn);
    p.net.a.ip.refuse = ERR_NO_SPACE;
    write_bytes(&p, 10);
    p.net.a.ip.refuse = OK;
    CHECK_EQUAL(peer_expect(&p, SECONDS(2), ACK).len, 10);
    done(&p);
    return OK;
}

/* Each allocation fails once. Nothing crashes or leaks, and the connection goes on or ends. */
FIBER_TEST(no_memory)
{
    for (size_t n = 1; n < 60; n++) {
        struct peer p;
        struct buf *b;
        peer_make(&p);
        peer_connect(&p, modern_syn);
        os_fail_allocation_after(n);
        CHECK(tcp_write(p.flow, buf_copy("hello", 5)) < ERR_COUNT);
        struct segment s = peer_segment(&p, ACK);
        struct buf *packet = buf_alloc(60);
        if (packet != NULL) {
            struct ip_head head = { .source = ADDRESS_B, .destination = ADDRESS_A };
            segment_emit(packet->data, &s);
            packet->len = (uint32_t)segment_header_len(&s) + 4;
            packet->csum = BUF_CSUM_VALID;
            ip_on_tcp(p.net.a.ip.ctx, packet, &head);
        }
        os_sleep(MILLISECONDS(500));
        IGNORE(p.flow->received != NULL ? tcp_read(p.flow, &b) == OK ? (buf_free(b), OK) : OK : OK);
        tcp_close(p.flow);
        os_sleep(SECONDS(3));
        os_fail_allocation_after(0);
        peer_end(&p);
    }
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delayed_ack),
        cmocka_unit_test(ping_pong),
        cmocka_unit_test(ping_pong_of_a_waiting_reader),
        cmocka_unit_test(nagle),
        cmocka_unit_test(small_writes_join),
        cmocka_unit_test(initial_window_of_ten),
        cmocka_unit_test(large_segments),
        cmocka_unit_test(zero_window),
        cmocka_unit_test(small_window),
        cmocka_unit_test(receiver_stops_and_resumes),
        cmocka_unit_test(window_tuning),
        cmocka_unit_test(tiny_segments),
        cmocka_unit_test(paws),
        cmocka_unit_test(out_of_order),
        cmocka_unit_test(many_holes),
        cmocka_unit_test(keepalive),
        cmocka_unit_test(keepalive_of_the_peer),
        cmocka_unit_test(user_timeout),
        cmocka_unit_test(congestion_notification),
        cmocka_unit_test(slow_start_ends_by_itself),
        cmocka_unit_test(device_full),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
