/*
 * The IPv4 header (RFC 791): offsets, views that check nothing, a parser that trusts nothing, and the
 * function that writes the header. Pure.
 */
#ifndef BASE_WIRE_IPV4_H
#define BASE_WIRE_IPV4_H

#include <base/checksum/checksum.h>
#include <base/ip/ip.h>
#include <base/wire/wire.h>

enum {
    IPV4_VERSION = 0,
    IPV4_TOS = 1,
    IPV4_LENGTH = 2,
    IPV4_ID = 4,
    IPV4_FRAGMENT = 6,
    IPV4_TTL = 8,
    IPV4_PROTOCOL = 9,
    IPV4_CHECKSUM = 10,
    IPV4_SOURCE = 12,
    IPV4_DESTINATION = 16,
    IPV4_HEADER = 20,
    IPV4_HEADER_MAX = 60,
};

enum { IPV4_DONT_FRAGMENT = 0x4000, IPV4_MORE_FRAGMENTS = 0x2000, IPV4_OFFSET_MASK = 0x1fff };

enum { IPV4_MTU_MIN = 68, IPV4_LENGTH_MAX = 65535 };

enum { IPV4_OPTION_END = 0, IPV4_OPTION_NOP = 1, IPV4_OPTION_LSRR = 131, IPV4_OPTION_SSRR = 137 };

struct ipv4_header {
    uint32_t source, destination; /* host order */
    uint16_t id;
    uint16_t fragment;  /* flags and offset as in the header */
    uint16_t length;    /* of the packet, with its header; no more than the bytes that are there */
    uint8_t header_len; /* 20–60 */
    uint8_t protocol, ttl, tos;
};

static inline struct ip_addr ipv4_addr(uint32_t number)
{
    return IP_V4(number >> 24, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff);
}

/* The IPv4 address as a number; the address must be IPv4. */
static inline uint32_t ipv4_number(const struct ip_addr *addr)
{
    return wire_get32(addr->bytes + 12);
}

static inline uint32_t ipv4_mask(unsigned prefix)
{
    return prefix == 0 ? 0 : (uint32_t)(0xffffffff << (32 - prefix));
}

static inline bool ipv4_is_multicast(uint32_t a)
{
    return a >> 28 == 0xe;
}

static inline bool ipv4_is_loopback(uint32_t a)
{
    return a >> 24 == 127;
}

/* How many bytes must lie in the first view for ipv4_parse. `len` of the first bytes are there already. */
static inline size_t ipv4_header_len(const uint8_t *p, size_t len)
{
    size_t header = len > 0 ? (size_t)(p[0] & 15) * 4 : IPV4_HEADER;
    return header < IPV4_HEADER ? IPV4_HEADER : header;
}

/*
 * Read the header of a packet. `len` bytes lie at `p`, of `total` bytes altogether. ERR_FORMAT when it isn't
 * IPv4, contradicts the bytes that are there, or its checksum is wrong. Options are not read.
 */
static inline err ipv4_parse(struct ipv4_header *out, const uint8_t *p, size_t len, size_t total)
{
    if (len < IPV4_HEADER || p[IPV4_VERSION] >> 4 != 4)
        return ERR_FORMAT;
    out->header_len = (uint8_t)((p[IPV4_VERSION] & 15) * 4);
    out->length = wire_get16(p + IPV4_LENGTH);
    if (out->header_len < IPV4_HEADER || out->header_len > len || out->length < out->header_len ||
        out->length > total)
        return ERR_FORMAT;
    if (!checksum_is_valid(checksum_add(0, p, out->header_len)))
        return ERR_FORMAT;
    out->tos = p[IPV4_TOS];
    out->id = wire_get16(p + IPV4_ID);
    out->fragment = wire_get16(p + IPV4_FRAGMENT);
    out->ttl = p[IPV4_TTL];
    out->protocol = p[IPV4_PROTOCOL];
    out->source = wire_get32(p + IPV4_SOURCE);
    out->destination = wire_get32(p + IPV4_DESTINATION);
    return OK;
}

/* Write the checksum of a header of this length whose other fields are set. */
static inline void ipv4_set_checksum(uint8_t *p, size_t header_len)
{
    memset(p + IPV4_CHECKSUM, 0, 2);
    checksum_store(p + IPV4_CHECKSUM, checksum_add(0, p, header_len));
}

enum ipv4_options { IPV4_OPTIONS_FINE, IPV4_OPTIONS_SOURCE_ROUTE, IPV4_OPTIONS_WRONG };

/*
 * Check the options behind a header; none is acted upon. `*at` is the offset of the first option that is a
 * source route or whose length is wrong.
 */
static inline enum ipv4_options ipv4_check_options(const uint8_t *p, size_t header_len, uint32_t *at)
{
    size_t i = IPV4_HEADER;
    while (i < header_len && p[i] != IPV4_OPTION_END) {
        *at = (uint32_t)i;
        if (p[i] == IPV4_OPTION_NOP) {
            i++;
            continue;
        }
        if (p[i] == IPV4_OPTION_LSRR || p[i] == IPV4_OPTION_SSRR)
            return IPV4_OPTIONS_SOURCE_ROUTE;
        if (i + 1 >= header_len || p[i + 1] < 2 || p[i + 1] > header_len - i)
            return IPV4_OPTIONS_WRONG;
        i += p[i + 1];
    }
    return IPV4_OPTIONS_FINE;
}

/*
 * Identifications of packets that may be fragmented (RFC 6864). They count from an unpredictable number, with
 * a separate counter for each group of destinations (for the reasons in RFC 7739). Fill it with randomness.
 */
struct ipv4_ids {
    uint32_t seed;
    uint16_t next[256];
};

static inline uint16_t ipv4_next_id(struct ipv4_ids *ids, uint32_t destination, uint8_t protocol)
{
    uint32_t hash = ((destination ^ ids->seed) * 0x9e3779b1 + protocol) * 0x85ebca6b;
    return ids->next[hash >> 24]++;
}

/* Write the IPV4_HEADER bytes of a header without options, with its checksum. header_len is ignored. */
static inline void ipv4_emit(uint8_t *p, const struct ipv4_header *header)
{
    p[IPV4_VERSION] = 0x45;
    p[IPV4_TOS] = header->tos;
    wire_put16(p + IPV4_LENGTH, header->length);
    wire_put16(p + IPV4_ID, header->id);
    wire_put16(p + IPV4_FRAGMENT, header->fragment);
    p[IPV4_TTL] = header->ttl;
    p[IPV4_PROTOCOL] = header->protocol;
    wire_put32(p + IPV4_SOURCE, header->source);
    wire_put32(p + IPV4_DESTINATION, header->destination);
    uint32_t sum = (uint32_t)(0x4500 + header->tos) + header->length + header->id + header->fragment +
                   (uint32_t)(header->ttl << 8 | header->protocol) + (header->source >> 16) +
                   (header->source & 0xffff) + (header->destination >> 16) + (header->destination & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    wire_put16(p + IPV4_CHECKSUM, ~(sum + (sum >> 16)));
}

#endif
