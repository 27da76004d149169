/* The answer that a reply gives to a question. Pure functions. */
#ifndef BASE_DNS_ANSWER_H
#define BASE_DNS_ANSWER_H

#include <base/dns/dns.h>

enum {
    DNS_ANSWER_RECORDS_MAX = 64, /* of one set; further ones are left out */
    DNS_ANSWER_BYTES_MAX = 16384,
    DNS_ANSWER_CHAIN_MAX = 12, /* aliases in a row within a reply */
    DNS_ANSWER_NEGATIVE_TTL_MAX = 3600,
};

/*
 * A set of records, shared by reference. Each record is its length in two bytes of the host's order, then its
 * data with uncompressed names.
 */
struct dns_records {
    unsigned users;
    uint16_t count;
    uint16_t len;
    uint8_t bytes[];
};

struct dns_query {
    uint16_t id;
    uint16_t type;
    struct dns_name name; /* with letters in the case in which the question is sent */
};

enum dns_answer_fit {
    DNS_ANSWER_FITS,
    DNS_ANSWER_OTHER_CASE, /* right, except for the case of the name's letters */
    DNS_ANSWER_ALIEN,      /* not a reply to this query */
};

/* Whether a message replies to this query. Leaves the reader after its question. */
enum dns_answer_fit dns_answer_fit(const struct dns_query *query, const uint8_t *message, size_t len,
                                   struct dns_reader *r);

enum dns_answer_kind {
    DNS_ANSWER_FOUND,
    DNS_ANSWER_NO_NAME, /* nothing of any type has this name (RFC 2308, section 2.1) */
    DNS_ANSWER_NO_DATA, /* the name has nothing of this type (section 2.2) */
    DNS_ANSWER_ALIAS,   /* the name is an alias of another name, for which the reply has no answer */
    DNS_ANSWER_FAILED,  /* the server cannot tell */
};

struct dns_answer {
    enum dns_answer_kind kind;
    uint32_t ttl;                /* seconds it may be kept; 0: don't */
    unsigned rcode;              /* with the bits of EDNS */
    bool aliased;                /* the name in the question is an alias */
    struct dns_name alias;       /* of DNS_ANSWER_ALIAS */
    struct dns_records *records; /* of DNS_ANSWER_FOUND: the caller's, to be released */
};

/* Read the answer for this name. ERR_FORMAT, ERR_NO_MEMORY. */
err dns_answer_read(const struct dns_reader *r, const struct dns_name *name, uint16_t type,
                    struct dns_answer *out);

/* NULL is allowed. */
void dns_records_release(struct dns_records *records);

/* The record after *at, which begins at 0. NULL after the last. */
const uint8_t *dns_records_next(const struct dns_records *records, size_t *at, size_t *len);

#endif
