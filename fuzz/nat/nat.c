/*
 * Packets from both networks into a running router, with time that passes: whole packets of the fuzzer's
 * making, with parts that the input changes, ICMP errors about what the router sent, and fragments.
 */
#include "nat_unit.h" /* of `units` */

#include "../ip/host.h"

#include <base/checksum/checksum.h>

/* The hosts that packets come from and go to, and some that they must not. */
static const uint32_t hosts[16] = { 0x0a010002, 0x0a010003, 0x0a010004, 0x0a010001, 0xc0000202, 0xc0000201,
                                    0xc6336409, 0xc633640a, 0x0a0100ff, 0xc00002ff, 0xffffffff, 0xe0000001,
                                    0x7f000001, 0xa9fe0101, 0x00000000, 0x0a010005 };

static uint32_t take_host(struct input *in)
{
    return hosts[take(in) & 15];
}

/* Store the checksums, those of the transport only when the input does not want them wrong. */
static void sum_up(uint8_t *p, size_t header, size_t len, bool wrong)
{
    static const uint8_t places[] = { [1] = 2, [6] = 16, [17] = 6 };
    uint8_t protocol = p[IPV4_PROTOCOL], place = protocol < sizeof places ? places[protocol] : 0;
    struct ip_addr from = ipv4_addr(wire_get32(p + IPV4_SOURCE)),
                   to = ipv4_addr(wire_get32(p + IPV4_DESTINATION));

    memset(p + IPV4_CHECKSUM, 0, 2);
    checksum_store(p + IPV4_CHECKSUM, checksum_add(0, p, header));
    if (place == 0 || header + place + 2 > len)
        return;
    uint32_t sum = protocol == 1 ? 0 : checksum_pseudo(&from, &to, protocol, (uint32_t)(len - header));
    memset(p + header + place, 0, 2);
    checksum_store_udp(p + header + place, checksum_add(sum, p + header, len - header));
    p[header + place] ^= (uint8_t)wrong;
}

/* A packet of a protocol between two of the hosts. What is not told by the input is as it should be. */
static size_t make(struct input *in, uint8_t *p, bool out, uint8_t how)
{
    static const uint8_t protocols[4] = { 1, 6, 17, 17 };
    size_t options = how & 4 ? 4 * (size_t)(take(in) & 3) : 0, header = IPV4_HEADER + options;
    uint8_t protocol = protocols[how & 3], ports = take(in);
    size_t len = header + (protocol == 6 ? 20u : 8u) + take(in) * 7u;
    struct ipv4_header h = { .length = (uint16_t)len, .protocol = protocol, .ttl = 64, .id = 1 };

    h.source = out ? hosts[6 + (ports >> 7)] : hosts[ports >> 7];
    h.destination = out ? hosts[4] : hosts[ports & 64 ? 4 : 6];
    memset(p, 0, len);
    ipv4_emit(p, &h);
    p[0] = (uint8_t)(0x40 | header / 4);
    for (size_t i = 0; i < options; i++)
        p[IPV4_HEADER + i] = take(in);
    uint8_t *t = p + header;
    wire_put16(t, 5000 + (ports & 7));
    wire_put16(t + 2, 5000 + (ports >> 3 & 7));
    if (protocol == 17)
        wire_put16(t + 4, (uint32_t)(len - header));
    if (protocol == 6) {
        t[12] = 0x50;
        t[13] = take(in);
    }
    if (protocol == 1) {
        t[0] = take(in);
        t[1] = 0;
        wire_put16(t + 4, ports & 7);
    }
    if (how & 8)
        wire_put32(p + (take(in) & 1 ? IPV4_SOURCE : IPV4_DESTINATION), take_host(in));
    /* A byte anywhere. */
    if (how & 16) {
        size_t at = take(in) % len;
        p[at] = take(in);
    }
    return len;
}

/* The last packet that went to each side, to be quoted. */
static struct {
    uint8_t p[200];
    size_t len;
} last[2];

/* An ICMP error about the last packet that the router sent to this side. */
static size_t make_error(struct input *in, uint8_t *p, bool out)
{
    size_t quoted = last[out].len, len;
    uint8_t cut = take(in);
    struct ipv4_header h = { .protocol = 1, .ttl = 64, .id = 2 };

    if (quoted > cut)
        quoted = cut;
    len = IPV4_HEADER + 8 + quoted;
    memset(p, 0, len);
    memcpy(p + IPV4_HEADER + 8, last[out].p, quoted);
    h.length = (uint16_t)len;
    h.source = quoted >= 20 ? wire_get32(last[out].p + IPV4_DESTINATION) : hosts[6];
    h.destination = quoted >= 20 ? wire_get32(last[out].p + IPV4_SOURCE) : hosts[4];
    ipv4_emit(p, &h);
    p[IPV4_HEADER] = cut & 64 ? 11 : 3;
    if (cut & 128)
        p[IPV4_HEADER + 8 + (quoted > 0 ? take(in) % quoted : 0)] ^= take(in);
    return len;
}

/* The packet that is coming in. */
static bool coming_right, coming_whole;
static size_t answers;

static bool is_right(const uint8_t *p, const struct ipv4_header *h)
{
    struct ip_addr from = ipv4_addr(h->source), to = ipv4_addr(h->destination);
    size_t len = (size_t)h->length - h->header_len;
    const uint8_t *t = p + h->header_len;

    if (h->protocol == 17 && len >= 8 && checksum_load(t + 6) == 0)
        return true;
    uint32_t sum = h->protocol == 1 ? 0 : checksum_pseudo(&from, &to, h->protocol, (uint32_t)len);
    return checksum_is_valid(checksum_add(sum, t, len));
}

static bool is_inside(uint32_t address)
{
    return address >> 8 == 0x0a0100 && (address & 0xff) != 0xff && (address & 0xff) != 0;
}

/* An error quotes what its receiver has sent, by the addresses that the receiver knows. */
static void check_error(bool out, const uint8_t *t, size_t len)
{
    CHECK(len >= 8 + IPV4_HEADER);
    const uint8_t *quoted = t + 8;
    if (out)
        CHECK(wire_get32(quoted + IPV4_DESTINATION) == hosts[4]);
    else
        CHECK(is_inside(wire_get32(quoted + IPV4_SOURCE)));
}

static err check_sent(bool out, const struct ip_addr *hop, struct buf *packet)
{
    struct ipv4_header h;
    size_t len = buf_len(packet);
    uint8_t *p = malloc(len);

    CHECK(p != NULL && len <= 1500 && packet->gso == BUF_GSO_NONE && packet->csum != BUF_CSUM_PARTIAL);
    CHECK(buf_read_copy(packet, 0, p, len) == OK);
    CHECK(ipv4_parse(&h, p, len, len) == OK && h.length == len && h.ttl > 0);
    CHECK(++answers <= 120);
    if (out)
        CHECK(h.source == hosts[4] && !is_inside(h.destination) && h.destination >> 28 < 0xe &&
              h.destination != hosts[9] && ipv4_number(hop) >> 8 == hosts[4] >> 8);
    else
        CHECK(is_inside(h.destination) && h.destination == ipv4_number(hop) &&
              !(is_inside(h.source) && h.source != hosts[3]));
    if ((h.fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) == 0) {
        bool error =
            h.protocol == 1 && (p[h.header_len] == 3 || p[h.header_len] == 11 || p[h.header_len] == 12);
        /* Nobody gets an error that was wrong, and what was right stays right. */
        if (error || (coming_right && coming_whole))
            CHECK(is_right(p, &h));
        if (error && coming_whole && h.source != (out ? hosts[4] : hosts[3]))
            CHECK(coming_right);
        if (error)
            check_error(out, p + h.header_len, len - h.header_len);
        last[out].len = len < sizeof last[out].p ? len : sizeof last[out].p;
        memcpy(last[out].p, p, last[out].len);
    }
    free(p);
    buf_free(packet);
    return OK;
}

static void comes(struct nat *nat, struct input *in, bool out, uint8_t how)
{
    uint8_t p[4096];
    size_t len = how & 32 ? make_error(in, p, out) : make(in, p, out, how), header = (size_t)(p[0] & 15) * 4;
    struct ipv4_header h;

    if (header < IPV4_HEADER || header > len)
        header = IPV4_HEADER;
    if (!(how & 128))
        sum_up(p, header, len, how & 64);
    coming_whole =
        ipv4_parse(&h, p, len, len) == OK && (h.fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) == 0;
    coming_right = coming_whole && is_right(p, &h);
    struct buf *b = exact(len);
    memcpy(b->data, p, len);
    answers = 0;
    b = split(b, take(in), take(in) & 1);
    if (out)
        outside_on_ipv4(nat, b, false);
    else
        inside_on_ipv4(nat, b, false);
}

struct inside {
    void *ctx;
};
struct outside {
    void *ctx;
};
static struct inside net_in;
static struct outside net_out;

void inside_info(struct inside *eth, struct network_info *out)
{
    (void)eth;
    *out = (struct network_info){ .mtu = 1500 };
}
void outside_info(struct outside *eth, struct network_info *out)
{
    (void)eth;
    *out = (struct network_info){ .mtu = 576 };
}
void inside_listen_ipv4(struct inside *eth, void *ctx)
{
    eth->ctx = ctx;
}
void outside_listen_ipv4(struct outside *eth, void *ctx)
{
    eth->ctx = ctx;
}
err inside_arp_write(struct inside_arp *arp, const struct ip_addr *hop, struct buf *packet)
{
    (void)arp;
    return check_sent(false, hop, packet);
}
err outside_arp_write(struct outside_arp *arp, const struct ip_addr *hop, struct buf *packet)
{
    (void)arp;
    return check_sent(true, hop, packet);
}
IO err inside_arp_add(struct inside_arp *arp, const struct ip_addr *addr, bool probe)
{
    (void)arp, (void)addr, (void)probe;
    return OK;
}
IO err outside_arp_add(struct outside_arp *arp, const struct ip_addr *addr, bool probe)
{
    (void)arp, (void)addr, (void)probe;
    return OK;
}
void inside_arp_remove(struct inside_arp *arp, const struct ip_addr *addr)
{
    (void)arp, (void)addr;
}
void outside_arp_remove(struct outside_arp *arp, const struct ip_addr *addr)
{
    (void)arp, (void)addr;
}
void inside_arp_set_network(struct inside_arp *arp, const struct ip_cidr *network)
{
    (void)arp, (void)network;
}
void outside_arp_set_network(struct outside_arp *arp, const struct ip_cidr *network)
{
    (void)arp, (void)network;
}

static err router_runs(void *arg)
{
    (void)arg;
    return nat_start(&net_in, NULL, &net_out, NULL, &fuzz_generator);
}

static void check_tables(const struct nat *nat)
{
    size_t shares = 0;

    CHECK(nat->flow_count.value <= 16 && nat->mapping_count.value <= nat->flow_count.value &&
          nat->host_count.value <= nat->mapping_count.value);
    for (size_t i = 0; i < NAT_SHARES; i++)
        for (size_t count = 0; count <= NAT_HOST_FLOWS; count++)
            for (struct nat_share *s = nat->tallies[i].by_count[count].first; s != NULL; s = s->node.next) {
                CHECK(s->count == count && count > 0 && count <= nat->tallies[i].most);
                shares += count;
            }
    CHECK(shares == (size_t)nat->flow_count.value);
}

static err fuzz_entry(void *arg)
{
    struct input *in = arg;
    struct os_fiber *router;
    struct buf_stats stats;

    memset(last, 0, sizeof last);
    inside = (struct ip_cidr){ ipv4_addr(hosts[3]), 24 };
    outside = (struct ip_cidr){ ipv4_addr(hosts[4]), 24 };
    gateway = ipv4_addr(hosts[5]);
    TRY(os_spawn(&router, router_runs, NULL));
    TRY(os_yield());
    struct nat *nat = net_in.ctx;
    CHECK(nat != NULL && nat == net_out.ctx);
    while (in->len > 0) {
        uint8_t what = take(in);
        if ((what & 0x0f) == 0x0f)
            os_sleep(SECONDS(1) << (what >> 4));
        else
            comes(nat, in, what & 1, take(in));
        check_tables(nat);
        buf_get_stats(&stats);
        CHECK(stats.pages <= 1200);
    }
    os_cancel(router);
    return os_join(router);
}
