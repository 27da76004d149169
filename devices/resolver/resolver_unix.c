/*
 * RESOLVER by the host's getaddrinfo and, for records that aren't addresses, its res_nsearch, which block: each lookup has a thread, of which there
 * are a few at most, and tells the loop by an eventfd when it is done. A lookup can't be
 * stopped; when its fiber is cancelled it runs on by itself and its result is dropped.
 */
#include <mirage/functor.h>

#include <arpa/nameser.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
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

enum { ADDRESSES = 32, SERVICES = 32, NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63, THREAD_STACK = 1 << 20 };

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

static void lookup_free(struct lookup *lookup)
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
        return why == HOST_NOT_FOUND || why == NO_DATA ? ERR_NOT_FOUND : why == TRY_AGAIN ? ERR_TIMEOUT : ERR_IO;
    lookup->reply_len = (size_t)(len < NS_MAXMSG ? len : NS_MAXMSG);
    return OK;
}

/* On the thread, which touches nothing of the runtime. */
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

/* Look for addresses of that family, or with `type` for records; on OK *out is the caller's. */
static IO err look_up(struct resolver_unix *resolver, const char *name, int family, ns_type type, struct lookup **out)
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

static IO err resolve(struct resolver_unix *resolver, const char *name, int family, struct ip_addr *out, size_t room, size_t *count)
{
    struct lookup *lookup;
    struct ip_addr address;

    if (ip_parse(&address, name, strlen(name)) == OK) {
        if (family != AF_UNSPEC && (family == AF_INET) != ip_is_v4(&address))
            return ERR_NOT_FOUND;
        *count = room ? 1 : 0;
        if (room)
            *out = address;
        return OK;
    }
    if (!name_valid(name))
        return ERR_INVALID;
    TRY(look_up(resolver, name, family, 0, &lookup));
    *count = lookup->count < room ? lookup->count : room;
    memcpy(out, lookup->addresses, *count * sizeof *out);
    lookup_free(lookup);
    return OK;
}

IO err resolver_unix_resolve(struct resolver_unix *resolver, const char *name, struct ip_addr *out,
                             size_t room, size_t *count)
{
    return resolve(resolver, name, AF_UNSPEC, out, room, count);
}

IO err resolver_unix_resolve_family(struct resolver_unix *resolver, const char *name, enum resolver_family family,
                                    struct ip_addr *out, size_t room, size_t *count)
{
    return resolve(resolver, name, family == RESOLVER_IPV4 ? AF_INET : AF_INET6, out, room, count);
}

/* Goes through the records of the type asked for in a reply; zeroed is before the first. */
struct record {
    const uint8_t *at, *data;
    size_t len;
    unsigned left;
};

static bool next_record(const struct lookup *lookup, struct record *r)
{
    const uint8_t *begin = lookup->reply, *end = begin + lookup->reply_len;

    if (!r->at) {
        if (lookup->reply_len < NS_HFIXEDSZ)
            return false;
        r->left = (unsigned)begin[6] << 8 | begin[7];
        r->at = begin + NS_HFIXEDSZ;
        for (unsigned questions = (unsigned)begin[4] << 8 | begin[5]; questions > 0; questions--) {
            int n = dn_skipname(r->at, end);
            if (n < 0 || end - r->at < n + NS_QFIXEDSZ)
                return false;
            r->at += n + NS_QFIXEDSZ;
        }
    }
    while (r->left > 0) {
        int n = dn_skipname(r->at, end);
        r->left--;
        if (n < 0 || end - r->at < n + NS_RRFIXEDSZ)
            return false;
        const uint8_t *p = r->at + n;
        r->len = (size_t)p[8] << 8 | p[9];
        r->data = p + NS_RRFIXEDSZ;
        if ((size_t)(end - r->data) < r->len)
            return false;
        r->at = r->data + r->len;
        if ((p[0] << 8 | p[1]) == (int)lookup->type)
            return true;
    }
    return false;
}

static bool read_service(const struct lookup *lookup, const struct record *r, struct resolver_service *out)
{
    if (r->len < 7)
        return false;
    out->priority = (uint16_t)(r->data[0] << 8 | r->data[1]);
    out->weight = (uint16_t)(r->data[2] << 8 | r->data[3]);
    out->port = (uint16_t)(r->data[4] << 8 | r->data[5]);
    if (dn_expand(lookup->reply, lookup->reply + lookup->reply_len, r->data + 6, out->host, sizeof out->host) < 0)
        return false;
    return *out->host != '\0' && strcmp(out->host, ".") != 0;
}

/* In the order of RFC 2782: by priority, and a weighted choice among those of one. */
static void order_services(struct resolver_service *list, size_t count)
{
    for (size_t first = 0; first < count; first++) {
        uint16_t least = UINT16_MAX;
        uint32_t sum = 0, at;
        size_t chosen = first;
        for (size_t i = first; i < count; i++)
            if (list[i].priority < least)
                least = list[i].priority;
        for (size_t i = first; i < count; i++)
            sum += list[i].priority == least ? list[i].weight + 1u : 0;
        if (os_entropy(&at, sizeof at) != OK)
            at = 0;
        at %= sum;
        for (size_t i = first; i < count; i++) {
            if (list[i].priority != least)
                continue;
            chosen = i;
            if (at <= list[i].weight)
                break;
            at -= list[i].weight + 1u;
        }
        struct resolver_service next = list[chosen];
        memmove(&list[first + 1], &list[first], (chosen - first) * sizeof *list);
        list[first] = next;
    }
}

IO err resolver_unix_resolve_services(struct resolver_unix *resolver, const char *name, struct resolver_service *out,
                                      size_t room, size_t *count)
{
    struct resolver_service list[SERVICES];
    struct lookup *lookup;
    struct record r = { 0 };
    size_t found = 0;

    if (!name_valid(name))
        return ERR_INVALID;
    TRY(look_up(resolver, name, 0, ns_t_srv, &lookup));
    while (found < SERVICES && next_record(lookup, &r))
        if (read_service(lookup, &r, &list[found]))
            found++;
    lookup_free(lookup);
    if (found == 0)
        return ERR_NOT_FOUND;
    order_services(list, found);
    *count = found < room ? found : room;
    memcpy(out, list, *count * sizeof *out);
    return OK;
}

/* The strings of a TXT record behind one another. */
static struct buf *read_text(const struct record *r)
{
    struct buf *text = buf_alloc(r->len);
    size_t n = 0;

    if (!text)
        return NULL;
    for (size_t at = 0; at < r->len; at += 1u + r->data[at]) {
        size_t len = r->data[at];
        if (len > r->len - at - 1)
            break;
        memcpy(text->data + n, r->data + at + 1, len);
        n += len;
    }
    text->len = (uint32_t)n;
    return text;
}

IO err resolver_unix_resolve_texts(struct resolver_unix *resolver, const char *name, struct buf **out)
{
    struct lookup *lookup;
    struct record r = { 0 };
    struct buf *texts = NULL, *text;
    err e = OK;

    if (!name_valid(name))
        return ERR_INVALID;
    TRY(look_up(resolver, name, 0, ns_t_txt, &lookup));
    while (e == OK && next_record(lookup, &r)) {
        text = read_text(&r);
        if (!text)
            e = ERR_NO_MEMORY;
        texts = buf_append(texts, text);
    }
    lookup_free(lookup);
    if (e == OK && !texts)
        e = ERR_NOT_FOUND;
    if (e != OK) {
        buf_free(texts);
        return e;
    }
    *out = texts;
    return OK;
}
