/*
 * The base of the tests of TCP: the whole module in this translation unit, a clock that only moves when all
 * fibers wait, and two hosts on a wire with seeded faults. A scripted peer can take the place of the second
 * host. It sees each segment that the first host sends, and sends what the test says.
 */
#ifndef TEST_TCP_NET_H
#define TEST_TCP_NET_H

#include "test/support/test.h"
#include UNIT /* the module, as `mirage unit` writes it */

#include <base/checksum/checksum.h>
#include <base/prng/prng.h>

enum { CAPTURED = 512 };

/* Probabilities of faults, in thousandths. */
struct faults {
    unsigned loss, reorder, duplicate, corrupt;
    os_time delay, jitter;
};

/* A segment that a host sent, for a scripted peer. */
struct captured {
    struct segment segment;
    struct ip_head head;
    os_time at;
    uint16_t gso_size;
    uint8_t first; /* the first byte of the payload */
};

struct random {
    uint64_t state;
};

struct icmp {
    void *ctx;
};

/* A host's IP and its end of the wire. */
struct ip {
    struct ip_addr address;
    struct ip *peer; /* NULL when a scripted peer captures what is sent */
    void *ctx;
    uint32_t mtu;      /* the MTU that ip_mtu returns, in bytes of payload */
    uint32_t link_mtu; /* what ip_link_mtu returns */
    uint32_t narrow;   /* larger packets are dropped silently; 0 means no limit */
    uint32_t offloads;
    struct faults faults;
    uint64_t seed;
    os_time last_arrival;
    uint64_t packets, bytes, in_flight;
    bool (*drop)(struct ip *ip, const struct segment *segment); /* a fault that the test defines */
    void *drop_arg;
    struct captured *captured;
    size_t captured_count, taken;
    err refuse; /* the error that ip_write returns instead of sending */
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

/* Make two hosts with TCP, or with net_script one host whose segments are captured. */
void net_make(struct net *net, uint64_t seed, struct faults faults, uint32_t offloads);
void net_script(struct net *net);
void net_end(struct net *net);

/* Deliver a segment to host a, as if it came from ADDRESS_B. */
void inject(struct net *net, struct segment segment, const void *data, size_t len);

/* The next segment that host a sends within `wait` from now, or NULL. */
struct captured *expect_segment(struct net *net, os_time wait);

#endif
