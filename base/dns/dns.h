/*
 * DNS messages: names, questions, records (RFC 1035, 2782, 3596, 6891). The functions are pure, and the
 * bytes may come from an attacker: every length is checked, and the length of a message bounds the time
 * that it takes to read.
 */
#ifndef BASE_DNS_H
#define BASE_DNS_H

#include <base/dns/name.h>

enum {
    DNS_PORT = 53,
    DNS_HEADER = 12,
    DNS_UDP_PLAIN = 512, /* what fits in a datagram without EDNS (RFC 1035, section 4.2.1) */
    DNS_MESSAGE_MAX = 65535,
};

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_DNAME = 39,
    DNS_OPT = 41,
    DNS_ANY = 255,
};

enum { DNS_IN = 1 };

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_BADVERS = 16,
};

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_header {
    uint16_t id;
    bool response, authoritative, truncated, recursion_desired, recursion_available;
    bool authentic, checking_disabled; /* RFC 4035, section 3.2 */
    uint8_t opcode;
    uint8_t rcode;      /* the low four bits; the others are in OPT */
    uint16_t counts[4]; /* of enum dns_section */
};

struct dns_question {
    struct dns_name name;
    uint16_t type, class;
};

/* A record as it stands in a message. */
struct dns_record {
    enum dns_section section;
    struct dns_name name;
    uint16_t type, class;
    uint32_t ttl;  /* seconds; 0 where the message says more than 2^31 - 1 (RFC 2181, section 8) */
    uint32_t bits; /* the raw field, which OPT uses in another way */
    size_t data;   /* where its data begins in the message */
    uint16_t len;
};

struct dns_srv {
    uint16_t priority, weight, port;
    struct dns_name target;
};

struct dns_soa {
    struct dns_name primary, mailbox;
    uint32_t serial, refresh, retry, expire, minimum;
};

/* The contents of an OPT record (RFC 6891, section 6.1.3). */
struct dns_edns {
    uint16_t udp_size;
    uint8_t rcode_high, version;
    bool dnssec_ok;
};

/* parse.c */

struct dns_reader {
    const uint8_t *message;
    size_t len, at;
    enum dns_section section;
    uint16_t left; /* in the current section */
    struct dns_header header;
};

/* Read the header. The message stays the caller's, and must not move. ERR_FORMAT. */
err dns_read_begin(struct dns_reader *r, const uint8_t *message, size_t len);

/* The next question; ERR_END after the last, ERR_FORMAT. */
err dns_read_question(struct dns_reader *r, struct dns_question *out);

/* The next record of the other sections, skipping questions not read. ERR_END after the last, ERR_FORMAT. */
err dns_read_record(struct dns_reader *r, struct dns_record *out);

/* Read a record's data by its type. ERR_FORMAT when the data has another form. */
err dns_data_address(const struct dns_reader *r, const struct dns_record *record, struct ip_addr *out);
/* The data of CNAME, NS, PTR and DNAME. */
err dns_data_name(const struct dns_reader *r, const struct dns_record *record, struct dns_name *out);
err dns_data_srv(const struct dns_reader *r, const struct dns_record *record, struct dns_srv *out);
err dns_data_soa(const struct dns_reader *r, const struct dns_record *record, struct dns_soa *out);
err dns_data_edns(const struct dns_record *record, struct dns_edns *out);
/* The data of TXT: its strings, joined, are written to `out` of `record->len` bytes. *len may be 0. */
err dns_data_text(const struct dns_reader *r, const struct dns_record *record, uint8_t *out, size_t *len);

/* emit.c */

/* The names that were written. Later names may point to a suffix of one. */
enum { DNS_SUFFIXES = 32 };

struct dns_writer {
    uint8_t *message;
    size_t room, len;
    bool full; /* something did not fit; the complete records before it remain */
    struct dns_header header;
    uint16_t suffixes[DNS_SUFFIXES];
    size_t suffix_count;
};

/* Begin a message in `room` bytes, at least DNS_HEADER. The writer sets the header's counts. */
void dns_write_begin(struct dns_writer *w, uint8_t *message, size_t room, const struct dns_header *header);

void dns_write_question(struct dns_writer *w, const struct dns_question *question);

/* Write a record with these bytes as its data. Sections must be written in their order. */
void dns_write_record(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
                      uint16_t type, uint32_t ttl, const void *data, size_t len);
void dns_write_address(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
                       uint32_t ttl, const struct ip_addr *addr);
/* Write a CNAME, NS or PTR record, whose names may be compressed (RFC 3597, section 4). */
void dns_write_name(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
                    uint16_t type, uint32_t ttl, const struct dns_name *target);
void dns_write_srv(struct dns_writer *w, enum dns_section section, const struct dns_name *name, uint32_t ttl,
                   const struct dns_srv *srv);
void dns_write_soa(struct dns_writer *w, enum dns_section section, const struct dns_name *name, uint32_t ttl,
                   const struct dns_soa *soa);
/* Write one TXT record of `len` bytes, cut into strings of at most 255. */
void dns_write_text(struct dns_writer *w, const struct dns_name *name, uint32_t ttl, const char *text,
                    size_t len);
void dns_write_edns(struct dns_writer *w, const struct dns_edns *edns);

/*
 * Finish: write the header, with `truncated` set when something did not fit. Returns the length. A record
 * that did not fit is left out completely.
 */
size_t dns_write_end(struct dns_writer *w);

#endif
