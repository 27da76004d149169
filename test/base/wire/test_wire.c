/*
 * The wire formats from Ethernet to UDP: which packets are read and which are refused, and that a packet that
 * is written is read as the same.
 */
#include "test/support/test.h"

#include <base/wire/arp.h>
#include <base/wire/ethernet.h>
#include <base/wire/icmp.h>
#include <base/wire/ipv4.h>
#include <base/wire/ndp.h>
#include <base/wire/udp.h>

static void test_ethernet(void **state)
{
    static const struct ethernet_address to = { { 0x33, 0x33, 0, 0, 0, 1 } };
    static const uint8_t from[6] = { 2, 0, 0, 0, 0, 7 };
    uint8_t frame[ETHERNET_HEADER];
    (void)state;

    ethernet_emit(frame, &to, from, ETHERNET_IPV6);
    assert_memory_equal(frame, "\x33\x33\0\0\0\1\2\0\0\0\0\7\x86\xdd", ETHERNET_HEADER);
    assert_true(ethernet_is_group(frame));
    assert_false(ethernet_is_group(from));
    assert_true(ethernet_number(from) != ethernet_number(to.bytes));
    assert_true(ethernet_is_tag(0x8100) && ethernet_is_tag(0x88a8) && !ethernet_is_tag(ETHERNET_ARP));
}

static void test_arp(void **state)
{
    struct arp_packet packet = { ARP_REQUEST, { { 2, 1, 2, 3, 4, 5 } }, { { 0 } }, 0x0a000001, 0x0a000002 },
                      again;
    uint8_t bytes[ARP_PACKET], bad[ARP_PACKET];
    /* Each case changes one byte, so that the packet is invalid or another protocol's. */
    static const struct {
        uint8_t at, value;
    } wrong[] = { { 0, 1 },  { 1, 6 }, { 2, 9 }, { 3, 6 }, { 4, 8 },
                  { 5, 16 }, { 6, 1 }, { 7, 0 }, { 7, 3 }, { 8, 3 } };
    (void)state;

    arp_emit(bytes, &packet);
    assert_int_equal(arp_parse(&again, bytes, sizeof bytes), OK);
    assert_int_equal(again.operation, ARP_REQUEST);
    assert_memory_equal(&again.sender_mac, &packet.sender_mac, 6);
    assert_int_equal(again.sender_ip, packet.sender_ip);
    assert_int_equal(again.target_ip, packet.target_ip);
    for (size_t len = 0; len < ARP_PACKET; len++)
        assert_int_equal(arp_parse(&again, bytes, len), ERR_FORMAT);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        memcpy(bad, bytes, sizeof bad);
        bad[wrong[i].at] = wrong[i].value;
        assert_int_equal(arp_parse(&again, bad, sizeof bad), ERR_FORMAT);
    }
}

static void fix(uint8_t *p, size_t header)
{
    memset(p + IPV4_CHECKSUM, 0, 2);
    checksum_store(p + IPV4_CHECKSUM, checksum_add(0, p, header));
}

static void test_ipv4(void **state)
{
    struct ipv4_header header = { .source = 0xc0000201,
                                  .destination = 0xc6336402,
                                  .id = 0xbeef,
                                  .fragment = 0x2005,
                                  .length = 20,
                                  .protocol = 17,
                                  .ttl = 3,
                                  .tos = 0xb8 };
    struct ipv4_header again;
    uint8_t p[IPV4_HEADER_MAX] = { 0 }, q[IPV4_HEADER_MAX];
    (void)state;

    ipv4_emit(p, &header);
    assert_true(checksum_is_valid(checksum_add(0, p, IPV4_HEADER)));
    assert_int_equal(ipv4_parse(&again, p, 20, 20), OK);
    assert_int_equal(again.source, header.source);
    assert_int_equal(again.destination, header.destination);
    assert_int_equal(again.id, 0xbeef);
    assert_int_equal(again.fragment, 0x2005);
    assert_int_equal(again.header_len, 20);
    assert_int_equal(again.tos, 0xb8);
    for (size_t len = 0; len < IPV4_HEADER; len++)
        assert_int_equal(ipv4_parse(&again, p, len, len), ERR_FORMAT);
    /* Every single-bit error is found. */
    for (size_t bit = 0; bit < 160; bit++) {
        memcpy(q, p, sizeof q);
        q[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ipv4_parse(&again, q, 60, 60), ERR_FORMAT);
    }
    /*
     * A header length below the minimum or beyond the data, and a packet length beyond the data or below the
     * header's.
     */
    static const struct {
        uint8_t first;
        uint16_t length;
        size_t len, total;
    } wrong[] = {
        { 0x44, 20, 60, 60 }, { 0x46, 24, 20, 60 }, { 0x45, 61, 60, 60 },
        { 0x45, 19, 60, 60 }, { 0x65, 20, 60, 60 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        memcpy(q, p, sizeof q);
        q[0] = wrong[i].first;
        wire_put16(q + IPV4_LENGTH, wrong[i].length);
        fix(q, 20);
        assert_int_equal(ipv4_parse(&again, q, wrong[i].len, wrong[i].total), ERR_FORMAT);
    }
    /* The emitter's checksum handles carries. */
    for (uint32_t i = 0; i < 4096; i++) {
        header.id = (uint16_t)(i * 4099);
        header.source = i * 0x10010001;
        header.destination = ~(i << 7);
        ipv4_emit(p, &header);
        assert_true(checksum_is_valid(checksum_add(0, p, IPV4_HEADER)));
    }
    assert_int_equal(ipv4_mask(0), 0);
    assert_int_equal(ipv4_mask(32), 0xffffffff);
    assert_int_equal(ipv4_mask(20), 0xfffff000);
}

static void test_ipv4_options(void **state)
{
    static const struct {
        const char *options;
        size_t len;
        enum ipv4_options result;
        uint32_t at;
    } cases[] = {
        { "\0\0\0\0", 4, IPV4_OPTIONS_FINE, 0 },
        { "\1\1\1\1", 4, IPV4_OPTIONS_FINE, 0 },
        { "\x94\4\0\0", 4, IPV4_OPTIONS_FINE, 0 },       /* router alert */
        { "\7\7\4\1\2\3\4\0", 8, IPV4_OPTIONS_FINE, 0 }, /* record route */
        { "\1\x83\3\4", 4, IPV4_OPTIONS_SOURCE_ROUTE, 21 },
        { "\x89\3\4\0", 4, IPV4_OPTIONS_SOURCE_ROUTE, 20 },
        { "\7\0\0\0", 4, IPV4_OPTIONS_WRONG, 20 },
        { "\7\1\0\0", 4, IPV4_OPTIONS_WRONG, 20 },
        { "\7\5\0\0", 4, IPV4_OPTIONS_WRONG, 20 },
        { "\1\1\1\7", 4, IPV4_OPTIONS_WRONG, 23 },
        { "\0\x83\3\4", 4, IPV4_OPTIONS_FINE, 0 }, /* beyond the end */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t p[IPV4_HEADER_MAX] = { 0 };
        uint32_t at = 0;
        memcpy(p + IPV4_HEADER, cases[i].options, cases[i].len);
        assert_int_equal(ipv4_check_options(p, IPV4_HEADER + cases[i].len, &at), cases[i].result);
        if (cases[i].result != IPV4_OPTIONS_FINE)
            assert_int_equal(at, cases[i].at);
    }
}

static void test_ipv6_walk(void **state)
{
    struct {
        uint8_t first;
        uint8_t bytes[40];
        size_t len;
        enum ipv6_walk_result result;
        uint8_t kind;
        size_t at;
    } cases[] = {
        { 6, { 0 }, 0, IPV6_WALK_UPPER, 6, 40 },
        { 59, { 0 }, 0, IPV6_WALK_UPPER, 59, 40 },
        { 0, { 17, 0 }, 8, IPV6_WALK_UPPER, 17, 48 },
        { 0, { 60, 0, [8] = 17, 1 }, 24, IPV6_WALK_UPPER, 17, 64 },
        { 44, { 58, 99 }, 8, IPV6_WALK_UPPER, 58, 48 }, /* a fragment header has no length */
        { 0, { 17, 0 }, 7, IPV6_WALK_TRUNCATED, 0, 40 },
        { 60, { 17, 1 }, 8, IPV6_WALK_TRUNCATED, 60, 40 },
        { 43, { 17, 255 }, 40, IPV6_WALK_TOO_MANY, 43, 40 },
        { 51, { 0 }, 8, IPV6_WALK_UPPER, 51, 40 }, /* authentication is not known here */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t p[80] = { 0x60, [6] = cases[i].first };
        struct ipv6_walk walk;
        memcpy(p + 40, cases[i].bytes, 40);
        ipv6_walk_begin(&walk, p, 40 + cases[i].len);
        while (ipv6_walk_next(&walk) == IPV6_WALK_HEADER)
            ;
        assert_int_equal(walk.result, cases[i].result);
        assert_int_equal(walk.kind, cases[i].kind);
        assert_int_equal(walk.at, cases[i].at);
    }
}

static void test_ipv6_options(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum ipv6_options result;
        uint32_t at;
    } cases[] = {
        { "\6\0\0\0\0\0\0\0", 8, IPV6_OPTIONS_FINE, 0 }, /* six Pad1 */
        { "\6\0\1\4\0\0\0\0", 8, IPV6_OPTIONS_FINE, 0 },
        { "\6\0\5\2\0\0\1\0", 8, IPV6_OPTIONS_FINE, 0 },   /* router alert */
        { "\6\0\x1e\4\0\0\0\0", 8, IPV6_OPTIONS_FINE, 0 }, /* unknown, to be skipped */
        { "\6\0\x5e\4\0\0\0\0", 8, IPV6_OPTIONS_DROP, 2 },
        { "\6\0\x9e\4\0\0\0\0", 8, IPV6_OPTIONS_TELL, 2 },
        { "\6\0\1\0\xde\2\0\0", 8, IPV6_OPTIONS_TELL_UNLESS_GROUP, 4 },
        { "\6\0\1\5\0\0\0\0", 8, IPV6_OPTIONS_DROP, 2 },                /* longer than the header */
        { "\6\0\1\3\0\0\0\1", 8, IPV6_OPTIONS_DROP, 7 },                /* without a length */
        { "\6\0\xc2\4\0\1\0\0", 8, IPV6_OPTIONS_TELL_UNLESS_GROUP, 2 }, /* a jumbogram */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint32_t at = 0;
        assert_int_equal(ipv6_check_options((const uint8_t *)cases[i].bytes, 0, cases[i].size, &at),
                         cases[i].result);
        if (cases[i].result != IPV6_OPTIONS_FINE)
            assert_int_equal(at, cases[i].at);
    }
}

static void test_ndp(void **state)
{
    uint8_t p[80] = { NDP_ROUTER_ADVERTISEMENT };
    struct ethernet_address mac;
    (void)state;

    assert_int_equal(ndp_check(p, 15), ERR_FORMAT);
    assert_int_equal(ndp_check(p, 16), OK);
    assert_int_equal(ndp_check(p, 17), ERR_FORMAT); /* a piece of an option */
    assert_int_equal(ndp_check(p, 24), ERR_FORMAT); /* an option of length 0 */
    p[17] = 1;
    assert_int_equal(ndp_check(p, 24), OK);
    p[17] = 2;
    assert_int_equal(ndp_check(p, 24), ERR_FORMAT);
    p[1] = 1;
    assert_int_equal(ndp_check(p, 32), ERR_FORMAT); /* a code */
    p[1] = 0;
    p[16] = NDP_SOURCE_LINK;
    p[17] = 1;
    assert_false(ndp_link_address(p, 24, NDP_SOURCE_LINK, &mac)); /* of nobody */
    p[23] = 1;
    assert_true(ndp_link_address(p, 24, NDP_SOURCE_LINK, &mac));
    assert_false(ndp_link_address(p, 24, NDP_TARGET_LINK, &mac));
    p[18] = 1;
    assert_false(ndp_link_address(p, 24, NDP_SOURCE_LINK, &mac));
    p[0] = 200;
    assert_int_equal(ndp_check(p, 24), ERR_FORMAT);

    uint8_t ones[16];
    memset(ones, 0xff, sizeof ones);
    struct ip_addr prefix = ndp_prefix(ones, 16, 61);
    assert_memory_equal(prefix.bytes, "\xff\xff\xff\xff\xff\xff\xff\xf8\0\0\0\0\0\0\0\0", 16);
    prefix = ndp_prefix(ones, 8, 128);
    assert_memory_equal(prefix.bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(ndp_preference(0x08), 1);
    assert_int_equal(ndp_preference(0x18), -1);
    assert_int_equal(ndp_preference(0x10), 2);
    assert_int_equal(ndp_preference(0), 0);
}

static void test_domains(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *name;
    } cases[] = {
        { "\2ex\3org\0", 8, "ex.org" },
        { "\1a\0", 3, "a" },
        { "\0\0\0\0", 4, "" },
        { "\3ab", 3, "" },     /* longer than the data */
        { "\1a", 2, "" },      /* without an end */
        { "\3a b\0", 5, "" },  /* no host name */
        { "\100aaaa", 5, "" }, /* a label of 64 bytes */
        { "\xc0\2", 2, "" },   /* compression is not for here */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char name[32] = "";
        size_t at = 0, n = ndp_domain((const uint8_t *)cases[i].bytes, cases[i].len, &at, name, sizeof name);
        assert_int_equal(n, strlen(cases[i].name));
        assert_memory_equal(name, cases[i].name, n);
    }
}

static void test_udp(void **state)
{
    uint8_t p[12];
    struct udp_header h;
    (void)state;

    udp_emit(p, 1000, 2000, 12);
    assert_int_equal(udp_parse(&h, p, 12, 12), OK);
    assert_int_equal(h.source, 1000);
    assert_int_equal(h.destination, 2000);
    assert_int_equal(h.length, 12);
    assert_int_equal(udp_parse(&h, p, 7, 7), ERR_FORMAT);
    assert_int_equal(udp_parse(&h, p, 11, 11), ERR_FORMAT);
    assert_int_equal(udp_parse(&h, p, 8, 12), OK);
    wire_put16(p + UDP_LENGTH, 7);
    assert_int_equal(udp_parse(&h, p, 12, 12), ERR_FORMAT);
    udp_emit(p, 1000, 0, 12);
    assert_int_equal(udp_parse(&h, p, 12, 12), ERR_FORMAT);
}

static void test_quoted(void **state)
{
    uint8_t four[28] = { 0 }, six[56] = { 0x60, [6] = 44, [40] = 17 };
    struct ipv4_header header = { .source = 0x0a000002,
                                  .destination = 0x0a000001,
                                  .length = 28,
                                  .protocol = 6,
                                  .fragment = IPV4_DONT_FRAGMENT };
    struct ip_head head;
    size_t headers;
    (void)state;

    ipv4_emit(four, &header);
    assert_int_equal(icmp_parse_quoted(true, four, 28, &head, &headers), OK);
    assert_int_equal(headers, 20);
    assert_int_equal(head.protocol, 6);
    assert_true(head.dont_fragment && ip_is_v4(&head.source));
    for (size_t len = 0; len < 28; len++)
        assert_int_equal(icmp_parse_quoted(true, four, len, &head, &headers), ERR_FORMAT);
    wire_put16(four + IPV4_FRAGMENT, 5);
    assert_int_equal(icmp_parse_quoted(true, four, 28, &head, &headers), ERR_FORMAT);
    assert_int_equal(icmp_parse_quoted(false, four, 28, &head, &headers), ERR_FORMAT);

    assert_int_equal(icmp_parse_quoted(false, six, 56, &head, &headers), OK);
    assert_int_equal(headers, 48);
    assert_int_equal(head.protocol, 17);
    for (size_t len = 0; len < 56; len++)
        assert_int_equal(icmp_parse_quoted(false, six, len, &head, &headers), ERR_FORMAT);
    six[43] = 8;
    assert_int_equal(icmp_parse_quoted(false, six, 56, &head, &headers), ERR_FORMAT);
}

static void test_errors(void **state)
{
    (void)state;
    /*
     * A message that is written is read as the same one in both versions, except for what a version cannot
     * tell apart.
     */
    for (int kind = ICMP_UNREACHABLE_NET; kind <= ICMP_PARAMETER_PROBLEM; kind++)
        for (int v4 = 0; v4 < 2; v4++) {
            uint8_t p[ICMP_HEADER];
            enum icmp_error_kind again;
            uint32_t mtu;
            assert_true(icmp_emit_error(p, v4, (enum icmp_error_kind)kind, 0, 1400));
            assert_true(v4 ? icmp4_error_kind(p, &again, &mtu) : icmp6_error_kind(p, &again, &mtu));
            assert_int_equal(again, kind);
            if (kind == ICMP_TOO_BIG)
                assert_int_equal(mtu, 1400);
        }
    enum icmp_error_kind kind;
    uint32_t mtu;
    uint8_t redirect[ICMP_HEADER] = { ICMP4_REDIRECT }, odd[ICMP_HEADER] = { ICMP4_UNREACHABLE, 77 };
    assert_false(icmp4_error_kind(redirect, &kind, &mtu));
    assert_false(icmp4_error_kind(odd, &kind, &mtu));
    assert_false(icmp6_error_kind(redirect, &kind, &mtu));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ethernet),  cmocka_unit_test(test_arp),
        cmocka_unit_test(test_ipv4),      cmocka_unit_test(test_ipv4_options),
        cmocka_unit_test(test_ipv6_walk), cmocka_unit_test(test_ipv6_options),
        cmocka_unit_test(test_ndp),       cmocka_unit_test(test_domains),
        cmocka_unit_test(test_udp),       cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
