/*
 * Echoes and errors of ICMP, of both versions.
 *
 * icmp.c dispatches messages and answers echoes, ping.c sends echoes, and error.c sends errors and passes
 * received ones on.
 */
#ifndef ICMP_H
#define ICMP_H

#include <base/allowance/allowance.h>
#include <base/checksum/checksum.h>
#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/packet/packet.h>

#include <base/wire/icmp.h>

PARAM(IP, ip);
PARAM(RANDOM, random);
MODULE(ICMP_ON, icmp, ip);
CATALOG(direct_icmp, ip);
LOG_SOURCE(icmp);

KEY_INT(errors_per_second, 100, 0, 1000000000,
        "errors that are sent a second (RFC 4443, section 2.4 (f)); 0: none");
KEY_INT(errors_burst, 50, 0, 1 << 20, "errors that are sent at once; 0: none");

enum { ICMP_ADDRESSES_MAX = 24 }; /* of this host, among which its IPv4 networks are looked for */

/* An echo that waits for its reply. It lies on the stack of the fiber in M_ping. */
struct icmp_echo {
    struct icmp_echo *next;
    struct ip_addr destination;
    uint16_t id, sequence;
    size_t len;
    bool answered, unreachable;
    os_time sent, received;
    struct os_waitq waiter;
};

struct icmp {
    struct ip *ip;
    struct random *random;
    void *tcp, *udp;
    struct icmp_echo *echoes;
    struct allowance errors;
    struct metric in, malformed, echoes_in, errors_in, errors_out, errors_limited;
};

/* Whether an address is that of one host. */
static inline bool icmp_is_host(const struct ip_addr *a)
{
    if (!ip_is_v4(a))
        return !ip_is_any(a) && !ipv6_is_multicast(a);
    return a->bytes[12] != 0 && a->bytes[12] < 224;
}

/* Match an echo reply to its request. `echo` begins with its ICMP header. Takes it. */
INTERNAL void icmp_match_reply(struct icmp *icmp, const struct ip_head *head, struct buf *echo);
/* Receive an error. All of it has been checked but the packet that it quotes. Takes it. */
INTERNAL void icmp_receive_error(struct icmp *icmp, const struct ip_head *head, struct buf *message);
/* An error has come that quotes an ICMP message: fail our echo, if it is one. */
INTERNAL void icmp_fail_echo(struct icmp *icmp, const struct icmp_error *error);
/* Store the checksum of a message whose checksum field is zero. */
INTERNAL void icmp_put_checksum(const struct ip_addr *source, const struct ip_addr *destination,
                                struct buf *message);

#endif
