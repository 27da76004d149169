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

INTERNAL void test_v4(struct host *host);
INTERNAL void test_v6(struct host *host);

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

#endif
