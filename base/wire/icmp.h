/*
 * ICMP messages of both versions (RFC 792, 4443): their types, what an error quotes, and how an error is
 * made. Pure.
 */
#ifndef BASE_WIRE_ICMP_H
#define BASE_WIRE_ICMP_H

#include <mirage/sig/icmp.h>

#include <base/wire/ipv4.h>
#include <base/wire/ipv6.h>

enum {
    ICMP_TYPE = 0,
    ICMP_CODE = 1,
    ICMP_CHECKSUM = 2,
    ICMP_ID = 4,
    ICMP_SEQUENCE = 6,
    ICMP_MTU4 = 6,
    ICMP_POINTER4 = 4,
    ICMP_WORD = 4,
    ICMP_HEADER = 8
};

enum icmp4_type {
    ICMP4_ECHO_REPLY = 0,
    ICMP4_UNREACHABLE = 3,
    ICMP4_REDIRECT = 5,
    ICMP4_ECHO = 8,
    ICMP4_TIME_EXCEEDED = 11,
    ICMP4_PARAMETER = 12
};
enum icmp6_type {
    ICMP6_UNREACHABLE = 1,
    ICMP6_TOO_BIG = 2,
    ICMP6_TIME_EXCEEDED = 3,
    ICMP6_PARAMETER = 4,
    ICMP6_ECHO = 128,
    ICMP6_ECHO_REPLY = 129
};

/*
 * Read what an error says. False when it is not an error that concerns a transport. `p` are ICMP_HEADER
 * bytes.
 */
static inline bool icmp4_error_kind(const uint8_t *p, enum icmp_error_kind *kind, uint32_t *mtu)
{
    *mtu = 0;
    switch (p[ICMP_TYPE]) {
    case ICMP4_UNREACHABLE:
        switch (p[ICMP_CODE]) {
        case 0:
        case 6:
        case 8:
        case 11: *kind = ICMP_UNREACHABLE_NET; return true;
        case 1:
        case 5:
        case 7:
        case 12: *kind = ICMP_UNREACHABLE_HOST; return true;
        case 2: *kind = ICMP_UNREACHABLE_PROTOCOL; return true;
        case 3: *kind = ICMP_UNREACHABLE_PORT; return true;
        case 4:
            *kind = ICMP_TOO_BIG;
            *mtu = wire_get16(p + ICMP_MTU4);
            return true;
        case 9:
        case 10:
        case 13:
        case 14:
        case 15: *kind = ICMP_UNREACHABLE_ADMIN; return true;
        default: return false;
        }
    case ICMP4_TIME_EXCEEDED: *kind = ICMP_TIME_EXCEEDED; return p[ICMP_CODE] < 2;
    case ICMP4_PARAMETER: *kind = ICMP_PARAMETER_PROBLEM; return true;
    default: return false;
    }
}

static inline bool icmp6_error_kind(const uint8_t *p, enum icmp_error_kind *kind, uint32_t *mtu)
{
    *mtu = 0;
    switch (p[ICMP_TYPE]) {
    case ICMP6_UNREACHABLE:
        switch (p[ICMP_CODE]) {
        case 0: *kind = ICMP_UNREACHABLE_NET; return true;
        case 2:
        case 3: *kind = ICMP_UNREACHABLE_HOST; return true;
        case 4: *kind = ICMP_UNREACHABLE_PORT; return true;
        case 1:
        case 5:
        case 6: *kind = ICMP_UNREACHABLE_ADMIN; return true;
        default: return false;
        }
    case ICMP6_TOO_BIG:
        *kind = ICMP_TOO_BIG;
        *mtu = wire_get32(p + ICMP_WORD);
        return true;
    case ICMP6_TIME_EXCEEDED: *kind = ICMP_TIME_EXCEEDED; return p[ICMP_CODE] < 2;
    case ICMP6_PARAMETER:
        /* RFC 4443, section 3.4: code 1 is a next header that the other host doesn't know. */
        *kind = p[ICMP_CODE] == 1 ? ICMP_UNREACHABLE_PROTOCOL : ICMP_PARAMETER_PROBLEM;
        return true;
    default: return false;
    }
}

/*
 * Write the first ICMP_HEADER bytes of an error, with a zero checksum. False when the version has no such
 * error.
 */
static inline bool icmp_emit_error(uint8_t *p, bool v4, enum icmp_error_kind kind, uint8_t code,
                                   uint32_t word)
{
    static const struct {
        uint8_t type4, code4, type6, code6;
    } table[] = {
        [ICMP_UNREACHABLE_NET] = { ICMP4_UNREACHABLE, 0, ICMP6_UNREACHABLE, 0 },
        [ICMP_UNREACHABLE_HOST] = { ICMP4_UNREACHABLE, 1, ICMP6_UNREACHABLE, 3 },
        [ICMP_UNREACHABLE_PROTOCOL] = { ICMP4_UNREACHABLE, 2, ICMP6_PARAMETER, 1 },
        [ICMP_UNREACHABLE_PORT] = { ICMP4_UNREACHABLE, 3, ICMP6_UNREACHABLE, 4 },
        [ICMP_UNREACHABLE_ADMIN] = { ICMP4_UNREACHABLE, 13, ICMP6_UNREACHABLE, 1 },
        [ICMP_TOO_BIG] = { ICMP4_UNREACHABLE, 4, ICMP6_TOO_BIG, 0 },
        [ICMP_TIME_EXCEEDED] = { ICMP4_TIME_EXCEEDED, 0, ICMP6_TIME_EXCEEDED, 0 },
        [ICMP_PARAMETER_PROBLEM] = { ICMP4_PARAMETER, 0, ICMP6_PARAMETER, 0 },
    };
    if ((unsigned)kind >= sizeof table / sizeof *table)
        return false;
    memset(p, 0, ICMP_HEADER);
    p[ICMP_TYPE] = v4 ? table[kind].type4 : table[kind].type6;
    p[ICMP_CODE] = (uint8_t)((v4 ? table[kind].code4 : table[kind].code6) + code);
    if (!v4)
        wire_put32(p + ICMP_WORD, word);
    else if (kind == ICMP_TOO_BIG)
        wire_put16(p + ICMP_MTU4, word);
    else if (kind == ICMP_PARAMETER_PROBLEM)
        p[ICMP_POINTER4] = (uint8_t)word;
    return true;
}

/*
 * Read the packet that an error quotes: its IP head, and how long its IP headers are, so that the caller
 * finds the transport's bytes behind them. `len` bytes lie at `p`, as many as the sender quoted. ERR_FORMAT
 * when it is not a packet of that version, has less than 8 bytes of the transport, or is not the first
 * fragment.
 */
static inline err icmp_parse_quoted(bool v4, const uint8_t *p, size_t len, struct ip_head *head,
                                    size_t *headers)
{
    *head = (struct ip_head){ 0 };
    if (v4) {
        if (len < IPV4_HEADER || p[0] >> 4 != 4 || (p[0] & 15) < 5 ||
            (wire_get16(p + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0)
            return ERR_FORMAT;
        *headers = (size_t)(p[0] & 15) * 4;
        head->source = ipv4_addr(wire_get32(p + IPV4_SOURCE));
        head->destination = ipv4_addr(wire_get32(p + IPV4_DESTINATION));
        head->protocol = p[IPV4_PROTOCOL];
        head->hop_limit = p[IPV4_TTL];
        head->traffic_class = p[IPV4_TOS];
        head->dont_fragment = (wire_get16(p + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT) != 0;
    } else {
        struct ipv6_walk walk;
        if (len < IPV6_HEADER || p[0] >> 4 != 6)
            return ERR_FORMAT;
        ipv6_walk_begin(&walk, p, len);
        while (ipv6_walk_next(&walk) == IPV6_WALK_HEADER)
            if (walk.kind == IPV6_FRAGMENT && (wire_get16(p + walk.at + IPV6_FRAGMENT_OFFSET) & 0xfff8) != 0)
                return ERR_FORMAT;
        if (walk.result != IPV6_WALK_UPPER)
            return ERR_FORMAT;
        *headers = walk.at;
        memcpy(head->source.bytes, p + IPV6_SOURCE, 16);
        memcpy(head->destination.bytes, p + IPV6_DESTINATION, 16);
        head->protocol = walk.kind;
        head->hop_limit = p[IPV6_HOP_LIMIT];
        head->traffic_class = (uint8_t)(wire_get16(p) >> 4);
        head->flow_label = wire_get32(p) & 0xfffff;
    }
    return *headers + 8 <= len ? OK : ERR_FORMAT;
}

#endif
