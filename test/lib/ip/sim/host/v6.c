/*
 * Neighbour discovery, routers, addresses, groups, IPv6 and ICMPv6. The host is 2001:db8::2/64, the peer
 * 2001:db8::1 and fe80::1; another router is fe80::9.
 */
#include "host.h"

static void solicited(const struct ip_addr *a, struct ip_addr *group, uint8_t *mac)
{
    *group =
        (struct ip_addr){ .bytes = { 0xff, 2, [11] = 1, 0xff, a->bytes[13], a->bytes[14], a->bytes[15] } };
    memcpy(mac, (const uint8_t[]){ 0x33, 0x33, 0xff, a->bytes[13], a->bytes[14], a->bytes[15] }, 6);
}

INTERNAL size_t make(uint8_t *p, const struct ip_addr *from, const struct ip_addr *to, uint8_t next,
                     uint8_t hops, const void *payload, size_t len)
{
    wire_put32(p, 0x60000000);
    wire_put16(p + 4, (uint32_t)len);
    p[NEXT] = next;
    p[HOPS] = hops;
    memcpy(p + FROM, from->bytes, 16);
    memcpy(p + TO, to->bytes, 16);
    memcpy(p + UPPER, payload, len);
    return UPPER + len;
}

INTERNAL void send6(struct host *host, const struct ip_addr *from, const struct ip_addr *to, uint8_t next,
                    uint8_t hops, const void *payload, size_t len)
{
    uint8_t p[FRAME_MAX], mac[6];
    memcpy(mac, host->mac, 6);
    if (to->bytes[0] == 0xff)
        memcpy(mac,
               (const uint8_t[]){ 0x33, 0x33, to->bytes[12], to->bytes[13], to->bytes[14], to->bytes[15] },
               6);
    send_frame(host, mac, IP6, p, make(p, from, to, next, hops, payload, len));
}

INTERNAL void send_icmp6(struct host *host, const struct ip_addr *from, const struct ip_addr *to,
                         uint8_t hops, uint8_t *m, size_t len)
{
    memset(m + 2, 0, 2);
    checksum_store(m + 2, checksum_add(checksum_pseudo(from, to, 58, (uint32_t)len), m, len));
    send6(host, from, to, 58, hops, m, len);
}

INTERNAL size_t link_option(uint8_t *p, uint8_t kind, const uint8_t *mac)
{
    p[0] = kind;
    p[1] = 1;
    memcpy(p + 2, mac, 6);
    return 8;
}

INTERNAL void send_ns(struct host *host, const struct ip_addr *from, const struct ip_addr *target,
                      uint8_t hops, bool tell)
{
    uint8_t m[32] = { NS }, mac[6];
    struct ip_addr group;
    memcpy(m + 8, target->bytes, 16);
    link_option(m + 24, 1, host->info.mac);
    solicited(target, &group, mac);
    send_icmp6(host, from, &group, hops, m, tell ? 32 : 24);
}

INTERNAL void send_na(struct host *host, const struct ip_addr *target, const struct ip_addr *to,
                      uint8_t flags)
{
    uint8_t m[32] = { NA, 0, 0, 0, flags };
    memcpy(m + 8, target->bytes, 16);
    link_option(m + 24, 2, host->info.mac);
    send_icmp6(host, target, to, 255, m, 32);
}

/* Let the host learn the peer's link address. */
INTERNAL void meet6(struct host *host)
{
    send_ns(host, &peer6, &own6, 255, true);
    forget(host);
}

INTERNAL void send_ra(struct host *host, const struct ip_addr *from, uint16_t lifetime, uint8_t preference,
                      const struct prefix *prefix, const void *more, size_t len)
{
    uint8_t m[400] = { RA, 0, 0, 0, 61, preference };
    size_t n = 16;
    wire_put16(m + 6, lifetime);
    n += link_option(m + n, 1, host->info.mac);
    if (prefix != NULL) {
        uint8_t *o = m + n;
        memcpy(o, (const uint8_t[]){ 3, 4, 64, 0xc0 }, 4);
        wire_put32(o + 4, prefix->valid);
        wire_put32(o + 8, prefix->preferred);
        memcpy(o + 16, (const uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, prefix->third }, 8);
        n += 32;
    }
    memcpy(m + n, more, len);
    send_icmp6(host, from, &all_nodes, 255, m, n + len);
}

INTERNAL const struct captured *find_icmp(const struct host *host, uint8_t type, size_t n)
{
    for (size_t i = 0; i < host->count; i++) {
        const struct captured *c = &host->frames[i];
        if (wire_get16(c->bytes + 12) == IP6 && c->bytes[14 + NEXT] == 58 && c->bytes[14 + UPPER] == type &&
            n-- == 0)
            return c;
    }
    return NULL;
}

INTERNAL size_t count_icmp(const struct host *host, uint8_t type)
{
    size_t n = 0;
    while (find_icmp(host, type, n) != NULL)
        n++;
    return n;
}

INTERNAL bool checksum_holds(const struct captured *c)
{
    struct ip_addr from, to;
    memcpy(from.bytes, c->bytes + 14 + FROM, 16);
    memcpy(to.bytes, c->bytes + 14 + TO, 16);
    uint32_t len = wire_get16(c->bytes + 14 + 4);
    return checksum_is_valid(checksum_add(checksum_pseudo(&from, &to, 58, len), c->bytes + 14 + UPPER, len));
}

/* The host's first address below 2001:db8:0:third::/64, or IP_ANY. */
INTERNAL struct ip_addr address_below(struct host *host, uint8_t third)
{
    struct ip_cidr list[24];
    size_t n = ip_addresses(host->ip, list, 24);
    for (size_t i = 0; i < n && i < 24; i++)
        if (list[i].addr.bytes[0] == 0x20 && list[i].addr.bytes[7] == third)
            return list[i].addr;
    return IP_ANY;
}

static void answers_solicitations(struct host *host)
{
    send_ns(host, &peer6, &own6, 255, true);
    const struct captured *c = find_icmp(host, NA, 0);
    CHECK(host,
          c != NULL && checksum_holds(c) && c->bytes[14 + HOPS] == 255 && c->bytes[14 + UPPER + 4] == 0x60);
    CHECK(host, c != NULL && memcmp(c->bytes + 14 + UPPER + 26, host->mac, 6) == 0 &&
                    memcmp(c->bytes, host->info.mac, 6) == 0);
    forget(host);
    int64_t refused = metric_of("ipv6.ndp_refused");
    send_ns(host, &peer6, &own6, 254, true);  /* its hop limit says that it was routed */
    send_ns(host, &IP_ANY, &own6, 255, true); /* a probe must not have a link address option */
    CHECK(host, count_icmp(host, NA) == 0 && metric_of("ipv6.ndp_refused") == refused + 2);
    /* When another host probes the host's address, the host answers to all. */
    send_ns(host, &IP_ANY, &own6, 255, false);
    c = find_icmp(host, NA, 0);
    CHECK(host, c != NULL && memcmp(c->bytes + 14 + TO, all_nodes.bytes, 16) == 0 &&
                    c->bytes[14 + UPPER + 4] == 0x20);
}

INTERNAL err write6(struct host *host, const struct ip_addr *to, size_t len)
{
    struct ip_head head = { .destination = *to, .protocol = 99 };
    return ip_write(host->ip, &head, buf_alloc(len));
}

/* RFC 4861, section 7.3: a neighbour is looked for by multicast, used, verified by unicast, and given up. */
static void finds_neighbours(struct host *host)
{
    struct ip_addr neighbour = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x33 } };
    CHECK(host, write6(host, &neighbour, 8) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find_icmp(host, NS, 0);
    CHECK(host, c != NULL && c->bytes[0] == 0x33 && checksum_holds(c));
    send_na(host, &neighbour, &own6, 0x60);
    CHECK(host, count_of(host, IP6, NEXT, 99) == 1);
    pass(SECONDS(50));
    forget(host);
    CHECK(host, write6(host, &neighbour, 8) == OK);
    pass(SECONDS(4));
    CHECK(host, count_of(host, IP6, NEXT, 99) == 1 && count_icmp(host, NS) == 0);
    pass(SECONDS(2));
    c = find_icmp(host, NS, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, host->info.mac, 6) == 0);
    send_na(host, &neighbour, &own6, 0x60);
    pass(SECONDS(50));
    forget(host);
    CHECK(host, write6(host, &neighbour, 8) == OK);
    pass(SECONDS(8) + MILLISECONDS(100));
    CHECK(host, count_icmp(host, NS) == 3 && write6(host, &neighbour, 8) == ERR_UNREACHABLE);
    /* When a higher layer reports progress, no solicitation is needed. */
    pass(SECONDS(2));
    send_na(host, &neighbour, &all_nodes, 0x20);
    CHECK(host, write6(host, &neighbour, 8) == OK);
    pass(MILLISECONDS(1));
    send_na(host, &neighbour, &own6, 0x60);
    forget(host);
    for (int i = 0; i < 10; i++) {
        pass(SECONDS(10));
        CHECK(host, write6(host, &neighbour, 8) == OK);
        ip_confirm(host->ip, &neighbour);
    }
    CHECK(host, count_icmp(host, NS) == 0);
    pass(SECONDS(20));
}

static void neighbours_are_bounded(struct host *host)
{
    for (int i = 0; i < 1000; i++) {
        struct ip_addr a = { .bytes = { 0xfe, 0x80, [13] = 7, (uint8_t)(i >> 8), (uint8_t)i } };
        send_ns(host, &a, &own6, 255, true);
    }
    CHECK(host, metric_of("ipv6.neighbours") == 512);
    pass(SECONDS(20)); /* each neighbour is verified */
}

/*
 * RFC 4862, 8106, 4191: the host takes an address, a router, an MTU, name servers and domains from an
 * advertisement until they expire.
 */
static void listens_to_routers(struct host *host)
{
    uint8_t more[72] = {
        5,  1, 0, 0, 0, 0, 0x05, 0x78,                                      /* MTU 1400 */
        25, 3, 0, 0, 0, 0, 0x02, 0x58, 0x20, 0x01, 0x0d, 0xb8, [31] = 0x35, /* a name server for 600 s */
        31, 3, 0, 0, 0, 0, 0x02, 0x58, 2,    'e',  'x',  3,    'o',         'r', 'g', 0, 1, 'y', 0
    };
    struct prefix prefix = { 1, 3600, 1800 };
    struct ip_addr servers[4], a;
    char domains[64];

    CHECK(host, count_icmp(host, RS) == 0 && write6(host, &far, 8) == ERR_UNREACHABLE);
    pass(HOURS(2));
    CHECK(host, count_icmp(host, RS) >= 1); /* it still solicits, at growing intervals */
    forget(host);
    send_ra(host, &router, 1800, 0, &prefix, more, 56);
    a = address_below(host, 1);
    CHECK(host, !ip_is_any(&a) && ip_mtu(host->ip, &far) == 1400 - 40);
    const struct captured *c = find_icmp(host, NS, 0);
    CHECK(host, c != NULL && memcmp(c->bytes + 14 + UPPER + 8, a.bytes, 16) == 0 && c->bytes[14 + FROM] == 0);
    CHECK(host, ip_name_servers(host->ip, servers, 4) == 1 && servers[0].bytes[15] == 0x35);
    CHECK(host,
          ip_search_domains(host->ip, domains, sizeof domains) == 8 && strcmp(domains, "ex.org y") == 0);
    CHECK(host, write6(host, &far, 8) == OK);
    pass(MILLISECONDS(1));
    c = find(host, IP6, NEXT, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, host->info.mac, 6) == 0 && c->bytes[14 + HOPS] == 61);
    forget(host);
    pass(SECONDS(601));
    CHECK(host, ip_name_servers(host->ip, servers, 4) == 0 &&
                    ip_search_domains(host->ip, domains, sizeof domains) == 0);
    CHECK(host, count_icmp(host, RS) == 0);
    pass(SECONDS(1200));
    CHECK(host, write6(host, &far, 8) == ERR_UNREACHABLE && ip_has(host->ip, &a));
    /*
     * The address is deprecated now. RFC 6724 prefers the other one, although it has a shorter common prefix.
     */
    struct ip_addr same = a, source;
    same.bytes[15] ^= 1;
    CHECK(host, ip_source(host->ip, &same, &source) == OK && ip_equal(&source, &own6));
    pass(SECONDS(1810));
    CHECK(host, !ip_has(host->ip, &a));
}

/* RFC 4862, section 5.5.3: a forged advertisement cannot remove an address at once. */
static void lifetimes_shrink_to_two_hours(struct host *host)
{
    struct prefix prefix = { 2, 86400, 86400 };
    send_ra(host, &router, 0, 0, &prefix, "", 0);
    struct ip_addr a = address_below(host, 2);
    CHECK(host, !ip_is_any(&a));
    prefix.valid = prefix.preferred = 5;
    send_ra(host, &router, 0, 0, &prefix, "", 0);
    pass(HOURS(2) - SECONDS(10));
    CHECK(host, ip_has(host->ip, &a));
    pass(SECONDS(20));
    CHECK(host, !ip_has(host->ip, &a));
}

/* RFC 4862, section 5.4, and RFC 7217, section 6: the host takes another address when its own is in use. */
static void duplicates_are_replaced(struct host *host)
{
    struct prefix prefix = { 3, 3600, 3600 };
    send_ra(host, &router, 0, 0, &prefix, "", 0);
    struct ip_addr first = address_below(host, 3);
    send_na(host, &first, &all_nodes, 0x20);
    struct ip_addr second = address_below(host, 3);
    CHECK(host, !ip_is_any(&second) && !ip_equal(&first, &second) && !ip_has(host->ip, &first));
    /* The host's own probe that a loop returns is no conflict (RFC 7527). Another host's probe is one. */
    const struct captured *c = find_icmp(host, NS, count_icmp(host, NS) - 1);
    CHECK(host, c != NULL && memcmp(c->bytes + 14 + UPPER + 8, second.bytes, 16) == 0);
    if (c != NULL) {
        struct captured copy = *c;
        send_frame(host, copy.bytes, IP6, copy.bytes + 14, copy.len);
    }
    CHECK(host, ip_has(host->ip, &second));
    send_ns(host, &IP_ANY, &second, 255, false);
    CHECK(host, !ip_has(host->ip, &second));
    struct ip_addr third = address_below(host, 3);
    pass(SECONDS(2));
    forget(host);
    send_ns(host, &IP_ANY, &third, 255, false);
    CHECK(host, ip_has(host->ip, &third) && count_icmp(host, NA) == 1);
    /* The same prefix again gives the same address. */
    send_ra(host, &router, 0, 0, &prefix, "", 0);
    struct ip_addr again = address_below(host, 3);
    CHECK(host, ip_equal(&again, &third));
    pass(SECONDS(3700));
}

static void prefixes_are_bounded(struct host *host)
{
    for (uint8_t i = 10; i < 60; i++)
        send_ra(host, &router, 0, 0, &(struct prefix){ i, 3600, 3600 }, "", 0);
    struct ip_cidr list[32];
    CHECK(host, ip_addresses(host->ip, list, 32) <= 16);
    pass(HOURS(2));
}

/*
 * RFC 4191: routers have preferences and routes of their own. RFC 4861, section 6.3.6: the host leaves a
 * router that does not answer.
 */
static void chooses_routers(struct host *host)
{
    uint8_t route[16] = { 24, 2, 48, 0, 0, 0, 0x0e, 0x10, 0x20, 0x01, 0x0d, 0xb8, 0, 0xff };
    uint8_t nine[6] = { 2, 9, 9, 9, 9, 9 }, one[6];
    struct ip_addr elsewhere = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, 0, 0xee, [15] = 1 } };

    memcpy(one, host->info.mac, 6);
    send_ra(host, &router, 1800, 0, NULL, "", 0);
    memcpy(host->info.mac, nine, 6);
    send_ra(host, &other_router, 1800, 0x18, NULL, route,
            sizeof route); /* of low preference, except for that route */
    memcpy(host->info.mac, one, 6);
    CHECK(host, write6(host, &far, 8) == OK && write6(host, &elsewhere, 8) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, IP6, NEXT, 99, 0), *d = find(host, IP6, NEXT, 99, 1);
    CHECK(host, c != NULL && memcmp(c->bytes, nine, 6) == 0);
    CHECK(host, d != NULL && memcmp(d->bytes, one, 6) == 0);
    /* Neither router answers. The host gives up fe80::9, and the other router takes its route. */
    pass(SECONDS(9));
    forget(host);
    send_na(host, &router, &own6, 0xe0);
    CHECK(host, write6(host, &far, 8) == OK);
    pass(MILLISECONDS(1));
    c = find(host, IP6, NEXT, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, one, 6) == 0);
    /* A router that announces that it no longer is one. */
    send_na(host, &router, &own6, 0x60);
    pass(SECONDS(2));
    forget(host);
    CHECK(host, write6(host, &elsewhere, 8) != ERR_INVALID);
    pass(MILLISECONDS(1));
    CHECK(host, find(host, IP6, NEXT, 99, 0) == NULL);
    pass(HOURS(2));
}

/* RFC 4861, section 8: redirects count only from the router that is in use for the destination. */
static void follows_redirects(struct host *host)
{
    uint8_t m[48] = { REDIRECT };
    struct ip_addr better = { .bytes = { 0xfe, 0x80, [15] = 0x44 } };
    uint8_t mac[6] = { 2, 4, 4, 4, 4, 4 };

    send_ra(host, &router, 1800, 0, NULL, "", 0);
    memcpy(m + 8, better.bytes, 16);
    memcpy(m + 24, far.bytes, 16);
    link_option(m + 40, 2, mac);
    send_icmp6(host, &other_router, &own6, 255, m, sizeof m);
    send_icmp6(host, &router, &own6, 64, m, sizeof m);
    send_icmp6(host, &peer6, &own6, 255, m, sizeof m);
    CHECK(host, write6(host, &far, 8) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, IP6, NEXT, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, host->info.mac, 6) == 0);
    forget(host);
    send_icmp6(host, &router, &own6, 255, m, sizeof m);
    CHECK(host, write6(host, &far, 8) == OK);
    pass(MILLISECONDS(1));
    c = find(host, IP6, NEXT, 99, 0);
    CHECK(host, c != NULL && memcmp(c->bytes, mac, 6) == 0);
    pass(HOURS(1));
    CHECK(host, write6(host, &far, 8) == ERR_UNREACHABLE);
}

static void answers_echoes(struct host *host)
{
    uint8_t m[64] = { 128, 0, 0, 0, 1, 2, 3, 4, 5 };
    meet6(host);
    send_icmp6(host, &peer6, &own6, 64, m, sizeof m);
    const struct captured *c = find_icmp(host, 129, 0);
    CHECK(host, c != NULL && checksum_holds(c) && memcmp(c->bytes + 14 + UPPER + 4, m + 4, 60) == 0);
    forget(host);
    m[2] ^= 1;
    send6(host, &peer6, &own6, 58, 64, m, sizeof m);
    CHECK(host, host->count == 0);
    /* Source addresses that are impossible, or that would be taken for IPv4. */
    struct ip_addr mapped = IP_V4(10, 0, 0, 2), loopback = { .bytes = { [15] = 1 } };
    int64_t martian = metric_of("ipv6.martian");
    send_icmp6(host, &mapped, &own6, 64, m, sizeof m);
    send_icmp6(host, &all_nodes, &own6, 64, m, sizeof m);
    send_icmp6(host, &loopback, &own6, 64, m, sizeof m);
    send_icmp6(host, &own6, &own6, 64, m, sizeof m);
    CHECK(host, metric_of("ipv6.martian") == martian + 4 && host->count == 0);
}

static void checks_extension_headers(struct host *host)
{
    uint8_t p[64] = { 60, 0, 1, 4, [8] = 58, 0, 1, 4 }, echo[8] = { 128 };
    meet6(host);
    checksum_store(echo + 2, checksum_add(checksum_pseudo(&peer6, &own6, 58, 8), echo, 8));
    memcpy(p + 16, echo, 8);
    send6(host, &peer6, &own6, 0, 64, p, 24);
    CHECK(host, count_icmp(host, 129) == 1);
    p[10] = 0x9e; /* an unknown option that must be reported */
    send6(host, &peer6, &own6, 0, 64, p, 24);
    const struct captured *c = find_icmp(host, 4, 0);
    CHECK(host, c != NULL && c->bytes[14 + UPPER + 1] == 2 && wire_get32(c->bytes + 14 + UPPER + 4) == 50);
    p[10] = 0x5e; /* an unknown option for which the packet is dropped */
    send6(host, &peer6, &own6, 0, 64, p, 24);
    CHECK(host, count_icmp(host, 129) == 1 && count_icmp(host, 4) == 1);
    p[10] = 1;
    p[0] = 43;
    p[8 + 3] = 0;
    memcpy(p + 8, (const uint8_t[]){ 58, 0, 0, 1, 0, 0, 0, 0 }, 8); /* a routing header with a segment left */
    send6(host, &peer6, &own6, 0, 64, p, 24);
    c = find_icmp(host, 4, 1);
    CHECK(host, c != NULL && c->bytes[14 + UPPER + 1] == 0 && wire_get32(c->bytes + 14 + UPPER + 4) == 50);
    p[0] = 0; /* hop-by-hop, not first */
    memcpy(p + 8, (const uint8_t[]){ 58, 0, 1, 4, 0, 0, 0, 0 }, 8);
    send6(host, &peer6, &own6, 0, 64, p, 24);
    c = find_icmp(host, 4, 2);
    CHECK(host, c != NULL && c->bytes[14 + UPPER + 1] == 1 && wire_get32(c->bytes + 14 + UPPER + 4) == 40);
    /* More headers than the limit, and an unknown protocol. */
    uint8_t many[20 * 8] = { 0 };
    for (size_t i = 0; i < 19; i++)
        memcpy(many + i * 8, (const uint8_t[]){ 60, 0, 1, 4 }, 4);
    int64_t refused = metric_of("ipv6.refused_extensions");
    send6(host, &peer6, &own6, 60, 64, many, sizeof many);
    CHECK(host, metric_of("ipv6.refused_extensions") == refused + 1);
    send6(host, &peer6, &own6, 99, 64, "whatever", 8);
    c = find_icmp(host, 4, 3);
    CHECK(host, c != NULL && c->bytes[14 + UPPER + 1] == 1 && wire_get32(c->bytes + 14 + UPPER + 4) == 6);
}

INTERNAL void send_fragment(struct host *host, uint32_t id, uint8_t next, size_t offset, bool more,
                            const void *data, size_t len)
{
    uint8_t p[FRAME_MAX] = { next };
    wire_put16(p + 2, (uint32_t)(offset | more));
    wire_put32(p + 4, id);
    memcpy(p + 8, data, len);
    send6(host, &peer6, &own6, 44, 64, p, 8 + len);
}

static void puts_fragments_together(struct host *host)
{
    uint8_t m[2000] = { 128, 0, 0, 0, 7, 7 };
    for (size_t i = 8; i < sizeof m; i++)
        m[i] = (uint8_t)(i * 3);
    checksum_store(m + 2, checksum_add(checksum_pseudo(&peer6, &own6, 58, sizeof m), m, sizeof m));
    meet6(host);
    send_fragment(host, 1, 58, 1200, false, m + 1200, 800);
    send_fragment(host, 1, 58, 0, true, m, 1200);
    /* The reply is longer than the MTU, so it comes in two fragments. */
    CHECK(host, count_of(host, IP6, NEXT, 44) == 2);
    const struct captured *c = find(host, IP6, NEXT, 44, 1);
    CHECK(host, c != NULL && (wire_get16(c->bytes + 14 + UPPER + 2) & 1) == 0);
    forget(host);
    int64_t refused = metric_of("ipv6.fragments_refused");
    send_fragment(host, 2, 58, 0, true, m, 1200);
    send_fragment(host, 2, 58, 1192, false, m + 1192, 808);
    send_fragment(host, 2, 58, 1200, false, m + 1200, 800);
    CHECK(host, metric_of("ipv6.fragments_refused") == refused + 1 && host->count == 0);
    /*
     * RFC 6946: an atomic fragment is complete by itself, even when other fragments have its identification.
     */
    uint8_t echo[8] = { 128 };
    checksum_store(echo + 2, checksum_add(checksum_pseudo(&peer6, &own6, 58, 8), echo, 8));
    send_fragment(host, 2, 58, 0, false, echo, 8);
    CHECK(host, count_icmp(host, 129) == 1);
    /* RFC 7112: headers that continue in the next fragment. RFC 6980: neighbour discovery in fragments. */
    send_fragment(host, 3, 60, 0, true, "\x3a\x01\x01\x04\0\0\0\0", 8);
    CHECK(host, metric_of("ipv6.fragments_refused") == refused + 2);
    forget(host);
    pass(SECONDS(61));
    c = find_icmp(host, 3, 0);
    CHECK(host, c == NULL || c->bytes[14 + UPPER + 1] == 1);
}

static void learns_path_mtus(struct host *host)
{
    struct udp_socket *s;
    struct endpoint to = { far, 9 };
    uint8_t m[56] = { 2 };

    send_ra(host, &router, 1800, 0, NULL, "", 0);
    uint32_t before = ip_mtu(host->ip, &far);
    CHECK(host, udp_bind(host->udp, &IP_ANY, 6500, &s) == OK && udp_send(s, &to, buf_copy("?", 1)) == OK);
    pass(MILLISECONDS(1));
    const struct captured *c = find(host, IP6, NEXT, 17, 0);
    if (c == NULL) {
        CHECK(host, c != NULL);
        return;
    }
    memcpy(m + 8, c->bytes + 14, 48);
    wire_put32(m + 4, 1300);
    send_icmp6(host, &router, &own6, 64, m, sizeof m);
    CHECK(host, before == 1360 && ip_mtu(host->ip, &far) == 1260 && ip_link_mtu(host->ip, &far) == before);
    wire_put32(m + 4, 600);
    send_icmp6(host, &router, &own6, 64, m, sizeof m);
    CHECK(host, ip_mtu(host->ip, &far) == 1240);
    ip_learn_mtu(host->ip, &far, 1300);
    CHECK(host, ip_mtu(host->ip, &far) == 1300);
    struct ip_head probe = { .destination = far, .protocol = 253, .dont_fragment = true, .probe = true };
    CHECK(host, ip_write(host->ip, &probe, buf_alloc(before)) == OK);
    CHECK(host, ip_write(host->ip, &probe, buf_alloc(before + 1)) == ERR_TOO_LARGE);
    probe.probe = false;
    CHECK(host, ip_write(host->ip, &probe, buf_alloc(1301)) == ERR_TOO_LARGE);
    ip_learn_mtu(host->ip, &far, 9000);
    CHECK(host, ip_mtu(host->ip, &far) == before);
    ip_learn_mtu(host->ip, &far, 10);
    CHECK(host, ip_mtu(host->ip, &far) == 1240);
    forget(host);
    CHECK(host, udp_send(s, &to, buf_alloc(1400)) == OK);
    pass(MILLISECONDS(1));
    CHECK(host, count_of(host, IP6, NEXT, 44) == 2);
    pass(MINUTES(11));
    CHECK(host, ip_mtu(host->ip, &far) == before);
    udp_unbind(s);
    pass(HOURS(1));
}

/* RFC 3810. */
static void reports_groups(struct host *host)
{
    uint8_t m[28] = { 130, 0, 0, 0, 0x03, 0xe8 };
    send_icmp6(host, &router, &all_nodes, 1, m, sizeof m);
    pass(SECONDS(2));
    const struct captured *c = NULL;
    for (size_t i = 0; i < host->count && c == NULL; i++)
        if (host->frames[i].bytes[14 + NEXT] == 0 && host->frames[i].bytes[14 + 48] == 143)
            c = &host->frames[i];
    CHECK(host, c != NULL && c->bytes[14 + HOPS] == 1 && wire_get16(c->bytes + 14 + 48 + 6) >= 2 &&
                    c->bytes[14 + 48 + 8] == 2);
    forget(host);
    send_icmp6(host, &router, &all_nodes, 64, m, sizeof m);
    pass(SECONDS(2));
    CHECK(host, host->count == 0);
}

static void pings(struct host *host)
{
    os_time round_trip;
    struct ip_addr loopback = { .bytes = { [15] = 1 } };
    CHECK(host, icmp_ping(host->icmp, &own6, 1, 100, SECONDS(1), &round_trip) == OK);
    CHECK(host, icmp_ping(host->icmp, &loopback, 1, 3000, SECONDS(1), &round_trip) == OK);
    meet6(host);
    CHECK(host, icmp_ping(host->icmp, &peer6, 1, 100, SECONDS(1), &round_trip) == ERR_TIMEOUT);
}

INTERNAL void test_v6(struct host *host)
{
    test(host, "solicitations are answered, and doubted", answers_solicitations);
    test(host, "neighbours are found, checked and given up", finds_neighbours);
    test(host, "the table of neighbours is bounded", neighbours_are_bounded);
    test(host, "routers' advertisements configure, for as long as they say", listens_to_routers);
    test(host, "lifetimes shrink to two hours", lifetimes_shrink_to_two_hours);
    test(host, "duplicate addresses are replaced", duplicates_are_replaced);
    test(host, "advertised prefixes are bounded", prefixes_are_bounded);
    test(host, "routers are chosen by prefix, preference and reachability", chooses_routers);
    test(host, "redirects are followed when they come from the router in use", follows_redirects);
    test(host, "echoes are answered, martians dropped", answers_echoes);
    test(host, "extension headers are checked", checks_extension_headers);
    test(host, "fragments are put together, and forgotten when they overlap", puts_fragments_together);
    test(host, "path MTUs are learnt and forgotten", learns_path_mtus);
    test(host, "groups are reported", reports_groups);
    test(host, "pings of version 6", pings);
}
