#include "ipv6.h"

#include <base/siphash/siphash.h>

#include <stdlib.h>

ARG_CIDR(ipv6, NULL, "an IPv6 address and prefix, as 2001:db8::2/64, beside those that routers give");
ARG_IP(ipv6_gateway, NULL, "the IPv6 router for everything beyond the link");
ARG_BOOL(accept_ra, true, "listen to routers: addresses, routes and name servers that they advertise");
ARG_STRING(ipv6_secret, NULL,
           "makes the addresses below advertised prefixes the same at each boot (RFC 7217); otherwise they "
           "are random");

static const struct metric_row metrics[] = {
    METRIC_ROW(struct ipv6, in, COUNTER, "ipv6.in", "packets received for a protocol"),
    METRIC_ROW(struct ipv6, out, COUNTER, "ipv6.out", "packets sent"),
    METRIC_ROW(struct ipv6, malformed, COUNTER, "ipv6.malformed", "malformed packets"),
    METRIC_ROW(struct ipv6, martian, COUNTER, "ipv6.martian", "packets from or to addresses that can't be"),
    METRIC_ROW(struct ipv6, unroutable, COUNTER, "ipv6.unroutable", "packets to send without a route"),
    METRIC_ROW(struct ipv6, unknown, COUNTER, "ipv6.unknown", "packets of protocols that nobody takes"),
    METRIC_ROW(struct ipv6, refused_extensions, COUNTER, "ipv6.refused_extensions",
               "packets whose extension headers are refused"),
    METRIC_ROW(struct ipv6, fragments_in, COUNTER, "ipv6.fragments_in", "fragments received"),
    METRIC_ROW(struct ipv6, fragments_out, COUNTER, "ipv6.fragments_out", "fragments sent"),
    METRIC_ROW(struct ipv6, fragments_refused, COUNTER, "ipv6.fragments_refused",
               "fragments that overlap, contradict themselves or are too many"),
    METRIC_ROW(struct ipv6, ndp_refused, COUNTER, "ipv6.ndp_refused",
               "messages of neighbour discovery that are refused"),
    METRIC_ROW(struct ipv6, waiting_dropped, COUNTER, "ipv6.waiting_dropped",
               "packets whose neighbour's address did not come in time"),
    METRIC_ROW(struct ipv6, duplicates, COUNTER, "ipv6.duplicates", "addresses that another host has"),
    METRIC_ROW(struct ipv6, neighbour_count, GAUGE, "ipv6.neighbours", "neighbours in the table"),
};

INTERNAL void ipv6_arm(struct ipv6 *ip, os_time when)
{
    if (when != OS_NEVER && (!os_timer_is_set(&ip->timer) || when < ip->timer.when))
        IGNORE(os_timer_set(&ip->timer, when)); /* without memory, the next event sets the timer */
}

static void on_time(void *arg)
{
    struct ipv6 *ip = arg;
    os_time now = os_loop_now();

    ipv6_arm(ip, address_age(ip, now));
    ipv6_arm(ip, group_age(ip, now));
    ipv6_arm(ip, router_age(ip, now));
    ipv6_arm(ip, neighbour_age(ip, now));
    ipv6_expire_fragments(ip, now);
    ipv6_arm(ip, reassembly_next(&ip->reassembly));
}

static void choose_secret(struct ipv6 *ip)
{
    static const uint64_t keys[2][2] = { { 1, 2 }, { 3, 4 } };

    if (ipv6_secret == NULL) {
        random_fill(ip->random, ip->secret, sizeof ip->secret);
        return;
    }
    for (size_t i = 0; i < 2; i++)
        ip->secret[i] = siphash_bytes(keys[i], ipv6_secret, strlen(ipv6_secret));
}

static err configure(struct ipv6 *ip)
{
    struct ip_addr link_local = { .bytes = { 0xfe, 0x80 } }, addr;
    char text[IP_TEXT_SIZE];

    TRY(group_join(ip, &ipv6_all_nodes));
    address_make(ip, &link_local, 0, &addr);
    TRY(address_add(ip, &addr, 64, true, OS_NEVER, OS_NEVER));
    if (!ip_is_any(&ipv6.addr)) {
        if (ip_is_v4(&ipv6.addr) || ipv6_is_multicast(&ipv6.addr) || ipv6_is_loopback(&ipv6.addr)) {
            log_error("--ipv6=%s is not an address that a host can have", ip_cidr_format(&ipv6, text));
            return ERR_INVALID;
        }
        TRY(address_add(ip, &ipv6.addr, ipv6.prefix, false, OS_NEVER, OS_NEVER));
        struct ip_addr prefix = ndp_prefix(ipv6.addr.bytes, 16, ipv6.prefix);
        prefix_note(ip, &prefix, ipv6.prefix, OS_NEVER);
    }
    if (!ip_is_any(&ipv6_gateway))
        router_note(ip, &ipv6_gateway, 0, OS_NEVER);
    if (accept_ra) {
        ip->accept_ra = true;
        /*
         * Section 6.3.7 asks for a random delay of up to a second. It is left out: unikernels do not boot in
         * crowds.
         */
        ip->solicit_at = os_loop_now();
        ipv6_arm(ip, ip->solicit_at);
    }
    return OK;
}

IO err ipv6_connect(struct ipv6 **out, struct eth *eth, struct random *random)
{
    size_t room = (size_t)key_neighbours_max;
    struct ipv6 *ip = calloc(1, sizeof *ip + room * sizeof *ip->neighbours);

    if (ip == NULL)
        return ERR_NO_MEMORY;
    ip->eth = eth;
    ip->random = random;
    ip->neighbours_room = room;
    ip->hop_limit = 64;
    ip->generation = 1;
    ip->seed = (uint32_t)random_u64(random);
    ip->retrans = NDP_RETRANS;
    ip->reachable = NDP_REACHABLE / 2 + ipv6_random_time(ip, NDP_REACHABLE);
    ip->solicit_at = OS_NEVER;
    ip->solicit_interval = NDP_SOLICITATION_INTERVAL;
    ip->reassembly.lifetime = SECONDS(60); /* RFC 8200, section 4.5 */
    ip->timer = (struct os_timer)OS_TIMER_INIT(on_time, ip);
    loopback_init(&ip->loopback, ipv6_loop, ip);
    eth_info(eth, &ip->info);
    memcpy(ip->mac.bytes, ip->info.mac, 6);
    ip->mtu = ip->info.mtu;
    choose_secret(ip);
    neighbour_init(ip);
    metric_register(metrics, ip, INSTANCE_NAME);
    err e = ip->mtu < IPV6_MTU_MIN ? OK : configure(ip);
    if (e != OK) {
        ipv6_disconnect(ip);
        return e;
    }
    if (ip->mtu < IPV6_MTU_MIN)
        log_warning("the link carries %u bytes, too few for IPv6", ip->mtu);
    else
        eth_listen_ipv6(eth, ip);
    *out = ip;
    return OK;
}

IO void ipv6_disconnect(struct ipv6 *ip)
{
    eth_listen_ipv6(ip->eth, NULL);
    os_timer_stop(&ip->timer);
    while (ip->group_count > 0) {
        ip->groups[0].uses = 1;
        group_leave(ip, &ip->groups[0].addr);
    }
    neighbour_end(ip);
    reassembly_end(&ip->reassembly);
    loopback_end(&ip->loopback);
    metric_unregister(metrics, ip);
    free(ip);
}

bool ipv6_has(struct ipv6 *ip, const struct ip_addr *addr)
{
    const struct ipv6_address *a = address_find(ip, addr);
    return (a != NULL && address_is_usable(a)) || ipv6_is_loopback(addr);
}

size_t ipv6_addresses(struct ipv6 *ip, struct ip_cidr *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++) {
        const struct ipv6_address *a = &ip->addresses[i];
        if (!address_is_usable(a))
            continue;
        if (n < room)
            out[n] = (struct ip_cidr){ a->addr, a->prefix };
        n++;
    }
    return n;
}

uint32_t ipv6_offloads(struct ipv6 *ip)
{
    return ip->info.offloads & (NETWORK_CSUM_OUT | NETWORK_TSO6 | NETWORK_USO);
}

IO err ipv6_wait(struct ipv6 *ip, os_time until)
{
    for (;;) {
        bool expected = ip->accept_ra;
        for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++) {
            const struct ipv6_address *a = &ip->addresses[i];
            if (a->state == ADDRESS_FREE || ipv6_is_link_local(&a->addr))
                continue;
            if (address_is_usable(a))
                return OK;
            expected = true;
        }
        if (!expected)
            return ERR_UNREACHABLE;
        TRY(os_wait_until(&ip->configured, until));
    }
}

void ipv6_listen_tcp(struct ipv6 *ip, void *ctx)
{
    ip->tcp = ctx;
}

void ipv6_listen_udp(struct ipv6 *ip, void *ctx)
{
    ip->udp = ctx;
}

void ipv6_listen_icmp(struct ipv6 *ip, void *ctx)
{
    ip->icmp = ctx;
}
