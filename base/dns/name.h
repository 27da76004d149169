/* Domain names in wire form and as text (RFC 1035, sections 3.1 and 5.1). Pure functions. */
#ifndef BASE_DNS_NAME_H
#define BASE_DNS_NAME_H

#include <stdbool.h>

#include <base/ip/ip.h>

enum {
    DNS_NAME_MAX = 255, /* bytes of a name in wire form, its root label included */
    DNS_LABEL_MAX = 63,
    DNS_TEXT_SIZE = 1010, /* room for any name's text, every byte of it escaped, with the NUL */
};

/* A name in wire form, without compression: labels behind their lengths, the root's last. */
struct dns_name {
    uint8_t len; /* 1–255 */
    uint8_t wire[DNS_NAME_MAX];
};

/*
 * Read "www.example.com", with or without a final dot. After a backslash, the next character, or the byte
 * with the three decimal digits that follow, is part of a label (RFC 1035, section 5.1). ERR_FORMAT,
 * ERR_TOO_LARGE.
 */
err dns_name_from_text(struct dns_name *out, const char *text, size_t len);

/*
 * Write the name's text to DNS_TEXT_SIZE bytes, without a final dot except for the root ".". Returns the
 * length.
 */
size_t dns_name_to_text(const struct dns_name *name, char text[static DNS_TEXT_SIZE]);

/* Compare without regard to the case of ASCII letters (RFC 4343). */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* Whether the names are the same byte for byte. */
bool dns_name_same(const struct dns_name *a, const struct dns_name *b);

/* The number of labels, without the root's. */
unsigned dns_name_labels(const struct dns_name *name);

/* Whether `name` is `domain` or lies below it. */
bool dns_name_is_below(const struct dns_name *name, const struct dns_name *domain);

/* Append `domain` to the labels of `name`. After ERR_TOO_LARGE nothing has changed. */
err dns_name_append(struct dns_name *name, const struct dns_name *domain);

/* The name that an address has in in-addr.arpa or ip6.arpa (RFC 1035, section 3.5; RFC 3596, section 2.5). */
void dns_name_of_address(struct dns_name *out, const struct ip_addr *addr);

/*
 * Read a name that may be compressed, and move *at behind it. A pointer must lead to a place before its own,
 * so that reading ends. After ERR_FORMAT, `out` and *at are undefined.
 */
err dns_name_read(const uint8_t *message, size_t len, size_t *at, struct dns_name *out);

#endif
