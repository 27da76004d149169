/*
 * The IPv6 header and its extensions (RFC 8200): offsets, views that check nothing, a bounded walk over
 * extension headers, and functions that write headers. Pure.
 */
#ifndef BASE_WIRE_IPV6_H
#define BASE_WIRE_IPV6_H

#include <base/checksum/checksum.h>
#include <base/ip/ip.h>
#include <base/wire/wire.h>

enum {
    IPV6_LENGTH = 4,
    IPV6_NEXT = 6,
    IPV6_HOP_LIMIT = 7,
    IPV6_SOURCE = 8,
    IPV6_DESTINATION = 24,
    IPV6_HEADER = 40
};

enum {
    IPV6_HOP_BY_HOP = 0,
    IPV6_ROUTING = 43,
    IPV6_FRAGMENT = 44,
    IPV6_NO_NEXT = 59,
    IPV6_OPTIONS = 60,
};

enum { IPV6_FRAGMENT_OFFSET = 2, IPV6_FRAGMENT_ID = 4, IPV6_FRAGMENT_HEADER = 8 };
enum { IPV6_ROUTING_LEFT = 3 };

enum { IPV6_MTU_MIN = 1280, IPV6_PAYLOAD_MAX = 65535 };

/* Our own limits: packets with more or longer extension headers than this are refused. */
enum { IPV6_EXTENSIONS_MAX = 8, IPV6_EXTENSION_BYTES_MAX = 512 };

static inline struct ip_addr ipv6_addr(const uint8_t *p)
{
    struct ip_addr addr;
    memcpy(addr.bytes, p, 16);
    return addr;
}

static inline bool ipv6_is_multicast(const struct ip_addr *a)
{
    return a->bytes[0] == 0xff;
}

static inline bool ipv6_is_link_local(const struct ip_addr *a)
{
    return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static inline bool ipv6_is_loopback(const struct ip_addr *a)
{
    static const uint8_t loopback[16] = { [15] = 1 };
    return memcmp(a->bytes, loopback, 16) == 0;
}

/* The solicited-node address, ff02::1:ffXX:XXXX (RFC 4291, section 2.7.1). */
static inline struct ip_addr ipv6_solicited_node(const struct ip_addr *a)
{
    return (
        struct ip_addr){ .bytes = { 0xff, 0x02, [11] = 1, 0xff, a->bytes[13], a->bytes[14], a->bytes[15] } };
}

/* A walk over the headers of a packet. `len` bytes of it, at least IPV6_HEADER, lie at `p`. */
enum ipv6_walk_result {
    IPV6_WALK_HEADER,    /* a complete extension header of `kind` lies at `at` */
    IPV6_WALK_UPPER,     /* the upper layer, whose protocol is `kind`, begins at `at` */
    IPV6_WALK_TRUNCATED, /* the header of `kind` at `at` is cut short */
    IPV6_WALK_TOO_MANY,  /* the limits are exceeded */
};

struct ipv6_walk {
    const uint8_t *p;
    size_t len, at, size; /* size of the header at `at` */
    uint32_t named_at;    /* the offset at which `kind` was read */
    unsigned count;
    uint8_t kind;
    enum ipv6_walk_result result;
};

static inline void ipv6_walk_begin(struct ipv6_walk *walk, const uint8_t *p, size_t len)
{
    *walk = (struct ipv6_walk){
        .p = p, .len = len, .size = IPV6_HEADER, .named_at = IPV6_NEXT, .kind = p[IPV6_NEXT]
    };
}

/*
 * Go on to the next header. At a fragment header the caller decides whether the bytes behind it are headers.
 */
static inline enum ipv6_walk_result ipv6_walk_next(struct ipv6_walk *walk)
{
    if (walk->at > 0) {
        walk->named_at = (uint32_t)walk->at;
        walk->kind = walk->p[walk->at];
    }
    walk->at += walk->size;
    walk->size = 0;
    if (walk->kind != IPV6_HOP_BY_HOP && walk->kind != IPV6_ROUTING && walk->kind != IPV6_FRAGMENT &&
        walk->kind != IPV6_OPTIONS)
        return walk->result = IPV6_WALK_UPPER;
    if (walk->at + 8 > walk->len)
        return walk->result = IPV6_WALK_TRUNCATED;
    walk->size = walk->kind == IPV6_FRAGMENT ? IPV6_FRAGMENT_HEADER : 8 + (size_t)walk->p[walk->at + 1] * 8;
    if (++walk->count > IPV6_EXTENSIONS_MAX || walk->at + walk->size > IPV6_HEADER + IPV6_EXTENSION_BYTES_MAX)
        return walk->result = IPV6_WALK_TOO_MANY;
    if (walk->at + walk->size > walk->len)
        return walk->result = IPV6_WALK_TRUNCATED;
    return walk->result = IPV6_WALK_HEADER;
}

/* RFC 8200, section 4.2: the upper bits of an unknown option say what to do with the packet. */
enum ipv6_options { IPV6_OPTIONS_FINE, IPV6_OPTIONS_DROP, IPV6_OPTIONS_TELL, IPV6_OPTIONS_TELL_UNLESS_GROUP };

/*
 * Check the options of the hop-by-hop or destination header of `size` bytes at `at`; none is acted upon.
 * `*pointer` is the offset of the option that is refused.
 */
static inline enum ipv6_options ipv6_check_options(const uint8_t *p, size_t at, size_t size,
                                                   uint32_t *pointer)
{
    size_t end = at + size, i = at + 2;
    while (i < end) {
        *pointer = (uint32_t)i;
        if (p[i] == 0) {
            i++;
            continue;
        }
        if (i + 2 > end || (size_t)p[i + 1] + 2 > end - i)
            return IPV6_OPTIONS_DROP;
        /* PadN and router alert (RFC 2711), which is meant for routers. */
        if (p[i] != 1 && p[i] != 5 && p[i] >> 6 != 0)
            return (enum ipv6_options)(p[i] >> 6);
        i += (size_t)p[i + 1] + 2;
    }
    return IPV6_OPTIONS_FINE;
}

static inline void ipv6_emit(uint8_t *p, const struct ip_addr *source, const struct ip_addr *destination,
                             size_t payload_len, uint8_t next, uint8_t hop_limit, uint8_t traffic_class,
                             uint32_t flow_label)
{
    wire_put32(p, 0x60000000 | (uint32_t)traffic_class << 20 | (flow_label & 0xfffff));
    wire_put16(p + IPV6_LENGTH, (uint32_t)payload_len);
    p[IPV6_NEXT] = next;
    p[IPV6_HOP_LIMIT] = hop_limit;
    memcpy(p + IPV6_SOURCE, source->bytes, 16);
    memcpy(p + IPV6_DESTINATION, destination->bytes, 16);
}

#endif
