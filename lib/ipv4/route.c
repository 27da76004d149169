/* The next hop of a packet (RFC 1122, section 3.3.1), and the MTU of its path (RFC 1191). */
#include "ipv4.h"

INTERNAL void ipv4_changed(struct ipv4 *ip)
{
    ip->generation++;
}

INTERNAL bool ipv4_is_broadcast(const struct ipv4 *ip, uint32_t addr)
{
    if (addr == 0xffffffff)
        return true;
    /* RFC 3021: a point-to-point link has no broadcast address. */
    if (ip->address == 0 || ip->prefix > 30)
        return false;
    uint32_t mask = ipv4_mask(ip->prefix);
    return addr == (ip->address | ~mask) || addr == (ip->address & mask);
}

/* The next hop to a destination beyond the link; 0: none. The longest matching prefix wins. */
static uint32_t next_hop(const struct ipv4 *ip, uint32_t destination)
{
    const struct ipv4_route *best = NULL;

    if (ip->address == 0)
        return 0;
    if (((destination ^ ip->address) & ipv4_mask(ip->prefix)) == 0)
        return destination;
    for (size_t i = 0; i < ip->route_count; i++) {
        const struct ipv4_route *r = &ip->routes[i];
        if (((destination ^ r->network) & r->mask) == 0 && (best == NULL || r->mask > best->mask))
            best = r;
    }
    if (best != NULL)
        return best->gateway == 0 ? destination : best->gateway;
    return ip->gateway;
}

static void find_way(struct ipv4 *ip, struct ipv4_path *path, uint32_t destination)
{
    uint32_t hop = 0;

    *path = (struct ipv4_path){
        .destination = destination, .generation = ip->generation, .mtu = ip->mtu, .mtu_until = OS_NEVER
    };
    if (ipv4_is_loopback(destination) || (ip->address != 0 && destination == ip->address)) {
        path->way = IPV4_LOCAL;
        path->mtu = IPV4_LENGTH_MAX;
    } else if (ipv4_is_broadcast(ip, destination)) {
        path->way = IPV4_ALL;
    } else if (ipv4_is_multicast(destination)) {
        path->way = ip->address != 0 ? IPV4_GROUP : IPV4_NOWHERE;
    } else if (destination >> 24 != 0 && destination >> 28 != 0xf && (hop = next_hop(ip, destination)) != 0) {
        path->way = IPV4_DIRECT;
    }
    path->next_hop = ipv4_addr(hop);
    if (path->way == IPV4_DIRECT) {
        struct ip_addr addr = ipv4_addr(destination);
        uint32_t known = path_mtu_find(&ip->path_mtus, &addr, os_loop_now(), &path->mtu_until);
        if (known != 0 && known < path->mtu)
            path->mtu = known;
    }
}

INTERNAL struct ipv4_path *ipv4_path(struct ipv4 *ip, uint32_t destination)
{
    struct ipv4_path *path = &ip->paths[(destination ^ ip->seed) * 0x9e3779b1 >> 24];

    if (__builtin_expect(path->destination != destination || path->generation != ip->generation ||
                             (path->mtu_until != OS_NEVER && os_loop_now() >= path->mtu_until),
                         0))
        find_way(ip, path, destination);
    return path;
}

uint32_t ipv4_mtu(struct ipv4 *ip, const struct ip_addr *destination)
{
    return (ip_is_v4(destination) ? ipv4_path(ip, ipv4_number(destination))->mtu : ip->mtu) - IPV4_HEADER;
}

uint32_t ipv4_link_mtu(struct ipv4 *ip, const struct ip_addr *destination)
{
    const struct ipv4_path *path = ip_is_v4(destination) ? ipv4_path(ip, ipv4_number(destination)) : NULL;
    return (path != NULL && path->way != IPV4_DIRECT ? path->mtu : ip->mtu) - IPV4_HEADER;
}

/* RFC 1191, section 7.1: the next smaller plateau, for a router that reports no MTU. */
static uint32_t plateau_below(uint32_t mtu)
{
    static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };
    for (size_t i = 0; i < sizeof plateaus / sizeof *plateaus; i++)
        if (plateaus[i] < mtu)
            return plateaus[i];
    return IPV4_MTU_MIN;
}

static void set_mtu(struct ipv4 *ip, struct ipv4_path *path, const struct ip_addr *destination, uint32_t mtu)
{
    log_debug("the path to %u.%u.%u.%u carries %u bytes", path->destination >> 24,
              path->destination >> 16 & 255, path->destination >> 8 & 255, path->destination & 255, mtu);
    path->mtu_until = path_mtu_note(&ip->path_mtus, destination, mtu, os_loop_now());
    path->mtu = mtu;
}

void ipv4_reduce_mtu(struct ipv4 *ip, const struct ip_addr *destination, uint32_t mtu)
{
    if (!ip_is_v4(destination))
        return;
    struct ipv4_path *path = ipv4_path(ip, ipv4_number(destination));
    if (path->way != IPV4_DIRECT)
        return;
    if (mtu == 0)
        mtu = plateau_below(path->mtu);
    if (mtu < (uint32_t)key_path_mtu_min)
        mtu = (uint32_t)key_path_mtu_min;
    if (mtu < path->mtu)
        set_mtu(ip, path, destination, mtu);
}

void ipv4_learn_mtu(struct ipv4 *ip, const struct ip_addr *destination, uint32_t mtu)
{
    if (!ip_is_v4(destination))
        return;
    struct ipv4_path *path = ipv4_path(ip, ipv4_number(destination));
    mtu = mtu < ip->mtu - IPV4_HEADER ? mtu + IPV4_HEADER : ip->mtu;
    if (mtu < (uint32_t)key_path_mtu_min)
        mtu = (uint32_t)key_path_mtu_min;
    if (path->way == IPV4_DIRECT && mtu != path->mtu)
        set_mtu(ip, path, destination, mtu);
}

err ipv4_source(struct ipv4 *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    if (!ip_is_v4(destination))
        return ERR_UNREACHABLE;
    uint32_t number = ipv4_number(destination);
    if (ipv4_path(ip, number)->way == IPV4_NOWHERE)
        return ERR_UNREACHABLE;
    *out = ipv4_addr(ipv4_is_loopback(number) ? number : ip->address);
    return OK;
}
