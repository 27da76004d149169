/*
 * Datagrams. Sockets aren't connected, so ICMP errors reach them by IP_RECVERR, which also
 * queues the datagrams that met them; that queue is emptied as soon as an error shows.
 */
#include "socket_stack.h"

#include <stdlib.h>
#include <unistd.h>

struct socket_stack_udp_socket {
    struct linux_fd fd;
    struct socket_stack_udp *udp;
    uint16_t port;
    bool answers; /* the latest datagram went to the peer that the one before came from */
    int family;
    struct endpoint heard; /* whom the receiver heard last */
};

IO void socket_stack_udp_disconnect(struct socket_stack_udp *udp)
{
    (void)udp;
}

err socket_stack_udp_bind(struct socket_stack_udp *udp, const struct ip_addr *local, uint16_t port,
                          struct socket_stack_udp_socket **out)
{
    struct socket_stack_udp_socket *s = malloc(sizeof *s);
    struct endpoint end;
    int fd, on = 1;
    err e;

    if (!s)
        return ERR_NO_MEMORY;
    e = bound_socket(udp->stack, SOCK_DGRAM, local, port, &fd, &s->family);
    if (e != OK)
        goto out;
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    if (s->family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    e = linux_fd_open(&s->fd, fd, LINUX_FD_PACKET);
    if (e != OK) {
        close(fd);
        goto out;
    }
    s->udp = udp;
    s->answers = false;
    s->heard = (struct endpoint){ 0 };
    local_endpoint(fd, &end);
    s->port = end.port;
    *out = s;
out:
    if (e != OK)
        free(s);
    return e;
}

uint16_t socket_stack_udp_port(struct socket_stack_udp_socket *socket)
{
    return socket->port;
}

/*
 * The queue of errors holds copies of our own datagrams. Without room for any of it qemu-user would not ask
 * the kernel.
 */
static void drop_errors(struct socket_stack_udp_socket *s)
{
    char byte;
    struct iovec room = { &byte, sizeof byte };
    struct msghdr message = { .msg_iov = &room, .msg_iovlen = 1 };

    while (recvmsg(s->fd.fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
        ;
}

/* Whether the network reported this error about an earlier datagram. Forgets what it queued with it. */
static bool is_reported(struct socket_stack_udp_socket *s, int number)
{
    switch (number) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EPROTO:
    case EMSGSIZE:
    case EOPNOTSUPP:
    case ENOPROTOOPT:
    case EACCES: break;
    default: return false;
    }
    drop_errors(s);
    return true;
}

/* Make the chain of a datagram of `len` bytes: the first lie in `page`, the rest in the spill. */
static err collect(struct socket_stack_udp_socket *s, struct buf *page, size_t len, struct buf **out)
{
    struct buf *rest = NULL;
    size_t room = page->len;

    if (len == 0) {
        buf_free(page);
        *out = NULL;
        return OK;
    }
    if (len > room) {
        rest = buf_copy(s->udp->spill, len - room);
        if (!rest) {
            buf_free(page);
            return ERR_NO_MEMORY;
        }
    }
    buf_truncate(page, len);
    *out = buf_append(page, rest);
    return OK;
}

IO err socket_stack_udp_receive(struct socket_stack_udp_socket *socket, struct endpoint *from,
                                struct buf **out)
{
    /* A datagram that has come goes before a refusal, and takes it back. */
    for (bool refused = false;;) {
        union address address;
        struct iovec vector[2];
        struct msghdr message = {
            .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = vector, .msg_iovlen = 2
        };
        struct buf *page;
        ssize_t n;

        TRY(linux_fd_wait_readable(&socket->fd));
        page = buf_alloc(BUF_PAGE_ROOM);
        if (!page)
            return ERR_NO_MEMORY;
        vector[0] = (struct iovec){ page->data, page->len };
        vector[1] = (struct iovec){ socket->udp->spill, sizeof socket->udp->spill };
        n = recvmsg(socket->fd.fd, &message, 0);
        if (n >= 0) {
            address_read(&socket->heard, &address);
            if (from)
                *from = socket->heard;
            return collect(socket, page, (size_t)n, out);
        }
        buf_free(page);
        if (errno == EAGAIN) {
            /* The socket may have been readable only for its queue of errors. */
            drop_errors(socket);
            linux_fd_drained(&socket->fd);
            if (refused)
                return ERR_REFUSED;
        } else if (errno == ECONNREFUSED) {
            refused = !socket->answers;
            drop_errors(socket);
        } else if (errno != EINTR && !is_reported(socket, errno)) {
            return errno == ENOMEM || errno == ENOBUFS ? ERR_NO_MEMORY : ERR_IO;
        }
    }
}

static err send_error(int number)
{
    switch (number) {
    case EMSGSIZE: return ERR_TOO_LARGE;
    case EINVAL:
    case EACCES:
    case EPERM:
    case EAFNOSUPPORT: return ERR_UNREACHABLE;
    default: return linux_error(number);
    }
}

static IO err send_all(struct socket_stack_udp_socket *s, const struct endpoint *to,
                       const struct buf *payload)
{
    union address address;
    struct iovec vector[VECTOR];
    struct msghdr message = { .msg_name = &address, .msg_iov = vector };
    int noted = 0;

    message.msg_namelen = address_make(&address, s->family, &to->addr, to->port);
    if (message.msg_namelen == 0)
        return ERR_UNREACHABLE;
    message.msg_iovlen = vector_make(vector, payload, 0);
    /* Without a piece qemu-user would not ask the kernel to send an empty datagram. */
    if (message.msg_iovlen == 0)
        vector[message.msg_iovlen++] = (struct iovec){ NULL, 0 };
    for (;;) {
        TRY(linux_fd_wait_writable(&s->fd));
        if (sendmsg(s->fd.fd, &message, MSG_NOSIGNAL) >= 0)
            return OK;
        if (errno == EAGAIN)
            linux_fd_full(&s->fd);
        else if (errno == ECONNREFUSED && noted++ < 8)
            /* The error is about an earlier datagram, which no longer matters; this one was not sent yet. */
            drop_errors(s);
        else if (errno != EINTR)
            return send_error(errno);
    }
}

IO err socket_stack_udp_send(struct socket_stack_udp_socket *socket, const struct endpoint *to,
                             struct buf *payload)
{
    size_t len = buf_len(payload), views = 0;
    err e;

    for (const struct buf *b = payload; b; b = b->next)
        views++;
    if (len > UINT16_MAX) {
        buf_free(payload);
        return ERR_TOO_LARGE;
    }
    if (views > VECTOR) {
        payload = buf_pull_up(payload, len);
        if (!payload)
            return ERR_NO_MEMORY;
    }
    socket->answers = to->port == socket->heard.port && ip_equal(&to->addr, &socket->heard.addr);
    e = send_all(socket, to, payload);
    buf_free(payload);
    return e;
}

void socket_stack_udp_unbind(struct socket_stack_udp_socket *socket)
{
    linux_fd_close(&socket->fd);
    free(socket);
}
