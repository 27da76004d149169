#include "dhcp_client.h"

#include <string.h>

KEY_BOOL(probe, true,
         "ask whether another host uses the address before it is used (RFC 2131, section 4.4.1)");
KEY_INT(least_mtu, 576, 68, 65535, "bytes below which an MTU that a server tells is not believed");

INTERNAL bool dhcp_is_host(const struct ip_addr *addr)
{
    uint8_t first = addr->bytes[12];
    return first != 0 && first != 127 && first < 224;
}

/* Whether an address may be that of a router or a server: not ours, and not of everybody on the link. */
static bool is_other_host(const struct dhcp_client *c, const struct ip_addr *addr)
{
    const struct ip_cidr *own = &c->lease.address;
    uint32_t mask = own->prefix == 0 ? 0 : UINT32_MAX << (32 - own->prefix);
    uint32_t number = wire_get32(addr->bytes + 12);
    bool whole = own->prefix <= 30 && ((number & ~mask) == 0 || (number | mask) == UINT32_MAX);

    return dhcp_is_host(addr) && !ip_equal(addr, &own->addr) && !(whole && ip_cidr_contains(own, addr));
}

/* Without a mask, the mask of the address's class (RFC 2132, section 3.3). */
static uint8_t prefix_of(const struct dhcp_message *ack)
{
    uint8_t first = ack->yours.bytes[12];
    if (ack->has_mask && ack->prefix > 0)
        return ack->prefix;
    return first < 128 ? 8 : first < 192 ? 16 : 24;
}

static os_time jittered(struct dhcp_client *c, os_time span)
{
    return span - (os_time)((double)span / 32 * random_below(c->random, 1024) / 1024);
}

static void take_times(struct dhcp_client *c, const struct dhcp_message *ack, os_time since)
{
    struct lease *l = &c->lease;
    if (ack->lease == DHCP_FOREVER) {
        l->renew = l->rebind = l->expire = OS_NEVER;
        return;
    }
    os_time span = SECONDS(ack->lease), renew = SECONDS(ack->renewal), rebind = SECONDS(ack->rebinding);
    if (rebind == 0 || rebind >= span)
        rebind = span / 8 * 7;
    if (renew == 0 || renew >= rebind)
        renew = rebind < span / 2 ? rebind / 2 : span / 2;
    l->renew = since + jittered(c, renew);
    l->rebind = since + rebind;
    l->expire = since + span;
}

/* A router outside the address's network is on the link all the same: clouds give out /32 addresses. */
static void reach(struct dhcp_client *c, const struct ip_addr *router)
{
    struct ip_cidr itself = { *router, 32 };
    if (!ip_is_any(router) && !ip_cidr_contains(&c->lease.address, router))
        IGNORE(ipv4_add_route(c->ipv4, &itself, &IP_ANY));
}

static void set_routes(struct dhcp_client *c, const struct dhcp_message *ack)
{
    struct ip_addr gateway = IP_ANY;
    ipv4_clear_routes(c->ipv4);
    for (size_t i = 0; i < ack->router_count && ip_is_any(&gateway); i++)
        if (is_other_host(c, &ack->routers[i]))
            gateway = ack->routers[i];
    /* RFC 3442: with classless routes, the router option is ignored. */
    if (ack->has_routes)
        gateway = IP_ANY;
    for (size_t i = 0; i < ack->route_count; i++) {
        const struct dhcp_route *route = &ack->routes[i];
        /* RFC 3442: without a router, the network is on the link. */
        if (wire_get32(route->gateway.bytes + 12) != 0 && !is_other_host(c, &route->gateway))
            continue;
        reach(c, &route->gateway);
        if (route->network.prefix == 0)
            gateway = route->gateway;
        else if (ipv4_add_route(c->ipv4, &route->network, &route->gateway) != OK)
            log_warning("there are more routes than there is room for");
    }
    reach(c, &gateway);
    ipv4_set_gateway(c->ipv4, &gateway);
}

static void set_name_servers(struct dhcp_client *c, const struct dhcp_message *ack)
{
    struct ip_addr servers[DHCP_SERVERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < ack->name_server_count; i++)
        if (is_other_host(c, &ack->name_servers[i]))
            servers[count++] = ack->name_servers[i];
    ipv4_set_name_servers(c->ipv4, servers, count);
}

INTERNAL IO err dhcp_configure(struct dhcp_client *c, const struct dhcp_message *ack, os_time since)
{
    struct ip_cidr address = { ack->yours, prefix_of(ack) };
    bool same = c->bound && ip_equal(&address.addr, &c->lease.address.addr);
    char text[IP_TEXT_SIZE], server[IP_TEXT_SIZE];
    if (!dhcp_is_host(&ack->yours))
        return ERR_FORMAT;
    err e = ipv4_set_address(c->ipv4, &address, key_probe && !same);
    if (e != OK)
        return e == ERR_INVALID ? ERR_FORMAT : e;
    c->bound = true;
    c->conflict = false;
    c->lease.address = address;
    c->lease.server = ack->server;
    take_times(c, ack, since);
    set_routes(c, ack);
    ipv4_set_link_mtu(c->ipv4, ack->mtu >= key_least_mtu ? ack->mtu : 0);
    set_name_servers(c, ack);
    ipv4_set_search_domains(c->ipv4, ack->domains);
    strcpy(c->hostname, ack->hostname);
    metric_add(&c->leases, 1);
    if (ack->lease == DHCP_FOREVER)
        log_info("%s from %s for ever", ip_cidr_format(&address, text), ip_format(&ack->server, server));
    else
        log_info("%s from %s for %u s", ip_cidr_format(&address, text), ip_format(&ack->server, server),
                 ack->lease);
    return OK;
}

INTERNAL void dhcp_unconfigure(struct dhcp_client *c)
{
    if (!c->bound)
        return;
    c->bound = false;
    ipv4_clear_address(c->ipv4);
    ipv4_set_name_servers(c->ipv4, &IP_ANY, 0);
    ipv4_set_search_domains(c->ipv4, "");
    ipv4_set_link_mtu(c->ipv4, 0);
}
