/* ARP, IPv4, ICMP and UDP of version 4. The host is 10.0.0.2/24, the peer 10.0.0.1, its gateway. */
#include "host.h"

INTERNAL void send_arp(struct host *host, uint8_t operation, uint8_t sender, uint8_t target, uint8_t mac_end)
{
    uint8_t p[28] = { 0,  1, 8, 0,      6, 4, 0, operation, 2, 9, 9,  9, 9, mac_end,
                      10, 0, 0, sender, 0, 0, 0, 0,         0, 0, 10, 0, 0, target };
    if (mac_end == 0)
        memcpy(p + 8, host->info.mac, 6);
    if (sender == 0)
        memset(p + 14, 0, 4);
    send_frame(host, everybody, ARP, p, sizeof p);
}

INTERNAL size_t make_packet(uint8_t *p, uint8_t protocol, uint16_t fragment, uint16_t id, const void *payload,
                            size_t len)
{
    memset(p, 0, 20);
    p[0] = 0x45;
    wire_put16(p + 2, (uint32_t)(20 + len));
    wire_put16(p + 4, id);
    wire_put16(p + 6, fragment);
    p[8] = 64;
    p[9] = protocol;
    memcpy(p + 12, peer.bytes + 12, 4);
    memcpy(p + 16, own.bytes + 12, 4);
    memcpy(p + 20, payload, len);
    checksum_store(p + 10, checksum_add(0, p, 20));
    return 20 + len;
}

INTERNAL void send_packet(struct host *host, uint8_t protocol, uint16_t fragment, uint16_t id,
                          const void *payload, size_t len)
{
    uint8_t p[FRAME_MAX];
    send_frame(host, host->mac, IP4, p, make_packet(p, protocol, fragment, id, payload, len));
}

/* Send an ICMP message with its checksum. */
INTERNAL void send_icmp(struct host *host, uint8_t type, uint8_t code, uint16_t id, uint16_t sequence,
                        const void *payload, size_t len)
{
    uint8_t m[FRAME_MAX] = { type, code };
    wire_put16(m + 4, id);
    wire_put16(m + 6, sequence);
    memcpy(m + 8, payload, len);
    checksum_store(m + 2, checksum_add(0, m, 8 + len));
    send_packet(host, 1, 0, 1, m, 8 + len);
}

INTERNAL size_t make_udp(uint8_t *d, uint16_t source, uint16_t destination, const void *payload, size_t len)
{
    wire_put16(d, source);
    wire_put16(d + 2, destination);
    wire_put16(d + 4, (uint32_t)(8 + len));
    wire_put16(d + 6, 0);
    memcpy(d + 8, payload, len);
    uint32_t sum = checksum_pseudo(&peer, &own, 17, (uint32_t)(8 + len));
    checksum_store_udp(d + 6, checksum_add(sum, d, 8 + len));
    return 8 + len;
}

static void send_udp(struct host *host, uint16_t destination, const void *payload, size_t len)
{
    uint8_t d[FRAME_MAX];
    send_packet(host, 17, 0, 1, d, make_udp(d, 7, destination, payload, len));
}

/* Let the host learn the peer's link address. */
INTERNAL void meet(struct host *host)
{
    send_arp(host, REQUEST, 1, 2, 0);
    forget(host);
}

static void arp_answers(struct host *host)
{
    send_arp(host, REQUEST, 1, 2, 0);
    const struct captured *c = find(host, ARP, 7, REPLY, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, host->info.mac, 6) == 0 &&
                    memcmp(c->bytes + 14 + 14, own.bytes + 12, 4) == 0);
    forget(host);
    send_arp(host, REQUEST, 1, 3, 0);
    send_frame(host, everybody, ARP, "short", 5);
    CHECK(host, host->count == 0 && metric_of("arp.refused") == 1);
}

INTERNAL err write_to(struct host *host, uint8_t last, uint8_t mark)
{
    struct ip_head head = { .destination = IP_V4(10, 0, 0, last), .protocol = 99 };
    uint8_t bytes[8] = { mark };
    return ip_write(host->ip, &head, buf_copy(bytes, sizeof bytes));
}

static void arp_resolves(struct host *host)
{
    CHECK(host, write_to(host, 7, 1) == OK);
    pass(SECONDS(1) + MILLISECONDS(10));
    CHECK(host, count_of(host, ARP, 7, REQUEST) == 2 && count_of(host, IP4, PROTOCOL, 99) == 0);
    for (uint8_t i = 2; i < 24; i++)
        CHECK(host, write_to(host, 7, i) == OK);
    send_arp(host, REPLY, 7, 2, 7);
    /* The newest packets wait, as many as the limit allows. */
    CHECK(host, count_of(host, IP4, PROTOCOL, 99) == 16);
    const struct captured *c = find(host, IP4, PROTOCOL, 99, 0);
    CHECK(host, c != NULL && c->bytes[14 + 20] == 8 && c->bytes[5] == 7);
}

static void arp_gives_up(struct host *host)
{
    CHECK(host, write_to(host, 8, 1) == OK);
    pass(SECONDS(3) + MILLISECONDS(100));
    CHECK(host, count_of(host, ARP, 7, REQUEST) == 3);
    CHECK(host, write_to(host, 8, 1) == ERR_UNREACHABLE);
    pass(SECONDS(2));
    CHECK(host, write_to(host, 8, 1) == OK);
    pass(MILLISECONDS(1));
    CHECK(host, count_of(host, ARP, 7, REQUEST) == 4);
    pass(SECONDS(5));
}

/*
 * An entry that has been in use for a minute is verified by unicast. When there is no answer, the host asks
 * by broadcast.
 */
static void arp_ages(struct host *host)
{
    pass(SECONDS(61));
    CHECK(host, write_to(host, 7, 1) == OK);
    pass(MILLISECONDS(10));
    const struct captured *c = find(host, ARP, 7, REQUEST, 0);
    CHECK(host, c != NULL && c->bytes[5] == 7 && count_of(host, IP4, PROTOCOL, 99) == 1);
    pass(SECONDS(4));
    CHECK(host, count_of(host, ARP, 7, REQUEST) == 3);
    forget(host);
    CHECK(host, write_to(host, 7, 1) == OK);
    pass(MILLISECONDS(10));
    c = find(host, ARP, 7, REQUEST, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, everybody, 6) == 0);
    pass(SECONDS(5));
}

/* RFC 5227, section 2.4. */
static void arp_defends(struct host *host)
{
    send_arp(host, REQUEST, 2, 9, 66);
    CHECK(host, host->conflicts == 0 && count_of(host, ARP, 7, REQUEST) == 1);
    pass(SECONDS(3));
    send_arp(host, REPLY, 2, 9, 66);
    CHECK(host, host->conflicts == 1 && count_of(host, ARP, 7, REQUEST) == 1);
    pass(SECONDS(30));
    send_arp(host, REPLY, 2, 9, 66);
    CHECK(host, host->conflicts == 1 && count_of(host, ARP, 7, REQUEST) == 2);
}

struct setting {
    struct host *host;
    struct ip_cidr address;
    err e;
};

static err set_address(void *arg)
{
    struct setting *s = arg;
    s->e = v4_set_address(s->host->v4, &s->address, true);
    return OK;
}

/* Section 2.1.1. */
static void arp_probes(struct host *host)
{
    struct setting s = { host, { IP_V4(10, 0, 0, 77), 24 }, OK };
    struct os_fiber *fiber;
    os_time begin = os_now();

    CHECK(host, os_spawn(&fiber, set_address, &s) == OK);
    pass(SECONDS(2));
    CHECK(host, count_of(host, ARP, 7, REQUEST) >= 1 && ip_has(host->ip, &own));
    send_arp(host, REQUEST, 0, 77, 66); /* another probe for it */
    IGNORE(os_join(fiber));
    CHECK(host, s.e == ERR_EXISTS && ip_has(host->ip, &own) && os_now() - begin < SECONDS(3));
    forget(host);
    begin = os_now();
    s.address.addr.bytes[15] = 78;
    IGNORE(set_address(&s));
    CHECK(host, s.e == OK && os_now() - begin >= SECONDS(4) && os_now() - begin <= SECONDS(7) &&
                    ip_has(host->ip, &s.address.addr));
    pass(SECONDS(3));
    CHECK(host, count_of(host, ARP, 7, REQUEST) == 5); /* three probes, two announcements */
    s.address.addr = own;
    CHECK(host, v4_set_address(host->v4, &s.address, false) == OK);
    pass(SECONDS(3));
    send_arp(host, REQUEST, 1, 2, 0);
}

static void echo_is_answered(struct host *host)
{
    uint8_t payload[56] = { 1, 2, 3 };
    send_icmp(host, 8, 0, 5, 6, payload, sizeof payload);
    const struct captured *c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host, c != NULL && c->bytes[14 + ICMP_AT] == 0 && c->len == 84 &&
                    memcmp(c->bytes + 14 + 28, payload, 56) == 0);
    CHECK(host, c != NULL && checksum_is_valid(checksum_add(0, c->bytes + 34, 64)));
    forget(host);
    /* A ping to the broadcast address (RFC 1122, section 3.2.2.6), and one with a wrong checksum. */
    uint8_t p[100], m[8] = { 8, 0, 0xf7, 0xff };
    size_t len = make_packet(p, 1, 0, 1, m, 8);
    wire_put32(p + 16, 0x0a0000ff);
    memset(p + 10, 0, 2);
    checksum_store(p + 10, checksum_add(0, p, 20));
    send_frame(host, everybody, IP4, p, len);
    m[2] = 1;
    send_packet(host, 1, 0, 1, m, 8);
    CHECK(host, count_of(host, IP4, PROTOCOL, 1) == 0);
}

static void martians_are_dropped(struct host *host)
{
    static const uint32_t sources[] = { 0x7f000001, 0xe0000001, 0xffffffff, 0x0a0000ff,
                                        0x0a000002, 0x00000001, 0xf0000001 };
    int64_t before = metric_of("ipv4.martian");
    for (size_t i = 0; i < 7; i++) {
        uint8_t p[100], m[8] = { 8, 0, 0xf7, 0xff };
        size_t len = make_packet(p, 1, 0, 1, m, 8);
        wire_put32(p + 12, sources[i]);
        memset(p + 10, 0, 2);
        checksum_store(p + 10, checksum_add(0, p, 20));
        send_frame(host, host->mac, IP4, p, len);
    }
    CHECK(host, metric_of("ipv4.martian") == before + 7 && count_of(host, IP4, PROTOCOL, 1) == 0);
    /* A ping to the host's address in a broadcast frame. */
    uint8_t p[100], m[8] = { 8, 0, 0xf7, 0xff };
    send_frame(host, everybody, IP4, p, make_packet(p, 1, 0, 1, m, 8));
    CHECK(host, count_of(host, IP4, PROTOCOL, 1) == 0);
}

static void options_are_skipped(struct host *host)
{
    uint8_t p[100] = { 0 }, m[12] = { 7, 4, 4, 0, 8, 0, 0xf7, 0xff };
    size_t len = make_packet(p, 1, 0, 1, m, 12);
    p[0] = 0x46;
    memset(p + 10, 0, 2);
    checksum_store(p + 10, checksum_add(0, p, 24));
    send_frame(host, host->mac, IP4, p, len);
    CHECK(host, count_of(host, IP4, PROTOCOL, 1) == 1);
    forget(host);
    p[20] = 131; /* a source route */
    memset(p + 10, 0, 2);
    checksum_store(p + 10, checksum_add(0, p, 24));
    send_frame(host, host->mac, IP4, p, len);
    CHECK(host, host->count == 0 && metric_of("ipv4.source_routed") == 1);
    p[20] = 7;
    p[21] = 9; /* longer than the packet */
    memset(p + 10, 0, 2);
    checksum_store(p + 10, checksum_add(0, p, 24));
    send_frame(host, host->mac, IP4, p, len);
    const struct captured *c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host, c != NULL && c->bytes[34] == 12 && c->bytes[34 + 4] == 20);
}

static void fragments_come_together(struct host *host)
{
    struct udp_socket *s;
    struct endpoint from;
    struct buf *b = NULL;
    uint8_t payload[3000], d[3100];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    size_t len = make_udp(d, 7, 5000, payload, sizeof payload);

    CHECK(host, udp_bind(host->udp, &IP_ANY, 5000, &s) == OK);
    /* The last fragment comes first, and one comes twice. */
    send_packet(host, 17, 2000 / 8, 77, d + 2000, len - 2000);
    send_packet(host, 17, 0x2000, 77, d, 1000);
    send_packet(host, 17, 0x2000, 77, d, 1000);
    send_packet(host, 17, 0x2000 | 1000 / 8, 77, d + 1000, 1000);
    CHECK(host, udp_receive(s, &from, &b) == OK && buf_len(b) == sizeof payload && from.port == 7);
    uint8_t got[3000];
    CHECK(host, buf_read_copy(b, 0, got, sizeof got) == OK && memcmp(got, payload, sizeof got) == 0);
    buf_free(b);
    /* An overlap discards the packet, so its other fragments do not complete it. */
    int64_t refused = metric_of("ipv4.fragments_refused");
    send_packet(host, 17, 0x2000, 78, d, 1000);
    send_packet(host, 17, 0x2000 | 992 / 8, 78, d + 992, 1008);
    send_packet(host, 17, 2000 / 8, 78, d + 2000, len - 2000);
    send_packet(host, 17, 0x2000 | 1000 / 8, 78, d + 1000, 1000);
    CHECK(host, metric_of("ipv4.fragments_refused") == refused + 1 && metric_of("udp.in") == 1);
    /* A fragment beyond 65535 bytes, and one whose length is no multiple of eight. */
    send_packet(host, 17, 8191, 79, d, 1000);
    send_packet(host, 17, 0x2000, 80, d, 1001);
    CHECK(host, metric_of("ipv4.fragments_refused") == refused + 3);
    /*
     * RFC 792: the packet whose first fragment arrived gets time exceeded, code 1. The other one gets
     * nothing.
     */
    forget(host);
    send_packet(host, 17, 0x2000, 81, d, 1000);
    send_packet(host, 17, 2000 / 8, 82, d + 2000, 8);
    pass(SECONDS(31));
    CHECK(host, count_of(host, IP4, PROTOCOL, 1) == 1);
    const struct captured *c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host,
          c != NULL && c->bytes[34] == 11 && c->bytes[35] == 1 && wire_get16(c->bytes + 34 + 8 + 4) == 81);
    udp_unbind(s);
}

static void fragment_flood_is_bounded(struct host *host)
{
    uint8_t d[64] = { 0 };
    for (uint16_t i = 0; i < 2000; i++)
        send_packet(host, 17, (uint16_t)(0x2000 | (i % 50) * 8), (uint16_t)(1000 + i / 40), d, 64);
    struct buf_stats stats;
    buf_get_stats(&stats);
    CHECK(host, stats.pages < 1200);
    pass(SECONDS(40));
}

static void datagrams_go_in_fragments(struct host *host)
{
    struct udp_socket *s;
    struct endpoint to = { peer, 9 };
    struct buf *b = buf_alloc(4000);
    uint8_t whole[4008] = { 0 };

    meet(host);
    memset(b->data, 'x', 4000);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 0, &s) == OK && udp_port(s) >= 49152);
    CHECK(host, udp_send(s, &to, b) == OK);
    pass(MILLISECONDS(1));
    CHECK(host, count_of(host, IP4, PROTOCOL, 17) == 3);
    for (size_t i = 0; i < 3; i++) {
        const struct captured *c = find(host, IP4, PROTOCOL, 17, i);
        if (c == NULL)
            return;
        uint16_t fragment = wire_get16(c->bytes + 14 + 6);
        size_t offset = (size_t)(fragment & 0x1fff) * 8, len = (size_t)wire_get16(c->bytes + 16) - 20;
        CHECK(host, offset + len <= sizeof whole && ((fragment & 0x2000) != 0) == (i < 2));
        memcpy(whole + offset, c->bytes + 34, len);
    }
    CHECK(host, checksum_is_valid(checksum_add(checksum_pseudo(&own, &peer, 17, 4008), whole, 4008)) &&
                    whole[4007] == 'x');
    udp_unbind(s);
}

static void closed_ports_are_told(struct host *host)
{
    meet(host);
    send_udp(host, 4444, "hello", 5);
    const struct captured *c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host, c != NULL && c->bytes[34] == 3 && c->bytes[35] == 3 &&
                    wire_get16(c->bytes + 34 + 8 + 20 + 2) == 4444);
    CHECK(host, c != NULL && checksum_is_valid(checksum_add(0, c->bytes + 34, c->len - 20)));
    /* Of many errors at once, the first fifty are sent, and then a hundred a second. */
    pass(SECONDS(5));
    forget(host);
    for (int i = 0; i < 45; i++)
        send_udp(host, 4444, "hello", 5);
    CHECK(host, count_of(host, IP4, PROTOCOL, 1) <= 50);
    for (int i = 0; i < 455; i++)
        send_udp(host, 4444, "hello", 5);
    CHECK(host, count_of(host, IP4, PROTOCOL, 1) <= 50 + 50 + 1 && count_of(host, IP4, PROTOCOL, 1) >= 45);
    CHECK(host, metric_of("icmp.errors_limited") > 300);
    pass(SECONDS(5));
    meet(host);
    send_packet(host, 132, 0, 1, "whatever", 8);
    c = find(host, IP4, PROTOCOL, 1, 0);
    CHECK(host, c != NULL && c->bytes[34] == 3 && c->bytes[35] == 2);
}

static void errors_reach_sockets(struct host *host)
{
    struct udp_socket *s;
    struct endpoint to = { peer, 9 };
    struct buf *b;
    meet(host);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 6000, &s) == OK);
    CHECK(host, udp_send(s, &to, buf_copy("?", 1)) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, IP4, PROTOCOL, 17, 0);
    if (c == NULL) {
        CHECK(host, c != NULL);
        return;
    }
    uint8_t quote[28];
    memcpy(quote, c->bytes + 14, sizeof quote);
    uint32_t before = ip_mtu(host->ip, &peer);
    CHECK(host, before == 1480);
    /* An error about a datagram that was not sent, because it had another port. */
    quote[23] ^= 1;
    send_icmp(host, 3, 4, 0, 1400, quote, sizeof quote);
    send_icmp(host, 3, 3, 0, 0, quote, sizeof quote);
    CHECK(host, ip_mtu(host->ip, &peer) == before);
    quote[23] ^= 1;
    send_icmp(host, 3, 4, 0, 1400, quote, sizeof quote);
    CHECK(host, ip_mtu(host->ip, &peer) == 1380 && ip_link_mtu(host->ip, &peer) == before);
    send_icmp(host, 3, 4, 0, 100, quote, sizeof quote);
    CHECK(host, ip_mtu(host->ip, &peer) == 552 - 20);
    /* What probes find is known like that, within the link's MTU, which is all that limits a probe. */
    ip_learn_mtu(host->ip, &peer, 1400);
    CHECK(host, ip_mtu(host->ip, &peer) == 1400);
    struct ip_head probe = { .destination = peer, .protocol = 253, .dont_fragment = true, .probe = true };
    CHECK(host, ip_write(host->ip, &probe, buf_alloc(before)) == OK);
    CHECK(host, ip_write(host->ip, &probe, buf_alloc(before + 1)) == ERR_TOO_LARGE);
    probe.probe = false;
    CHECK(host, ip_write(host->ip, &probe, buf_alloc(1401)) == ERR_TOO_LARGE);
    ip_learn_mtu(host->ip, &peer, 9000);
    CHECK(host, ip_mtu(host->ip, &peer) == before);
    ip_learn_mtu(host->ip, &peer, 10);
    CHECK(host, ip_mtu(host->ip, &peer) == 552 - 20);
    ip_learn_mtu(host->ip, &IP_V4(127, 0, 0, 1), 1000);
    CHECK(host, ip_mtu(host->ip, &IP_V4(127, 0, 0, 1)) == 65535 - 20);
    pass(MINUTES(11));
    meet(host);
    CHECK(host, ip_mtu(host->ip, &peer) == before);
    send_icmp(host, 3, 3, 0, 0, quote, sizeof quote);
    CHECK(host, udp_receive(s, NULL, &b) == ERR_REFUSED);
    /* An error about a packet of another host. */
    quote[15] = 99;
    send_icmp(host, 3, 3, 0, 0, quote, sizeof quote);
    CHECK(host, metric_of("icmp.malformed") >= 1);
    quote[15] = 2;
    quote[9] = 6;
    send_icmp(host, 3, 3, 0, 0, quote, sizeof quote);
    CHECK(host, host->tcp_errors == 1);
    udp_unbind(s);
}

static void udp_queues_are_bounded(struct host *host)
{
    struct udp_socket *s, *other;
    struct buf *b;
    size_t got = 0;
    CHECK(host, udp_bind(host->udp, &own, 7000, &s) == OK);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 7000, &other) == ERR_ADDRESS_IN_USE);
    CHECK(host, udp_bind(host->udp, &peer, 7001, &other) == ERR_ADDRESS_NOT_HERE);
    for (int i = 0; i < 200; i++)
        send_udp(host, 7000, "x", 1);
    OS_DEADLINE(os_now() + SECONDS(1))
    while (udp_receive(s, NULL, &b) == OK) {
        got++;
        buf_free(b);
    }
    CHECK(host, got == 128 && metric_of("udp.queue_full") == 72);
    udp_unbind(s);
}

static void routes_are_chosen(struct host *host)
{
    struct ip_addr far = IP_V4(192, 0, 2, 1), other = IP_V4(10, 0, 0, 33), source;
    struct ip_cidr network = { IP_V4(192, 0, 2, 0), 24 };
    struct ip_head head = { .destination = far, .protocol = 99 };

    meet(host);
    IGNORE(ip_write(host->ip, &head, buf_alloc(8)));
    pass(MILLISECONDS(1));
    CHECK(host, count_of(host, IP4, PROTOCOL, 99) == 1);
    CHECK(host, v4_add_route(host->v4, &network, &other) == OK);
    IGNORE(ip_write(host->ip, &head, buf_alloc(8)));
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, ARP, 7, REQUEST, 0);
    CHECK(host, c != NULL && c->bytes[14 + 27] == 33);
    v4_clear_routes(host->v4);
    v4_set_gateway(host->v4, &IP_ANY);
    CHECK(host, ip_write(host->ip, &head, buf_alloc(8)) == ERR_UNREACHABLE &&
                    ip_source(host->ip, &far, &source) == ERR_UNREACHABLE);
    v4_set_gateway(host->v4, &peer);
    CHECK(host, ip_source(host->ip, &far, &source) == OK && ip_equal(&source, &own));
    head.source = IP_V4(10, 0, 0, 3);
    CHECK(host, ip_write(host->ip, &head, buf_alloc(8)) == ERR_ADDRESS_NOT_HERE);
    head.source = IP_ANY;
    head.dont_fragment = true;
    CHECK(host, ip_write(host->ip, &head, buf_alloc(1481)) == ERR_TOO_LARGE);
    pass(SECONDS(5));
}

/* The host sends a ping and a datagram to itself. The datagram is not fragmented. */
static void loops_back(struct host *host)
{
    struct ip_addr loopback = IP_V4(127, 0, 0, 1);
    os_time round_trip;
    struct udp_socket *s;
    struct endpoint to = { own, 7100 }, from;
    struct buf *b = NULL;

    CHECK(host, icmp_ping(host->icmp, &own, 1, 100, SECONDS(1), &round_trip) == OK);
    CHECK(host, icmp_ping(host->icmp, &loopback, 1, 100, SECONDS(1), &round_trip) == OK);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 7100, &s) == OK && udp_send(s, &to, buf_alloc(9000)) == OK);
    CHECK(host, udp_receive(s, &from, &b) == OK && buf_len(b) == 9000 && ip_equal(&from.addr, &own));
    buf_free(b);
    CHECK(host, host->count == 0);
    udp_unbind(s);
}

static void link_filters(struct host *host)
{
    int64_t tagged = metric_of("ethernet.dropped_tagged"), other = metric_of("ethernet.dropped_other");
    uint8_t stranger[6] = { 2, 5, 5, 5, 5, 5 }, p[46] = { 0 };
    send_frame(host, everybody, 0x8100, p, sizeof p);
    send_frame(host, everybody, 0x0040, p, sizeof p);
    send_frame(host, stranger, IP4, p, sizeof p);
    /* The switch has not learnt the stranger's port yet, so it sends the frame to every port. */
    CHECK(host,
          metric_of("ethernet.dropped_tagged") == tagged + 1 && metric_of("ethernet.dropped_other") >= other);
}

INTERNAL void test_v4(struct host *host)
{
    test(host, "ARP answers for us alone", arp_answers);
    test(host, "ARP resolves, with a bounded queue", arp_resolves);
    test(host, "ARP gives up, and tries again", arp_gives_up);
    test(host, "ARP renews what is used, and forgets who is gone", arp_ages);
    test(host, "ARP defends an address once in ten seconds, then tells", arp_defends);
    test(host, "ARP probes an address, and yields to who has it", arp_probes);
    test(host, "Ethernet drops tags, lengths and strangers' frames", link_filters);
    test(host, "ICMP answers echoes", echo_is_answered);
    test(host, "IPv4 drops martians", martians_are_dropped);
    test(host, "IPv4 skips options and refuses source routes", options_are_skipped);
    test(host, "IPv4 puts fragments together, and forgets what overlaps", fragments_come_together);
    test(host, "IPv4 holds a bounded number of fragments", fragment_flood_is_bounded);
    test(host, "IPv4 sends fragments", datagrams_go_in_fragments);
    test(host, "ICMP tells of closed ports and protocols, at a bounded rate", closed_ports_are_told);
    test(host, "errors reach sockets when they quote what was sent", errors_reach_sockets);
    test(host, "UDP's queues are bounded", udp_queues_are_bounded);
    test(host, "IPv4 chooses routes", routes_are_chosen);
    test(host, "IPv4 loops back", loops_back);
}
