#include "private.h"

/* The events for which the descriptor is ready. */
static uint32_t readiness(const struct socket *socket)
{
    if (socket->kind == KIND_LISTENER)
        return inside_acceptable(socket->listener, socket->options.defer_accept > 0) ? POLLIN | POLLRDNORM
                                                                                     : 0;
    if (socket->kind == KIND_NEW && socket->deferred.port != 0)
        return POLLOUT | POLLWRNORM;
    if (socket->kind == KIND_NEW)
        return POLLOUT | POLLWRNORM | POLLHUP;
    if (socket->kind != KIND_FLOW || !inside_is_open(socket->flow))
        return 0;
    bool closed = inside_is_closed(socket->flow), shut = inside_shut(socket->flow),
         ended = closed || inside_fin_received(socket->flow) || socket->read_shut;
    uint32_t ready = socket->notices != NULL ? POLLERR : 0;
    if (closed && !socket->reported && inside_error(socket->flow) != OK)
        ready |= POLLERR;
    if (ended || inside_readable(socket->flow) > 0)
        ready |= POLLIN | POLLRDNORM;
    if (ended)
        ready |= POLLRDHUP;
    if (closed || (ended && shut))
        ready |= POLLHUP;
    if (closed || shut || buffer_writable(socket))
        ready |= POLLOUT | POLLWRNORM;
    return ready;
}

static int look(struct sockets *all, struct pollfd *fds, int count)
{
    int ready = 0;
    for (int i = 0; i < count; i++) {
        const struct socket *socket = socket_find(all, fds[i].fd);
        fds[i].revents = 0;
        if (fds[i].fd >= 0)
            fds[i].revents = socket == NULL
                                 ? POLLNVAL
                                 : (short)(readiness(socket) & (uint32_t)(fds[i].events | POLLERR | POLLHUP));
        ready += fds[i].revents != 0;
    }
    return ready;
}

/*
 * Edge-triggered descriptors are reported when they become ready for more than was reported, or when more
 * bytes have arrived.
 */
static int look_watched(struct sockets *all, struct socket *epoll, struct epoll_event *events, int count)
{
    int ready = 0;
    for (int i = 0; i < WATCHED_MAX && ready < count; i++) {
        struct watched *w = &epoll->watched[i];
        const struct socket *socket = w->fd == 0 ? NULL : socket_find(all, w->fd);
        if (socket == NULL || w->spent)
            continue;
        size_t readable = socket->kind == KIND_FLOW ? inside_readable(socket->flow) : 0;
        uint32_t now = readiness(socket) & (w->event.events | EPOLLERR | EPOLLHUP);
        uint32_t fresh = now & (readable > w->readable ? ~w->seen | EPOLLIN : ~w->seen);
        if (socket->notice_count != w->notices)
            fresh |= now & EPOLLERR;
        w->notices = socket->notice_count;
        w->readable = readable;
        w->seen = w->event.events & EPOLLET ? now : 0;
        if (fresh == 0)
            continue;
        if (w->event.events & EPOLLONESHOT)
            w->spent = true;
        events[ready++] = (struct epoll_event){ .events = now, .data = w->event.data };
    }
    return ready;
}

/*
 * Wake those that wait in poll when a descriptor is ready for something else than at the last turn. They look
 * at it before the script goes on. Returns whether someone was woken.
 */
bool poll_look(struct sockets *all)
{
    bool changed = false;
    for (int fd = 0; fd < HOST_FDS_MAX; fd++) {
        struct socket *socket = all->fds[fd];
        if (socket == NULL || (socket->kind != KIND_LISTENER && socket->kind != KIND_FLOW))
            continue;
        struct readable now = { .events = readiness(socket), .notices = socket->notice_count };
        if (socket->kind == KIND_FLOW)
            now.bytes = inside_readable(socket->flow);
        changed |= memcmp(&now, &socket->seen, sizeof now) != 0;
        socket->seen = now;
    }
    if (!changed || !os_has_waiters(&all->pollers))
        return false;
    os_wake_all(&all->pollers);
    return true;
}

static int64_t wait_ready(struct sockets *all, struct host_call *call, struct socket *epoll)
{
    os_time until = call->timeout < 0 ? OS_NEVER : os_now() + MILLISECONDS(call->timeout);
    for (;;) {
        int ready = epoll != NULL ? look_watched(all, epoll, call->value, call->arguments[0])
                                  : look(all, call->value, call->arguments[0]);
        if (ready > 0 || os_now() >= until)
            return ready;
        err e = os_wait_until(&all->pollers, until);
        if (e != OK && e != ERR_TIMEOUT)
            return fail(call, EINTR);
    }
}

int64_t call_poll(struct sockets *all, struct host_call *call)
{
    return wait_ready(all, call, NULL);
}

int64_t call_epoll_create(struct sockets *all, struct host_call *call)
{
    struct socket *epoll = calloc(1, sizeof *epoll);
    int fd = epoll == NULL ? -1 : socket_add(all, epoll);
    if (fd < 0) {
        free(epoll);
        return fail(call, ENOMEM);
    }
    epoll->kind = KIND_EPOLL;
    return fd;
}

int64_t call_epoll_ctl(struct sockets *all, struct host_call *call)
{
    struct socket *epoll = socket_find(all, call->fd);
    int operation = call->arguments[0], fd = call->arguments[1];
    struct watched *found = NULL, *unused = NULL;
    if (epoll->kind != KIND_EPOLL)
        return fail(call, EINVAL);
    if (socket_find(all, fd) == NULL)
        return fail(call, EBADF);
    for (int i = 0; i < WATCHED_MAX; i++) {
        struct watched *w = &epoll->watched[i];
        if (w->fd == fd)
            found = w;
        else if (w->fd == 0)
            unused = w;
    }
    if (operation == EPOLL_CTL_ADD && found != NULL)
        return fail(call, EEXIST);
    if (operation != EPOLL_CTL_ADD && found == NULL)
        return fail(call, ENOENT);
    if (found == NULL && (found = unused) == NULL)
        return fail(call, ENOSPC);
    *found = operation == EPOLL_CTL_DEL
                 ? (struct watched){ 0 }
                 : (struct watched){ .fd = fd, .event = *(struct epoll_event *)call->value };
    return 0;
}

int64_t call_epoll_wait(struct sockets *all, struct host_call *call)
{
    struct socket *epoll = socket_find(all, call->fd);
    return epoll->kind == KIND_EPOLL ? wait_ready(all, call, epoll) : fail(call, EINVAL);
}
