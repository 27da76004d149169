/*
 * Flows, their mappings, and the hosts inside that have them. Everything lies in arrays of the module's
 * struct, so that nothing grows. Nothing here reads a packet.
 */
#include "nat.h"

enum { TRIES = 64 }; /* ports that are drawn for a mapping */

/* The lists of what expires are in order to within this time, which saves moving a flow at each packet. */
#define SLACK SECONDS(1)

static const int64_t seconds[NAT_LIVES] = {
    [NAT_LIFE_ICMP] = KEY_CONSTANT(icmp_seconds),
    [NAT_LIFE_UDP] = KEY_CONSTANT(udp_seconds),
    [NAT_LIFE_TCP_BRIEF] = KEY_CONSTANT(tcp_brief_seconds),
    [NAT_LIFE_TCP_OPEN] = KEY_CONSTANT(tcp_seconds),
};

static uint32_t bucket_of(const struct nat *nat, uint64_t key)
{
    uint64_t x = key ^ nat->secret;
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (uint32_t)(x >> 40) % NAT_BUCKETS;
}

static uint32_t take_number(struct nat_pool *pool)
{
    uint32_t number = pool->free;

    if (number == 0)
        return ++pool->used;
    pool->free = pool->next[number];
    return number;
}

static void give_number(struct nat_pool *pool, size_t number)
{
    pool->next[number] = pool->free;
    pool->free = (uint16_t)number;
}

static struct nat_host **host_bucket(struct nat *nat, uint32_t address)
{
    return &nat->hosts_at[bucket_of(nat, address)];
}

static struct nat_mapping **mapping_bucket(struct nat *nat, enum nat_protocol protocol, uint32_t address,
                                           uint16_t port)
{
    return &nat->mappings_at[bucket_of(nat, (uint64_t)protocol << 48 | (uint64_t)address << 16 | port)];
}

static struct nat_flow **flow_bucket(struct nat *nat, const struct nat_mapping *mapping, uint32_t remote,
                                     uint16_t remote_port)
{
    return &nat->flows_at[bucket_of(nat,
                                    (uint64_t)mapping->outside << 48 | (uint64_t)remote << 16 | remote_port)];
}

INTERNAL struct nat_host *nat_host_find(struct nat *nat, uint32_t address)
{
    struct nat_host *host = *host_bucket(nat, address);

    while (host != NULL && host->address != address)
        host = host->next;
    return host;
}

INTERNAL struct nat_mapping *nat_mapping_inside(struct nat *nat, enum nat_protocol protocol, uint32_t address,
                                                uint16_t port)
{
    struct nat_mapping *m = *mapping_bucket(nat, protocol, address, port);

    while (m != NULL && !(m->protocol == protocol && m->port == port && m->host->address == address))
        m = m->next;
    return m;
}

INTERNAL struct nat_mapping *nat_mapping_outside(struct nat *nat, enum nat_protocol protocol, uint16_t port)
{
    uint16_t number = nat->outside_ports[protocol][port];
    return number != 0 ? &nat->mappings[number - 1] : NULL;
}

INTERNAL struct nat_flow *nat_flow_find(struct nat *nat, const struct nat_mapping *mapping, uint32_t remote,
                                        uint16_t remote_port)
{
    struct nat_flow *flow = mapping->flow;

    if (mapping->protocol != NAT_TCP)
        return flow;
    flow = *flow_bucket(nat, mapping, remote, remote_port);
    while (flow != NULL &&
           !(flow->mapping == mapping && flow->remote == remote && flow->remote_port == remote_port))
        flow = flow->next;
    return flow;
}

static enum nat_share_kind share_of(enum nat_life life)
{
    return life == NAT_LIFE_TCP_OPEN ? NAT_SHARE_OPEN : NAT_SHARE_BRIEF;
}

static void link_flow(struct nat *nat, struct nat_flow *flow, enum nat_life life)
{
    enum nat_share_kind kind = share_of(life);
    struct nat_share *share = &flow->mapping->host->shares[kind];

    flow->life = life;
    flow->expires = os_loop_now() + SECONDS(seconds[life]);
    os_list_append(&nat->ages[life], flow, age);
    os_list_append(&share->flows, flow, use);
    nat_tally_add(&nat->tallies[kind], share, 1);
}

static void unlink_flow(struct nat *nat, struct nat_flow *flow)
{
    enum nat_share_kind kind = share_of(flow->life);
    struct nat_share *share = &flow->mapping->host->shares[kind];

    os_list_remove(&nat->ages[flow->life], flow, age);
    os_list_remove(&share->flows, flow, use);
    nat_tally_add(&nat->tallies[kind], share, -1);
}

INTERNAL void nat_flow_keep(struct nat *nat, struct nat_flow *flow, enum nat_life life)
{
    if (flow->life == life && os_loop_now() + SECONDS(seconds[life]) - flow->expires < SLACK)
        return;
    unlink_flow(nat, flow);
    link_flow(nat, flow, life);
}

static void drop_host(struct nat *nat, struct nat_host *host)
{
    struct nat_host **at = host_bucket(nat, host->address);

    while (*at != host)
        at = &(*at)->next;
    *at = host->next;
    give_number(&nat->host_pool, (size_t)(host - nat->hosts) + 1);
    nat->host_count.value--;
}

static void drop_mapping(struct nat *nat, struct nat_mapping *m)
{
    struct nat_mapping **at = mapping_bucket(nat, m->protocol, m->host->address, m->port);

    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    nat->outside_ports[m->protocol][m->outside] = 0;
    give_number(&nat->mapping_pool, (size_t)(m - nat->mappings) + 1);
    nat->mapping_count.value--;
}

INTERNAL void nat_flow_drop(struct nat *nat, struct nat_flow *flow)
{
    struct nat_mapping *m = flow->mapping;
    struct nat_host *host = m->host;

    unlink_flow(nat, flow);
    if (m->protocol == NAT_TCP) {
        struct nat_flow **at = flow_bucket(nat, m, flow->remote, flow->remote_port);
        while (*at != flow)
            at = &(*at)->next;
        *at = flow->next;
    }
    give_number(&nat->flow_pool, (size_t)(flow - nat->flows) + 1);
    nat->flow_count.value--;
    if (--m->flows == 0)
        drop_mapping(nat, m);
    if (host->shares[NAT_SHARE_BRIEF].count + host->shares[NAT_SHARE_OPEN].count == 0)
        drop_host(nat, host);
}

INTERNAL void nat_expire(struct nat *nat)
{
    os_time now = os_loop_now();

    for (size_t life = 0; life < NAT_LIVES; life++)
        while (nat->ages[life].first != NULL && nat->ages[life].first->expires <= now)
            nat_flow_drop(nat, nat->ages[life].first);
}

/*
 * The host's own port when it is free, else one at random (RFC 6056) of the same parity and range (RFC 4787,
 * REQ-3 and REQ-4). Identifiers of ICMP have neither. 0: none was found.
 */
static uint16_t choose_port(struct nat *nat, enum nat_protocol protocol, uint16_t port)
{
    if (port != 0 && nat->outside_ports[protocol][port] == 0)
        return port;
    for (int tries = 0; tries < TRIES; tries++) {
        uint32_t chosen = protocol == NAT_ICMP ? 1 + random_below(nat->random, NAT_PORTS - 1)
                          : port < 1024
                              ? random_below(nat->random, 512) * 2 + (port & 1)
                              : 1024 + random_below(nat->random, (NAT_PORTS - 1024) / 2) * 2 + (port & 1);
        if (chosen != 0 && nat->outside_ports[protocol][chosen] == 0)
            return (uint16_t)chosen;
    }
    return 0;
}

static struct nat_host *make_host(struct nat *nat, uint32_t address)
{
    struct nat_host *host = nat_host_find(nat, address), **bucket = host_bucket(nat, address);

    if (host != NULL)
        return host;
    host = &nat->hosts[take_number(&nat->host_pool) - 1];
    *host = (struct nat_host){ .next = *bucket, .address = address };
    *bucket = host;
    nat->host_count.value++;
    return host;
}

static struct nat_mapping *make_mapping(struct nat *nat, enum nat_protocol protocol, uint32_t address,
                                        uint16_t port)
{
    struct nat_mapping *m = nat_mapping_inside(nat, protocol, address, port);
    struct nat_mapping **bucket = mapping_bucket(nat, protocol, address, port);

    if (m != NULL)
        return m;
    uint16_t outside = choose_port(nat, protocol, port);
    if (outside == 0)
        return NULL;
    uint32_t number = take_number(&nat->mapping_pool);
    m = &nat->mappings[number - 1];
    *m = (struct nat_mapping){ .host = make_host(nat, address),
                               .next = *bucket,
                               .port = port,
                               .outside = outside,
                               .protocol = protocol };
    *bucket = m;
    nat->outside_ports[protocol][outside] = (uint16_t)number;
    nat->mapping_count.value++;
    return m;
}

INTERNAL struct nat_flow *nat_flow_make(struct nat *nat, enum nat_protocol protocol, uint32_t address,
                                        uint16_t port, uint32_t remote, uint16_t remote_port)
{
    static const enum nat_life lives[] = {
        [NAT_ICMP] = NAT_LIFE_ICMP, [NAT_TCP] = NAT_LIFE_TCP_BRIEF, [NAT_UDP] = NAT_LIFE_UDP
    };

    /* This may drop the host's own mapping, so that is looked for afterwards. */
    if (!nat_make_room(nat, address))
        return NULL;
    struct nat_mapping *m = make_mapping(nat, protocol, address, port);
    if (m == NULL)
        return NULL;
    struct nat_flow *flow = &nat->flows[take_number(&nat->flow_pool) - 1];
    *flow = (struct nat_flow){ .mapping = m, .remote = remote, .remote_port = remote_port };
    m->flows++;
    if (protocol == NAT_TCP) {
        struct nat_flow **bucket = flow_bucket(nat, m, remote, remote_port);
        flow->next = *bucket;
        *bucket = flow;
    } else {
        m->flow = flow;
    }
    nat->flow_count.value++;
    link_flow(nat, flow, lives[protocol]);
    return flow;
}
