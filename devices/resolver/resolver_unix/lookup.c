#include "resolver_unix.h"

#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <platform/linux/error.h>

KEY_INT(threads, 8, 1, 1024, "lookups at once; further ones wait");

static void shared_release(struct shared *shared)
{
    bool last;

    pthread_mutex_lock(&shared->mutex);
    last = --shared->users == 0;
    pthread_mutex_unlock(&shared->mutex);
    if (last) {
        pthread_mutex_destroy(&shared->mutex);
        free(shared);
    }
}

static err lookup_error(int code)
{
    switch (code) {
    case 0: return OK;
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
#endif
        return ERR_NOT_FOUND;
    case EAI_AGAIN: return ERR_TIMEOUT;
    case EAI_MEMORY: return ERR_NO_MEMORY;
    default: return ERR_IO;
    }
}

static void add_address(struct lookup *lookup, const struct sockaddr *address)
{
    struct ip_addr ip;

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        ip = IP_V4(0, 0, 0, 0);
        memcpy(ip.bytes + 12, &v4->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(ip.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    } else {
        return;
    }
    /* /etc/hosts often has one address several times for a name. */
    for (size_t i = 0; i < lookup->count; i++)
        if (ip_equal(&lookup->addresses[i], &ip))
            return;
    if (lookup->count < ADDRESSES)
        lookup->addresses[lookup->count++] = ip;
}

INTERNAL void lookup_free(struct lookup *lookup)
{
    free(lookup->reply);
    free(lookup);
}

static err addresses_find(struct lookup *lookup)
{
    struct addrinfo hints = { .ai_family = lookup->family, .ai_socktype = SOCK_STREAM }, *list = NULL;
    err e = lookup_error(getaddrinfo(lookup->name, NULL, &hints, &list));

    for (struct addrinfo *i = list; i; i = i->ai_next)
        add_address(lookup, i->ai_addr);
    if (list)
        freeaddrinfo(list);
    return e == OK && lookup->count == 0 ? ERR_NOT_FOUND : e;
}

static err records_find(struct lookup *lookup)
{
    struct __res_state state = { 0 };
    int len, why;

    lookup->reply = malloc(NS_MAXMSG);
    if (!lookup->reply)
        return ERR_NO_MEMORY;
    if (res_ninit(&state) != 0)
        return ERR_IO;
    len = res_nsearch(&state, lookup->name, ns_c_in, lookup->type, lookup->reply, NS_MAXMSG);
    why = state.res_h_errno;
    res_nclose(&state);
    if (len < 0)
        return why == HOST_NOT_FOUND || why == NO_DATA ? ERR_NOT_FOUND
               : why == TRY_AGAIN                      ? ERR_TIMEOUT
                                                       : ERR_IO;
    lookup->reply_len = (size_t)(len < NS_MAXMSG ? len : NS_MAXMSG);
    return OK;
}

/* This runs on the thread, which touches nothing of the runtime. */
static void *lookup_run(void *arg)
{
    struct lookup *lookup = arg;
    struct shared *shared = lookup->shared;

    lookup->error = lookup->type ? records_find(lookup) : addresses_find(lookup);

    pthread_mutex_lock(&shared->mutex);
    if (shared->closed) {
        pthread_detach(pthread_self());
        lookup_free(lookup);
    } else {
        uint64_t one = 1;
        ssize_t written;
        lookup->next = shared->done;
        shared->done = lookup;
        /* This holds the lock, because the descriptor is closed under it. */
        written = write(shared->event, &one, sizeof one);
        (void)written;
    }
    pthread_mutex_unlock(&shared->mutex);
    shared_release(shared);
    return NULL;
}

static struct lookup *take_done(struct shared *shared)
{
    struct lookup *list;

    pthread_mutex_lock(&shared->mutex);
    list = shared->done;
    shared->done = NULL;
    pthread_mutex_unlock(&shared->mutex);
    return list;
}

/*
 * This runs on the scheduler's stack: hand out the results of finished lookups. Their threads are about to
 * end.
 */
static bool on_done(void *ctx)
{
    struct resolver_unix *resolver = ctx;
    uint64_t count;

    while (read(resolver->fd.fd, &count, sizeof count) > 0)
        ;
    for (struct lookup *lookup = take_done(resolver->shared), *next; lookup; lookup = next) {
        next = lookup->next;
        pthread_join(lookup->thread, NULL);
        /*
         * The eventfd is watched only while lookups run, so that an idle resolver does not hide a deadlock.
         */
        if (--resolver->running == 0)
            linux_fd_watch(&resolver->fd, NULL, NULL);
        os_wake_one(&resolver->room);
        lookup->ended = true;
        if (lookup->abandoned)
            lookup_free(lookup);
        else
            os_wake_one(&lookup->waiter);
    }
    return false;
}

IO err resolver_unix_connect(struct resolver_unix **out)
{
    struct resolver_unix *resolver = calloc(1, sizeof *resolver);
    struct shared *shared = calloc(1, sizeof *shared);
    err e = ERR_NO_MEMORY;

    if (!resolver || !shared)
        goto fail;
    shared->users = 1;
    shared->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared->event < 0) {
        e = linux_error(errno);
        goto fail;
    }
    e = linux_fd_open(&resolver->fd, shared->event, LINUX_FD_PACKET);
    if (e != OK) {
        close(shared->event);
        goto fail;
    }
    pthread_mutex_init(&shared->mutex, NULL);
    resolver->shared = shared;
    *out = resolver;
    return OK;
fail:
    free(resolver);
    free(shared);
    return e;
}

IO void resolver_unix_disconnect(struct resolver_unix *resolver)
{
    struct shared *shared = resolver->shared;

    pthread_mutex_lock(&shared->mutex);
    shared->closed = true;
    linux_fd_close(&resolver->fd);
    pthread_mutex_unlock(&shared->mutex);
    for (struct lookup *lookup = take_done(shared), *next; lookup; lookup = next) {
        next = lookup->next;
        pthread_join(lookup->thread, NULL);
        lookup_free(lookup);
    }
    shared_release(shared);
    free(resolver);
}

/* Start the thread. It handles no signals, because they belong to the loop. */
static err lookup_start(struct lookup *lookup)
{
    pthread_attr_t attr;
    sigset_t all, old;
    int failed;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_mutex_lock(&lookup->shared->mutex);
    /* The lock also keeps the thread from ending before its handle is stored. */
    failed = pthread_create(&lookup->thread, &attr, lookup_run, lookup);
    if (!failed)
        lookup->shared->users++;
    pthread_mutex_unlock(&lookup->shared->mutex);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return failed ? ERR_NO_MEMORY : OK;
}

INTERNAL IO err look_up(struct resolver_unix *resolver, const char *name, int family, ns_type type,
                        struct lookup **out)
{
    struct lookup *lookup;
    err e;

    while (resolver->running >= (size_t)key_threads) {
        e = os_wait(&resolver->room);
        if (e != OK) {
            /* This lookup may have been the next to run. */
            os_wake_one(&resolver->room);
            return e;
        }
    }
    lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return ERR_NO_MEMORY;
    lookup->shared = resolver->shared;
    lookup->family = family;
    lookup->type = type;
    strcpy(lookup->name, name);
    e = lookup_start(lookup);
    if (e != OK) {
        free(lookup);
        os_wake_one(&resolver->room);
        return e;
    }
    if (resolver->running++ == 0)
        linux_fd_watch(&resolver->fd, on_done, resolver);
    e = os_wait(&lookup->waiter);
    if (!lookup->ended) {
        lookup->abandoned = true;
        return e;
    }
    if (e == OK)
        e = lookup->error;
    if (e != OK) {
        log_debug("%s: %s", name, err_string(e));
        lookup_free(lookup);
        return e;
    }
    *out = lookup;
    return OK;
}
