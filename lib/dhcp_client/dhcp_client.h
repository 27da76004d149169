/*
 * A stack whose IPv4 a DHCP client (RFC 2131) configures, when --dhcp asks for it; generic_stack() is one.
 *
 * It is a stack over a stack. One fiber goes through the states of RFC 2131, figure 5 (machine.c); a reply is
 * waited for in exchange.c and put to use in configure.c.
 */
#ifndef DHCP_CLIENT_H
#define DHCP_CLIENT_H

#include <mirage/functor.h>
#include <mirage/metric.h>

#include <base/dhcp/dhcp.h>
#include <base/wire/wire.h>

PARAM(IPV4, ipv4);
PARAM(STACK_ON, stack, ip, udp, tcp);
PARAM(RANDOM, random);
MODULE(STACK_ON, dhcp_client, ip, udp, tcp);

LOG_SOURCE(dhcp);

/* A lease, with its times counted from when it was asked for. */
struct lease {
    struct ip_cidr address;
    struct ip_addr server;
    os_time renew, rebind, expire; /* OS_NEVER: of a lease for ever */
};

struct dhcp_client {
    struct ipv4 *ipv4;
    struct stack *stack;
    struct random *random;
    struct udp_socket *socket;
    struct os_fiber *fiber; /* NULL: DHCP is not used */
    struct network_info link;
    struct ip_addr wanted; /* an address had before, or IP_ANY */
    bool bound;
    struct lease lease;
    uint32_t id;   /* of the transaction under way */
    os_time began; /* when the search for a lease began */
    bool conflict; /* another host insists on our address */
    struct os_waitq woken;
    char hostname[DHCP_NAME_SIZE];
    struct metric sent, received, refused, leases, conflicts;
};

/* machine.c */

/* The client's fiber: it gets and keeps leases until it is cancelled. */
INTERNAL IO err dhcp_run(void *arg);

/* exchange.c */

/* Begin a transaction (RFC 2131, section 4.4.1). */
INTERNAL void dhcp_begin(struct dhcp_client *c);

/* The fields of a message beside its type: RFC 2131, table 5. */
struct dhcp_asked {
    struct ip_addr requested, server; /* options; IP_ANY: left out */
    bool by_address;                  /* ciaddr is the leased address */
    bool unicast;                     /* the message goes to the lease's server */
};
INTERNAL IO err dhcp_send(struct dhcp_client *c, enum dhcp_type type, const struct dhcp_asked *asked);

/*
 * Wait for a reply of this transaction, of `type`, to be put into *out; DHCP_ACK: or a refusal, ERR_REFUSED.
 * When one server was asked, only this `server` may refuse; IP_ANY: all were asked. ERR_TIMEOUT at `until`.
 */
INTERNAL IO err dhcp_await(struct dhcp_client *c, enum dhcp_type type, const struct ip_addr *server,
                           os_time until, struct dhcp_message *out);

/* configure.c */

/*
 * Put a lease to use that was asked for at `since`. ERR_EXISTS: another host has the address; ERR_FORMAT: it
 * is of no use.
 */
INTERNAL IO err dhcp_configure(struct dhcp_client *c, const struct dhcp_message *ack, os_time since);
/* Whether a host can have this address (RFC 1122, section 3.2.1.3). */
INTERNAL bool dhcp_is_host(const struct ip_addr *addr);
/* Remove the address, and the settings that came with it. */
INTERNAL void dhcp_unconfigure(struct dhcp_client *c);

#endif
