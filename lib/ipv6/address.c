/*
 * This host's own addresses: how they are made (RFC 4862, 7217), probed (RFC 4429), aged, and selected as
 * sources (RFC 6724).
 */
#include "ipv6.h"

#include <base/siphash/siphash.h>

INTERNAL struct ipv6_address *address_find(struct ipv6 *ip, const struct ip_addr *addr)
{
    for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++)
        if (ip->addresses[i].state != ADDRESS_FREE && ip_equal(&ip->addresses[i].addr, addr))
            return &ip->addresses[i];
    return NULL;
}

INTERNAL const struct ipv6_address *address_link_local(const struct ipv6 *ip)
{
    for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++)
        if (address_is_usable(&ip->addresses[i]) && ipv6_is_link_local(&ip->addresses[i].addr))
            return &ip->addresses[i];
    return NULL;
}

static void log_address(const char *what, const struct ipv6_address *a)
{
    char text[IP_TEXT_SIZE];
    log_info("%s %s", what, ip_cidr_format(&(struct ip_cidr){ a->addr, a->prefix }, text));
}

INTERNAL err address_add(struct ipv6 *ip, const struct ip_addr *addr, unsigned prefix, bool autonomous,
                         os_time preferred, os_time valid)
{
    struct ip_addr group = ipv6_solicited_node(addr);
    struct ipv6_address *a = NULL;

    for (size_t i = 0; i < IPV6_ADDRESSES_MAX && a == NULL; i++)
        if (ip->addresses[i].state == ADDRESS_FREE)
            a = &ip->addresses[i];
    if (a == NULL)
        return ERR_NO_SPACE;
    TRY(group_join(ip, &group));
    *a = (struct ipv6_address){ .addr = *addr,
                                .prefix = (uint8_t)prefix,
                                .autonomous = autonomous,
                                .preferred_until = preferred,
                                .valid_until = valid };
    a->state = key_optimistic ? ADDRESS_OPTIMISTIC : ADDRESS_TENTATIVE;
    a->probed_until = os_loop_now() + ip->retrans;
    discovery_probe(ip, a);
    ipv6_changed(ip);
    ipv6_arm(ip, a->probed_until);
    if (address_is_usable(a)) {
        log_address("address", a);
        os_wake_all(&ip->configured);
    }
    return OK;
}

static void remove_address(struct ipv6 *ip, struct ipv6_address *a)
{
    struct ip_addr group = ipv6_solicited_node(&a->addr);

    a->state = ADDRESS_FREE;
    group_leave(ip, &group);
    ipv6_changed(ip);
}

/* RFC 7217, section 5: an interface identifier that is stable on one network and differs between networks. */
INTERNAL void address_make(struct ipv6 *ip, const struct ip_addr *prefix, uint8_t collisions,
                           struct ip_addr *out)
{
    uint8_t input[15];

    memcpy(input, prefix->bytes, 8);
    memcpy(input + 8, ip->mac.bytes, 6);
    for (;; collisions++) {
        input[14] = collisions;
        uint64_t id = siphash_bytes(ip->secret, input, sizeof input);
        *out = *prefix;
        for (size_t i = 0; i < 8; i++)
            out->bytes[8 + i] = (uint8_t)(id >> (8 * i));
        /*
         * RFC 5453: the identifiers reserved for the subnet-router anycast address and other anycast
         * addresses.
         */
        if (id != 0 && (wire_get32(out->bytes + 8) != 0xfdffffff || wire_get32(out->bytes + 12) < 0xffffff80))
            return;
    }
}

INTERNAL void address_advertised(struct ipv6 *ip, const struct ip_addr *prefix, os_time preferred,
                                 os_time valid, os_time now)
{
    size_t count = 0;
    struct ip_addr addr;

    for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++) {
        struct ipv6_address *a = &ip->addresses[i];
        if (a->state == ADDRESS_FREE || !a->autonomous)
            continue;
        count++;
        if (a->prefix != 64 || !ipv6_matches(&a->addr, prefix, 64))
            continue;
        /*
         * RFC 4862, section 5.5.3 (e): an advertisement cannot shorten the remaining lifetime to less than
         * two hours.
         */
        if (valid == OS_NEVER || valid > a->valid_until || valid > now + SLAAC_TWO_HOURS)
            a->valid_until = valid;
        else if (a->valid_until > now + SLAAC_TWO_HOURS)
            a->valid_until = now + SLAAC_TWO_HOURS;
        a->preferred_until = preferred;
        ipv6_arm(ip, a->valid_until);
        return;
    }
    /* Some places are kept free for the addresses of the command line. */
    if (valid <= now || count >= IPV6_ADDRESSES_MAX - 4)
        return;
    address_make(ip, prefix, 0, &addr);
    if (address_add(ip, &addr, 64, true, preferred, valid) == OK)
        ipv6_arm(ip, valid);
}

INTERNAL void address_is_duplicate(struct ipv6 *ip, struct ipv6_address *a)
{
    struct ipv6_address old = *a;
    struct ip_addr prefix = { .bytes = { 0 } }, addr;
    char text[IP_TEXT_SIZE];

    metric_add(&ip->duplicates, 1);
    log_warning("%s is used by another host", ip_format(&old.addr, text));
    remove_address(ip, a);
    if (!old.autonomous || old.collisions >= SLAAC_TRIES)
        return;
    memcpy(prefix.bytes, old.addr.bytes, 8);
    address_make(ip, &prefix, (uint8_t)(old.collisions + 1), &addr);
    if (address_add(ip, &addr, old.prefix, true, old.preferred_until, old.valid_until) == OK)
        address_find(ip, &addr)->collisions = (uint8_t)(old.collisions + 1);
}

INTERNAL os_time address_age(struct ipv6 *ip, os_time now)
{
    os_time next = OS_NEVER;

    for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++) {
        struct ipv6_address *a = &ip->addresses[i];
        if (a->state == ADDRESS_FREE)
            continue;
        if (now >= a->valid_until) {
            log_address("no longer", a);
            remove_address(ip, a);
            continue;
        }
        if (a->state != ADDRESS_READY && now >= a->probed_until) {
            if (a->state == ADDRESS_TENTATIVE)
                log_address("address", a);
            a->state = ADDRESS_READY;
            ipv6_changed(ip);
            os_wake_all(&ip->configured);
            discovery_announce(ip, a); /* RFC 9131: tell routers of the new address */
        }
        os_time due =
            a->state != ADDRESS_READY && a->probed_until < a->valid_until ? a->probed_until : a->valid_until;
        next = due < next ? due : next;
    }
    return next;
}

/* RFC 4291, section 2.7, and RFC 6724, section 3.1. */
static unsigned scope_of(const struct ip_addr *a)
{
    if (ipv6_is_multicast(a))
        return a->bytes[1] & 15;
    return ipv6_is_link_local(a) || ipv6_is_loopback(a) ? 2 : 14;
}

/* RFC 6724, section 2.1. */
static unsigned label_of(const struct ip_addr *a)
{
    static const struct {
        uint8_t bits, label, bytes[12];
    } table[] = {
        { 96, 3, { 0 } },          { 96, 4, { [10] = 0xff, 0xff } }, { 32, 5, { 0x20, 0x01 } },
        { 16, 2, { 0x20, 0x02 } }, { 16, 12, { 0x3f, 0xfe } },       { 10, 11, { 0xfe, 0xc0 } },
        { 7, 13, { 0xfc } },
    };
    if (ipv6_is_loopback(a))
        return 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ip_addr prefix = { .bytes = { 0 } };
        memcpy(prefix.bytes, table[i].bytes, sizeof table[i].bytes);
        if (ipv6_matches(a, &prefix, table[i].bits))
            return table[i].label;
    }
    return 1;
}

static unsigned common_bits(const struct ip_addr *a, const struct ip_addr *b, unsigned most)
{
    unsigned n = 0;
    while (n < most && ((a->bytes[n / 8] ^ b->bytes[n / 8]) >> (7 - n % 8) & 1) == 0)
        n++;
    return n;
}

/* RFC 6724, section 5: whether `a` is a better source than `b` for the destination. */
static bool is_better(const struct ipv6_address *a, const struct ipv6_address *b,
                      const struct ip_addr *destination, os_time now)
{
    unsigned wanted = scope_of(destination), sa = scope_of(&a->addr), sb = scope_of(&b->addr),
             label = label_of(destination);

    if (ip_equal(&a->addr, destination) != ip_equal(&b->addr, destination))
        return ip_equal(&a->addr, destination);
    if (sa != sb)
        return sa < sb ? sa >= wanted : sb < wanted;
    /* RFC 4429, section 3.1: an optimistic address ranks as a deprecated one. */
    bool da = now >= a->preferred_until || a->state != ADDRESS_READY,
         db = now >= b->preferred_until || b->state != ADDRESS_READY;
    if (da != db)
        return db;
    bool la = label_of(&a->addr) == label, lb = label_of(&b->addr) == label;
    if (la != lb)
        return la;
    return common_bits(&a->addr, destination, a->prefix) > common_bits(&b->addr, destination, b->prefix);
}

INTERNAL const struct ipv6_address *address_select(struct ipv6 *ip, const struct ip_addr *destination)
{
    const struct ipv6_address *best = NULL;
    os_time now = os_loop_now();

    for (size_t i = 0; i < IPV6_ADDRESSES_MAX; i++) {
        const struct ipv6_address *a = &ip->addresses[i];
        if (address_is_usable(a) && (best == NULL || is_better(a, best, destination, now)))
            best = a;
    }
    return best;
}
