#include "nat.h"

#include <arpa/inet.h>
#include <string.h>

static uint32_t hash_of(const struct nat *nat, uint8_t protocol, uint32_t address, uint16_t port)
{
    uint64_t x = ((uint64_t)address << 24 | (uint64_t)port << 8 | protocol) ^ nat->secret;
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (uint32_t)(x >> 40) % NAT_BUCKETS;
}

INTERNAL void nat_init(struct nat *nat, uint64_t secret)
{
    memset(nat, 0, sizeof *nat);
    nat->secret = secret;
    for (uint32_t i = NAT_MAPPINGS; i > 0; i--) {
        nat->mappings[i].next_inside = nat->free;
        nat->free = i;
    }
}

static void unlink_use(struct nat *nat, uint32_t i)
{
    struct mapping *m = &nat->mappings[i];
    *(m->newer != 0 ? &nat->mappings[m->newer].older : &nat->newest) = m->older;
    *(m->older != 0 ? &nat->mappings[m->older].newer : &nat->oldest) = m->newer;
}

static void link_newest(struct nat *nat, uint32_t i)
{
    struct mapping *m = &nat->mappings[i];
    m->newer = 0;
    m->older = nat->newest;
    *(m->older != 0 ? &nat->mappings[m->older].newer : &nat->oldest) = i;
    nat->newest = i;
}

static void drop(struct nat *nat, uint32_t i)
{
    struct mapping *m = &nat->mappings[i];
    uint32_t *at = &nat->by_inside[hash_of(nat, m->protocol, m->address, m->port)];
    while (*at != i)
        at = &nat->mappings[*at].next_inside;
    *at = m->next_inside;
    at = &nat->by_outside[hash_of(nat, m->protocol, 0, m->outside)];
    while (*at != i)
        at = &nat->mappings[*at].next_outside;
    *at = m->next_outside;
    unlink_use(nat, i);
    m->next_inside = nat->free;
    nat->free = i;
    nat->count--;
}

static uint32_t find_outside(struct nat *nat, uint8_t protocol, uint16_t outside, os_time now)
{
    uint32_t i = nat->by_outside[hash_of(nat, protocol, 0, outside)];
    while (i != 0 && !(nat->mappings[i].protocol == protocol && nat->mappings[i].outside == outside))
        i = nat->mappings[i].next_outside;
    if (i != 0 && nat->mappings[i].expires <= now) {
        drop(nat, i);
        i = 0;
    }
    return i;
}

INTERNAL struct mapping *nat_from_outside(struct nat *nat, uint8_t protocol, uint16_t outside, os_time now)
{
    uint32_t i = find_outside(nat, protocol, outside, now);
    return i != 0 ? &nat->mappings[i] : NULL;
}

/*
 * The host's own port when it is free, else one at random of the same parity and range (RFC 4787, section
 * 4.2).
 */
static uint16_t choose_port(struct nat *nat, uint8_t protocol, uint16_t port, os_time now,
                            uint32_t (*choose)(void *ctx), void *ctx)
{
    if (ntohs(port) >= 1024 && find_outside(nat, protocol, port, now) == 0)
        return port;
    for (int tries = 0; tries < NAT_TRIES; tries++) {
        uint16_t outside = htons((uint16_t)(1024 + choose(ctx) % (65536 - 1024) / 2 * 2 + (ntohs(port) & 1)));
        if (find_outside(nat, protocol, outside, now) == 0)
            return outside;
    }
    return 0;
}

INTERNAL struct mapping *nat_from_inside(struct nat *nat, uint8_t protocol, uint32_t address, uint16_t port,
                                         os_time now, uint32_t (*choose)(void *ctx), void *ctx)
{
    uint32_t *bucket = &nat->by_inside[hash_of(nat, protocol, address, port)], i = *bucket;
    while (i != 0 && !(nat->mappings[i].protocol == protocol && nat->mappings[i].address == address &&
                       nat->mappings[i].port == port))
        i = nat->mappings[i].next_inside;
    if (i != 0 && nat->mappings[i].expires > now)
        return &nat->mappings[i];
    if (i != 0)
        drop(nat, i);
    if (choose == NULL)
        return NULL;
    if (nat->free == 0)
        drop(nat, nat->oldest);
    uint16_t outside = choose_port(nat, protocol, port, now, choose, ctx);
    if (outside == 0)
        return NULL;
    i = nat->free;
    struct mapping *m = &nat->mappings[i];
    nat->free = m->next_inside;
    *m = (struct mapping){
        .address = address, .port = port, .outside = outside, .protocol = protocol, .next_inside = *bucket
    };
    *bucket = i;
    bucket = &nat->by_outside[hash_of(nat, protocol, 0, outside)];
    m->next_outside = *bucket;
    *bucket = i;
    link_newest(nat, i);
    nat->count++;
    return m;
}

INTERNAL void nat_use(struct nat *nat, struct mapping *m, os_time now, os_time time)
{
    uint32_t i = (uint32_t)(m - nat->mappings);
    m->expires = now + time;
    unlink_use(nat, i);
    link_newest(nat, i);
}
