/*
 * RESOLVER by the host's getaddrinfo, which blocks: each lookup has a thread, of which there
 * are a few at most, and tells the loop by an eventfd when it is done. A lookup can't be
 * stopped; when its fiber is cancelled it runs on by itself and its result is dropped.
 */
#include <mirage/functor.h>

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../platform/linux/error.h"
#include "../../platform/linux/fd.h"

MODULE(RESOLVER, resolver_unix);
LOG_SOURCE(resolver);

KEY_INT(threads, 8, "lookups at once; further ones wait");

enum { ADDRESSES = 32, NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63, THREAD_STACK = 1 << 20 };

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
    char name[NAME_MAX_LEN + 2];
    err error;
    size_t count;
    struct ip_addr addresses[ADDRESSES];
};

struct resolver_unix {
    struct shared *shared;
    struct linux_fd fd;
    size_t running;
    struct os_waitq room;
};

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
    /* /etc/hosts often names one address several times. */
    for (size_t i = 0; i < lookup->count; i++)
        if (ip_equal(&lookup->addresses[i], &ip))
            return;
    if (lookup->count < ADDRESSES)
        lookup->addresses[lookup->count++] = ip;
}

/* On the thread, which touches nothing of the runtime. */
static void *lookup_run(void *arg)
{
    struct lookup *lookup = arg;
    struct shared *shared = lookup->shared;
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list = NULL;

    lookup->error = lookup_error(getaddrinfo(lookup->name, NULL, &hints, &list));
    for (struct addrinfo *i = list; i; i = i->ai_next)
        add_address(lookup, i->ai_addr);
    if (list)
        freeaddrinfo(list);
    if (lookup->error == OK && lookup->count == 0)
        lookup->error = ERR_NOT_FOUND;

    pthread_mutex_lock(&shared->mutex);
    if (shared->closed) {
        pthread_detach(pthread_self());
        free(lookup);
    } else {
        uint64_t one = 1;
        ssize_t written;
        lookup->next = shared->done;
        shared->done = lookup;
        /* Within the lock, as the descriptor is closed under it. */
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

/* On the scheduler's stack: hand out what is done. The threads are at their very end. */
static bool on_done(void *ctx)
{
    struct resolver_unix *resolver = ctx;
    uint64_t count;

    while (read(resolver->fd.fd, &count, sizeof count) > 0)
        ;
    for (struct lookup *lookup = take_done(resolver->shared), *next; lookup; lookup = next) {
        next = lookup->next;
        pthread_join(lookup->thread, NULL);
        /* Watched only meanwhile, so that an idle resolver doesn't keep a dead program waiting. */
        if (--resolver->running == 0)
            linux_fd_watch(&resolver->fd, NULL, NULL);
        os_wake_one(&resolver->room);
        lookup->ended = true;
        if (lookup->abandoned)
            free(lookup);
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
        free(lookup);
    }
    shared_release(shared);
    free(resolver);
}

/* Start the thread, which handles no signals: they are the loop's. */
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

/*
 * The host-name syntax of RFC 1123, with the underscore that is found in the wild, and without
 * names whose last label is a number, which are addresses that were mistyped or obscured.
 */
static bool name_valid(const char *name)
{
    size_t len = strlen(name), label = 0, last;
    bool digits = true;

    if (len && name[len - 1] == '.')
        len--;
    if (len == 0 || len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (c == '.') {
            if (label == 0 || name[i - 1] == '-')
                return false;
            label = 0;
            digits = true;
            continue;
        }
        if (++label > LABEL_MAX_LEN || (c == '-' && label == 1))
            return false;
        if (c >= '0' && c <= '9')
            continue;
        digits = false;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'))
            return false;
    }
    last = len - label;
    if (label >= 2 && name[last] == '0' && (name[last + 1] == 'x' || name[last + 1] == 'X') &&
        last + 2 + strspn(name + last + 2, "0123456789abcdefABCDEF") >= len)
        return false;
    return label && !digits && name[len - 1] != '-';
}

static IO err look_up(struct resolver_unix *resolver, const char *name, struct ip_addr *out,
                      size_t room, size_t *count)
{
    struct lookup *lookup;
    err e;

    while (resolver->running >= (size_t)threads) {
        e = os_wait(&resolver->room);
        if (e != OK) {
            /* It may have been our turn. */
            os_wake_one(&resolver->room);
            return e;
        }
    }
    lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return ERR_NO_MEMORY;
    lookup->shared = resolver->shared;
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
    if (e == OK) {
        *count = lookup->count < room ? lookup->count : room;
        memcpy(out, lookup->addresses, *count * sizeof *out);
    } else {
        log_debug("%s: %s", name, err_string(e));
    }
    free(lookup);
    return e;
}

IO err resolver_unix_resolve(struct resolver_unix *resolver, const char *name, struct ip_addr *out,
                             size_t room, size_t *count)
{
    struct ip_addr address;

    if (ip_parse(&address, name, strlen(name)) == OK) {
        *count = room ? 1 : 0;
        if (room)
            *out = address;
        return OK;
    }
    return name_valid(name) ? look_up(resolver, name, out, room, count) : ERR_INVALID;
}
