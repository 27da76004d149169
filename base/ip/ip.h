/*
 * An IP address, as every layer passes it: 16 bytes in network order. An IPv4 address has its IPv4-mapped
 * form (RFC 4291, section 2.5.5.2). It is a plain value, which can be copied and compared.
 */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mirage/err.h>

struct ip_addr {
    union {
        uint8_t bytes[16];
        uint32_t words[4];
        uint64_t halves[2];
    };
};

/* An address and the length of its prefix, 0–32 for IPv4 or 0–128 for IPv6. */
struct ip_cidr {
    struct ip_addr addr;
    uint8_t prefix;
};

/* "::", which belongs to neither family. A listener on every address is given this. */
#define IP_ANY ((struct ip_addr){ .bytes = { 0 } })

/* The IPv4 address a.b.c.d. */
#define IP_V4(a, b, c, d) \
    ((struct ip_addr){ .bytes = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d) } })

/* Room for the longest text of ip_format and ip_cidr_format, with its NUL. */
#define IP_TEXT_SIZE 52

static inline bool ip_is_v4(const struct ip_addr *a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

static inline bool ip_is_any(const struct ip_addr *a)
{
    return (a->halves[0] | a->halves[1]) == 0;
}

static inline bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
    return a->halves[0] == b->halves[0] && a->halves[1] == b->halves[1];
}

/*
 * Read IPv4 text with dots or IPv6 text (RFC 4291). All `len` bytes must belong to it. After ERR_FORMAT `out`
 * is untouched.
 */
err ip_parse(struct ip_addr *out, const char *text, size_t len);

/* Read "address/prefix". Without a prefix it is that of a single host. */
err ip_cidr_parse(struct ip_cidr *out, const char *text, size_t len);

/* Write the canonical text (RFC 5952 for IPv6) to `text` of IP_TEXT_SIZE bytes. Returns `text`. */
char *ip_format(const struct ip_addr *a, char *text);
char *ip_cidr_format(const struct ip_cidr *c, char *text);

/* Whether `a` lies within `c`. False when they are of different families. */
bool ip_cidr_contains(const struct ip_cidr *c, const struct ip_addr *a);

/* Room for a sentence of ip_marks_valid, with its NUL. */
#define IP_MARKS_TEXT 128

/*
 * Whether packets can have this Differentiated Services codepoint (RFC 2474) and this hop limit, of which 0
 * is the host's default. If not, `text` of IP_MARKS_TEXT bytes receives the sentence that says why.
 */
bool ip_marks_valid(int dscp, int hop_limit, char *text);

#endif
