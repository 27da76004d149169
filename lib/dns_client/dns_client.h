/*
 * Names by asking DNS servers, which the network or --nameserver tells, with a cache: a stub resolver (RFC
 * 1034, section 5.3.1).
 */
#ifndef DNS_CLIENT_H
#define DNS_CLIENT_H

#include <mirage/functor.h>
#include <mirage/metric.h>

#include <base/dns/host_name.h>
#include <base/dns/answer.h>
#include <base/wire/wire.h>

PARAM(STACK, stack);
PARAM(RANDOM, random);
MODULE(RESOLVER, dns_client);

LOG_SOURCE(dns_client);

enum { SERVERS_MAX = 8, SEARCH_MAX = 8 };

/* An answer that is kept, or that nothing is there. */
struct cached {
    struct cached *newer, *older; /* by use */
    struct cached *next;          /* of the same hash */
    uint32_t hash;
    uint16_t type; /* 0: no type has this name */
    os_time expires;
    struct dns_records *records; /* NULL: there are none */
    struct dns_name name;
};

struct cache {
    struct cached *newest, *oldest;
    struct cached **buckets;
    size_t bucket_mask, count, bytes;
    size_t count_max, bytes_max;
    uint32_t seed;
};

/*
 * What a server was found not to do, so that the next lookup need not find out. It is forgotten at `until`,
 * because a server may learn, and because an answer that taught us this may have been forged.
 */
struct habits {
    struct ip_addr server;
    os_time until;
    bool plain;    /* it does not know EDNS */
    bool any_case; /* it does not keep the case of letters */
};

/* A question that somebody is asking: others who have the same wait for the answer (RFC 5452, section 5). */
struct pending {
    struct pending *next;
    unsigned users;
    uint16_t type;
    struct dns_name name;
    struct os_promise promise;
    struct dns_records *records;
};

struct dns_client {
    struct stack *stack;
    struct random *random;
    struct cache cache;
    struct pending *pending;
    size_t preferred; /* the server that answered last */
    struct habits habits[SERVERS_MAX];
    os_time began;
    struct metric queries, cached, timeouts, refused, by_tcp;
};

/* cache.c */

/* `count` answers and about so many bytes; ERR_NO_MEMORY. */
INTERNAL err cache_init(struct cache *cache, size_t count, size_t bytes, uint32_t seed);
INTERNAL void cache_free(struct cache *cache);
/*
 * OK: *out is a reference of the caller's. ERR_NOT_FOUND: it is known that there is nothing. ERR_AGAIN: not
 * in the cache.
 */
INTERNAL err cache_find(struct cache *cache, const struct dns_name *name, uint16_t type,
                        struct dns_records **out);
/*
 * Keep records, of which it takes a reference of its own, or with NULL that there are none, for `ttl`
 * seconds. Without memory it doesn't.
 */
INTERNAL void cache_add(struct cache *cache, const struct dns_name *name, uint16_t type, uint32_t ttl,
                        struct dns_records *records);

/* query.c */

/* Ask the servers, until one can tell. ERR_TIMEOUT, ERR_IO, ERR_UNREACHABLE, ERR_NO_MEMORY. */
INTERNAL IO err ask(struct dns_client *client, const struct dns_name *name, uint16_t type,
                    struct dns_answer *out);

/* habits.c */

/* What is known of the server; of an unknown one, that it does everything. */
INTERNAL struct habits habits_of(const struct dns_client *client, const struct ip_addr *server);
/* Remember what a server that has answered does not do. The one to be forgotten first gives way. */
INTERNAL void habits_note(struct dns_client *client, const struct habits *found);

/* exchange.c */

struct exchange {
    struct dns_client *client;
    struct endpoint server;
    struct dns_query query;
    bool edns;
    bool any_case; /* the server does not keep the case of letters */
};

/*
 * Send the query and read the answer. ERR_TIMEOUT; ERR_TOO_LARGE: it must be asked by TCP; ERR_UNSUPPORTED:
 * the answer came in another case, so ask again with `any_case`; ERR_FORMAT; errors of UDP and TCP.
 */
INTERNAL IO err exchange_by_udp(struct exchange *x, os_time until, struct dns_answer *out);
INTERNAL IO err exchange_by_tcp(struct exchange *x, os_time until, struct dns_answer *out);

/* lookup.c */

/* The records of exactly this name, through aliases; *out is a reference of the caller's. */
INTERNAL IO err look_up(struct dns_client *client, const struct dns_name *name, uint16_t type,
                        struct dns_records **out);

/* names.c */

/* The name with the n-th domain to look in, 0 first. ERR_END: there is none; ERR_TOO_LARGE: pass over it. */
INTERNAL err name_candidate(struct dns_client *client, const char *name, size_t n, struct dns_name *out);
/* Whether no server is to be asked about it (RFC 6761, 7686). */
INTERNAL bool name_is_nowhere(const struct dns_name *name);

/* hosts.c */

INTERNAL err hosts_check(void);
/*
 * The addresses of that family in the static entries, or of localhost; 0: none. `known`: the name is there.
 */
INTERNAL size_t hosts_find(const char *name, enum resolver_family family, struct ip_addr *out, size_t room,
                           bool *known);

/* service.c */

/*
 * The services of SRV records, at most `room`; returns how many. Those whose host's name is not one are left
 * out.
 */
INTERNAL size_t services_read(const struct dns_records *records, struct resolver_service *out, size_t room);
/* Put them in the order in which they are to be tried. */
INTERNAL void services_order(struct random *random, struct resolver_service *list, size_t count);

/* sort.c */

/* Order destinations by RFC 6724, section 6. */
INTERNAL void sort_addresses(struct stack_ip *ip, struct ip_addr *list, size_t count);

#endif
