/*
 * Names as the host resolves them.
 *
 * The host's getaddrinfo blocks, and so does its res_nsearch, which looks up records that aren't addresses.
 * So each lookup runs on a thread, and tells the loop by an eventfd when it is done. The number of threads is
 * limited. A lookup can't be stopped. When its fiber is cancelled, it continues and its result is dropped.
 */
#ifndef RESOLVER_UNIX_H
#define RESOLVER_UNIX_H

#include <mirage/functor.h>

#include <arpa/nameser.h>
#include <pthread.h>

#include <base/dns/host_name.h>
#include <platform/linux/fd.h>

MODULE(RESOLVER, resolver_unix);
CATALOG(resolver);
LOG_SOURCE(resolver);

enum { ADDRESSES = 32, SERVICES = 32, THREAD_STACK = 1 << 20 };

/* The state that lookups and the module share. The last user frees it. */
struct shared {
    pthread_mutex_t mutex;
    size_t users;
    bool closed; /* the module is disconnected: nobody waits for results */
    int event;
    struct lookup *done;
};

struct lookup {
    struct lookup *next; /* in shared->done */
    struct shared *shared;
    pthread_t thread;
    /* Fields for the loop: */
    bool abandoned, ended;
    struct os_waitq waiter;
    /* Fields for the thread, until it has put itself in `done`: */
    char name[HOST_NAME_TEXT_MAX + 2];
    int family; /* for getaddrinfo; 0 when records of `type` are asked for */
    ns_type type;
    err error;
    size_t count;
    struct ip_addr addresses[ADDRESSES];
    uint8_t *reply; /* a name server's reply, freed with the lookup */
    size_t reply_len;
};

struct resolver_unix {
    struct shared *shared;
    struct linux_fd fd;
    size_t running;
    struct os_waitq room;
};

/* lookup.c */

/* Look for addresses of that family, or for records of `type`. On OK *out is the caller's, which frees it. */
INTERNAL IO err look_up(struct resolver_unix *resolver, const char *name, int family, ns_type type,
                        struct lookup **out);
INTERNAL void lookup_free(struct lookup *lookup);

#endif
