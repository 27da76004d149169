/* Routers, and what they advertise (RFC 4861, section 6.3; RFC 4191; RFC 8106). */
#include "ipv6.h"

#include <stdio.h>

KEY_INT(hop_limit_min, 32, 1, 255, "the least hop limit that a router's advertisement is believed");

/*
 * Convert a lifetime in seconds to a point in time. The greatest value means for ever (RFC 4861, section
 * 4.6.2).
 */
static os_time until(os_time now, uint32_t seconds)
{
    return seconds == 0xffffffff ? OS_NEVER : now + SECONDS(seconds);
}

INTERNAL const struct ipv6_router *router_find(const struct ipv6 *ip, const struct ip_addr *addr)
{
    for (size_t i = 0; i < IPV6_ROUTERS_MAX; i++)
        if (ip->routers[i].until != 0 && ip_equal(&ip->routers[i].addr, addr))
            return &ip->routers[i];
    return NULL;
}

INTERNAL bool router_is_used(const struct ipv6 *ip, const struct ip_addr *addr)
{
    for (size_t i = 0; i < IPV6_ROUTES_MAX; i++)
        if (ip->routes[i].prefix.until != 0 && ip_equal(&ip->routes[i].router, addr))
            return true;
    return router_find(ip, addr) != NULL;
}

/* Find the entry of this address in a list, else a free one, else NULL. */
static struct ipv6_router *place(struct ipv6_router *list, size_t count, const struct ip_addr *addr)
{
    struct ipv6_router *free = NULL;
    for (size_t i = 0; i < count; i++) {
        if (list[i].until != 0 && ip_equal(&list[i].addr, addr))
            return &list[i];
        if (list[i].until == 0)
            free = &list[i];
    }
    return free;
}

static void forget_redirects(struct ipv6 *ip, const struct ip_addr *router)
{
    for (size_t i = 0; i < IPV6_REDIRECTS_MAX; i++)
        if (ip_equal(&ip->redirects[i].router, router) || ip_equal(&ip->redirects[i].target, router))
            ip->redirects[i] = (struct ipv6_redirect){ 0 };
}

INTERNAL void router_note(struct ipv6 *ip, const struct ip_addr *addr, int preference, os_time when)
{
    struct ipv6_router *r = place(ip->routers, IPV6_ROUTERS_MAX, addr);
    char text[IP_TEXT_SIZE];

    if (r == NULL || (r->until == OS_NEVER && when != OS_NEVER))
        return; /* the list is full, or the command line set it */
    if (r->until == 0)
        log_info("router %s", ip_format(addr, text));
    *r = (struct ipv6_router){ *addr, preference, when };
    struct ipv6_neighbour *n = neighbour_find(ip, addr);
    if (n != NULL)
        n->is_router = true;
    ipv6_changed(ip);
    ipv6_arm(ip, when);
}

INTERNAL void router_forget(struct ipv6 *ip, const struct ip_addr *addr)
{
    struct ipv6_router *r = place(ip->routers, IPV6_ROUTERS_MAX, addr);

    if (r == NULL || r->until == 0 || r->until == OS_NEVER)
        return;
    r->until = 0;
    forget_redirects(ip, addr);
    ipv6_changed(ip);
}

INTERNAL void prefix_note(struct ipv6 *ip, const struct ip_addr *prefix, unsigned bits, os_time when)
{
    struct ipv6_prefix *found = NULL;

    for (size_t i = 0; i < IPV6_PREFIXES_MAX; i++) {
        struct ipv6_prefix *p = &ip->prefixes[i];
        if (p->until != 0 && p->bits == bits && ip_equal(&p->addr, prefix)) {
            found = p;
            break;
        }
        if (p->until == 0)
            found = p;
    }
    if (found == NULL)
        return;
    if (found->until != OS_NEVER || when == OS_NEVER)
        *found = (struct ipv6_prefix){ *prefix, (uint8_t)bits, when };
    ipv6_changed(ip);
    ipv6_arm(ip, when);
}

/*
 * Whether a network can be elsewhere than in this host, by its prefix. Addresses that begin with a zero byte
 * are reserved (RFC 4291, section 2.5): no address, the loopback address, those of IPv4.
 */
static bool is_prefix(const struct ip_addr *prefix)
{
    return prefix->bytes[0] != 0 && !ipv6_is_link_local(prefix) && !ipv6_is_multicast(prefix);
}

/* RFC 4861, section 6.3.4; RFC 4862, section 5.5.3. */
static void receive_prefix(struct ipv6 *ip, const uint8_t *o, os_time now)
{
    unsigned bits = o[2];
    uint32_t valid = wire_get32(o + 4), preferred = wire_get32(o + 8);

    /* No link has a network that is so large; it would make neighbours of strangers. */
    if (bits > 128 || bits < IPV6_PREFIX_BITS_MIN)
        return;
    struct ip_addr prefix = ndp_prefix(o + 16, 16, bits);
    if (!is_prefix(&prefix) || preferred > valid)
        return;
    if ((o[3] & NDP_ON_LINK) != 0)
        prefix_note(ip, &prefix, bits, valid == 0 ? now : until(now, valid));
    if ((o[3] & NDP_AUTONOMOUS) != 0 && bits == 64)
        address_advertised(ip, &prefix, until(now, preferred), until(now, valid), now);
}

/* RFC 4191, section 2.3. */
static void receive_route(struct ipv6 *ip, const uint8_t *o, size_t len, const struct ip_addr *router,
                          os_time now)
{
    unsigned bits = o[2];
    int preference = ndp_preference(o[3]);
    uint32_t lifetime = wire_get32(o + 4);
    struct ipv6_route *found = NULL;

    if (bits > 128 || preference > 1 || len > 24 || len - 8 < (bits + 7) / 8)
        return;
    struct ip_addr prefix = ndp_prefix(o + 8, len - 8, bits);
    if (bits > 0 && !is_prefix(&prefix))
        return;
    for (size_t i = 0; i < IPV6_ROUTES_MAX; i++) {
        struct ipv6_route *r = &ip->routes[i];
        if (r->prefix.until != 0 && r->prefix.bits == bits && ip_equal(&r->prefix.addr, &prefix) &&
            ip_equal(&r->router, router)) {
            found = r;
            break;
        }
        if (r->prefix.until == 0)
            found = r;
    }
    if (found == NULL)
        return;
    *found = (struct ipv6_route){ { prefix, (uint8_t)bits, lifetime == 0 ? 0 : until(now, lifetime) },
                                  *router,
                                  preference };
    struct ipv6_neighbour *n = neighbour_find(ip, router);
    if (n != NULL && lifetime != 0)
        n->is_router = true;
    ipv6_changed(ip);
    ipv6_arm(ip, found->prefix.until == 0 ? now : found->prefix.until);
}

/* RFC 8106, section 5.1. */
static void receive_name_servers(struct ipv6 *ip, const uint8_t *o, size_t len, os_time now)
{
    uint32_t lifetime = wire_get32(o + 4);

    for (size_t i = 0; i < IPV6_NAME_SERVERS_MAX; i++)
        if (ip->name_servers[i].until <= now)
            ip->name_servers[i].until = 0;
    for (size_t at = 8; at + 16 <= len; at += 16) {
        struct ip_addr addr = ipv6_addr(o + at);
        struct ipv6_router *server = place(ip->name_servers, IPV6_NAME_SERVERS_MAX, &addr);
        bool is_other = addr.bytes[0] != 0 && !ipv6_is_multicast(&addr) && address_find(ip, &addr) == NULL;
        if (server != NULL && is_other)
            *server = (struct ipv6_router){ addr, 0, lifetime == 0 ? 0 : until(now, lifetime) };
    }
}

/* RFC 8106, section 5.2. */
static void receive_domains(struct ipv6 *ip, const uint8_t *o, size_t len, os_time now)
{
    size_t at = 8, used = 0, n;
    char name[256];

    ip->domains[0] = '\0';
    ip->domains_until = until(now, wire_get32(o + 4));
    while ((n = ndp_domain(o, len, &at, name, sizeof name)) > 0 && used + n + 2 < sizeof ip->domains)
        used += (size_t)snprintf(ip->domains + used, sizeof ip->domains - used, "%s%.*s", used > 0 ? " " : "",
                                 (int)n, name);
}

INTERNAL void router_receive(struct ipv6 *ip, const uint8_t *p, size_t len, const struct ip_head *head)
{
    os_time now = os_loop_now();
    uint16_t lifetime = wire_get16(p + 6);
    uint32_t reachable = wire_get32(p + 8), retrans = wire_get32(p + 12);
    size_t at = ndp_fixed_len(NDP_ROUTER_ADVERTISEMENT), size;
    const uint8_t *o;
    struct ethernet_address mac;
    int preference = ndp_preference(p[5]);

    ip->solicit_at = OS_NEVER;
    /* A forged hop limit of one would keep every packet on the link. 0: the router does not say. */
    if (p[4] >= key_hop_limit_min)
        ip->hop_limit = p[4];
    if (reachable != 0 && reachable <= 3600000)
        ip->reachable = MILLISECONDS(reachable) / 2 + ipv6_random_time(ip, MILLISECONDS(reachable));
    if (retrans >= 100 && retrans <= 60000)
        ip->retrans = MILLISECONDS(retrans);
    if (lifetime != 0)
        router_note(ip, &head->source, preference > 1 ? 0 : preference, until(now, lifetime));
    else
        router_forget(ip, &head->source);
    while (ndp_next_option(p, len, &at, &o, &size)) {
        if (o[0] == NDP_PREFIX && size == 32)
            receive_prefix(ip, o, now);
        else if (o[0] == NDP_ROUTE)
            receive_route(ip, o, size, &head->source, now);
        else if (o[0] == NDP_RDNSS && size >= 24)
            receive_name_servers(ip, o, size, now);
        else if (o[0] == NDP_DNSSL && size >= 16)
            receive_domains(ip, o, size, now);
        else if (o[0] == NDP_MTU && size == 8 && wire_get32(o + 4) >= IPV6_MTU_MIN &&
                 wire_get32(o + 4) <= ip->info.mtu) {
            ip->mtu = wire_get32(o + 4);
            ipv6_changed(ip);
        }
    }
    /* Last, since it depends on the options whether packets go through the router. */
    if (ndp_link_address(p, len, NDP_SOURCE_LINK, &mac) && memcmp(&mac, &ip->mac, sizeof mac) != 0)
        neighbour_told(ip, &head->source, &mac, router_is_used(ip, &head->source));
}

/* RFC 4861, section 6.3.7, and, for routers that come late, RFC 7559. */
static void solicit_routers(struct ipv6 *ip, os_time now)
{
    const struct ipv6_address *source = address_link_local(ip);
    bool tell = source != NULL;
    struct buf *b = buf_alloc(tell ? 16 : 8);

    ip->solicit_at = now + ip->solicit_interval;
    ip->solicit_interval =
        ip->solicit_interval * 2 < NDP_SOLICITATION_MOST ? ip->solicit_interval * 2 : NDP_SOLICITATION_MOST;
    if (b == NULL)
        return;
    memset(b->data, 0, b->len);
    b->data[0] = NDP_ROUTER_SOLICITATION;
    if (tell) {
        b->data[8] = NDP_SOURCE_LINK;
        b->data[9] = 1;
        memcpy(b->data + 10, ip->mac.bytes, 6);
    }
    ipv6_send_message(ip, source != NULL ? &source->addr : &IP_ANY, &ipv6_all_routers, NDP_HOP_LIMIT, b,
                      NULL);
}

/* Whether the time `when` is over. If not, `next` becomes no later than `when`. */
static bool is_over(os_time when, os_time now, os_time *next)
{
    if (when == 0)
        return false;
    if (now >= when)
        return true;
    if (when < *next)
        *next = when;
    return false;
}

INTERNAL os_time router_age(struct ipv6 *ip, os_time now)
{
    os_time next = OS_NEVER;
    bool changed = false;

    if (now >= ip->solicit_at)
        solicit_routers(ip, now);
    next = ip->solicit_at;
    for (size_t i = 0; i < IPV6_ROUTERS_MAX; i++)
        if (is_over(ip->routers[i].until, now, &next)) {
            ip->routers[i].until = 0;
            forget_redirects(ip, &ip->routers[i].addr);
            changed = true;
        }
    for (size_t i = 0; i < IPV6_PREFIXES_MAX; i++)
        if (is_over(ip->prefixes[i].until, now, &next)) {
            ip->prefixes[i].until = 0;
            changed = true;
        }
    for (size_t i = 0; i < IPV6_ROUTES_MAX; i++)
        if (is_over(ip->routes[i].prefix.until, now, &next)) {
            ip->routes[i].prefix.until = 0;
            changed = true;
        }
    if (changed)
        ipv6_changed(ip);
    return next;
}

size_t ipv6_name_servers(struct ipv6 *ip, struct ip_addr *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < IPV6_NAME_SERVERS_MAX; i++) {
        if (ip->name_servers[i].until <= os_loop_now())
            continue;
        if (n < room)
            out[n] = ip->name_servers[i].addr;
        n++;
    }
    return n;
}

size_t ipv6_search_domains(struct ipv6 *ip, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "%s", ip->domains_until > os_loop_now() ? ip->domains : "");
}
