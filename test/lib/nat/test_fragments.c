/* Packets in fragments (RFC 4787, REQ-14), packets that are too long for the next link, and offloads. */
#include "nat_unit.h"

#include "network.h"

enum { PIECES = 80 };

/* What a packet is cut into, `size` payload bytes each. */
static struct made pieces[PIECES];

static size_t cut(const struct made *m, size_t size, uint16_t id)
{
    size_t count = 0, len = m->len - m->header;

    for (size_t at = 0; at < len; at += size, count++) {
        struct made *piece = &pieces[count];
        size_t n = len - at < size ? len - at : size;
        memcpy(piece->p, m->p, m->header);
        memcpy(piece->p + m->header, m->p + m->header + at, n);
        piece->header = m->header;
        piece->len = m->header + n;
        wire_put16(piece->p + IPV4_LENGTH, (uint32_t)piece->len);
        wire_put16(piece->p + IPV4_ID, id);
        wire_put16(piece->p + IPV4_FRAGMENT,
                   (uint32_t)((wire_get16(m->p + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT) | at / 8 |
                              (at + n < len ? IPV4_MORE_FRAGMENTS : 0)));
        memset(piece->p + IPV4_CHECKSUM, 0, 2);
        checksum_store(piece->p + IPV4_CHECKSUM, checksum_add(0, piece->p, piece->header));
    }
    return count;
}

/*
 * Join what was sent, which must be the fragments of one packet, in order, each with a right header and of
 * `size` bytes at most.
 */
static struct made joined;
static bool join(size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < sent_count; i++) {
        struct ipv4_header h;
        if (ipv4_parse(&h, sent[i].p, sent[i].len, sent[i].len) != OK || h.length != sent[i].len ||
            h.length > size || (h.fragment & IPV4_OFFSET_MASK) * 8u != at ||
            h.id != wire_get16(sent[0].p + IPV4_ID) || sent[i].hop != sent[0].hop ||
            sent[i].out != sent[0].out || ((h.fragment & IPV4_MORE_FRAGMENTS) != 0) != (i + 1 < sent_count))
            return false;
        if (i == 0)
            memcpy(joined.p, sent[0].p, joined.header = h.header_len);
        memcpy(joined.p + joined.header + at, sent[i].p + h.header_len, h.length - h.header_len);
        at += (size_t)h.length - h.header_len;
    }
    joined.len = joined.header + at;
    wire_put16(joined.p + IPV4_LENGTH, (uint32_t)joined.len);
    wire_put16(joined.p + IPV4_FRAGMENT, 0);
    memset(joined.p + IPV4_CHECKSUM, 0, 2);
    checksum_store(joined.p + IPV4_CHECKSUM, checksum_add(0, joined.p, joined.header));
    struct sent whole = { .p = joined.p, .len = joined.len };
    return sent_count > 0 && is_right(&whole);
}

/* All of them come, in an order that begins in the middle; only the last of all lets the packet pass. */
static size_t all_come(bool out, size_t count, size_t first)
{
    for (size_t i = 0; i + 1 < count; i++)
        CHECK_EQUAL(comes(out, &pieces[(first + i) % count]), 0);
    return comes(out, &pieces[(first + count - 1) % count]);
}

ROUTER_TEST(both_ways)
{
    for (size_t first = 0; first < 5; first++) {
        size_t count = cut(udp(A, 5000, FAR, 53, 6000), 1480, (uint16_t)(900 + first));
        CHECK_EQUAL(count, 5);
        CHECK_EQUAL(all_come(false, count, first), 5);
        CHECK(join(1500));
        CHECK(source_of(joined.p) == OUT && source_port_of(joined.p) == 5000 && joined.p[IPV4_TTL] == 63);
        struct made *m = udp(FAR, 53, OUT, 5000, 6000);
        count = cut(m, 1480, (uint16_t)(900 + first));
        CHECK_EQUAL(all_come(true, count, first), 5);
        CHECK(join(1500));
        CHECK(destination_of(joined.p) == A && joined.len == m->len);
        CHECK(memcmp(joined.p + 28, m->p + 28, m->len - 28) == 0);
    }
    CHECK_EQUAL(count_of("nat.flows"), 1);
}

/* No fragment that leaves is longer than the first one that came, but for very short ones. */
ROUTER_TEST(sizes)
{
    static const struct {
        size_t came, leaves;
    } cases[] = { { 1480, 1500 }, { 1000, 1020 }, { 560, 580 }, { 400, 576 }, { 80, 576 } };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t count = cut(icmp(A, FAR, ICMP4_ECHO, 7, 2000), cases[i].came, 5);
        CHECK(all_come(false, count, 0) > 1);
        CHECK(join(cases[i].leaves));
        CHECK_EQUAL(joined.len, 2028);
    }
    /* 65535 bytes and no more. */
    size_t count = cut(udp(A, 5000, FAR, 53, 65507), 1480, 6);
    CHECK_EQUAL(all_come(false, count, 3), 45);
    CHECK(join(1500));
}

ROUTER_TEST(the_router_itself)
{
    size_t count = cut(icmp(A, IN, ICMP4_ECHO, 7, 4000), 1480, 5);
    CHECK_EQUAL(all_come(false, count, 1), 3);
    CHECK(join(1500));
    CHECK(source_of(joined.p) == IN && joined.p[joined.header] == ICMP4_ECHO_REPLY);
    count = cut(icmp(FAR, OUT, ICMP4_ECHO, 7, 4000), 1480, 5);
    CHECK_EQUAL(all_come(true, count, 1), 3);
    CHECK(join(1500));
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 1)), 1);
    count = cut(udp(B, 6000, OUT, 5000, 3000), 1480, 5);
    CHECK_EQUAL(all_come(false, count, 1), 3);
    CHECK(join(1500) && destination_of(joined.p) == A && source_of(joined.p) == OUT);
}

/* What is refused whole is refused in pieces. */
ROUTER_TEST(refused)
{
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 1)), 1);
    static const uint32_t sources[] = { OUT, IN, A, 0x7f000001, 0xc00002ff };
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        size_t count = cut(udp(sources[i], 53, OUT, 5000, 3000), 1480, 5);
        CHECK_EQUAL(all_come(true, count, 0), 0);
    }
    CHECK_EQUAL(count_of("nat.fragments_in"), 0);
    CHECK_EQUAL(all_come(true, cut(udp(FAR, 53, OUT, 5001, 3000), 1480, 5), 0), 0);
    /* Fragments that overlap, such as one over the ports (RFC 1858, 3128). */
    CHECK_EQUAL(cut(udp(FAR, 53, OUT, 5000, 16), 8, 6), 3);
    CHECK_EQUAL(from_outside(&pieces[0]), 0);
    pieces[1].p[IPV4_FRAGMENT + 1] = 0;
    memset(pieces[1].p + IPV4_CHECKSUM, 0, 2);
    checksum_store(pieces[1].p + IPV4_CHECKSUM, checksum_add(0, pieces[1].p, IPV4_HEADER));
    pieces[1].p[IPV4_HEADER] ^= 1;
    CHECK_EQUAL(from_outside(&pieces[1]), 0);
    CHECK_EQUAL(from_outside(&pieces[2]), 0);
    CHECK_EQUAL(count_of("nat.forwarded"), 1);
    /* Beyond 65535 bytes. */
    struct made *m = udp(FAR, 53, OUT, 5000, 1400);
    cut(m, 720, 7);
    wire_put16(pieces[1].p + IPV4_FRAGMENT, 0x1fff);
    memset(pieces[1].p + IPV4_CHECKSUM, 0, 2);
    checksum_store(pieces[1].p + IPV4_CHECKSUM, checksum_add(0, pieces[1].p, IPV4_HEADER));
    CHECK_EQUAL(all_come(true, 2, 0), 0);
}

/* Memory of what is never whole: bounded, and given back; and each side's is its own. */
ROUTER_TEST(never_whole)
{
    struct buf_stats stats;
    size_t count = cut(udp(A, 5000, FAR, 53, 3000), 1480, 5);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(from_inside(&pieces[0]), 0);
    CHECK_EQUAL(from_inside(&pieces[1]), 0);
    struct made last = pieces[2];
    for (uint32_t i = 0; i < 20000; i++) {
        cut(udp(FAR + i / 60000, 53, OUT, 5000, 1600), 1480, (uint16_t)i);
        CHECK_EQUAL(from_outside(&pieces[i % 2]), 0);
    }
    buf_get_stats(&stats);
    CHECK(stats.pages < 1200);
    CHECK_EQUAL(from_inside(&last), 3);
    forget_sent();
    os_sleep(SECONDS(31));
    buf_get_stats(&stats);
    CHECK_EQUAL(stats.views, 0);
}

/* Later fragments have the options that each must have, and no others (RFC 791, section 3.1). */
FIBER_TEST(options_of_fragments)
{
    static const uint8_t options[12] = { 7, 4, 4, 0, 148, 4, 0, 0, 1, 0 };
    struct os_fiber *router = router_begins_with(1500, 576, 0);
    struct made *m = udp(A, 5000, FAR, 53, 1300);
    memmove(m->p + 32, m->p + 20, m->len - 20);
    memcpy(m->p + 20, options, 12);
    m->header = 32;
    m->len += 12;
    m->p[0] = 0x48;
    wire_put16(m->p + IPV4_LENGTH, (uint32_t)m->len);
    finish(m);
    CHECK(from_inside(m) == 3 && join(576));
    CHECK(sent[0].p[0] == 0x48 && memcmp(sent[0].p + 20, options, 12) == 0);
    CHECK(sent[1].p[0] == 0x46 && memcmp(sent[1].p + 20, options + 4, 4) == 0);
    router_ends(router);
    return OK;
}

/*
 * Too long for the next link: in pieces when it may be cut, or back (RFC 1191); and the same with fragments.
 */
FIBER_TEST(narrow_link)
{
    struct os_fiber *router = router_begins_with(600, 1500, 0);
    CHECK_EQUAL(from_inside(udp(A, 5000, FAR, 53, 100)), 1);
    struct made *m = udp(FAR, 53, OUT, 5000, 1400);
    CHECK(from_outside(m) == 3 && join(600));
    CHECK(destination_of(joined.p) == A && wire_get16(joined.p + IPV4_ID) == 77);
    m->p[IPV4_FRAGMENT] = 0x40;
    finish(m);
    CHECK_EQUAL(from_outside(m), 1);
    CHECK(is_error_to(true, FAR, ICMP4_UNREACHABLE, 4));
    CHECK_EQUAL(wire_get16(sent[0].p + IPV4_HEADER + ICMP_MTU4), 600);
    CHECK_EQUAL(all_come(true, cut(m, 800, 9), 0), 1);
    CHECK(is_error_to(true, FAR, ICMP4_UNREACHABLE, 4));
    CHECK_EQUAL(all_come(true, cut(m, 400, 9), 0), 3);
    CHECK(join(600));
    /* To hosts outside that nobody talks to nothing is told. */
    m = udp(FAR, 53, OUT, 5001, 1400);
    m->p[IPV4_FRAGMENT] = 0x40;
    finish(m);
    CHECK_EQUAL(from_outside(m), 0);
    router_ends(router);
    return OK;
}

/* The devices differ: what one left to do is done here. */
static struct buf *partial(struct made *m, size_t field, uint16_t size)
{
    struct ip_addr from = ipv4_addr(source_of(m->p)), to = ipv4_addr(destination_of(m->p));
    uint8_t protocol = m->p[IPV4_PROTOCOL];
    checksum_store_partial(m->p + IPV4_HEADER + field,
                           checksum_pseudo(&from, &to, protocol, (uint32_t)m->len - 20));
    struct buf *b = buf_copy(m->p, m->len);
    b->csum = BUF_CSUM_PARTIAL;
    b->csum_start = IPV4_HEADER;
    b->csum_offset = (uint16_t)field;
    b->gso = size != 0 ? BUF_GSO_TCP4 : BUF_GSO_NONE;
    b->gso_size = size;
    return b;
}

ROUTER_TEST(offloads)
{
    inside_on_ipv4(net_in.ctx, partial(udp(A, 5000, FAR, 53, 100), UDP_CHECKSUM, 0), false);
    CHECK(one(true, OUT, FAR));
    CHECK_EQUAL(from_inside(tcp(A, 5000, FAR, 80, SYN, 1, 0, 0)), 1);
    forget_sent();
    inside_on_ipv4(net_in.ctx, partial(tcp(A, 5000, FAR, 80, ACK, 2, 500, 4000), 16, 1400), false);
    CHECK_EQUAL(sent_count, 3);
    for (size_t i = 0; i < sent_count; i++)
        CHECK(is_right(&sent[i]) && source_of(sent[i].p) == OUT &&
              wire_get32(transport_of(sent[i].p) + 4) == 2 + 1400 * i);
    /* A datagram that must be cut, whose checksum was left. */
    forget_sent();
    inside_on_ipv4(net_in.ctx, partial(udp(A, 5000, FAR, 53, 3000), UDP_CHECKSUM, 0), false);
    CHECK(sent_count == 3 && join(1500));
}

/*
 * Both devices can: nothing is done twice. The segments are longer than the next link carries: they go back.
 */
FIBER_TEST(offloads_of_both)
{
    struct os_fiber *router = router_begins_with(1500, 1400, NETWORK_CSUM_OUT | NETWORK_TSO4);
    CHECK_EQUAL(from_inside(tcp(A, 5000, FAR, 80, SYN, 1, 0, 0)), 1);
    forget_sent();
    inside_on_ipv4(net_in.ctx, partial(tcp(A, 5000, FAR, 80, ACK, 2, 500, 4000), 16, 1300), false);
    CHECK_EQUAL(sent_count, 1);
    struct ip_addr from = ipv4_addr(OUT), to = ipv4_addr(FAR);
    CHECK(checksum_load(sent[0].p + 36) == checksum_fold(checksum_pseudo(&from, &to, 6, 4020)));
    struct made *m = tcp(A, 5000, FAR, 80, ACK, 2, 500, 4000);
    m->p[IPV4_FRAGMENT] = 0x40;
    finish(m);
    forget_sent();
    inside_on_ipv4(net_in.ctx, partial(m, 16, 1380), false);
    CHECK(is_error_to(false, A, ICMP4_UNREACHABLE, 4));
    CHECK_EQUAL(wire_get16(sent[0].p + IPV4_HEADER + ICMP_MTU4), 1400);
    forget_sent();
    inside_on_ipv4(net_in.ctx, partial(m, 16, 1360), false);
    CHECK(sent_count == 1 && sent[0].out);
    router_ends(router);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),   cmocka_unit_test(sizes),       cmocka_unit_test(the_router_itself),
        cmocka_unit_test(refused),     cmocka_unit_test(never_whole), cmocka_unit_test(options_of_fragments),
        cmocka_unit_test(narrow_link), cmocka_unit_test(offloads),    cmocka_unit_test(offloads_of_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
