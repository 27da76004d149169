/*
 * The next hop of a packet (RFC 4861, section 5.2; RFC 4191, section 3), and the MTU of its path (RFC 8201).
 */
#include "ipv6.h"

INTERNAL void ipv6_changed(struct ipv6 *ip)
{
    ip->generation++;
}

INTERNAL bool ipv6_matches(const struct ip_addr *a, const struct ip_addr *prefix, unsigned bits)
{
    size_t whole = bits / 8;
    return memcmp(a->bytes, prefix->bytes, whole) == 0 &&
           (bits % 8 == 0 || ((a->bytes[whole] ^ prefix->bytes[whole]) & 0xff << (8 - bits % 8) & 0xff) == 0);
}

/*
 * A candidate for the route. The longer prefix is better, then a router that answers, then the higher
 * preference.
 */
struct candidate {
    const struct ip_addr *router;
    unsigned bits;
    bool missing;
    int preference;
};

static bool is_better_way(const struct candidate *a, const struct candidate *b)
{
    if (b->router == NULL)
        return true;
    /* RFC 4191, section 3.2: a router that does not answer is the last choice. */
    if (a->missing != b->missing)
        return b->missing;
    if (a->bits != b->bits)
        return a->bits > b->bits;
    return a->preference > b->preference;
}

static const struct ip_addr *choose_router(struct ipv6 *ip, const struct ip_addr *destination)
{
    struct candidate best = { 0 };

    for (size_t i = 0; i < IPV6_ROUTES_MAX; i++) {
        struct ipv6_route *r = &ip->routes[i];
        if (r->prefix.until == 0 || !ipv6_matches(destination, &r->prefix.addr, r->prefix.bits))
            continue;
        struct candidate c = { &r->router, r->prefix.bits, neighbour_is_missing(ip, &r->router),
                               r->preference };
        if (is_better_way(&c, &best))
            best = c;
    }
    for (size_t i = 0; i < IPV6_ROUTERS_MAX; i++) {
        struct ipv6_router *r = &ip->routers[i];
        if (r->until == 0)
            continue;
        struct candidate c = { &r->addr, 0, neighbour_is_missing(ip, &r->addr), r->preference };
        if (is_better_way(&c, &best))
            best = c;
    }
    return best.router;
}

INTERNAL bool ipv6_is_on_link(const struct ipv6 *ip, const struct ip_addr *destination)
{
    if (ipv6_is_link_local(destination))
        return true;
    for (size_t i = 0; i < IPV6_PREFIXES_MAX; i++)
        if (ip->prefixes[i].until != 0 &&
            ipv6_matches(destination, &ip->prefixes[i].addr, ip->prefixes[i].bits))
            return true;
    return false;
}

static const struct ip_addr *redirected(const struct ipv6 *ip, const struct ip_addr *destination)
{
    for (size_t i = 0; i < IPV6_REDIRECTS_MAX; i++)
        if (!ip_is_any(&ip->redirects[i].destination) && ip_equal(&ip->redirects[i].destination, destination))
            return &ip->redirects[i].target;
    return NULL;
}

static void find_way(struct ipv6 *ip, struct ipv6_path *path, const struct ip_addr *destination)
{
    const struct ip_addr *hop = NULL;
    const struct ipv6_address *own = address_find(ip, destination);
    struct ip_addr key = *destination;

    *path = (struct ipv6_path){
        .destination = key, .generation = ip->generation, .mtu = ip->mtu, .mtu_until = OS_NEVER
    };
    if (ipv6_is_loopback(&key) || (own != NULL && address_is_usable(own))) {
        path->way = IPV6_LOCAL;
        path->mtu = IPV6_HEADER + IPV6_PAYLOAD_MAX;
    } else if (ipv6_is_multicast(&key)) {
        path->way = IPV6_GROUP;
    } else if (!ip_is_any(&key) && own == NULL) {
        hop = redirected(ip, &key);
        if (hop == NULL)
            hop = ipv6_is_on_link(ip, &key) ? &key : choose_router(ip, &key);
    }
    if (hop != NULL) {
        path->way = IPV6_DIRECT;
        path->next_hop = *hop;
        uint32_t known = path_mtu_find(&ip->path_mtus, &key, os_loop_now(), &path->mtu_until);
        if (known != 0 && known < path->mtu)
            path->mtu = known;
    }
}

INTERNAL struct ipv6_path *ipv6_path(struct ipv6 *ip, const struct ip_addr *destination)
{
    uint32_t hash = (uint32_t)((destination->halves[0] ^ ip->seed) * 0x9e3779b97f4a7c15 >> 32) ^
                    (uint32_t)(destination->halves[1] * 0xc2b2ae3d27d4eb4f >> 32);
    struct ipv6_path *path = &ip->paths[(hash ^ hash >> 16) * 0x9e3779b1 >> 24];

    if (__builtin_expect(path->generation != ip->generation || !ip_equal(&path->destination, destination) ||
                             (path->mtu_until != OS_NEVER && os_loop_now() >= path->mtu_until),
                         0))
        find_way(ip, path, destination);
    return path;
}

uint32_t ipv6_mtu(struct ipv6 *ip, const struct ip_addr *destination)
{
    return ipv6_path(ip, destination)->mtu - IPV6_HEADER;
}

uint32_t ipv6_link_mtu(struct ipv6 *ip, const struct ip_addr *destination)
{
    const struct ipv6_path *path = ipv6_path(ip, destination);
    return (path->way != IPV6_DIRECT ? path->mtu : ip->mtu) - IPV6_HEADER;
}

static void set_mtu(struct ipv6 *ip, struct ipv6_path *path, uint32_t mtu)
{
    char text[IP_TEXT_SIZE];

    log_debug("the path to %s carries %u bytes", ip_format(&path->destination, text), mtu);
    path->mtu_until = path_mtu_note(&ip->path_mtus, &path->destination, mtu, os_loop_now());
    path->mtu = mtu;
}

void ipv6_reduce_mtu(struct ipv6 *ip, const struct ip_addr *destination, uint32_t mtu)
{
    struct ipv6_path *path = ipv6_path(ip, destination);

    /* RFC 8201, section 4: never below 1280, which every link carries. */
    if (mtu < IPV6_MTU_MIN)
        mtu = IPV6_MTU_MIN;
    if (path->way == IPV6_DIRECT && mtu < path->mtu)
        set_mtu(ip, path, mtu);
}

void ipv6_learn_mtu(struct ipv6 *ip, const struct ip_addr *destination, uint32_t mtu)
{
    struct ipv6_path *path = ipv6_path(ip, destination);

    mtu = mtu < ip->mtu - IPV6_HEADER ? mtu + IPV6_HEADER : ip->mtu;
    if (mtu < IPV6_MTU_MIN)
        mtu = IPV6_MTU_MIN;
    if (path->way == IPV6_DIRECT && mtu != path->mtu)
        set_mtu(ip, path, mtu);
}

void ipv6_confirm(struct ipv6 *ip, const struct ip_addr *destination)
{
    struct ipv6_path *path = ipv6_path(ip, destination);
    if (path->way == IPV6_DIRECT)
        neighbour_confirm(ip, &path->next_hop);
}
