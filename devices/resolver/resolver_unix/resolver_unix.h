/*
 * Names as the host resolves them.
 *
 * The host's getaddrinfo and, for records that aren't addresses, its res_nsearch block: each lookup has a
 * thread, of which there are a few at most, and tells the loop by an eventfd when it is done. A lookup can't
 * be stopped; when its fiber is cancelled it runs on by itself and its result is dropped.
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

/* What lookups and the module share, which the last of them frees. */
struct shared {
    pthread_mutex_t mutex;
    size_t users;
    bool closed; /* the module is gone: nobody waits for results */
    int event;
    struct lookup *done;
};

struct lookup {
    struct lookup *next; /* in shared->done */
    struct shared *shared;
    pthread_t thread;
    /* Of the loop's side: */
    bool abandoned, ended;
    struct os_waitq waiter;
    /* Of the thread's, until it has put itself in `done`: */
    char name[HOST_NAME_TEXT_MAX + 2];
    int family; /* of getaddrinfo; or 0, and then records of `type` are asked for */
    ns_type type;
    err error;
    size_t count;
    struct ip_addr addresses[ADDRESSES];
    uint8_t *reply; /* of a name server, freed with the lookup */
    size_t reply_len;
};

struct resolver_unix {
    struct shared *shared;
    struct linux_fd fd;
    size_t running;
    struct os_waitq room;
};

/* lookup.c */

/* Look for addresses of that family, or with `type` for records; on OK *out is the caller's, to be freed. */
INTERNAL IO err look_up(struct resolver_unix *resolver, const char *name, int family, ns_type type,
                        struct lookup **out);
INTERNAL void lookup_free(struct lookup *lookup);

#endif
