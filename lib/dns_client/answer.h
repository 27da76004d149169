/* What a reply says of the question that was asked. Pure functions. */
#ifndef DNS_CLIENT_ANSWER_H
#define DNS_CLIENT_ANSWER_H

#include "../dns/dns.h"

enum {
    ANSWER_RECORDS_MAX = 64, /* of one set; further ones are left out */
    ANSWER_BYTES_MAX = 16384,
    ANSWER_CHAIN_MAX = 12, /* aliases in a row within a reply */
    ANSWER_NEGATIVE_TTL_MAX = 3600,
};

/*
 * A set of records, shared by reference: each is its length in two bytes of the host's order, then its data,
 * names whole.
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
    struct dns_name name; /* in the case in which it is asked */
};

enum answer_fit {
    ANSWER_FITS,
    ANSWER_OTHER_CASE, /* right but for the case of the name's letters */
    ANSWER_ALIEN,      /* not a reply to this */
};

/* Whether a message replies to this query; leaves the reader behind its question. */
INTERNAL enum answer_fit answer_fit(const struct dns_query *query, const uint8_t *message, size_t len,
                                    struct dns_reader *r);

enum answer_kind {
    ANSWER_FOUND,
    ANSWER_NO_NAME, /* nothing of any type has this name (RFC 2308, section 2.1) */
    ANSWER_NO_DATA, /* the name has nothing of this type (section 2.2) */
    ANSWER_ALIAS,   /* the name is another, of which the reply says nothing */
    ANSWER_FAILED,  /* the server cannot tell */
};

struct dns_answer {
    enum answer_kind kind;
    uint32_t ttl;                /* seconds it may be kept; 0: don't */
    unsigned rcode;              /* with the bits of EDNS */
    bool aliased;                /* the name asked for is an alias */
    struct dns_name alias;       /* of ANSWER_ALIAS */
    struct dns_records *records; /* of ANSWER_FOUND: the caller's, to be released */
};

/* Read what it says about this name. ERR_FORMAT, ERR_NO_MEMORY. */
INTERNAL err answer_read(const struct dns_reader *r, const struct dns_name *name, uint16_t type,
                         struct dns_answer *out);

/* NULL is allowed. */
INTERNAL void records_release(struct dns_records *records);

/* The record behind *at, which begins at 0; NULL behind the last. */
INTERNAL const uint8_t *records_next(const struct dns_records *records, size_t *at, size_t *len);

#endif
