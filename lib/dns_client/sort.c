#include "dns_client.h"

#include <string.h>

/* RFC 6724, section 2.1: the default policies. */
struct policy {
    struct ip_cidr prefix;
    uint8_t precedence, label;
};

static const struct policy policies[] = {
    { { { { { [15] = 1 } } }, 128 }, 50, 0 },       /* ::1 */
    { { { { { 0x20, 0x02 } } }, 16 }, 30, 2 },      /* 6to4 */
    { { { { { 0x20, 0x01, 0, 0 } } }, 32 }, 5, 5 }, /* Teredo */
    { { { { { 0xfc } } }, 7 }, 3, 13 },             /* unique local */
    { { { { { 0xfe, 0xc0 } } }, 10 }, 1, 11 },      /* site local */
    { { { { { 0x3f, 0xfe } } }, 16 }, 1, 12 },      /* 6bone */
    { { { { { 0 } } }, 96 }, 1, 3 },                /* IPv4-compatible */
};
static const struct policy policy_v4 = { { { { { 0 } } }, 0 }, 35, 4 };
static const struct policy policy_rest = { { { { { 0 } } }, 0 }, 40, 1 };

/* How far an address reaches (section 3.1). */
enum scope { SCOPE_LINK = 2, SCOPE_SITE = 5, SCOPE_GLOBAL = 14 };

static const struct policy *policy_of(const struct ip_addr *addr)
{
    if (ip_is_v4(addr))
        return &policy_v4;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (ip_cidr_contains(&policies[i].prefix, addr))
            return &policies[i];
    return &policy_rest;
}

static int scope_of(const struct ip_addr *addr)
{
    const uint8_t *b = addr->bytes;
    if (ip_is_v4(addr))
        return b[12] == 127 || (b[12] == 169 && b[13] == 254) ? SCOPE_LINK : SCOPE_GLOBAL;
    if (b[0] == 0xff)
        return b[1] & 15;
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
        return SCOPE_LINK;
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0)
        return SCOPE_SITE;
    return policy_of(addr)->precedence == 50 ? SCOPE_LINK : SCOPE_GLOBAL;
}

struct destination {
    struct ip_addr addr, source;
    bool usable;
};

static int common_bits(const struct ip_addr *a, const struct ip_addr *b)
{
    int bits = 0;
    while (bits < 128 && ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) & 0x80 >> bits % 8) == 0)
        bits++;
    /* A prefix is no longer than 64 bits as a rule, and what follows it means nothing (section 2.2). */
    return bits > 64 ? 64 : bits;
}

/* Whether `a` is to be tried before `b`: the rules of section 6, each deciding when those before it don't. */
static bool is_better(const struct destination *a, const struct destination *b)
{
    if (a->usable != b->usable)
        return a->usable;
    if (a->usable) {
        bool scopes_a = scope_of(&a->addr) == scope_of(&a->source);
        bool scopes_b = scope_of(&b->addr) == scope_of(&b->source);
        if (scopes_a != scopes_b)
            return scopes_a;
        bool labels_a = policy_of(&a->addr)->label == policy_of(&a->source)->label;
        bool labels_b = policy_of(&b->addr)->label == policy_of(&b->source)->label;
        if (labels_a != labels_b)
            return labels_a;
    }
    if (policy_of(&a->addr)->precedence != policy_of(&b->addr)->precedence)
        return policy_of(&a->addr)->precedence > policy_of(&b->addr)->precedence;
    if (scope_of(&a->addr) != scope_of(&b->addr))
        return scope_of(&a->addr) < scope_of(&b->addr);
    if (a->usable && !ip_is_v4(&a->addr) && !ip_is_v4(&b->addr))
        return common_bits(&a->addr, &a->source) > common_bits(&b->addr, &b->source);
    return false;
}

INTERNAL void sort_addresses(struct stack_ip *ip, struct ip_addr *list, size_t count)
{
    struct destination sorted[2 * DNS_ANSWER_RECORDS_MAX];
    if (count > sizeof sorted / sizeof *sorted)
        count = sizeof sorted / sizeof *sorted;
    /* By insertion, which keeps the order of equals (rule 10). */
    for (size_t i = 0; i < count; i++) {
        struct destination d = { .addr = list[i] };
        size_t at = i;
        d.usable = stack_ip_source(ip, &d.addr, &d.source) == OK;
        for (; at > 0 && is_better(&d, &sorted[at - 1]); at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = d;
    }
    for (size_t i = 0; i < count; i++)
        list[i] = sorted[i].addr;
}
