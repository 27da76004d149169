/*
 * Messages of neighbour discovery (RFC 4861, 4191, 7527, 8106) and of multicast listeners (RFC 3810). Pure:
 * everything that is parsed is checked against its length, and only numbers and addresses are copied from a
 * message.
 */
#ifndef BASE_WIRE_NDP_H
#define BASE_WIRE_NDP_H

#include <mirage/err.h>
#include <mirage/sig/ethernet.h>

#include <base/wire/ipv6.h>

enum ndp_type {
    MLD_QUERY = 130,
    NDP_ROUTER_SOLICITATION = 133,
    NDP_ROUTER_ADVERTISEMENT = 134,
    NDP_NEIGHBOUR_SOLICITATION = 135,
    NDP_NEIGHBOUR_ADVERTISEMENT = 136,
    NDP_REDIRECT = 137,
    MLD_REPORT = 143,
};

enum { NDP_HOP_LIMIT = 255, NDP_TARGET = 8, NDP_REDIRECT_DESTINATION = 24, NDP_NONCE = 6 };

enum ndp_option {
    NDP_SOURCE_LINK = 1,
    NDP_TARGET_LINK = 2,
    NDP_PREFIX = 3,
    NDP_MTU = 5,
    NDP_NONCE_OPTION = 14,
    NDP_ROUTE = 24,
    NDP_RDNSS = 25,
    NDP_DNSSL = 31,
};

/* Flags of a neighbour advertisement, in its fifth byte, and of a prefix, in its fourth. */
enum { NDP_FROM_ROUTER = 0x80, NDP_SOLICITED = 0x40, NDP_OVERRIDE = 0x20 };
enum { NDP_ON_LINK = 0x80, NDP_AUTONOMOUS = 0x40 };

/* The offset of a message's options, or 0 for a type that is not handled here. */
static inline size_t ndp_fixed_len(uint8_t type)
{
    switch (type) {
    case NDP_ROUTER_SOLICITATION: return 8;
    case NDP_ROUTER_ADVERTISEMENT: return 16;
    case NDP_NEIGHBOUR_SOLICITATION:
    case NDP_NEIGHBOUR_ADVERTISEMENT: return 24;
    case NDP_REDIRECT: return 40;
    default: return 0;
    }
}

/*
 * Go on to the next option. `*at` begins at ndp_fixed_len. True when an option of `*len` bytes lies at the
 * former `*at`, which is returned in `*option`.
 */
static inline bool ndp_next_option(const uint8_t *p, size_t total, size_t *at, const uint8_t **option,
                                   size_t *len)
{
    if (*at + 8 > total || p[*at + 1] == 0)
        return false;
    *len = (size_t)p[*at + 1] * 8;
    if (*len > total - *at)
        return false;
    *option = p + *at;
    *at += *len;
    return true;
}

/*
 * Check a message's own length, its code and the lengths of all options (RFC 4861, sections 6.1, 7.1, 8.1).
 */
static inline err ndp_check(const uint8_t *p, size_t len)
{
    size_t at = len > 0 ? ndp_fixed_len(p[0]) : 0, size;
    const uint8_t *option;

    if (at == 0 || len < at || p[1] != 0)
        return ERR_FORMAT;
    while (at < len)
        if (!ndp_next_option(p, len, &at, &option, &size))
            return ERR_FORMAT;
    return OK;
}

/* The first option of this kind with at least `least` bytes, or NULL. */
static inline const uint8_t *ndp_find(const uint8_t *p, size_t total, uint8_t kind, size_t least)
{
    size_t at = ndp_fixed_len(p[0]), len;
    const uint8_t *option;

    while (ndp_next_option(p, total, &at, &option, &len))
        if (option[0] == kind && len >= least)
            return option;
    return NULL;
}

/* The link address in an option. False when there is none, or it is one that no host can have. */
static inline bool ndp_link_address(const uint8_t *p, size_t total, enum ndp_option kind,
                                    struct ethernet_address *out)
{
    const uint8_t *option = ndp_find(p, total, (uint8_t)kind, 8);
    static const uint8_t nobody[6];
    if (option == NULL || (option[2] & 1) != 0 || memcmp(option + 2, nobody, sizeof nobody) == 0)
        return false;
    memcpy(out->bytes, option + 2, 6);
    return true;
}

/* A prefix of `bits` of the bytes. The rest is zero. */
static inline struct ip_addr ndp_prefix(const uint8_t *bytes, size_t available, unsigned bits)
{
    struct ip_addr addr = { .bytes = { 0 } };
    size_t whole = bits / 8;

    if (whole > available)
        whole = available;
    memcpy(addr.bytes, bytes, whole);
    if (bits % 8 != 0 && whole < available && whole < 16)
        addr.bytes[whole] = (uint8_t)(bytes[whole] & 0xff << (8 - bits % 8));
    return addr;
}

/*
 * RFC 4191, section 2.1: a preference of 1, 0 or -1. The reserved value counts as medium for a router. For a
 * route it is 2 here, which means that the route is ignored.
 */
static inline int ndp_preference(uint8_t flags)
{
    switch (flags >> 3 & 3) {
    case 1: return 1;
    case 3: return -1;
    case 2: return 2;
    default: return 0;
    }
}

/*
 * One name of a DNSSL option (RFC 8106, section 5.2), from `*at` on, written to `out` as text with dots.
 * Returns its length, or 0 at the end, and when the bytes are not a host name or there is no room.
 */
static inline size_t ndp_domain(const uint8_t *option, size_t len, size_t *at, char *out, size_t room)
{
    size_t n = 0;

    while (*at < len && option[*at] != 0) {
        size_t label = option[*at];
        if (label > 63 || label >= len - *at || n + label + 1 >= room || n + label + 1 > 255)
            return 0;
        if (n > 0)
            out[n++] = '.';
        for (size_t i = 1; i <= label; i++) {
            uint8_t c = option[*at + i];
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_'))
                return 0;
            out[n++] = (char)c;
        }
        *at += label + 1;
    }
    if (*at >= len)
        return 0;
    (*at)++;
    return n;
}

#endif
