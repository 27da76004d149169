/* Neighbours' link addresses, and whether they are reachable (RFC 4861, sections 7.2 and 7.3). */
#include "ipv6.h"

static uint16_t *head_of(struct ipv6 *ip, const struct ip_addr *addr)
{
    uint64_t hash = (addr->halves[1] ^ ip->seed) * 0x9e3779b97f4a7c15 + addr->halves[0];
    return &ip->heads[hash * 0xc2b2ae3d27d4eb4f >> 56];
}

static bool is_pending(const struct ipv6_neighbour *n)
{
    return n->state == NEIGHBOUR_INCOMPLETE || n->state == NEIGHBOUR_DELAY || n->state == NEIGHBOUR_PROBE;
}

static void set_state(struct ipv6 *ip, struct ipv6_neighbour *n, enum ipv6_neighbour_state state)
{
    bool was_missing = n->state == NEIGHBOUR_MISSING;

    ip->pending -= is_pending(n);
    n->state = state;
    n->since = os_loop_now();
    ip->pending += is_pending(n);
    /* The cached routes depend on whether their router answers. */
    if (n->is_router && was_missing != (state == NEIGHBOUR_MISSING))
        ipv6_changed(ip);
}

static struct waiting_queue queue_of(struct ipv6_neighbour *n)
{
    return (struct waiting_queue){ n->waiting, &n->waiting_count };
}

static void drop_all(struct ipv6 *ip, struct ipv6_neighbour *n)
{
    metric_add(&ip->waiting_dropped, n->waiting_count);
    waiting_drop(&ip->waiting, queue_of(n), n->waiting_count);
}

INTERNAL void neighbour_init(struct ipv6 *ip)
{
    ip->free = 1;
    for (size_t i = 0; i < ip->neighbours_room; i++)
        ip->neighbours[i].next = (uint16_t)(i + 1 < ip->neighbours_room ? i + 2 : 0);
}

INTERNAL void neighbour_end(struct ipv6 *ip)
{
    for (size_t i = 0; i < ip->neighbours_room; i++)
        drop_all(ip, &ip->neighbours[i]);
}

INTERNAL struct ipv6_neighbour *neighbour_find(struct ipv6 *ip, const struct ip_addr *addr)
{
    for (uint16_t i = *head_of(ip, addr); i != 0; i = ip->neighbours[i - 1].next)
        if (ip_equal(&ip->neighbours[i - 1].addr, addr))
            return &ip->neighbours[i - 1];
    return NULL;
}

static void release(struct ipv6 *ip, struct ipv6_neighbour *n)
{
    uint16_t index = (uint16_t)(n - ip->neighbours + 1), *link = head_of(ip, &n->addr);

    drop_all(ip, n);
    while (*link != index)
        link = &ip->neighbours[*link - 1].next;
    *link = n->next;
    set_state(ip, n, NEIGHBOUR_FREE);
    n->next = ip->free;
    ip->free = index;
    ip->neighbour_count.value--;
}

/*
 * Free an entry. What is in use survives a flood of hosts that tell us of themselves, whose entries were
 * never used, and one of packets to hosts that do not answer, which get a quarter of the table. The routers
 * in use are kept as long as possible.
 */
static void make_room(struct ipv6 *ip)
{
    struct ipv6_neighbour *known = NULL, *unknown = NULL, *router = NULL;
    size_t unknown_count = 0;

    for (size_t i = 0; i < ip->neighbours_room; i++) {
        struct ipv6_neighbour *n = &ip->neighbours[i];
        struct ipv6_neighbour **oldest = n->state < NEIGHBOUR_REACHABLE ? &unknown : &known;
        if (n->is_router && router_is_used(ip, &n->addr))
            oldest = &router;
        unknown_count += oldest == &unknown;
        if (*oldest == NULL || n->used < (*oldest)->used)
            *oldest = n;
    }
    bool spare_unknown = known != NULL && (known->used == 0 || unknown_count <= ip->neighbours_room / 4);
    if (unknown != NULL && !spare_unknown)
        release(ip, unknown);
    else
        release(ip, known != NULL ? known : router);
}

static struct ipv6_neighbour *make(struct ipv6 *ip, const struct ip_addr *addr)
{
    if (ip->free == 0)
        make_room(ip);
    uint16_t index = ip->free, *head = head_of(ip, addr);
    struct ipv6_neighbour *n = &ip->neighbours[index - 1];
    ip->free = n->next;
    *n = (struct ipv6_neighbour){
        .addr = *addr, .next = *head, .used = os_loop_now(), .is_router = router_is_used(ip, addr)
    };
    *head = index;
    set_state(ip, n, NEIGHBOUR_INCOMPLETE);
    ip->neighbour_count.value++;
    return n;
}

/* Ask the neighbour's solicited-node group, or the known link address. */
static void solicit(struct ipv6 *ip, struct ipv6_neighbour *n)
{
    struct ip_addr addr = n->addr, group = ipv6_solicited_node(&addr);

    n->tries++;
    n->since = os_loop_now();
    ipv6_arm(ip, n->since + ip->retrans);
    discovery_solicit(ip, &addr, n->state == NEIGHBOUR_PROBE ? &addr : &group);
}

static void send_waiting(struct ipv6 *ip, struct ipv6_neighbour *n)
{
    struct buf *waiting[IPV6_WAITING];
    struct ethernet_address mac = n->mac;
    size_t count = waiting_take(&ip->waiting, queue_of(n), waiting);

    for (size_t i = 0; i < count; i++)
        IGNORE(eth_write(ip->eth, &mac, ETHERNET_IPV6, waiting[i]));
}

static err hold(struct ipv6 *ip, struct ipv6_neighbour *n, struct buf *packet)
{
    static const struct waiting_most most = { IPV6_WAITING, KEY_CONSTANT(waiting_total_max),
                                              KEY_CONSTANT(waiting_bytes_max) };
    size_t dropped;
    err e = waiting_hold(&ip->waiting, &most, queue_of(n), packet, &dropped);

    metric_add(&ip->waiting_dropped, (int64_t)dropped);
    return e;
}

INTERNAL err neighbour_write(struct ipv6 *ip, const struct ip_addr *addr, struct buf *packet)
{
    struct ipv6_neighbour *n = neighbour_find(ip, addr);
    os_time now = os_loop_now();

    if (n == NULL)
        n = make(ip, addr);
    n->used = now;
    if (n->state == NEIGHBOUR_REACHABLE && now - n->since > ip->reachable)
        set_state(ip, n, NEIGHBOUR_STALE);
    if (n->state == NEIGHBOUR_STALE) {
        set_state(ip, n, NEIGHBOUR_DELAY);
        ipv6_arm(ip, now + NDP_DELAY);
    }
    if (n->state >= NEIGHBOUR_REACHABLE)
        return eth_write(ip->eth, &n->mac, ETHERNET_IPV6, packet);
    if (n->state == NEIGHBOUR_MISSING) {
        if (now < n->since + NDP_GONE) {
            buf_free(packet);
            return ERR_UNREACHABLE;
        }
        n->tries = 0;
        set_state(ip, n, NEIGHBOUR_INCOMPLETE);
    }
    err e = hold(ip, n, packet);
    if (n->tries == 0)
        solicit(ip, n);
    return e;
}

INTERNAL void neighbour_told(struct ipv6 *ip, const struct ip_addr *addr, const struct ethernet_address *mac,
                             bool is_router)
{
    struct ipv6_neighbour *n = neighbour_find(ip, addr);

    if (n == NULL) {
        n = make(ip, addr);
        n->used = 0;
    }
    n->is_router |= is_router;
    if (n->state >= NEIGHBOUR_REACHABLE && memcmp(&n->mac, mac, sizeof *mac) == 0)
        return;
    n->mac = *mac;
    n->tries = 0;
    set_state(ip, n, NEIGHBOUR_STALE);
    send_waiting(ip, n);
}

/* RFC 4861, section 7.2.5; appendix C. */
INTERNAL bool neighbour_advertised(struct ipv6 *ip, const struct ip_addr *addr,
                                   const struct ethernet_address *mac, uint8_t flags)
{
    struct ipv6_neighbour *n = neighbour_find(ip, addr);

    if (n == NULL)
        return true;
    bool known = n->state >= NEIGHBOUR_REACHABLE, solicited = (flags & NDP_SOLICITED) != 0;
    if (!known) {
        if (mac == NULL)
            return true;
        n->mac = *mac;
        n->tries = 0;
        set_state(ip, n, solicited ? NEIGHBOUR_REACHABLE : NEIGHBOUR_STALE);
    } else {
        bool differs = mac != NULL && memcmp(&n->mac, mac, sizeof *mac) != 0;
        if (differs && (flags & NDP_OVERRIDE) == 0) {
            if (n->state == NEIGHBOUR_REACHABLE)
                set_state(ip, n, NEIGHBOUR_STALE);
            return true;
        }
        if (differs)
            n->mac = *mac;
        n->tries = 0;
        if (solicited)
            set_state(ip, n, NEIGHBOUR_REACHABLE);
        else if (differs)
            set_state(ip, n, NEIGHBOUR_STALE);
    }
    bool stopped = n->is_router && (flags & NDP_FROM_ROUTER) == 0;
    n->is_router = (flags & NDP_FROM_ROUTER) != 0 && router_is_used(ip, addr);
    send_waiting(ip, n);
    return !stopped;
}

INTERNAL void neighbour_confirm(struct ipv6 *ip, const struct ip_addr *addr)
{
    struct ipv6_neighbour *n = neighbour_find(ip, addr);

    if (n == NULL || n->state < NEIGHBOUR_REACHABLE)
        return;
    if (n->state == NEIGHBOUR_REACHABLE) {
        n->since = os_loop_now();
        return;
    }
    n->tries = 0;
    set_state(ip, n, NEIGHBOUR_REACHABLE);
}

INTERNAL bool neighbour_is_missing(struct ipv6 *ip, const struct ip_addr *addr)
{
    const struct ipv6_neighbour *n = neighbour_find(ip, addr);
    return n != NULL && n->state == NEIGHBOUR_MISSING;
}

/* The time of the neighbour's state is over: go on to the next state. */
static void on_due(struct ipv6 *ip, struct ipv6_neighbour *n)
{
    char text[IP_TEXT_SIZE];

    if (n->state == NEIGHBOUR_DELAY) {
        n->tries = 0;
        set_state(ip, n, NEIGHBOUR_PROBE);
    }
    if (n->tries < NDP_TRIES) {
        solicit(ip, n);
        return;
    }
    log_debug("%s does not answer", ip_format(&n->addr, text));
    drop_all(ip, n);
    set_state(ip, n, NEIGHBOUR_MISSING);
}

INTERNAL os_time neighbour_age(struct ipv6 *ip, os_time now)
{
    os_time next = OS_NEVER;

    for (size_t i = 0; i < ip->neighbours_room && ip->pending > 0; i++) {
        struct ipv6_neighbour *n = &ip->neighbours[i];
        if (!is_pending(n))
            continue;
        os_time due = n->since + (n->state == NEIGHBOUR_DELAY ? NDP_DELAY : ip->retrans);
        if (now >= due)
            on_due(ip, n);
        else if (due < next)
            next = due;
    }
    return next;
}
