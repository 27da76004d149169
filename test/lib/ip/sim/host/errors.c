/* Tests errors: what they quote, and what they are sent about. Tests fragments that are wrong. */
#include "host.h"

/* RFC 1122, section 3.2.2: with the identification, the flags and the options that the datagram had. */
static void errors_quote_unchanged(struct host *host)
{
    static const uint8_t options[8] = { 1, 7, 7, 4, 0, 0, 0, 0 };
    uint8_t d[100], p[200] = { 0 };
    size_t len = make_udp(d, 7, 4444, "hello", 5), total;

    meet(host);
    pass(SECONDS(5));
    total = make_packet(p, 17, 0xc000, 0xbeef, d, len);
    p[1] = 0x28;
    memset(p + 10, 0, 2);
    checksum_store(p + 10, checksum_add(0, p, 20));
    send_frame(host, host->mac, IP4, p, total);
    const struct captured *c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host, c != NULL && c->len >= 28 + total && memcmp(c->bytes + 14 + 28, p, total) == 0);
    forget(host);
    memmove(p + 28, p + 20, len);
    memcpy(p + 20, options, sizeof options);
    p[0] = 0x47;
    wire_put16(p + 2, (uint32_t)(total += sizeof options));
    memset(p + 10, 0, 2);
    checksum_store(p + 10, checksum_add(0, p, 28));
    send_frame(host, host->mac, IP4, p, total);
    c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host, c != NULL && c->len >= 28 + total && memcmp(c->bytes + 14 + 28, p, total) == 0);
    /* Options that are wrong are told of the first fragment, and of none behind it. */
    p[22] = 99;
    for (uint16_t fragment = 0x2000; fragment <= 0x2001; fragment++) {
        forget(host);
        wire_put16(p + 6, fragment);
        memset(p + 10, 0, 2);
        checksum_store(p + 10, checksum_add(0, p, 28));
        send_frame(host, host->mac, IP4, p, total);
        CHECK(host, count_of(host, IP4, PROTOCOL, 1) == (fragment == 0x2000));
    }
}

/* RFC 791: a datagram of 576 bytes, in as many fragments as there may be. */
static void smallest_fragments_come_together(struct host *host)
{
    enum { PAYLOAD = 576 - 20 - 8 };
    struct udp_socket *s;
    struct buf *b = NULL;
    uint8_t payload[PAYLOAD], d[8 + PAYLOAD];
    memset(payload, 'y', sizeof payload);
    size_t len = make_udp(d, 7, 5001, payload, sizeof payload);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 5001, &s) == OK);
    for (size_t at = 0; at < len; at += 8) {
        size_t n = len - at < 8 ? len - at : 8;
        send_packet(host, 17, (uint16_t)((at + n < len ? 0x2000 : 0) | at / 8), 90, d + at, n);
    }
    OS_DEADLINE(os_now() + SECONDS(1))
    {
        CHECK(host, udp_receive(s, NULL, &b) == OK && buf_len(b) == PAYLOAD);
    }
    buf_free(b);
    udp_unbind(s);
    pass(SECONDS(31));
}

/* RFC 1122, section 3.2.2: nobody may send one, so it is forged. */
static void errors_about_groups_are_dropped(struct host *host)
{
    static const struct ip_addr groups[] = { IP_V4(255, 255, 255, 255), IP_V4(10, 0, 0, 255),
                                             IP_V4(10, 0, 0, 0), IP_V4(224, 0, 0, 1) };
    struct udp_socket *s;
    struct buf *b;
    CHECK(host, udp_bind(host->udp, &IP_ANY, 6001, &s) == OK);
    for (size_t i = 0; i < 4; i++) {
        struct endpoint to = { groups[i], 9 };
        uint8_t quote[28];
        int64_t malformed = metric_of("icmp.malformed");
        forget(host);
        CHECK(host, udp_send(s, &to, buf_copy("?", 1)) == OK);
        pass(MILLISECONDS(1));
        const struct captured *c = find(host, IP4, PROTOCOL, 17, 0);
        if (c == NULL) {
            CHECK(host, c != NULL);
            continue;
        }
        memcpy(quote, c->bytes + 14, sizeof quote);
        send_icmp(host, 3, 3, 0, 0, quote, sizeof quote);
        OS_DEADLINE(os_now() + SECONDS(1))
        {
            CHECK(host, udp_receive(s, NULL, &b) == ERR_TIMEOUT);
        }
        CHECK(host, metric_of("icmp.malformed") == malformed + 1);
    }
    udp_unbind(s);
}

/* RFC 8200, section 4.5: what the sender of a fragment is told. */
static void tells_of_bad_fragments(struct host *host)
{
    static const struct {
        uint8_t next;
        size_t offset, len;
        bool more;
        uint8_t code;
        uint32_t pointer;
    } bad[] = {
        { 17, 0, 20, true, 0, 4 },       /* a length that is no multiple of eight */
        { 17, 800, 20, true, 0, 4 },     /* the same in the middle */
        { 17, 65528, 16, false, 0, 42 }, /* more than 65535 bytes */
        { 60, 0, 8, true, 3, 0 },        /* headers that go on in the next fragment */
        { 6, 0, 16, true, 3, 0 },        /* a TCP header that does */
        { 60, 0, 4, false, 3, 0 },       /* headers that end nowhere */
    };
    uint8_t data[64] = { 17, 0, 1, 4 };

    meet6(host);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forget(host);
        send_fragment(host, (uint32_t)(100 + i), bad[i].next, bad[i].offset, bad[i].more, data, bad[i].len);
        const struct captured *c = find_icmp(host, 4, 0);
        CHECK(host, c != NULL && checksum_holds(c) && c->bytes[14 + UPPER + 1] == bad[i].code &&
                        wire_get32(c->bytes + 14 + UPPER + 4) == bad[i].pointer);
    }
    /* What may be an ICMP error by itself, and what was sent to a group. */
    forget(host);
    send_fragment(host, 200, 58, 800, true, data, 20);
    CHECK(host, host->count == 0);
    pass(SECONDS(61));
}

/* RFC 6980, section 5: whole by themselves or not. */
static void no_discovery_in_fragments(struct host *host)
{
    struct ip_addr stranger = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x67 } };
    uint8_t m[56] = { NS }, ra[16] = { RA, 0, 0, 0, 61, 0, 7, 8 };
    int64_t refused = metric_of("ipv6.ndp_refused");

    memcpy(m + 8, own6.bytes, 16);
    link_option(m + 24, 1, host->info.mac);
    checksum_store(m + 2, checksum_add(checksum_pseudo(&peer6, &own6, 58, 32), m, 32));
    send_fragment(host, 300, 58, 0, false, m, 32);
    send_fragment(host, 301, 58, 0, true, m, 16);
    send_fragment(host, 301, 58, 16, false, m + 16, 16);
    CHECK(host, count_icmp(host, NA) == 0 && metric_of("ipv6.ndp_refused") == refused + 2);
    /* Behind an options header as well, and of the other kinds. */
    uint8_t p[80] = { 60, 0, 0, 0, 0, 0, 0, 1, 58, 0, 1, 4 };
    checksum_store(ra + 2, checksum_add(checksum_pseudo(&router, &all_nodes, 58, sizeof ra), ra, sizeof ra));
    memcpy(p + 16, ra, sizeof ra);
    send6(host, &router, &all_nodes, 44, 255, p, 16 + sizeof ra);
    m[0] = NA;
    memcpy(m + 8, stranger.bytes, 16);
    memset(m + 2, 0, 2);
    checksum_store(m + 2, checksum_add(checksum_pseudo(&peer6, &own6, 58, 32), m, 32));
    send_fragment(host, 302, 58, 0, false, m, 32);
    CHECK(host, metric_of("ipv6.ndp_refused") == refused + 4);
    CHECK(host, write6(host, &far, 8) == ERR_UNREACHABLE);
}

/* A forged hop limit does not keep packets on the link. */
static void hop_limit_has_a_floor(struct host *host)
{
    static const uint8_t limits[] = { 1, 5, 31, 0, 32, 255 }, kept[] = { 61, 61, 61, 61, 32, 255 };

    meet6(host);
    send_ra(host, &router, 0, 0, NULL, "", 0);
    for (size_t i = 0; i < sizeof limits; i++) {
        uint8_t m[16] = { RA, 0, 0, 0, limits[i] };
        send_icmp6(host, &router, &all_nodes, 255, m, sizeof m);
        forget(host);
        CHECK(host, write6(host, &peer6, 8) == OK);
        pass(MILLISECONDS(1));
        const struct captured *c = find(host, IP6, NEXT, 99, 0);
        CHECK(host, c != NULL && c->bytes[14 + HOPS] == kept[i]);
    }
}

/* The error quotes what came, with its extension headers. */
static void quotes_extension_headers(struct host *host)
{
    uint8_t p[32] = { 17, 0, 1, 4 }, whole[80];
    meet6(host);
    wire_put16(p + 8, 7);
    wire_put16(p + 10, 4445);
    wire_put16(p + 12, 12);
    memcpy(p + 16, "ping", 4);
    checksum_store_udp(p + 14, checksum_add(checksum_pseudo(&peer6, &own6, 17, 12), p + 8, 12));
    size_t len = make(whole, &peer6, &own6, 60, 64, p, 20);
    send6(host, &peer6, &own6, 60, 64, p, 20);
    const struct captured *c = find_icmp(host, 1, 0);
    CHECK(host,
          c != NULL && c->bytes[14 + UPPER + 1] == 4 && memcmp(c->bytes + 14 + UPPER + 8, whole, len) == 0);
}

/*
 * RFC 4443, section 2.4 (e): an error about a packet to a group is forged, and so is one that does not come
 * to the packet's source.
 */
static void errors_about_groups_are_dropped6(struct host *host)
{
    const struct ip_addr *const to[] = { &all_nodes, &peer6 };
    struct udp_socket *s;
    struct buf *b;
    meet6(host);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 6601, &s) == OK);
    for (size_t i = 0; i < 2; i++) {
        struct endpoint end = { *to[i], 9 };
        uint8_t m[56] = { 1, 4 };
        struct ip_addr source;
        int64_t malformed = metric_of("icmp.malformed");
        forget(host);
        CHECK(host, udp_send(s, &end, buf_copy("?", 1)) == OK);
        pass(MILLISECONDS(1));
        const struct captured *c = find(host, IP6, NEXT, 17, 0);
        if (c == NULL) {
            CHECK(host, c != NULL);
            continue;
        }
        memcpy(m + 8, c->bytes + 14, 48);
        memcpy(source.bytes, c->bytes + 14 + FROM, 16);
        send_icmp6(host, &peer6, i == 0 ? &source : &all_nodes, 64, m, sizeof m);
        CHECK(host, metric_of("icmp.malformed") == malformed + 1);
        OS_DEADLINE(os_now() + SECONDS(1))
        {
            CHECK(host, udp_receive(s, NULL, &b) == ERR_TIMEOUT);
        }
    }
    udp_unbind(s);
}

INTERNAL void test_errors(struct host *host)
{
    test(host, "ICMP quotes what came unchanged, and tells nothing of later fragments",
         errors_quote_unchanged);
    test(host, "no error about a broadcast or a group counts", errors_about_groups_are_dropped);
    test(host, "IPv4 puts 70 fragments together", smallest_fragments_come_together);
    test(host, "the senders of bad fragments are told", tells_of_bad_fragments);
    test(host, "neighbour discovery in fragments is refused", no_discovery_in_fragments);
    test(host, "the hop limit has a floor", hop_limit_has_a_floor);
    test(host, "errors quote extension headers", quotes_extension_headers);
    test(host, "no error about a group, or to one, counts", errors_about_groups_are_dropped6);
}
