#include "dhcp_client.h"

#include <mirage/ready.h>

#include <stdlib.h>
#include <string.h>

ARG_BOOL(dhcp, false, "configure IPv4 by DHCP, unless --ipv4 says how");
ARG_IP(dhcp_address, NULL, "an IPv4 address had before, to ask for first");
ARG_DURATION(address_wait, "20s", "how long to wait at boot for an address that the network gives");
KEY_BOOL(release, false, "give the address back when the program ends");

#define RELEASE_TIME MILLISECONDS(100)

static const struct metric_row metrics[] = {
    METRIC_ROW(struct dhcp_client, sent, COUNTER, "dhcp.sent", "messages sent"),
    METRIC_ROW(struct dhcp_client, received, COUNTER, "dhcp.received", "replies received"),
    METRIC_ROW(struct dhcp_client, refused, COUNTER, "dhcp.refused",
               "datagrams that were no reply to this client"),
    METRIC_ROW(struct dhcp_client, leases, COUNTER, "dhcp.leases", "leases got and extended"),
    METRIC_ROW(struct dhcp_client, conflicts, COUNTER, "dhcp.conflicts", "addresses that another host uses"),
};

/* On the scheduler's stack. */
void ipv4_on_conflict(void *ctx, const struct ip_addr *address)
{
    struct dhcp_client *c = ctx;
    if (!c->bound || !ip_equal(address, &c->lease.address.addr))
        return;
    c->conflict = true;
    os_wake_all(&c->woken);
}

static err begin(struct dhcp_client *c)
{
    ipv4_link(c->ipv4, &c->link);
    c->wanted = ip_is_v4(&dhcp_address) ? dhcp_address : IP_ANY;
    TRY(udp_bind(stack_get_udp(c->stack), &IP_ANY, DHCP_CLIENT_PORT, &c->socket));
    ipv4_expect(c->ipv4, true);
    err e = os_spawn(&c->fiber, dhcp_run, c);
    if (e != OK) {
        ipv4_expect(c->ipv4, false);
        udp_unbind(c->socket);
        return e;
    }
    ipv4_listen_conflict(c->ipv4, c);
    return OK;
}

IO err dhcp_client_connect(struct dhcp_client **out, struct ipv4 *ipv4, struct stack *stack,
                           struct random *random)
{
    struct dhcp_client *c = calloc(1, sizeof *c);
    err e = OK;
    if (c == NULL)
        return ERR_NO_MEMORY;
    c->ipv4 = ipv4;
    c->stack = stack;
    c->random = random;
    metric_register(metrics, c, INSTANCE_NAME);
    if (dhcp && !ipv4_is_static(ipv4))
        e = begin(c);
    if (e == OK) {
        struct ip *ip = stack_get_ip(stack);
        e = ready_wait(ip, address_wait, c->fiber != NULL, "--dhcp, --ipv4 or --ipv6");
        if (e == OK) {
            ready_tell(ip);
            *out = c;
            return OK;
        }
        dhcp_client_disconnect(c);
        return e;
    }
    metric_unregister(metrics, c);
    free(c);
    return e;
}

IO void dhcp_client_disconnect(struct dhcp_client *c)
{
    if (c->fiber != NULL) {
        OS_SHIELD
        {
            os_cancel(c->fiber);
            IGNORE(os_join(c->fiber));
            if (key_release && c->bound) {
                struct dhcp_asked asked = { .server = c->lease.server, .by_address = true, .unicast = true };
                dhcp_begin(c);
                IGNORE(dhcp_send(c, DHCP_RELEASE, &asked));
                /*
                 * The message is sent from the address, which must last until the server's link address is
                 * known.
                 */
                os_sleep(RELEASE_TIME);
            }
        }
        ipv4_listen_conflict(c->ipv4, NULL);
        dhcp_unconfigure(c);
        ipv4_expect(c->ipv4, false);
        udp_unbind(c->socket);
    }
    metric_unregister(metrics, c);
    free(c);
}

struct ip *dhcp_client_get_ip(struct dhcp_client *c)
{
    return stack_get_ip(c->stack);
}

struct udp *dhcp_client_get_udp(struct dhcp_client *c)
{
    return stack_get_udp(c->stack);
}

struct tcp *dhcp_client_get_tcp(struct dhcp_client *c)
{
    return stack_get_tcp(c->stack);
}

/* The host's own setting precedes the network's. */
const char *dhcp_client_hostname(struct dhcp_client *c)
{
    const char *own = stack_hostname(c->stack);
    return *own != '\0' ? own : c->hostname;
}
