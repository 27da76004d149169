/* Which packets pass, what becomes of ICMP errors, and what the router itself says. */
#include "nat_unit.h"

#include <stdio.h>

#include "network.h"

static const struct made *with(struct made *m, size_t at, uint8_t byte)
{
    m->p[at] = byte;
    finish(m);
    return m;
}

/* An outsider's datagram to the address outside that a host inside would get. */
static struct made *expected_datagram(uint32_t from)
{
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    return udp(from, 53, OUT, 5000, 10);
}

static uint32_t v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d;
}

/* Addresses that no router forwards to or from, and those of both links that are no host's. */
static uint32_t never(size_t i)
{
    const uint32_t addresses[] = { 0,
                                   v4(0, 1, 2, 3),
                                   v4(127, 0, 0, 1),
                                   v4(127, 9, 9, 9),
                                   v4(224, 0, 0, 1),
                                   v4(239, 255, 255, 250),
                                   v4(240, 0, 0, 1),
                                   v4(255, 255, 255, 254),
                                   0xffffffff,
                                   v4(169, 254, 169, 254),
                                   v4(10, 1, 0, 0),
                                   v4(10, 1, 0, 255) };
    return i < ARRAY_SIZE(addresses) ? addresses[i] : 1;
}

static void check_source_inside(uint32_t source)
{
    CHECK_EQUAL(from_inside(udp(source, 5000, FAR, 53, 10)), 0);
    CHECK_EQUAL(from_inside(icmp(source, IN, ICMP4_ECHO, 1, 10)), 0);
    CHECK_EQUAL(from_inside(icmp(source, OUT, ICMP4_ECHO, 1, 10)), 0);
}

ROUTER_TEST(sources_inside)
{
    for (size_t i = 0; never(i) != 1; i++)
        check_source_inside(never(i));
    check_source_inside(IN);
    check_source_inside(OUT);
    check_source_inside(FAR);
    check_source_inside(v4(10, 2, 0, 2));
    CHECK_EQUAL(count_of("nat.martian"), 3 * 16);
    CHECK_EQUAL(count_of("nat.flows"), 0);
}

static void check_destination_of_inside(uint32_t destination)
{
    CHECK_EQUAL(from_inside(udp(A, 5000, destination, 53, 10)), 0);
    CHECK_EQUAL(from_inside(icmp(A, destination, ICMP4_ECHO, 1, 10)), 0);
}

/* What must not leave: for neighbours, for everybody on either link, for groups, for nobody. */
ROUTER_TEST(destinations_of_inside)
{
    for (size_t i = 0; never(i) != 1; i++)
        check_destination_of_inside(never(i));
    check_destination_of_inside(B);
    check_destination_of_inside(v4(10, 1, 0, 77));
    check_destination_of_inside(v4(192, 0, 2, 0));
    check_destination_of_inside(v4(192, 0, 2, 255));
    CHECK_EQUAL(count_of("nat.martian"), 2 * 16);
    CHECK_EQUAL(from_inside(udp(A, 5000, GATEWAY, 53, 10)), 1);
    CHECK_EQUAL(sent[0].hop, GATEWAY);
    CHECK_EQUAL(from_inside(udp(A, 5000, v4(192, 0, 2, 77), 53, 10)), 1);
    CHECK_EQUAL(sent[0].hop, v4(192, 0, 2, 77));
    /* A packet to one host in a frame to everybody (RFC 1122, section 3.3.6). */
    struct made *m = udp(A, 5000, FAR, 53, 10);
    forget_sent();
    inside_on_ipv4(net_in.ctx, buf_copy(m->p, m->len), true);
    CHECK_EQUAL(sent_count, 0);
}

static void check_source_outside(uint32_t source)
{
    CHECK_EQUAL(from_outside(expected_datagram(source)), 0);
    CHECK_EQUAL(from_outside(icmp(source, OUT, ICMP4_ECHO, 1, 10)), 0);
}

ROUTER_TEST(sources_outside)
{
    for (size_t i = 0; never(i) != 1; i++)
        check_source_outside(never(i));
    check_source_outside(OUT);
    check_source_outside(IN);
    check_source_outside(A);
    check_source_outside(v4(192, 0, 2, 0));
    check_source_outside(v4(192, 0, 2, 255));
    CHECK_EQUAL(from_outside(expected_datagram(FAR)), 1);
    CHECK_EQUAL(from_outside(expected_datagram(GATEWAY)), 1);
    struct made *m = expected_datagram(FAR);
    forget_sent();
    outside_on_ipv4(net_out.ctx, buf_copy(m->p, m->len), true);
    CHECK_EQUAL(sent_count, 0);
}

ROUTER_TEST(destinations_of_outside)
{
    const uint32_t bad[] = { A,
                             IN,
                             FAR,
                             v4(192, 0, 2, 255),
                             v4(192, 0, 2, 0),
                             v4(192, 0, 2, 3),
                             0xffffffff,
                             v4(224, 0, 0, 1),
                             v4(127, 0, 0, 1) };
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        CHECK_EQUAL(from_outside(udp(FAR, 53, bad[i], 5000, 10)), 0);
}

/* The same datagram with `count` bytes of options. */
static const struct made *with_options(const struct made *m, const uint8_t *options, size_t count)
{
    static struct made longer;
    longer = *m;
    memmove(longer.p + IPV4_HEADER + count, m->p + IPV4_HEADER, m->len - IPV4_HEADER);
    memcpy(longer.p + IPV4_HEADER, options, count);
    longer.header += count;
    longer.len += count;
    longer.p[0] = (uint8_t)(0x40 | longer.header / 4);
    wire_put16(longer.p + IPV4_LENGTH, (uint32_t)longer.len);
    finish(&longer);
    return &longer;
}

ROUTER_TEST(options)
{
    static const struct {
        uint8_t bytes[8];
        bool passes;
    } cases[] = {
        { { 1, 1, 1, 1, 1, 1, 1, 0 }, true },
        { { 148, 4, 0, 0, 0, 0, 0, 0 }, true }, /* router alert */
        { { 131, 7, 4, 198, 51, 100, 9, 0 }, false },
        { { 137, 7, 4, 198, 51, 100, 9, 0 }, false },
        { { 131, 3, 4, 1, 1, 1, 1, 1 }, false },
        { { 1, 131, 7, 8, 198, 51, 100, 9 }, false }, /* that was followed to its end */
        { { 137 }, false },
        { { 68, 0, 1, 1, 1, 1, 1, 1 }, false },
        { { 68, 9, 1, 1, 1, 1, 1, 1 }, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct made *m = with_options(udp(A, 5000, FAR, 53, 10), cases[i].bytes, 8);
        CHECK_EQUAL(from_inside(m), cases[i].passes);
        CHECK_EQUAL(from_outside(with_options(expected_datagram(FAR), cases[i].bytes, 8)), cases[i].passes);
        CHECK(!cases[i].passes || one(false, FAR, A));
        CHECK_EQUAL(from_inside(with_options(icmp(A, IN, ICMP4_ECHO, 1, 8), cases[i].bytes, 8)),
                    cases[i].passes);
    }
    CHECK(count_of("nat.source_routed") > 0);
}

ROUTER_TEST(malformed)
{
    struct made *m = udp(A, 5000, FAR, 53, 10);
    m->p[IPV4_CHECKSUM] ^= 1;
    CHECK_EQUAL(from_inside(m), 0);
    m = udp(A, 5000, FAR, 53, 10);
    m->len--;
    CHECK_EQUAL(from_inside(m), 0);
    wire_put16(udp(A, 5000, FAR, 53, 10)->p + IPV4_HEADER + UDP_LENGTH, 19);
    CHECK_EQUAL(from_inside(&made), 0);
    wire_put16(udp(A, 5000, FAR, 53, 10)->p + IPV4_HEADER + UDP_LENGTH, 7);
    CHECK_EQUAL(from_inside(&made), 0);
    CHECK_EQUAL(from_inside(make(A, FAR, 17, 7)), 0);
    CHECK_EQUAL(from_inside(make(A, FAR, 6, 19)), 0);
    CHECK_EQUAL(from_inside(with(tcp(A, 1, FAR, 80, SYN, 1, 0, 0), IPV4_HEADER + 12, 0x40)), 0);
    CHECK_EQUAL(from_inside(with(tcp(A, 1, FAR, 80, SYN, 1, 0, 0), IPV4_HEADER + 12, 0x60)), 0);
    CHECK_EQUAL(from_inside(make(A, FAR, 1, 7)), 0);
    for (size_t len = 0; len < 28; len++) {
        m = udp(A, 5000, FAR, 53, 0);
        m->len = len;
        if (len > 0)
            CHECK_EQUAL(from_inside(m), 0);
    }
    CHECK_EQUAL(count_of("nat.flows"), 0);
    /* What Ethernet adds to a short packet does not pass. */
    m = udp(A, 5000, FAR, 53, 0);
    m->len = 46;
    CHECK_EQUAL(from_inside(m), 1);
    CHECK_EQUAL(sent[0].len, 28);
}

/* The router's own answers begin with a time to live of their own, whatever the question's was. */
ROUTER_TEST(echoes)
{
    static const struct {
        bool out;
        uint32_t from, to;
    } cases[] = { { false, A, IN }, { false, A, OUT }, { true, FAR, OUT }, { true, GATEWAY, OUT } };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (uint8_t ttl = 1; ttl < 4; ttl++) {
            const struct made *m = with(icmp(cases[i].from, cases[i].to, ICMP4_ECHO, 7, 33), IPV4_TTL, ttl);
            CHECK_EQUAL(comes(cases[i].out, m), 1);
            CHECK(one(cases[i].out, cases[i].to, cases[i].from));
            CHECK_EQUAL(sent[0].p[IPV4_HEADER], ICMP4_ECHO_REPLY);
            CHECK_EQUAL(sent[0].p[IPV4_TTL], 64);
            CHECK(memcmp(sent[0].p + 24, m->p + 24, m->len - 24) == 0);
        }
        struct made *wrong = icmp(cases[i].from, cases[i].to, ICMP4_ECHO, 7, 33);
        wrong->p[40] ^= 1;
        CHECK_EQUAL(comes(cases[i].out, wrong), 0);
    }
    /* Of an answer that is all zeros the checksum is not. */
    memset(icmp(A, IN, ICMP4_ECHO, 0, 8)->p + 28, 0, 8);
    finish(&made);
    CHECK_EQUAL(from_inside(&made), 1);
    CHECK(one(false, IN, A));
    CHECK_EQUAL(count_of("nat.flows"), 0);
    CHECK_EQUAL(from_outside(icmp(FAR, A, ICMP4_ECHO, 7, 33)), 0);
    CHECK_EQUAL(from_outside(icmp(FAR, IN, ICMP4_ECHO, 7, 33)), 0);
    /*
     * What else is for the router is refused so that a host inside learns it; to those outside it is silent.
     */
    CHECK_EQUAL(from_inside(udp(A, 1, IN, 33434, 10)), 1);
    CHECK(is_error_to(false, A, ICMP4_UNREACHABLE, 3));
    CHECK_EQUAL(from_inside(make(A, IN, 47, 20)), 1);
    CHECK(is_error_to(false, A, ICMP4_UNREACHABLE, 2));
    CHECK_EQUAL(from_inside(make(A, FAR, 47, 20)), 1);
    CHECK(is_error_to(false, A, ICMP4_UNREACHABLE, 13));
    CHECK_EQUAL(from_inside(icmp(A, IN, ICMP4_ECHO_REPLY, 1, 8)), 0);
    CHECK_EQUAL(from_inside(icmp(A, OUT, ICMP4_ECHO_REPLY, 1, 8)), 0);
    CHECK_EQUAL(from_outside(udp(FAR, 1, OUT, 33434, 10)), 0);
    CHECK_EQUAL(from_outside(make(FAR, OUT, 47, 20)), 0);
}

ROUTER_TEST(time_to_live)
{
    const struct made *m = with(udp(A, 5000, FAR, 53, 10), IPV4_TTL, 1);
    CHECK_EQUAL(from_inside(m), 1);
    CHECK(is_error_to(false, A, ICMP4_TIME_EXCEEDED, 0));
    CHECK(memcmp(sent[0].p + 28, m->p, m->len) == 0);
    CHECK_EQUAL(count_of("nat.flows"), 0);
    CHECK_EQUAL(from_inside(with(udp(A, 5000, FAR, 53, 10), IPV4_TTL, 0)), 1);
    CHECK(is_error_to(false, A, ICMP4_TIME_EXCEEDED, 0));
    CHECK_EQUAL(from_inside(with(udp(A, 5000, FAR, 53, 10), IPV4_TTL, 2)), 1);
    CHECK(one(true, OUT, FAR) && sent[0].p[IPV4_TTL] == 1);
    /* From outside, about what a host inside expects; what nobody expects tells nothing. */
    CHECK_EQUAL(from_outside(with(udp(FAR, 53, OUT, 5000, 10), IPV4_TTL, 1)), 1);
    CHECK(is_error_to(true, FAR, ICMP4_TIME_EXCEEDED, 0));
    CHECK_EQUAL(from_outside(with(udp(FAR, 53, OUT, 5001, 10), IPV4_TTL, 1)), 0);
    /* None about an error, and no more than so many a second to each side. */
    CHECK_EQUAL(from_inside(with(icmp_error(A, FAR, 3, 3, m->p, 28), IPV4_TTL, 1)), 0);
    CHECK_EQUAL(from_inside(with(icmp(A, FAR, 5, 0, 28), IPV4_TTL, 1)), 0);
    /* How many they are differs, so that who counts them can't tell whether others got some. */
    size_t first[2] = { 0 };
    bool differs = false;
    for (size_t burst = 0; burst < 8; burst++) {
        size_t told[2] = { 0 };
        os_sleep(SECONDS(2));
        for (size_t i = 0; i < 600; i++)
            told[i % 2] += i % 2 ? from_outside(with(udp(FAR, 53, OUT, 5000, 10), IPV4_TTL, 1))
                                 : from_inside(with(udp(A, 5000, FAR, 53, 10), IPV4_TTL, 1));
        for (size_t side = 0; side < 2; side++) {
            CHECK(told[side] >= 25 && told[side] <= 50);
            differs = differs || (burst > 0 && told[side] != first[side]);
            first[side] = told[side];
        }
    }
    CHECK(differs);
    os_sleep(SECONDS(1));
    CHECK_EQUAL(from_inside(with(udp(A, 5000, FAR, 53, 10), IPV4_TTL, 1)), 1);
}

/* An error about a long packet quotes no more than makes it 576 bytes long. */
FIBER_TEST(too_long)
{
    struct os_fiber *router = router_begins_with(1500, 1400, 0);
    struct made *m = udp(A, 5000, FAR, 53, 1472);
    CHECK_EQUAL(from_inside(with(m, IPV4_FRAGMENT, 0x40)), 1);
    CHECK(is_error_to(false, A, ICMP4_UNREACHABLE, 4));
    CHECK_EQUAL(wire_get16(sent[0].p + IPV4_HEADER + ICMP_MTU4), 1400);
    CHECK_EQUAL(sent[0].len, 576);
    CHECK(memcmp(sent[0].p + 28, m->p, 576 - 28) == 0);
    CHECK_EQUAL(from_inside(with(udp(A, 5000, FAR, 53, 1372), IPV4_FRAGMENT, 0x40)), 1);
    CHECK(one(true, OUT, FAR));
    /* Without that bit it leaves in pieces; test_fragments.c joins them. */
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 1472)), 2);
    router_ends(router);
    return OK;
}

/* An error from outside about a datagram of A's, whose quoted bytes are `quoted`. */
struct quoted {
    uint8_t p[128];
    size_t len;
};
static struct quoted quote_last(size_t len)
{
    struct quoted q = { .len = len };
    memcpy(q.p, sent[0].p, len < sent[0].len ? len : sent[0].len);
    return q;
}

static bool quotes_right(uint32_t from, uint16_t port)
{
    const uint8_t *q = transport_of(sent[0].p) + ICMP_HEADER;
    return source_of(q) == from && source_port_of(q) == port &&
           checksum_is_valid(checksum_add(0, q, IPV4_HEADER));
}

ROUTER_TEST(errors_from_outside)
{
    CHECK_EQUAL(from_inside(udp(B, 5000, FAR, 53, 10)), 1);
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    struct quoted q = quote_last(38);
    for (size_t len = 28; len <= 38; len += 10) {
        CHECK_EQUAL(from_outside(icmp_error(FAR + 7, OUT, 3, 3, q.p, len)), 1);
        CHECK(one(false, FAR + 7, A) && quotes_right(A, 5000));
    }
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 11, 0, q.p, 28)), 1);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 12, 0, q.p, 28)), 1);
    /* The fault: a wrong checksum was made a right one (RFC 5508, REQ-3). */
    for (size_t at = 0; at < 36; at++) {
        struct made *m = icmp_error(FAR, OUT, 3, 3, q.p, 28);
        m->p[IPV4_HEADER + at] ^= 4;
        CHECK_EQUAL(from_outside(m), 0);
    }
    /* The quoted header's own. */
    struct quoted wrong = q;
    wrong.p[IPV4_TTL]++;
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, wrong.p, 28)), 0);
    /*
     * Too little is quoted, or another's packet, or one of a port that nobody has; but the other host's is
     * that host's.
     */
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, q.p, 27)), 0);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, udp(FAR, 5000, FAR, 53, 10)->p, 28)), 0);
    struct made inner = *udp(OUT, 5001, FAR, 53, 10);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, inner.p, 28)), 0);
    inner = *udp(OUT, 5000, FAR, 53, 10);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, inner.p, 28)), 1);
    CHECK(one(false, FAR, B) && quotes_right(B, 5000));
    /* Other types pass to nobody: a redirect, a source quench. */
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 5, 1, q.p, 28)), 0);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 4, 0, q.p, 28)), 0);
}

/* They end nothing and lengthen nothing (RFC 5508, REQ-6; RFC 5382, REQ-10). */
ROUTER_TEST(errors_change_no_flow)
{
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    struct quoted q = quote_last(28);
    os_sleep(SECONDS(200));
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, q.p, 28)), 1);
    CHECK_EQUAL(from_outside(udp(FAR, 53, OUT, 5000, 10)), 1);
    os_sleep(SECONDS(101));
    CHECK_EQUAL(from_outside(udp(FAR, 53, OUT, 5000, 10)), 0);
}

/* About a connection: only with the peer that it has. A short quotation has no checksum to correct. */
ROUTER_TEST(errors_about_tcp)
{
    CHECK_EQUAL(from_inside(tcp(A, 5000, FAR, 80, SYN, 1, 0, 0)), 1);
    struct quoted q = quote_last(40);
    for (size_t len = 28; len <= 40; len += 6) {
        CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 4, q.p, len)), 1);
        CHECK(one(false, FAR, A) && quotes_right(A, 5000));
    }
    struct made inner = *tcp(OUT, 5000, FAR + 1, 80, SYN, 1, 0, 0);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, inner.p, 28)), 0);
}

ROUTER_TEST(errors_about_queries)
{
    CHECK_EQUAL(from_inside(icmp(B, FAR, ICMP4_ECHO, 7, 10)), 1);
    CHECK_EQUAL(from_inside(icmp(A, FAR, ICMP4_ECHO, 7, 10)), 1);
    struct quoted q = quote_last(38);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 11, 0, q.p, 38)), 1);
    CHECK(one(false, FAR, A));
    const uint8_t *quoted = sent[0].p + 28;
    CHECK_EQUAL(wire_get16(quoted + IPV4_HEADER + ICMP_ID), 7);
    CHECK(checksum_is_valid(checksum_add(0, quoted + IPV4_HEADER, 18)));
    /* An error about an error is none (RFC 1122, section 3.2.2). */
    struct made inner = *icmp_error(OUT, FAR, 3, 3, q.p, 28);
    CHECK_EQUAL(from_outside(icmp_error(FAR, OUT, 3, 3, inner.p, 36)), 0);
}

ROUTER_TEST(errors_from_inside)
{
    CHECK_EQUAL(from_inside(udp(B, 5000, FAR, 53, 10)), 1);
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    uint16_t port = source_port_of(sent[0].p);
    CHECK_EQUAL(from_outside(udp(FAR, 53, OUT, port, 10)), 1);
    struct quoted q = quote_last(38);
    /* From the host, or from a router of the network inside. */
    for (uint32_t from = A; from < A + 9; from += 8) {
        CHECK_EQUAL(from_inside(icmp_error(from, FAR, 3, 3, q.p, 38)), 1);
        CHECK(one(true, OUT, FAR));
        const uint8_t *quoted = sent[0].p + 28;
        CHECK(destination_of(quoted) == OUT && destination_port_of(quoted) == port &&
              source_of(quoted) == FAR);
        struct sent inner = { .p = sent[0].p + 28, .len = 38 };
        CHECK(is_right(&inner));
    }
    /* To somebody else than the one who sent what it quotes, or about what never came. */
    CHECK_EQUAL(from_inside(icmp_error(A, FAR + 1, 3, 3, q.p, 38)), 0);
    struct made inner = *udp(FAR, 53, A, 5001, 10);
    CHECK_EQUAL(from_inside(icmp_error(A, FAR, 3, 3, inner.p, 38)), 0);
    struct made *m = icmp_error(A, FAR, 3, 3, q.p, 38);
    m->p[40] ^= 1;
    CHECK_EQUAL(from_inside(m), 0);
    CHECK_EQUAL(count_of("nat.flows"), 2);
}

/* Hosts inside count identifications by themselves, but share an address (RFC 7857, section 10). */
ROUTER_TEST(identifications)
{
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    uint16_t first = wire_get16(sent[0].p + IPV4_ID);
    CHECK_EQUAL(from_inside(udp(B, 5000, FAR, 53, 10)), 1);
    CHECK(is_right(&sent[0]));
    CHECK(first != wire_get16(sent[0].p + IPV4_ID));
    /* What is never cut keeps its own. */
    CHECK_EQUAL(from_inside(with(udp(A, 5000, FAR, 53, 10), IPV4_FRAGMENT, 0x40)), 1);
    CHECK_EQUAL(wire_get16(sent[0].p + IPV4_ID), 77);
}

/* The log line of what is refused at the start. */
static char said[512];
static void hear(void *ctx, enum log_level level, const char *line, size_t len)
{
    (void)ctx;
    if (level == LOG_LEVEL_ERROR)
        snprintf(said, sizeof said, "%.*s", (int)len, line);
}

static const char *refused(const char *in, const char *out, const char *gate)
{
    said[0] = '\0';
    CHECK_EQUAL(ip_cidr_parse(&inside, in, strlen(in)), OK);
    CHECK_EQUAL(ip_cidr_parse(&outside, out, strlen(out)), OK);
    CHECK_EQUAL(ip_parse(&gateway, gate, strlen(gate)), OK);
    CHECK_EQUAL(nat_start(&net_in, &in_arp, &net_out, &out_arp, &generator), ERR_INVALID);
    const char *text = strstr(said, "--");
    return text != NULL ? text : said;
}

FIBER_TEST(arguments)
{
    static const struct {
        const char *in, *out, *gateway, *said;
    } cases[] = {
        { "10.1.0.1", "192.0.2.2/24", "192.0.2.1",
          "--inside=10.1.0.1/32 is not a host's IPv4 address with the length of its network, such as "
          "10.1.0.1/24" },
        { "10.1.0.255/24", "192.0.2.2/24", "192.0.2.1",
          "--inside=10.1.0.255/24 is not a host's IPv4 address with the length of its network, such as "
          "10.1.0.1/24" },
        { "10.1.0.1/24", "2001:db8::1/64", "192.0.2.1",
          "--outside=2001:db8::1/64 is not a host's IPv4 address with the length of its network, such as "
          "10.1.0.1/24" },
        { "192.0.2.1/24", "192.0.2.2/25", "192.0.2.1",
          "--inside=192.0.2.1/24 and --outside=192.0.2.2/25 are one network; give two networks that have no "
          "address "
          "in common" },
        { "10.1.0.1/24", "192.0.2.2/24", "192.0.3.1",
          "--gateway=192.0.3.1 is not another host of the network of --outside=192.0.2.2/24; give the "
          "router's "
          "address there" },
        { "10.1.0.1/24", "192.0.2.2/24", "192.0.2.2",
          "--gateway=192.0.2.2 is not another host of the network of --outside=192.0.2.2/24; give the "
          "router's "
          "address there" },
    };
    log_set_sink(hear, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *text = refused(cases[i].in, cases[i].out, cases[i].gateway);
        CHECK(strcmp(text, cases[i].said) == 0);
        if (strcmp(text, cases[i].said) != 0)
            print_error("# said: %s\n", text);
    }
    log_set_sink(NULL, NULL);
    return OK;
}

/* Two routers in one program know nothing of each other. */
FIBER_TEST(twice)
{
    struct os_fiber *first = router_begins();
    void *ctx = net_out.ctx;
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 10)), 1);
    struct os_fiber *second = router_begins();
    CHECK_EQUAL(from_outside(udp(FAR, 53, OUT, 5000, 10)), 0);
    net_out.ctx = ctx;
    CHECK_EQUAL(from_outside(udp(FAR, 53, OUT, 5000, 10)), 1);
    router_ends(second);
    router_ends(first);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_inside),
        cmocka_unit_test(destinations_of_inside),
        cmocka_unit_test(sources_outside),
        cmocka_unit_test(destinations_of_outside),
        cmocka_unit_test(options),
        cmocka_unit_test(malformed),
        cmocka_unit_test(echoes),
        cmocka_unit_test(time_to_live),
        cmocka_unit_test(too_long),
        cmocka_unit_test(errors_from_outside),
        cmocka_unit_test(errors_change_no_flow),
        cmocka_unit_test(errors_about_tcp),
        cmocka_unit_test(errors_about_queries),
        cmocka_unit_test(errors_from_inside),
        cmocka_unit_test(identifications),
        cmocka_unit_test(arguments),
        cmocka_unit_test(twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
