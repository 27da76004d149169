/*
 * The peer's end of the wire. It captures what the host sends, and sends what a test says. v4.c and v6.c
 * contain the tests of the versions.
 */
#ifndef TEST_IP_HOST_H
#define TEST_IP_HOST_H

#include <base/checksum/checksum.h>
#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/wire/wire.h>

#include <stdio.h>
#include <string.h>

PARAM(NETWORK, wire);
PARAM(IPV4, v4);
PARAM(IP, ip);
PARAM(UDP_ON, udp, ip);
PARAM(ICMP_ON, icmp, ip);
MODULE(JOB, host);

enum { CAPTURED = 1024, FRAME_MAX = 1600 };

struct captured {
    os_time at;
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

struct host {
    struct wire *wire;
    struct v4 *v4;
    struct ip *ip;
    struct udp *udp;
    struct icmp *icmp;
    struct network_info info; /* the peer's */
    uint8_t mac[6];           /* the host's */
    size_t count, conflicts, tcp_errors, problems;
    struct captured frames[CAPTURED];
    int tests, failed;
};

#define CHECK(host, condition)                                               \
    do {                                                                     \
        if (!(condition)) {                                                  \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            (host)->failed++;                                                \
        }                                                                    \
    } while (0)

/* Run a test, with an empty capture at first, and print its result. */
INTERNAL void test(struct host *host, const char *name, void (*body)(struct host *host));

/* Let time pass. */
INTERNAL void pass(os_time duration);
/* Empty the capture. */
INTERNAL void forget(struct host *host);
/* Send a frame of this type from the peer to the host or to a group. */
INTERNAL void send_frame(struct host *host, const uint8_t *destination, uint16_t type, const void *payload,
                         size_t len);
/*
 * The captured frame number `n` among those of this type whose payload has `value` at `at`. NULL when there
 * are fewer.
 */
INTERNAL const struct captured *find(const struct host *host, uint16_t type, size_t at, uint8_t value,
                                     size_t n);
INTERNAL size_t count_of(const struct host *host, uint16_t type, size_t at, uint8_t value);
INTERNAL int64_t metric_of(const char *name);

/* v4.c: the host is 10.0.0.2/24, the peer 10.0.0.1, its gateway. */
enum { ARP = 0x0806, IP4 = 0x0800, REQUEST = 1, REPLY = 2 };
/* Offsets in a packet of IPv4 without options. */
enum { PROTOCOL = 9, ICMP_AT = 20, UDP_AT = 20 };

static const struct ip_addr peer = IP_V4(10, 0, 0, 1), own = IP_V4(10, 0, 0, 2);

INTERNAL void send_arp(struct host *host, uint8_t operation, uint8_t sender, uint8_t target, uint8_t mac_end);
INTERNAL size_t make_packet(uint8_t *p, uint8_t protocol, uint16_t fragment, uint16_t id, const void *payload,
                            size_t len);
INTERNAL void send_packet(struct host *host, uint8_t protocol, uint16_t fragment, uint16_t id,
                          const void *payload, size_t len);
INTERNAL void send_icmp(struct host *host, uint8_t type, uint8_t code, uint16_t id, uint16_t sequence,
                        const void *payload, size_t len);
INTERNAL size_t make_udp(uint8_t *d, uint16_t source, uint16_t destination, const void *payload, size_t len);
INTERNAL void meet(struct host *host);
INTERNAL err write_to(struct host *host, uint8_t last, uint8_t mark);

/* v6.c: the host is 2001:db8::2/64, the peer 2001:db8::1 and fe80::1; another router is fe80::9. */
enum { IP6 = 0x86dd };
/* Offsets in a packet without extension headers. */
enum { NEXT = 6, HOPS = 7, FROM = 8, TO = 24, UPPER = 40 };
enum { RS = 133, RA = 134, NS = 135, NA = 136, REDIRECT = 137 };

static const struct ip_addr peer6 = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
static const struct ip_addr own6 = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };
static const struct ip_addr router = { .bytes = { 0xfe, 0x80, [15] = 1 } },
                            other_router = { .bytes = { 0xfe, 0x80, [15] = 9 } };
static const struct ip_addr all_nodes = { .bytes = { 0xff, 0x02, [15] = 1 } };
static const struct ip_addr far = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, 0, 0xff, [15] = 1 } };

struct prefix {
    uint8_t third; /* 2001:db8:0:THIRD::/64 */
    uint32_t valid, preferred;
};

INTERNAL size_t make(uint8_t *p, const struct ip_addr *from, const struct ip_addr *to, uint8_t next,
                     uint8_t hops, const void *payload, size_t len);
INTERNAL void send6(struct host *host, const struct ip_addr *from, const struct ip_addr *to, uint8_t next,
                    uint8_t hops, const void *payload, size_t len);
INTERNAL void send_icmp6(struct host *host, const struct ip_addr *from, const struct ip_addr *to,
                         uint8_t hops, uint8_t *m, size_t len);
INTERNAL size_t link_option(uint8_t *p, uint8_t kind, const uint8_t *mac);
INTERNAL void send_ns(struct host *host, const struct ip_addr *from, const struct ip_addr *target,
                      uint8_t hops, bool tell);
INTERNAL void send_na(struct host *host, const struct ip_addr *target, const struct ip_addr *to,
                      uint8_t flags);
INTERNAL void meet6(struct host *host);
INTERNAL void send_ra(struct host *host, const struct ip_addr *from, uint16_t lifetime, uint8_t preference,
                      const struct prefix *prefix, const void *more, size_t len);
INTERNAL const struct captured *find_icmp(const struct host *host, uint8_t type, size_t n);
INTERNAL size_t count_icmp(const struct host *host, uint8_t type);
INTERNAL bool checksum_holds(const struct captured *c);
INTERNAL struct ip_addr address_below(struct host *host, uint8_t third);
INTERNAL err write6(struct host *host, const struct ip_addr *to, size_t len);
INTERNAL void send_fragment(struct host *host, uint32_t id, uint8_t next, size_t offset, bool more,
                            const void *data, size_t len);

INTERNAL void test_v4(struct host *host);
INTERNAL void test_v6(struct host *host);
/* What the tables of both versions learn from strangers, and what they keep. */
INTERNAL void test_strangers(struct host *host);
/* What errors and fragments say. */
INTERNAL void test_errors(struct host *host);

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

#endif
