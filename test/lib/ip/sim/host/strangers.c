/* What the tables of ARP, neighbours, routers and servers learn from strangers, and what stays in them. */
#include "host.h"

static const uint8_t stranger_mac[6] = { 2, 8, 8, 8, 8, 8 };

/* A request for our address. */
static void send_arp_from(struct host *host, uint32_t sender, const uint8_t *mac)
{
    uint8_t p[28] = { 0, 1, 8, 0, 6, 4, 0, REQUEST };
    memcpy(p + 8, mac, 6);
    wire_put32(p + 14, sender);
    memcpy(p + 24, own.bytes + 12, 4);
    send_frame(host, everybody, ARP, p, sizeof p);
}

/* Neighbours are hosts of the link alone, and have a link address of their own. */
static void arp_learns_of_neighbours_only(struct host *host)
{
    static const uint32_t nobodies[] = { 0x0a000105, 0x08080808, 0x7f000001, 0xe0000001, 0xffffffff,
                                         0x0a0000ff, 0x0a000000, 0x00010203, 0xf0000001 };
    static const uint8_t zero[6] = { 0 };
    meet(host);
    int64_t before = metric_of("arp.neighbours");
    for (size_t i = 0; i < sizeof nobodies / sizeof *nobodies; i++)
        send_arp_from(host, nobodies[i], stranger_mac);
    send_arp_from(host, 0x0a00002b, zero);
    send_arp_from(host, 0x0a00002b, host->mac);
    CHECK(host, metric_of("arp.neighbours") == before);
    /* What is known does not become one of these either. */
    send_arp_from(host, 0x0a000001, zero);
    send_arp_from(host, 0x0a000001, host->mac);
    forget(host);
    CHECK(host, write_to(host, 1, 1) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, IP4, PROTOCOL, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, host->info.mac, 6) == 0);
    send_arp_from(host, 0x0a00002b, stranger_mac);
    CHECK(host, metric_of("arp.neighbours") == before + 1);
}

static void check_peer_is_known(struct host *host)
{
    forget(host);
    CHECK(host, write_to(host, 1, 1) == OK);
    pass(MILLISECONDS(1));
    CHECK(host, count_of(host, IP4, PROTOCOL, 99) == 1 && count_of(host, ARP, 7, REQUEST) == 0);
}

/* In use among 512 are the peer and what answers; a flood of strangers, or of packets to nobody, is not. */
static void arp_keeps_what_is_in_use(struct host *host)
{
    struct ip_cidr wide = { own, 16 }, narrow = { own, 24 };
    CHECK(host, v4_set_address(host->v4, &wide, false) == OK);
    meet(host);
    CHECK(host, write_to(host, 1, 1) == OK);
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t mac[6] = { 2, 8, 8, 8, (uint8_t)(i >> 8), (uint8_t)i };
        send_arp_from(host, 0x0a000100 + i, mac);
        if (i % 200 == 0)
            forget(host);
    }
    CHECK(host, metric_of("arp.neighbours") == 512);
    check_peer_is_known(host);
    for (uint32_t i = 0; i < 1000; i++) {
        struct ip_head head = { .destination = IP_V4(10, 0, 100 + (i >> 8), i & 255), .protocol = 99 };
        IGNORE(ip_write(host->ip, &head, buf_alloc(8)));
    }
    pass(MILLISECONDS(1));
    CHECK(host, metric_of("arp.neighbours") == 512);
    check_peer_is_known(host);
    CHECK(host, v4_set_address(host->v4, &narrow, false) == OK);
    pass(SECONDS(10));
}

/* A router that asks from its address on another network is answered, but becomes no neighbour. */
static void neighbours_are_on_the_link(struct host *host)
{
    struct ip_addr far_away = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 5 } };
    uint8_t mine[6], none[6] = { 0 };

    meet6(host);
    int64_t before = metric_of("ipv6.neighbours");
    send_ns(host, &far_away, &own6, 255, true);
    const struct captured *c = find_icmp(host, NA, 0);
    CHECK(host, c != NULL && checksum_holds(c) && memcmp(c->bytes, host->info.mac, 6) == 0 &&
                    memcmp(c->bytes + 14 + TO, far_away.bytes, 16) == 0);
    forget(host);
    send_ns(host, &far_away, &own6, 255, false);
    CHECK(host, host->count == 0 && metric_of("ipv6.neighbours") == before);
    /* Link addresses that another host cannot have. */
    memcpy(mine, host->info.mac, 6);
    for (int i = 0; i < 2; i++) {
        struct ip_addr neighbour = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(0x71 + i) } };
        uint8_t m[32] = { NS };
        memcpy(m + 8, own6.bytes, 16);
        link_option(m + 24, 1, i == 0 ? host->mac : none);
        send_icmp6(host, &neighbour, &own6, 255, m, 32);
        const struct captured *known = find(host, IP6, NEXT, 99, 0);
        CHECK(host, known == NULL);
    }
    CHECK(host, metric_of("ipv6.neighbours") <= before + 1);
    memcpy(host->info.mac, mine, 6);
    forget(host);
    CHECK(host, write6(host, &peer6, 8) == OK);
    pass(MILLISECONDS(1));
    c = find(host, IP6, NEXT, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, host->info.mac, 6) == 0);
    pass(SECONDS(10));
}

static void check_peer6_is_known(struct host *host)
{
    forget(host);
    CHECK(host, write6(host, &peer6, 8) == OK);
    pass(MILLISECONDS(1));
    CHECK(host, count_of(host, IP6, NEXT, 99) == 1);
    for (size_t i = 0; i < count_icmp(host, NS); i++)
        CHECK(host, memcmp(find_icmp(host, NS, i)->bytes + 14 + UPPER + 8, peer6.bytes, 16) != 0);
}

static void neighbours_in_use_stay(struct host *host)
{
    meet6(host);
    CHECK(host, write6(host, &peer6, 8) == OK);
    for (uint32_t i = 0; i < 1000; i++) {
        struct ip_addr stranger = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [12] = 9 } };
        wire_put16(stranger.bytes + 14, i);
        send_ns(host, &stranger, &own6, 255, true);
        if (i % 200 == 0)
            forget(host);
    }
    CHECK(host, metric_of("ipv6.neighbours") == 512);
    check_peer6_is_known(host);
    for (uint32_t i = 0; i < 1000; i++) {
        struct ip_addr nobody = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [12] = 8 } };
        wire_put16(nobody.bytes + 14, i);
        IGNORE(write6(host, &nobody, 8));
    }
    pass(MILLISECONDS(1));
    CHECK(host, metric_of("ipv6.neighbours") == 512);
    check_peer6_is_known(host);
    pass(MINUTES(1));
}

/* Our own address is no router's; a neighbour is no router to itself. */
static void routers_are_others(struct host *host)
{
    struct ip_addr self = IP_ANY, near = { .bytes = { 0xfe, 0x80, [15] = 0x55 } };
    struct ip_cidr list[24];
    size_t n = ip_addresses(host->ip, list, 24);
    uint8_t m[40] = { REDIRECT };
    for (size_t i = 0; i < n && i < 24; i++)
        if (list[i].addr.bytes[0] == 0xfe)
            self = list[i].addr;
    CHECK(host, !ip_is_any(&self));
    send_ra(host, &self, 1800, 0, NULL, "", 0);
    CHECK(host, write6(host, &far, 8) == ERR_UNREACHABLE);
    int64_t refused = metric_of("ipv6.ndp_refused");
    memcpy(m + 8, router.bytes, 16);
    memcpy(m + 24, near.bytes, 16);
    send_icmp6(host, &near, &own6, 255, m, sizeof m);
    CHECK(host, metric_of("ipv6.ndp_refused") == refused + 1);
}

/* Two redirects of one destination: the later holds. */
static void later_redirects_hold(struct host *host)
{
    uint8_t m[48] = { REDIRECT }, first[6] = { 2, 4, 4, 4, 4, 1 }, second[6] = { 2, 4, 4, 4, 4, 2 };
    struct ip_addr better = { .bytes = { 0xfe, 0x80, [15] = 0x44 } };

    send_ra(host, &router, 1800, 0, NULL, "", 0);
    memcpy(m + 8, better.bytes, 16);
    memcpy(m + 24, far.bytes, 16);
    link_option(m + 40, 2, first);
    send_icmp6(host, &router, &own6, 255, m, sizeof m);
    /* The one in use may redirect further. */
    m[23] = 0x45;
    link_option(m + 40, 2, second);
    send_icmp6(host, &better, &own6, 255, m, sizeof m);
    forget(host);
    CHECK(host, write6(host, &far, 8) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, IP6, NEXT, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, second, 6) == 0);
    pass(HOURS(1));
}

/* Networks that no link has make no neighbours of strangers. */
static void prefixes_are_of_links(struct host *host)
{
    static const struct {
        uint8_t bits, first;
    } prefixes[] = { { 0, 0 }, { 3, 0x20 }, { 16, 0x20 }, { 96, 0 }, { 10, 0xfe }, { 64, 0xff } };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        uint8_t m[48] = { RA, 0, 0, 0, 64, [16] = 3, 4, prefixes[i].bits, 0xc0 };
        wire_put32(m + 20, 3600);
        wire_put32(m + 24, 3600);
        m[32] = prefixes[i].first;
        m[33] = prefixes[i].first == 0xfe ? 0x80 : prefixes[i].first == 0x20 ? 1 : 0;
        struct ip_cidr list[24];
        size_t before = ip_addresses(host->ip, list, 24);
        send_icmp6(host, &router, &all_nodes, 255, m, sizeof m);
        CHECK(host, write6(host, &far, 8) == ERR_UNREACHABLE);
        CHECK(host, ip_addresses(host->ip, list, 24) == before);
    }
}

static void send_name_server(struct host *host, const struct ip_addr *server, uint32_t lifetime)
{
    uint8_t m[40] = { RA, 0, 0, 0, 64, [16] = 25, 3 };
    wire_put32(m + 20, lifetime);
    memcpy(m + 24, server->bytes, 16);
    send_icmp6(host, &router, &all_nodes, 255, m, sizeof m);
}

/* Servers are other hosts, and those that are over make room for others. */
static void name_servers_are_others(struct host *host)
{
    struct ip_addr server = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [14] = 0x35 } },
                   loopback = { .bytes = { [15] = 1 } };
    struct ip_addr mapped = IP_V4(10, 0, 0, 9), out[8];
    send_name_server(host, &own6, 60);
    send_name_server(host, &loopback, 60);
    send_name_server(host, &mapped, 60);
    send_name_server(host, &all_nodes, 60);
    CHECK(host, ip_name_servers(host->ip, out, 8) == 0);
    for (uint8_t i = 0; i < 8; i++) {
        server.bytes[15] = i;
        send_name_server(host, &server, 1);
    }
    CHECK(host, ip_name_servers(host->ip, out, 8) == 8);
    pass(SECONDS(2));
    server.bytes[15] = 77;
    send_name_server(host, &server, 60);
    CHECK(host, ip_name_servers(host->ip, out, 8) == 1 && ip_equal(&out[0], &server));
    pass(SECONDS(61));
}

static size_t held(void)
{
    struct buf_stats stats;
    buf_get_stats(&stats);
    return (stats.pages - stats.heap_pieces) * 4096 + stats.heap_bytes;
}

/* Packets for neighbours that do not answer, each as long as an offload allows. */
static void waiting_packets_hold_little(struct host *host)
{
    for (int v6 = 0; v6 < 2; v6++) {
        struct ip_head head = { .destination = IP_V4(10, 0, 0, 0), .protocol = IP_PROTOCOL_TCP };
        size_t before = held();
        if (v6)
            head.destination = (struct ip_addr){ .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
        for (unsigned i = 0; i < 128; i++) {
            struct buf *b = buf_alloc(60000);
            if (b == NULL)
                return;
            memset(b->data, 0, b->len);
            b->csum = BUF_CSUM_PARTIAL;
            b->csum_offset = 16;
            b->gso = v6 ? BUF_GSO_TCP6 : BUF_GSO_TCP4;
            b->gso_size = 1000;
            head.destination.bytes[15] = (uint8_t)(100 + i / 16);
            IGNORE(ip_write(host->ip, &head, b));
        }
        /* Some of them wait, and others have found no room. */
        CHECK(host, held() > before + 500000 && held() < before + 1100000);
        pass(SECONDS(20));
        CHECK(host, held() < before + 100000);
    }
}

INTERNAL void test_strangers(struct host *host)
{
    test(host, "packets that wait for neighbours hold little", waiting_packets_hold_little);
    test(host, "ARP learns of neighbours only", arp_learns_of_neighbours_only);
    test(host, "ARP keeps what is in use, in a bounded table", arp_keeps_what_is_in_use);
    test(host, "neighbours are on the link", neighbours_are_on_the_link);
    test(host, "neighbours in use stay, in a bounded table", neighbours_in_use_stay);
    test(host, "our own addresses are no router's", routers_are_others);
    test(host, "the later of two redirects holds", later_redirects_hold);
    test(host, "prefixes are those of links", prefixes_are_of_links);
    test(host, "name servers are other hosts", name_servers_are_others);
}
