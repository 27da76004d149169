/* Which address and port within stands behind which port outside (RFC 4787). Pure: it is told the time. */
#ifndef ROUTER_NAT_H
#define ROUTER_NAT_H

#include <mirage/functor.h>

enum { NAT_MAPPINGS = 16384, NAT_BUCKETS = 8192, NAT_TRIES = 64 };

/* How long a mapping lasts without a packet from within (RFC 4787, 5382, 5508). */
#define NAT_UDP_TIME SECONDS(300)
#define NAT_TCP_TIME SECONDS(7440)
#define NAT_TCP_BRIEF_TIME SECONDS(240)
#define NAT_ICMP_TIME SECONDS(60)

/*
 * Endpoint-independent: whomever the host within talks to, and whoever answers. Addresses and ports in
 * network order.
 */
struct mapping {
    uint32_t address;
    uint16_t port; /* or the identifier of an ICMP query */
    uint16_t outside;
    uint8_t protocol;
    bool established; /* TCP: it was answered */
    os_time expires;
    uint32_t next_inside, next_outside; /* of the same hash, or in the list of free ones; 0: the last */
    uint32_t newer, older;              /* by use */
};

struct nat {
    uint64_t secret;
    uint32_t newest, oldest, free;
    size_t count;
    uint32_t by_inside[NAT_BUCKETS], by_outside[NAT_BUCKETS];
    struct mapping mappings[NAT_MAPPINGS + 1]; /* number 0 is none */
};

INTERNAL void nat_init(struct nat *nat, uint64_t secret);

/*
 * The mapping of an address and port within. NULL: there is none, and `choose` (which gives random numbers)
 * is NULL or found no port free. When the table is full the one that was used the longest time ago has to go.
 */
INTERNAL struct mapping *nat_from_inside(struct nat *nat, uint8_t protocol, uint32_t address, uint16_t port,
                                         os_time now, uint32_t (*choose)(void *ctx), void *ctx);
/* The mapping behind a port outside, or NULL. */
INTERNAL struct mapping *nat_from_outside(struct nat *nat, uint8_t protocol, uint16_t outside, os_time now);
/* A packet from within used it: it lasts from now on. */
INTERNAL void nat_use(struct nat *nat, struct mapping *m, os_time now, os_time time);

#endif
