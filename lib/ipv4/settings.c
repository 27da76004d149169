/* The link's configuration: from the command line at boot, and later from a DHCP client. */
#include "ipv4.h"

ARG_CIDR(ipv4, NULL, "the IPv4 address and prefix, as 10.0.0.2/24");
ARG_IP(ipv4_gateway, NULL, "the IPv4 router for everything beyond the link");

static bool is_usable(uint32_t addr, uint8_t prefix)
{
    if (addr >> 24 == 0 || ipv4_is_loopback(addr) || addr >> 28 >= 0xe || prefix > 32)
        return false;
    uint32_t rest = addr & ~ipv4_mask(prefix);
    return prefix > 30 || (rest != 0 && rest != ~ipv4_mask(prefix));
}

void ipv4_link(struct ipv4 *ip, struct network_info *out)
{
    *out = ip->info;
}

bool ipv4_is_static(struct ipv4 *ip)
{
    return ip->is_static;
}

void ipv4_expect(struct ipv4 *ip, bool expected)
{
    ip->expected = expected;
    os_wake_all(&ip->configured);
}

void ipv4_clear_address(struct ipv4 *ip)
{
    struct ip_addr old = ipv4_addr(ip->address);

    if (ip->address == 0)
        return;
    arp_remove(ip->arp, &old);
    arp_set_network(ip->arp, &(struct ip_cidr){ .prefix = 0 });
    ip->address = ip->gateway = 0;
    ip->route_count = 0;
    ipv4_changed(ip);
    log_info("no IPv4 address");
}

IO err ipv4_set_address(struct ipv4 *ip, const struct ip_cidr *address, bool probe)
{
    uint32_t number = ipv4_number(&address->addr);
    char text[IP_TEXT_SIZE];

    if (!ip_is_v4(&address->addr) || !is_usable(number, address->prefix))
        return ERR_INVALID;
    if (number != ip->address) {
        TRY(arp_add(ip->arp, &address->addr, probe));
        struct ip_addr old = ipv4_addr(ip->address);
        if (ip->address != 0)
            arp_remove(ip->arp, &old);
    }
    ip->address = number;
    ip->prefix = address->prefix;
    arp_set_network(ip->arp, address);
    ipv4_changed(ip);
    os_wake_all(&ip->configured);
    log_info("address %s", ip_cidr_format(address, text));
    return OK;
}

void ipv4_set_gateway(struct ipv4 *ip, const struct ip_addr *gateway)
{
    ip->gateway = ip_is_v4(gateway) ? ipv4_number(gateway) : 0;
    ipv4_changed(ip);
}

err ipv4_add_route(struct ipv4 *ip, const struct ip_cidr *network, const struct ip_addr *gateway)
{
    if (!ip_is_v4(&network->addr) || network->prefix > 32 || (!ip_is_v4(gateway) && !ip_is_any(gateway)))
        return ERR_INVALID;
    if (ip->route_count == IPV4_ROUTES_MAX)
        return ERR_NO_SPACE;
    uint32_t mask = ipv4_mask(network->prefix);
    ip->routes[ip->route_count++] = (struct ipv4_route){ ipv4_number(&network->addr) & mask, mask,
                                                         ip_is_v4(gateway) ? ipv4_number(gateway) : 0 };
    ipv4_changed(ip);
    return OK;
}

void ipv4_clear_routes(struct ipv4 *ip)
{
    ip->route_count = 0;
    ipv4_changed(ip);
}

void ipv4_set_link_mtu(struct ipv4 *ip, uint32_t mtu)
{
    if (mtu == 0 || mtu > ip->info.mtu)
        mtu = ip->info.mtu;
    ip->mtu = mtu < IPV4_MTU_MIN ? IPV4_MTU_MIN : mtu;
    ipv4_changed(ip);
}

void ipv4_set_name_servers(struct ipv4 *ip, const struct ip_addr *servers, size_t count)
{
    ip->name_server_count = count < IPV4_NAME_SERVERS_MAX ? count : IPV4_NAME_SERVERS_MAX;
    memcpy(ip->name_servers, servers, ip->name_server_count * sizeof *servers);
}

void ipv4_set_search_domains(struct ipv4 *ip, const char *domains)
{
    size_t len = strlen(domains);
    /* Cut the list between two names, since half a name is another name. */
    if (len >= sizeof ip->domains)
        for (len = sizeof ip->domains - 1; len > 0 && domains[len] != ' '; len--)
            ;
    memcpy(ip->domains, domains, len);
    ip->domains[len] = '\0';
}

void ipv4_listen_conflict(struct ipv4 *ip, void *ctx)
{
    ip->conflict = ctx;
}

void arp_on_conflict(void *ctx, const struct ip_addr *addr, bool lost)
{
    struct ipv4 *ip = ctx;
    if (lost && ip->conflict != NULL)
        ipv4_on_conflict(ip->conflict, addr);
}

INTERNAL IO err ipv4_configure(struct ipv4 *ip)
{
    if (ip_is_any(&ipv4.addr))
        return OK;
    ip->is_static = true;
    err e = ipv4_set_address(ip, &ipv4, false);
    if (e != OK) {
        char text[IP_TEXT_SIZE];
        log_error("--ipv4=%s is not an address that a host can have", ip_cidr_format(&ipv4, text));
        return e;
    }
    if (!ip_is_any(&ipv4_gateway)) {
        if (!ip_is_v4(&ipv4_gateway) ||
            ((ipv4_number(&ipv4_gateway) ^ ip->address) & ipv4_mask(ip->prefix)) != 0)
            log_warning("--ipv4-gateway is not an address of the link's network");
        ipv4_set_gateway(ip, &ipv4_gateway);
    }
    return OK;
}
