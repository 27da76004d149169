/*
 * The two networks of a router: what it is given comes from here, and what it sends is kept here. The unit of
 * lib/nat is included before.
 */
#ifndef TEST_LIB_NAT_NETWORK_H
#define TEST_LIB_NAT_NETWORK_H

#include "test/support/test.h"

#include <base/checksum/checksum.h>
#include <base/prng/prng.h>
#include <base/wire/icmp.h>
#include <base/wire/udp.h>

enum { KEPT = 4096, PACKET_MAX = 70000 };

/* What the router sent last, oldest first. */
struct sent {
    bool out;
    uint32_t hop;
    size_t len;
    uint8_t *p;
};
static struct sent sent[KEPT];
static size_t sent_count;

struct inside {
    void *ctx;
    struct network_info info;
};
struct outside {
    void *ctx;
    struct network_info info;
};
struct inside_arp {
    int unused;
};
struct outside_arp {
    int unused;
};
struct random {
    struct prng prng;
};

static struct inside net_in;
static struct outside net_out;
static struct inside_arp in_arp;
static struct outside_arp out_arp;
static struct random generator;

static err keep(bool out, const struct ip_addr *hop, struct buf *packet)
{
    size_t len = buf_len(packet);

    CHECK(packet_fits(packet, out ? net_out.info.offloads : net_in.info.offloads));
    CHECK(packet->gso != BUF_GSO_NONE || len <= (out ? net_out.info.mtu : net_in.info.mtu));
    if (sent_count < KEPT) {
        sent[sent_count] = (struct sent){ out, ipv4_number(hop), len, malloc(len) };
        IGNORE(buf_read_copy(packet, 0, sent[sent_count].p, len));
        sent_count++;
    }
    buf_free(packet);
    return OK;
}

#define SIDE(S, N, OUT)                                                                   \
    void S##_info(struct S *eth, struct network_info *out)                                \
    {                                                                                     \
        *out = eth->info;                                                                 \
    }                                                                                     \
    void S##_listen_ipv4(struct S *eth, void *ctx)                                        \
    {                                                                                     \
        eth->ctx = ctx;                                                                   \
    }                                                                                     \
    err S##_arp_write(struct S##_arp *arp, const struct ip_addr *hop, struct buf *packet) \
    {                                                                                     \
        (void)arp;                                                                        \
        return keep(OUT, hop, packet);                                                    \
    }                                                                                     \
    IO err S##_arp_add(struct S##_arp *arp, const struct ip_addr *addr, bool probe)       \
    {                                                                                     \
        (void)arp, (void)addr, (void)probe;                                               \
        return OK;                                                                        \
    }                                                                                     \
    void S##_arp_set_network(struct S##_arp *arp, const struct ip_cidr *network)          \
    {                                                                                     \
        CHECK_EQUAL(network->prefix, 24);                                                 \
        (void)arp;                                                                        \
    }                                                                                     \
    void S##_arp_remove(struct S##_arp *arp, const struct ip_addr *addr)                  \
    {                                                                                     \
        (void)arp, (void)addr;                                                            \
    }
SIDE(inside, net_in, false)
SIDE(outside, net_out, true)

uint64_t random_u64(struct random *random)
{
    return prng_u64(&random->prng);
}
uint32_t random_below(struct random *random, uint32_t bound)
{
    return (uint32_t)prng_below(&random->prng, bound);
}
void random_fill(struct random *random, void *out, size_t len)
{
    for (uint8_t *to = out; len-- > 0;)
        *to++ = (uint8_t)prng_u64(&random->prng);
}

enum { IN = 0x0a010001, OUT = 0xc0000202, GATEWAY = 0xc0000201 }; /* the router: 10.1.0.1/24, 192.0.2.2/24 */
enum { A = 0x0a010002, B = 0x0a010003, FAR = 0xc6336409 };        /* two hosts inside, 198.51.100.9 outside */

static err router_runs(void *arg)
{
    (void)arg;
    return nat_start(&net_in, &in_arp, &net_out, &out_arp, &generator);
}

static void forget_sent(void)
{
    while (sent_count > 0)
        free(sent[--sent_count].p);
}

/* The MTUs of the links inside and outside, and what the devices of both do. */
static struct os_fiber *router_begins_with(uint16_t in_mtu, uint16_t out_mtu, uint32_t offloads)
{
    struct os_fiber *fiber = NULL;

    net_in = (struct inside){ .info = { .mtu = in_mtu, .offloads = offloads } };
    net_out = (struct outside){ .info = { .mtu = out_mtu, .offloads = offloads } };
    prng_seed(&generator.prng, 7);
    inside = (struct ip_cidr){ ipv4_addr(IN), 24 };
    outside = (struct ip_cidr){ ipv4_addr(OUT), 24 };
    gateway = ipv4_addr(GATEWAY);
    CHECK_EQUAL(os_spawn(&fiber, router_runs, NULL), OK);
    IGNORE(os_yield());
    CHECK(net_in.ctx != NULL && net_out.ctx != NULL);
    return fiber;
}

static struct os_fiber *router_begins(void)
{
    return router_begins_with(1500, 1500, 0);
}

static void router_ends(struct os_fiber *fiber)
{
    struct buf_stats stats;

    os_cancel(fiber);
    CHECK_EQUAL(os_join(fiber), OK);
    forget_sent();
    buf_get_stats(&stats);
    CHECK_EQUAL(stats.views, 0);
}

/* A test of a router that runs. */
#define ROUTER_TEST(name)                          \
    static void name##_body(void);                 \
    FIBER_TEST(name)                               \
    {                                              \
        struct os_fiber *router = router_begins(); \
        name##_body();                             \
        router_ends(router);                       \
        return OK;                                 \
    }                                              \
    static void name##_body(void)

/* A packet that is being made. */
struct made {
    uint8_t p[PACKET_MAX];
    size_t header, len;
};
static struct made made;

/* Store the checksums. */
static void finish(struct made *m)
{
    uint8_t *p = m->p, protocol = p[IPV4_PROTOCOL];
    struct ip_addr source = ipv4_addr(wire_get32(p + IPV4_SOURCE)),
                   destination = ipv4_addr(wire_get32(p + IPV4_DESTINATION));
    size_t len = m->len - m->header, place = m->header + (protocol == 6 ? 16u : protocol == 17 ? 6u : 2u);
    uint32_t sum = protocol == 1 ? 0 : checksum_pseudo(&source, &destination, protocol, (uint32_t)len);

    memset(p + IPV4_CHECKSUM, 0, 2);
    checksum_store(p + IPV4_CHECKSUM, checksum_add(0, p, m->header));
    memset(p + place, 0, 2);
    checksum_store_udp(p + place, checksum_add(sum, p + m->header, len));
}

/* A header before `len` bytes of a pattern. */
static struct made *make(uint32_t from, uint32_t to, uint8_t protocol, size_t len)
{
    struct ipv4_header h = { .source = from,
                             .destination = to,
                             .length = (uint16_t)(IPV4_HEADER + len),
                             .protocol = protocol,
                             .ttl = 64,
                             .id = 77 };

    made.header = IPV4_HEADER;
    made.len = IPV4_HEADER + len;
    ipv4_emit(made.p, &h);
    for (size_t i = 0; i < len; i++)
        made.p[IPV4_HEADER + i] = (uint8_t)(i * 7);
    return &made;
}

static __attribute__((unused)) struct made *udp(uint32_t from, uint16_t port, uint32_t to, uint16_t to_port,
                                                size_t payload)
{
    struct made *m = make(from, to, 17, UDP_HEADER + payload);
    udp_emit(m->p + m->header, port, to_port, UDP_HEADER + payload);
    finish(m);
    return m;
}

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static __attribute__((unused)) struct made *tcp(uint32_t from, uint16_t port, uint32_t to, uint16_t to_port,
                                                uint8_t flags, uint32_t seq, uint32_t ack, size_t payload)
{
    struct made *m = make(from, to, 6, 20 + payload);
    uint8_t *t = m->p + m->header;
    memset(t, 0, 20);
    wire_put16(wire_put16(t, port), to_port);
    wire_put32(wire_put32(t + 4, seq), ack);
    t[12] = 0x50;
    t[13] = flags;
    finish(m);
    return m;
}

static __attribute__((unused)) struct made *icmp(uint32_t from, uint32_t to, uint8_t type, uint16_t id,
                                                 size_t payload)
{
    struct made *m = make(from, to, 1, ICMP_HEADER + payload);
    memset(m->p + m->header, 0, ICMP_HEADER);
    m->p[m->header] = type;
    wire_put16(m->p + m->header + ICMP_ID, id);
    finish(m);
    return m;
}

/* An error that quotes `len` bytes at `quoted`. */
static __attribute__((unused)) struct made *icmp_error(uint32_t from, uint32_t to, uint8_t type, uint8_t code,
                                                       const void *quoted, size_t len)
{
    struct made *m = make(from, to, 1, ICMP_HEADER + len);
    memset(m->p + m->header, 0, ICMP_HEADER);
    m->p[m->header] = type;
    m->p[m->header + 1] = code;
    memcpy(m->p + m->header + ICMP_HEADER, quoted, len);
    finish(m);
    return m;
}

/* It comes in; what was sent before is forgotten. Returns how many packets the router sent. */
static size_t comes(bool out, const struct made *m)
{
    forget_sent();
    if (out)
        outside_on_ipv4(net_out.ctx, buf_copy(m->p, m->len), false);
    else
        inside_on_ipv4(net_in.ctx, buf_copy(m->p, m->len), false);
    return sent_count;
}
static size_t from_inside(const struct made *m)
{
    return comes(false, m);
}
static size_t from_outside(const struct made *m)
{
    return comes(true, m);
}

static uint32_t source_of(const uint8_t *p)
{
    return wire_get32(p + IPV4_SOURCE);
}
static uint32_t destination_of(const uint8_t *p)
{
    return wire_get32(p + IPV4_DESTINATION);
}
static const uint8_t *transport_of(const uint8_t *p)
{
    return p + (p[0] & 15) * 4;
}
static uint16_t source_port_of(const uint8_t *p)
{
    return wire_get16(transport_of(p));
}
static __attribute__((unused)) uint16_t destination_port_of(const uint8_t *p)
{
    return wire_get16(transport_of(p) + 2);
}

/* Whether all checksums of a whole packet are right; one of UDP that is missing is. */
static bool is_right(const struct sent *s)
{
    struct ipv4_header h;
    if (ipv4_parse(&h, s->p, s->len, s->len) != OK || h.length != s->len)
        return false;
    struct ip_addr source = ipv4_addr(h.source), destination = ipv4_addr(h.destination);
    size_t len = s->len - h.header_len;
    const uint8_t *t = s->p + h.header_len;
    if (h.protocol == 17 && wire_get16(t + UDP_CHECKSUM) == 0)
        return true;
    uint32_t sum = h.protocol == 1 ? 0 : checksum_pseudo(&source, &destination, h.protocol, (uint32_t)len);
    return checksum_is_valid(checksum_add(sum, t, len));
}

/* One packet was sent, to that side, from and to these, and it is right. */
static bool one(bool out, uint32_t from, uint32_t to)
{
    return sent_count == 1 && sent[0].out == out && source_of(sent[0].p) == from &&
           destination_of(sent[0].p) == to && is_right(&sent[0]);
}

/* An ICMP error of this type and code was sent to that side, to that host, and is right. */
static __attribute__((unused)) bool is_error_to(bool out, uint32_t to, uint8_t type, uint8_t code)
{
    return one(out, out ? OUT : IN, to) && sent[0].p[IPV4_PROTOCOL] == 1 && sent[0].p[IPV4_HEADER] == type &&
           sent[0].p[IPV4_HEADER + 1] == code;
}

/* The value of a metric. */
struct asked {
    const char *name;
    int64_t value;
};
static void look(void *ctx, const struct metric *metric)
{
    struct asked *asked = ctx;
    if (strcmp(metric->name, asked->name) == 0)
        asked->value = metric->value;
}
static int64_t count_of(const char *name)
{
    struct asked asked = { name, -1 };
    metric_each(look, &asked);
    return asked.value;
}

#endif
