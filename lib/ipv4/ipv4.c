#include "ipv4.h"

#include <stdio.h>
#include <stdlib.h>

static const struct metric_row metrics[] = {
    METRIC_ROW(struct ipv4, in, COUNTER, "ipv4.in", "packets received for a protocol"),
    METRIC_ROW(struct ipv4, out, COUNTER, "ipv4.out", "packets sent"),
    METRIC_ROW(struct ipv4, malformed, COUNTER, "ipv4.malformed", "malformed packets"),
    METRIC_ROW(struct ipv4, martian, COUNTER, "ipv4.martian", "packets from addresses that can't be"),
    METRIC_ROW(struct ipv4, unroutable, COUNTER, "ipv4.unroutable", "packets to send without a route"),
    METRIC_ROW(struct ipv4, source_routed, COUNTER, "ipv4.source_routed", "source-routed packets"),
    METRIC_ROW(struct ipv4, unknown, COUNTER, "ipv4.unknown", "packets of protocols that nobody takes"),
    METRIC_ROW(struct ipv4, fragments_in, COUNTER, "ipv4.fragments_in", "fragments received"),
    METRIC_ROW(struct ipv4, fragments_out, COUNTER, "ipv4.fragments_out", "fragments sent"),
    METRIC_ROW(struct ipv4, fragments_refused, COUNTER, "ipv4.fragments_refused",
               "fragments that overlap, contradict themselves or are too many"),
};

IO err ipv4_connect(struct ipv4 **out, struct eth *eth, struct arp *arp, struct random *random)
{
    struct ipv4 *ip = calloc(1, sizeof *ip);

    if (ip == NULL)
        return ERR_NO_MEMORY;
    ip->eth = eth;
    ip->arp = arp;
    ip->random = random;
    ip->generation = 1;
    ip->seed = (uint32_t)random_u64(random);
    random_fill(random, &ip->ids, sizeof ip->ids);
    ip->reassembly.lifetime = SECONDS(key_reassembly_seconds);
    ip->timer = (struct os_timer)OS_TIMER_INIT(ipv4_expire, ip);
    loopback_init(&ip->loopback, ipv4_loop, ip);
    eth_info(eth, &ip->info);
    ipv4_set_link_mtu(ip, 0);
    metric_register(metrics, ip, INSTANCE_NAME);
    arp_listen(arp, ip);
    err e = ipv4_configure(ip);
    if (e != OK) {
        ipv4_disconnect(ip);
        return e;
    }
    eth_listen_ipv4(eth, ip);
    *out = ip;
    return OK;
}

IO void ipv4_disconnect(struct ipv4 *ip)
{
    struct ip_addr own = ipv4_addr(ip->address);

    eth_listen_ipv4(ip->eth, NULL);
    if (ip->address != 0)
        arp_remove(ip->arp, &own);
    arp_listen(ip->arp, NULL);
    os_timer_stop(&ip->timer);
    reassembly_end(&ip->reassembly);
    loopback_end(&ip->loopback);
    metric_unregister(metrics, ip);
    free(ip);
}

/* ARP confirms its entries by itself. */
void ipv4_confirm(struct ipv4 *ip, const struct ip_addr *destination)
{
    (void)ip;
    (void)destination;
}

bool ipv4_has(struct ipv4 *ip, const struct ip_addr *addr)
{
    uint32_t number = ipv4_number(addr);
    return ip_is_v4(addr) && number != 0 && (number == ip->address || ipv4_is_loopback(number));
}

size_t ipv4_addresses(struct ipv4 *ip, struct ip_cidr *out, size_t room)
{
    if (ip->address == 0)
        return 0;
    if (room > 0)
        *out = (struct ip_cidr){ ipv4_addr(ip->address), ip->prefix };
    return 1;
}

uint32_t ipv4_offloads(struct ipv4 *ip)
{
    return ip->info.offloads & (NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_USO);
}

size_t ipv4_name_servers(struct ipv4 *ip, struct ip_addr *out, size_t room)
{
    size_t n = ip->name_server_count < room ? ip->name_server_count : room;
    memcpy(out, ip->name_servers, n * sizeof *out);
    return ip->name_server_count;
}

size_t ipv4_search_domains(struct ipv4 *ip, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "%s", ip->domains);
}

IO err ipv4_wait(struct ipv4 *ip, os_time until)
{
    while (ip->address == 0) {
        if (!ip->expected)
            return ERR_UNREACHABLE;
        TRY(os_wait_until(&ip->configured, until));
    }
    return OK;
}

void ipv4_listen_tcp(struct ipv4 *ip, void *ctx)
{
    ip->tcp = ctx;
}

void ipv4_listen_udp(struct ipv4 *ip, void *ctx)
{
    ip->udp = ctx;
}

void ipv4_listen_icmp(struct ipv4 *ip, void *ctx)
{
    ip->icmp = ctx;
}
