/* Making connections: the active and the passive OPEN. What they carry is in flow.c. */
#include "socket_stack.h"

#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

struct socket_stack_tcp_listener {
    struct linux_fd fd;
    struct os_waitq pausing; /* fibers in accept_later */
    struct socket_stack_tcp *tcp;
    uint16_t port;
};

/* How long an accept pauses when the host is out of descriptors or memory. */
static const os_time ACCEPT_PAUSE = MILLISECONDS(20);

IO void socket_stack_tcp_disconnect(struct socket_stack_tcp *tcp)
{
    (void)tcp;
}

static err open_error(int number)
{
    switch (number) {
    case EACCES:
    case EPERM:
    case EINVAL:
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL: return ERR_UNREACHABLE;
    case ECONNRESET: return ERR_REFUSED;
    default: return linux_error(number);
    }
}

/* Wait until a connection in progress is made or fails. The flow stays the caller's, unless ERR_CLOSED. */
static IO err await_connected(struct socket_stack_tcp_flow *flow)
{
    int number = 0;
    socklen_t len = sizeof number;

    linux_fd_full(&flow->fd);
    TRY(linux_fd_wait_writable(&flow->fd));
    if (getsockopt(flow->fd.fd, SOL_SOCKET, SO_ERROR, &number, &len) < 0)
        number = errno;
    return number ? open_error(number) : OK;
}

/*
 * Begin to connect. The kernel puts bytes of `first` into the SYN when it has a cookie, and else asks for
 * one; *sent receives how many. A kernel without Fast Open connects in the ordinary way. Returns 0 or errno.
 */
static int connect_with(int fd, union address *address, socklen_t len, const struct buf *first, size_t *sent)
{
    *sent = 0;
    if (first) {
        struct iovec vector[VECTOR];
        struct msghdr message = { .msg_name = address,
                                  .msg_namelen = len,
                                  .msg_iov = vector,
                                  .msg_iovlen = vector_make(vector, first, 0) };
        ssize_t n = sendmsg(fd, &message, MSG_FASTOPEN | MSG_NOSIGNAL);
        if (n >= 0) {
            *sent = (size_t)n;
            return EINPROGRESS;
        }
        if (errno != EOPNOTSUPP)
            return errno;
    }
    return connect(fd, &address->any, len) == 0 ? 0 : errno;
}

static IO err open_flow(struct socket_stack_tcp *tcp, const struct endpoint *peer,
                        const struct tcp_options *options, const struct buf *first, size_t *sent,
                        struct socket_stack_tcp_flow **out)
{
    int family = ip_is_v4(&peer->addr) ? AF_INET : AF_INET6, on = 1, number, fd;
    struct socket_stack_tcp_flow *flow;
    union address address;
    socklen_t len = address_make(&address, family, &peer->addr, peer->port);
    err e;

    fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return open_error(errno);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    e = options != NULL ? options_apply(fd, &peer->addr, options) : OK;
    if (e != OK) {
        close(fd);
        return e;
    }
    number = connect_with(fd, &address, len, first, sent);
    if (number != 0 && number != EINPROGRESS && number != EINTR) {
        close(fd);
        return open_error(number);
    }
    TRY(flow_make(tcp, fd, &flow));
    flow->peer = *peer;
    /* The peer has hardly sent anything yet, so the first read waits. */
    linux_fd_drained(&flow->fd);
    e = number == 0 ? OK : await_connected(flow);
    if (e != OK) {
        linux_fd_close(&flow->fd);
        free(flow);
        return e;
    }
    *out = flow;
    return OK;
}

IO err socket_stack_tcp_open(struct socket_stack_tcp *tcp, const struct endpoint *peer,
                             struct socket_stack_tcp_flow **out)
{
    size_t sent;
    return open_flow(tcp, peer, NULL, NULL, &sent, out);
}

IO err socket_stack_tcp_open_with(struct socket_stack_tcp *tcp, const struct endpoint *peer,
                                  const struct tcp_options *options, struct buf *first,
                                  struct socket_stack_tcp_flow **out)
{
    struct socket_stack_tcp_flow *flow = NULL;
    size_t sent;
    err e;

    if (!first)
        return ERR_NO_MEMORY;
    e = open_flow(tcp, peer, options, buf_len(first) > 0 ? first : NULL, &sent, &flow);
    if (e == OK && sent < buf_len(first)) {
        first = buf_advance(first, sent);
        e = socket_stack_tcp_write(flow, first);
        first = NULL;
    }
    buf_free(first);
    if (e == OK)
        *out = flow;
    else if (flow)
        socket_stack_tcp_abort(flow);
    return e;
}

err socket_stack_tcp_listen(struct socket_stack_tcp *tcp, const struct ip_addr *local, uint16_t port,
                            uint32_t backlog, struct socket_stack_tcp_listener **out)
{
    struct socket_stack_tcp_listener *listener = malloc(sizeof *listener);
    struct endpoint end;
    int fd, family, on = 1;
    err e;

    if (!listener)
        return ERR_NO_MEMORY;
    e = bound_socket(tcp->stack, SOCK_STREAM, local, port, &fd, &family);
    if (e != OK)
        goto out;
    /* Accepted connections inherit it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (listen(fd, backlog > INT_MAX ? INT_MAX : backlog ? (int)backlog : 1) < 0)
        e = linux_error(errno);
    if (e == OK)
        e = linux_fd_open(&listener->fd, fd, LINUX_FD_PACKET);
    if (e != OK) {
        close(fd);
        goto out;
    }
    listener->pausing = (struct os_waitq){ 0 };
    listener->tcp = tcp;
    local_endpoint(fd, &end);
    listener->port = end.port;
    *out = listener;
out:
    if (e != OK)
        free(listener);
    return e;
}

uint16_t socket_stack_tcp_listener_port(struct socket_stack_tcp_listener *listener)
{
    return listener->port;
}

/*
 * The host is out of descriptors or memory. The connection stays in the backlog, and the caller must not
 * spin.
 */
static IO err accept_later(struct socket_stack_tcp_listener *listener)
{
    err e = os_wait_until(&listener->pausing, os_now() + ACCEPT_PAUSE);
    if (e == ERR_CLOSED)
        return e;
    TRY(os_check());
    return ERR_NO_SPACE;
}

IO err socket_stack_tcp_accept(struct socket_stack_tcp_listener *listener, struct socket_stack_tcp_flow **out)
{
    struct socket_stack_tcp *tcp = listener->tcp;

    for (;;) {
        union address address;
        socklen_t len = sizeof address;
        int fd;

        TRY(linux_fd_wait_readable(&listener->fd));
        fd = accept4(listener->fd.fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (flow_make(tcp, fd, out) != OK)
                return accept_later(listener);
            address_read(&(*out)->peer, &address);
            return OK;
        }
        switch (errno) {
        case EAGAIN: linux_fd_drained(&listener->fd); break;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return accept_later(listener);
        case EBADF:
        case EINVAL:
        case ENOTSOCK: return ERR_IO;
        default: break; /* an error of this one connection, which is gone */
        }
    }
}

void socket_stack_tcp_unlisten(struct socket_stack_tcp_listener *listener)
{
    linux_fd_close(&listener->fd);
    os_fail_all(&listener->pausing, ERR_CLOSED);
    free(listener);
}
