#include "dhcp_client.h"

#include <stdlib.h>
#include <string.h>

#include "../stack/ready.h"

ARG_BOOL(dhcp, false, "configure IPv4 by DHCP, unless --ipv4 says how");
ARG_IP(dhcp_address, NULL, "an IPv4 address had before, to ask for first");
ARG_DURATION(address_wait, "20s", "how long to wait at boot for an address that the network gives");
KEY_BOOL(release, false, "give the address back when the program ends");

#define RELEASE_TIME MILLISECONDS(100)

static void register_metrics(struct dhcp_client *c)
{
    metric_register(&c->sent, METRIC_COUNTER, "dhcp.sent", INSTANCE_NAME, "messages sent");
    metric_register(&c->received, METRIC_COUNTER, "dhcp.received", INSTANCE_NAME, "replies received");
    metric_register(&c->refused, METRIC_COUNTER, "dhcp.refused", INSTANCE_NAME,
                    "datagrams that were no reply to this client");
    metric_register(&c->leases, METRIC_COUNTER, "dhcp.leases", INSTANCE_NAME, "leases got and extended");
    metric_register(&c->conflicts, METRIC_COUNTER, "dhcp.conflicts", INSTANCE_NAME,
                    "addresses that another host uses");
}

static void unregister_metrics(struct dhcp_client *c)
{
    struct metric *all[] = { &c->sent, &c->received, &c->refused, &c->leases, &c->conflicts };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        metric_unregister(all[i]);
}

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
    register_metrics(c);
    if (dhcp && !ipv4_is_static(ipv4))
        e = begin(c);
    if (e == OK) {
        struct ip *ip = stack_get_ip(stack);
        e = ready_wait(ip, address_wait, "--dhcp, --ipv4 or --ipv6");
        if (e == OK) {
            ready_tell(ip);
            *out = c;
            return OK;
        }
        dhcp_client_disconnect(c);
        return e;
    }
    unregister_metrics(c);
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
    unregister_metrics(c);
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
