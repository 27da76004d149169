/*
 * What the tests of TCP stand on: the whole module in this translation unit, a clock that
 * only moves when everybody waits, and two hosts on a wire with seeded faults. A scripted peer
 * can take the place of the second host: it sees each segment that the first one sends, and
 * sends what the test says.
 */
#ifndef TEST_TCP_NET_H
#define TEST_TCP_NET_H

#include "test/support/test.h"
#include UNIT /* the module, as `mirage unit` writes it */

#include <base/checksum/checksum.h>
#include <base/prng/prng.h>

enum { CAPTURED = 512 };

/* Chances are in thousandths. */
struct faults {
    unsigned loss, reorder, duplicate, corrupt;
    os_time delay, jitter;
};

/* A segment that a host sent, as a scripted peer sees it. */
struct captured {
    struct segment segment;
    struct ip_head head;
    os_time at;
    uint16_t gso_size;
    uint8_t first; /* byte of payload */
};

struct random {
    uint64_t state;
};

struct icmp {
    void *ctx;
};

/* A host's IP, and its end of the wire. */
struct ip {
    struct ip_addr address;
    struct ip *peer; /* NULL: what is sent is captured */
    void *ctx;
    uint32_t mtu;    /* of payload, which ip_mtu tells */
    uint32_t narrow; /* larger packets vanish without a word; 0: none */
    uint32_t offloads;
    struct faults faults;
    uint64_t seed;
    os_time last_arrival;
    uint64_t packets, bytes, in_flight;
    bool (*drop)(struct ip *ip, const struct segment *segment); /* a test's own fault */
    void *drop_arg;
    struct captured *captured;
    size_t captured_count, taken;
    err refuse; /* what ip_write says instead of sending */
};

struct host {
    struct ip ip;
    struct icmp icmp;
    struct random random;
    struct tcp *tcp;
};

struct net {
    struct host a, b;
};

#define ADDRESS_A IP_V4(10, 0, 0, 1)
#define ADDRESS_B IP_V4(10, 0, 0, 2)

/* Two hosts with TCP, or with scripted one and its wire to nowhere. */
void net_make(struct net *net, uint64_t seed, struct faults faults, uint32_t offloads);
void net_script(struct net *net);
void net_end(struct net *net);

/* Give a segment to host a as if it had come from ADDRESS_B. */
void inject(struct net *net, struct segment segment, const void *data, size_t len);

/* The next segment that a sent: within `wait` of now, or NULL. */
struct captured *expect_segment(struct net *net, os_time wait);

#endif
