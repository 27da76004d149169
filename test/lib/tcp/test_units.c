/* The pure parts: segments, secrets, cookies, round-trip times, CUBIC, the state machine, ports. */
#include "hosts.h"

static struct segment parse(const char *bytes, size_t len, err *e)
{
    struct segment s;
    *e = segment_parse((const uint8_t *)bytes, len, &s);
    return s;
}

/* Parse a header with these options, padded to words. */
static struct segment with_options(uint8_t flags, const void *options, size_t len, err *e)
{
    char bytes[HEADER_MAX] = "\x12\x34\x00\x50\x11\x22\x33\x44\x55\x66\x77\x88\x00\x00\x01\x00";
    size_t words = (len + 3) / 4;
    bytes[12] = (char)((5 + words) << 4);
    bytes[13] = (char)flags;
    memcpy(bytes + HEADER_SIZE, options, len);
    return parse(bytes, HEADER_SIZE + 4 * words, e);
}

static void header(void **state)
{
    (void)state;
    err e;
    struct segment s = with_options(ACK | PSH, "", 0, &e);
    assert_int_equal(e, OK);
    assert_int_equal(s.source_port, 0x1234);
    assert_int_equal(s.destination_port, 80);
    assert_int_equal(s.seq, 0x11223344);
    assert_int_equal(s.ack, 0x55667788);
    assert_int_equal(s.window, 256);
    assert_int_equal(s.flags, ACK | PSH);
    assert_int_equal(s.header_len, 20);
    char bytes[HEADER_SIZE] = { 0 };
    bytes[12] = 0x50;
    parse(bytes, 19, &e);
    assert_int_equal(e, ERR_FORMAT);
    bytes[12] = 0x40; /* four words */
    parse(bytes, 20, &e);
    assert_int_equal(e, ERR_FORMAT);
    bytes[12] = 0x60; /* longer than the segment */
    parse(bytes, 20, &e);
    assert_int_equal(e, ERR_FORMAT);
}

static void options(void **state)
{
    (void)state;
    err e;
    struct segment s = with_options(SYN, "\2\4\5\xb4\4\2\x8\xa\1\2\3\4\5\6\7\x8\1\3\3\7", 20, &e);
    assert_int_equal(e, OK);
    assert_int_equal(s.mss, 1460);
    assert_true(s.sack_permitted && s.has_timestamp && s.has_scale);
    assert_int_equal(s.tsval, 0x01020304);
    assert_int_equal(s.tsecr, 0x05060708);
    assert_int_equal(s.scale, 7);
    /* A scale above 14 is 14; SYN's options mean nothing elsewhere. */
    assert_int_equal(with_options(SYN, "\3\3\x20", 3, &e).scale, 14);
    s = with_options(ACK, "\2\4\5\xb4\3\3\7\4\2", 9, &e);
    assert_true(e == OK && s.mss == 0 && !s.has_scale && !s.sack_permitted);
    /* SACK blocks. Those of a wrong length and unknown options are ignored. */
    s = with_options(ACK, "\1\1\5\x12\0\0\0\1\0\0\0\2\0\0\0\5\0\0\0\6", 20, &e);
    assert_true(e == OK && s.sack_count == 2 && s.sacks[1].left == 5 && s.sacks[1].right == 6);
    s = with_options(ACK, "\5\x9\0\0\0\1\0\0\0\xfe\4\1\1\0", 14, &e);
    assert_true(e == OK && s.sack_count == 0);
    /* The option list ends at its end mark. Options whose lengths are impossible are refused. */
    s = with_options(SYN, "\0\2\4\5", 4, &e);
    assert_true(e == OK && s.mss == 0);
    with_options(SYN, "\2\0\0\0", 4, &e);
    assert_int_equal(e, ERR_FORMAT);
    with_options(SYN, "\2\1\0\0", 4, &e);
    assert_int_equal(e, ERR_FORMAT);
    with_options(SYN, "\2\5\5\xb4", 4, &e);
    assert_int_equal(e, ERR_FORMAT);
    with_options(SYN, "\1\1\1\x8", 4, &e);
    assert_int_equal(e, ERR_FORMAT);
}

static struct fast_open fast_open_of(uint8_t flags, const void *options, size_t len)
{
    err e;
    struct segment s = with_options(flags, options, len, &e);
    assert_int_equal(e, OK);
    return s.fast_open;
}

/* RFC 7413, section 4.1.1, and the option of its drafts: requests, cookies of 4 to 16 bytes, nothing else. */
static void fast_open_option(void **state)
{
    (void)state;
    struct fast_open o = fast_open_of(SYN, "\x22\2\1\1", 4);
    assert_true(o.kind == 34 && o.len == 0);
    o = fast_open_of(SYN,
                     "\x22\6"
                     "abcd\1\1",
                     8);
    assert_true(o.kind == 34 && o.len == 4 && memcmp(o.cookie, "abcd", 4) == 0);
    o = fast_open_of(SYN,
                     "\x22\x12"
                     "0123456789abcdef\1\1",
                     20);
    assert_true(o.kind == 34 && o.len == 16 && memcmp(o.cookie, "0123456789abcdef", 16) == 0);
    assert_int_equal(fast_open_of(SYN,
                                  "\x22\4"
                                  "ab",
                                  4)
                         .kind,
                     0);
    assert_int_equal(fast_open_of(SYN,
                                  "\x22\7"
                                  "abcde\1",
                                  8)
                         .kind,
                     0);
    assert_int_equal(fast_open_of(SYN,
                                  "\x22\x14"
                                  "0123456789abcdefgh",
                                  20)
                         .kind,
                     0);
    assert_int_equal(fast_open_of(ACK,
                                  "\x22\6"
                                  "abcd\1\1",
                                  8)
                         .kind,
                     0);
    o = fast_open_of(SYN, "\xfe\4\xf9\x89", 4);
    assert_true(o.kind == 254 && o.len == 0);
    o = fast_open_of(SYN,
                     "\xfe\x8\xf9\x89"
                     "abcd",
                     8);
    assert_true(o.kind == 254 && o.len == 4 && memcmp(o.cookie, "abcd", 4) == 0);
    assert_int_equal(fast_open_of(SYN,
                                  "\xfe\x8\xf9\x88"
                                  "abcd",
                                  8)
                         .kind,
                     0); /* another experiment's option */
    assert_int_equal(fast_open_of(SYN, "\xfe\3\xf9\1", 4).kind, 0);
    assert_int_equal(fast_open_of(SYN, "\1\1\xfe\2", 4).kind, 0);
}

/* A segment that is written is read as the same. */
static void emit_and_parse(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[HEADER_MAX];
        struct segment s = { .seq = (uint32_t)prng_splitmix(&seed),
                             .ack = (uint32_t)prng_splitmix(&seed),
                             .source_port = (uint16_t)prng_splitmix(&seed),
                             .destination_port = (uint16_t)prng_splitmix(&seed),
                             .window = (uint16_t)prng_splitmix(&seed) },
                       t;
        uint64_t r = prng_splitmix(&seed);
        s.flags = (uint8_t)r;
        s.has_timestamp = r >> 8 & 1;
        if (s.has_timestamp) {
            s.tsval = (uint32_t)prng_splitmix(&seed);
            s.tsecr = (uint32_t)prng_splitmix(&seed);
        }
        if (s.flags & SYN) {
            s.mss = (uint16_t)(r >> 16);
            s.sack_permitted = r >> 9 & 1;
            s.has_scale = r >> 10 & 1;
            s.scale = s.has_scale ? (r >> 11) % 15 : 0;
            s.fast_open.kind = r >> 44 & 1 ? OPTION_FAST_OPEN : r >> 45 & 1 ? OPTION_EXPERIMENT : 0;
            s.fast_open.len =
                (uint8_t)(s.fast_open.kind != 0 && (r >> 46 & 3) != 0 ? 4 + (r >> 48) % 7 * 2 : 0);
            for (int k = 0; k < s.fast_open.len; k++)
                s.fast_open.cookie[k] = (uint8_t)prng_splitmix(&seed);
        } else {
            s.sack_count = (uint8_t)((r >> 40) % (s.has_timestamp ? 4 : 5));
            for (int k = 0; k < s.sack_count; k++)
                s.sacks[k] =
                    (struct sack_block){ (uint32_t)prng_splitmix(&seed), (uint32_t)prng_splitmix(&seed) };
        }
        size_t len = segment_header_len(&s);
        assert_true(len <= HEADER_MAX && len % 4 == 0);
        segment_emit(bytes, &s);
        assert_int_equal(segment_parse(bytes, len, &t), OK);
        s.header_len = (uint8_t)len;
        assert_true(s.seq == t.seq && s.ack == t.ack && s.source_port == t.source_port &&
                    s.window == t.window);
        assert_true(s.flags == t.flags && s.mss == t.mss && s.has_timestamp == t.has_timestamp &&
                    s.tsval == t.tsval);
        assert_true(s.tsecr == t.tsecr && s.sack_permitted == t.sack_permitted && s.has_scale == t.has_scale);
        assert_true(s.scale == t.scale && s.sack_count == t.sack_count && s.header_len == t.header_len);
        assert_true(s.fast_open.kind == t.fast_open.kind &&
                    (s.fast_open.kind == 0 || same_cookie(&s.fast_open, &t.fast_open)));
        for (int k = 0; k < s.sack_count; k++)
            assert_true(s.sacks[k].left == t.sacks[k].left && s.sacks[k].right == t.sacks[k].right);
    }
}

/* The first vectors of SipHash's authors: key 00..0f, messages 00, 00 01, ... */
static void siphash_vectors(void **state)
{
    static const uint8_t expected[][8] = {
        { 0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72 },
        { 0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74 },
        { 0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d },
        { 0x2d, 0x7e, 0xfb, 0xd7, 0x96, 0x66, 0x67, 0x85 },
    };
    uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    uint8_t message[4] = { 0, 1, 2, 3 };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        uint64_t hash = siphash_bytes(key, message, i);
        for (int k = 0; k < 8; k++)
            assert_int_equal((uint8_t)(hash >> (8 * k)), expected[i][k]);
    }
}

static struct ends some_ends(uint16_t remote_port)
{
    return (struct ends){ ADDRESS_A, ADDRESS_B, 80, remote_port };
}

/* RFC 6528: the numbers of one connection follow the clock, and those of others reveal nothing. */
static void initial_numbers(void **state)
{
    struct tcp tcp = { .key = { 1, 2 } }, other = { .key = { 1, 3 } };
    struct ends ends = some_ends(5000), next = some_ends(5001);
    (void)state;
    uint32_t at_0 = isn_make(&tcp, &ends, SECONDS(10)), at_1 = isn_make(&tcp, &ends, SECONDS(11));
    assert_int_equal(at_1 - at_0, 250000);
    assert_int_not_equal(isn_make(&tcp, &next, SECONDS(10)), at_0);
    assert_int_not_equal(isn_make(&other, &ends, SECONDS(10)), at_0);
    assert_int_not_equal(timestamp_offset(&tcp, &ends), timestamp_offset(&tcp, &next));
}

static void cookies(void **state)
{
    struct tcp tcp = { .key = { 7, 8 } };
    struct ends ends = some_ends(5000), next = some_ends(5001);
    struct segment syn = { .seq = 1000,
                           .flags = SYN | ECE | CWR,
                           .mss = 1400,
                           .has_timestamp = true,
                           .tsval = 77,
                           .has_scale = true,
                           .scale = 9,
                           .sack_permitted = true },
                   got;
    uint32_t bits, cookie = cookie_make(&tcp, &ends, &syn, &bits, SECONDS(100));
    struct segment ack = { .seq = 1001,
                           .ack = cookie + 1,
                           .flags = ACK,
                           .has_timestamp = true,
                           .tsecr = (12345 & ~63u) + bits + timestamp_offset(&tcp, &ends) };
    (void)state;
    assert_true(cookie_check(&tcp, &ends, &ack, &got, SECONDS(101)));
    assert_true(got.seq == 1000 && got.mss == 1300 && got.has_scale && got.scale == 9 && got.sack_permitted);
    assert_true((got.flags & (ECE | CWR)) == (ECE | CWR));
    assert_true(cookie_check(&tcp, &ends, &ack, &got, SECONDS(160)));
    assert_false(cookie_check(&tcp, &ends, &ack, &got, SECONDS(260))); /* too old */
    assert_false(cookie_check(&tcp, &next, &ack, &got, SECONDS(101)));
    struct segment wrong = ack;
    wrong.ack += 1 << 24; /* another MSS */
    assert_false(cookie_check(&tcp, &ends, &wrong, &got, SECONDS(101)));
    wrong = ack;
    wrong.tsecr ^= 1; /* another scale */
    assert_false(cookie_check(&tcp, &ends, &wrong, &got, SECONDS(101)));
    wrong = ack;
    wrong.seq++;
    assert_false(cookie_check(&tcp, &ends, &wrong, &got, SECONDS(101)));
    /* Without time stamps, the cookie only holds the MSS. */
    syn = (struct segment){ .seq = 5, .flags = SYN };
    cookie = cookie_make(&tcp, &ends, &syn, &bits, SECONDS(100));
    ack = (struct segment){ .seq = 6, .ack = cookie + 1, .flags = ACK };
    assert_true(cookie_check(&tcp, &ends, &ack, &got, SECONDS(101)));
    assert_true(got.mss == 536 && !got.has_scale && !got.sack_permitted && !got.has_timestamp);
    /* A guessed cookie is valid with a probability of the number of valid clock ticks divided by 2^24. */
    uint64_t seed = 3;
    int lucky = 0;
    for (int i = 0; i < 200000; i++) {
        ack.ack = (uint32_t)prng_splitmix(&seed);
        lucky += cookie_check(&tcp, &ends, &ack, &got, SECONDS(101));
    }
    assert_true(lucky <= 1);
}

static void retransmission_timeouts(void **state)
{
    struct tcp tcp = { .now = SECONDS(10) };
    struct tcp_flow flow = { .tcp = &tcp, .min_rtt = OS_NEVER };
    (void)state;
    rtt_sample(&flow, MILLISECONDS(100)); /* RFC 6298, (2.2) */
    assert_int_equal(flow.srtt, MILLISECONDS(100));
    assert_int_equal(flow.rttvar, MILLISECONDS(50));
    assert_int_equal(flow.rto, MILLISECONDS(300));
    rtt_sample(&flow, MILLISECONDS(180)); /* (2.3): rttvar 57.5, srtt 110 */
    assert_int_equal(flow.rttvar, MICROSECONDS(57500));
    assert_int_equal(flow.srtt, MILLISECONDS(110));
    assert_int_equal(flow.rto, MILLISECONDS(340));
    for (int i = 0; i < 200; i++)
        rtt_sample(&flow, MILLISECONDS(10));
    assert_true(flow.rto >= MILLISECONDS(200) && flow.rto < MILLISECONDS(215)); /* the least */
    assert_int_equal(flow.min_rtt, MILLISECONDS(10));
    assert_int_equal(rto_of(SECONDS(100), SECONDS(100)), SECONDS(120)); /* the most */
    tcp.now += MINUTES(6);
    rtt_sample(&flow, MILLISECONDS(20)); /* an old minimum expires */
    assert_int_equal(flow.min_rtt, MILLISECONDS(20));
}

static void cube_roots(void **state)
{
    (void)state;
    for (uint64_t r = 0; r < 2000000; r += 997) {
        assert_int_equal(cube_root(r * r * r), r);
        if (r > 0)
            assert_int_equal(cube_root(r * r * r - 1), r - 1);
    }
}

/*
 * RFC 9438: the window grows from 70 % of its old size back to it in K seconds, is flat there, and then grows
 * on.
 */
static void cubic(void **state)
{
    struct tcp tcp = { .now = SECONDS(10) };
    struct tcp_flow flow = {
        .tcp = &tcp, .mss = 1000, .cwnd = 1000000, .srtt = MILLISECONDS(100), .ssthresh = 700000
    };
    (void)state;
    flow.snd_nxt = 1000000;
    flow.ssthresh = flow.cwnd = congestion_reduced(&flow);
    assert_int_equal(flow.cwnd, 700000);
    /* K = cbrt((1000 - 700) / 0.4) = 9.086 s */
    uint32_t after_half = 0, at_k = 0;
    for (int ms = 0; ms < 15000; ms += 100) {
        for (uint32_t sent = 0; sent < flow.cwnd; sent += 2000)
            congestion_acked(&flow, 2000);
        tcp.now += MILLISECONDS(100);
        if (ms == 4500)
            after_half = flow.cwnd;
        if (ms == 9000)
            at_k = flow.cwnd;
    }
    assert_true(flow.cubic.k_ms >= 9080 && flow.cubic.k_ms <= 9090);
    assert_true(after_half > 940000 && after_half < 975000); /* 1000 - 0.4 * 4.5^3 = 963 */
    assert_true(at_k > 985000 && at_k < 1010000);
    assert_true(flow.cwnd > 1060000 && flow.cwnd < 1110000); /* 1000 + 0.4 * 5.9^3 = 1082 */
    /* Fast convergence: after a second loss below the old maximum, the maximum is set lower. */
    flow.cubic.w_max = 2000000;
    congestion_reduced(&flow);
    assert_int_equal(flow.cubic.w_max, (uint64_t)flow.cwnd * 17 / 20);
}

static void slow_start(void **state)
{
    struct tcp tcp = { .now = SECONDS(10) };
    struct tcp_flow flow = { .tcp = &tcp, .mss = 1448 };
    (void)state;
    congestion_init(&flow);
    assert_int_equal(flow.cwnd, 14480);
    for (int i = 0; i < 10; i++)
        congestion_acked(&flow, 1448);
    assert_int_equal(flow.cwnd, 28960);
    flow.app_limited = true;
    congestion_acked(&flow, 1448);
    assert_int_equal(flow.cwnd, 28960);
    /* After a pause longer than the timeout: the restart window. */
    flow.rto = SECONDS(1);
    flow.last_sent = tcp.now;
    tcp.now += SECONDS(2);
    congestion_idle(&flow);
    assert_int_equal(flow.cwnd, 14480);
    flow.mss = 8948;
    congestion_init(&flow);
    assert_int_equal(flow.cwnd, 17896); /* RFC 6928: two segments when they are large */
}

/* Every path of RFC 9293's figure 5 that begins and ends in CLOSED. */
static void states(void **state)
{
    (void)state;
    static const struct {
        enum action actions[6];
        int count;
        enum state last;
    } paths[] = {
        { { SEND_SYN, RECEIVE_SYN_ACK, SEND_FIN, RECEIVE_ACK_OF_FIN, RECEIVE_FIN }, 5, STATE_TIME_WAIT },
        { { SEND_SYN, RECEIVE_SYN_ACK, RECEIVE_FIN, SEND_FIN, RECEIVE_ACK_OF_FIN }, 5, STATE_CLOSED },
        { { SEND_SYN, RECEIVE_SYN, RECEIVE_ACK_OF_SYN, SEND_FIN, RECEIVE_FIN, RECEIVE_ACK_OF_FIN },
          6,
          STATE_TIME_WAIT },
        { { SEND_SYN, RECEIVE_FIN, SEND_FIN, RECEIVE_ACK_OF_FIN }, 4, STATE_SYN_SENT },
        { { SEND_SYN, RECEIVE_SYN_ACK, SEND_FIN, RECEIVE_FIN, ABANDON }, 5, STATE_CLOSED },
    };
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        enum state s = STATE_CLOSED;
        for (int k = 0; k < paths[i].count; k++)
            s = state_next(s, paths[i].actions[k]);
        assert_int_equal(s, paths[i].last);
    }
    assert_int_equal(state_next(STATE_LISTEN, SEND_SYN_ACK), STATE_SYN_RECEIVED);
    for (int s = 0; s < STATES; s++)
        assert_string_not_equal(state_name((enum state)s), "?");
}

/*
 * The ports to one destination follow one another, repeat only when all were used, and differ from host to
 * host.
 */
FIBER_TEST(ports)
{
    struct net net;
    struct ends ends = some_ends(80);
    struct time_wait *replaced;
    static uint8_t seen[65536];
    net_make(&net, 5, (struct faults){ 0 }, 0);
    memset(seen, 0, sizeof seen);
    for (int64_t i = key_port_first; i <= key_port_last; i++) {
        CHECK_EQUAL(port_choose(net.a.tcp, &ends, &replaced, os_now()), OK);
        CHECK(ends.local_port >= key_port_first && ends.local_port <= key_port_last);
        CHECK(!seen[ends.local_port]);
        seen[ends.local_port] = 1;
    }
    CHECK_EQUAL(port_choose(net.a.tcp, &ends, &replaced, os_now()), OK);
    uint16_t here = ends.local_port;
    CHECK_EQUAL(port_choose(net.b.tcp, &ends, &replaced, os_now()), OK);
    CHECK(ends.local_port != here);
    net_end(&net);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),
        cmocka_unit_test(options),
        cmocka_unit_test(fast_open_option),
        cmocka_unit_test(emit_and_parse),
        cmocka_unit_test(siphash_vectors),
        cmocka_unit_test(initial_numbers),
        cmocka_unit_test(cookies),
        cmocka_unit_test(retransmission_timeouts),
        cmocka_unit_test(cube_roots),
        cmocka_unit_test(cubic),
        cmocka_unit_test(slow_start),
        cmocka_unit_test(states),
        cmocka_unit_test(ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
