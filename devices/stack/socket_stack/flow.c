/*
 * Connections. A flow that waits holds no buffer: one is taken from the pool when there is something to read.
 * A read that fills its buffers makes the next one larger.
 */
#include "socket_stack.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_PAGES = 16 };

INTERNAL err flow_make(struct socket_stack_tcp *tcp, int fd, struct socket_stack_tcp_flow **out)
{
    struct socket_stack_tcp_flow *flow = calloc(1, sizeof *flow);
    err e = flow ? linux_fd_open(&flow->fd, fd, LINUX_FD_STREAM) : ERR_NO_MEMORY;

    if (e != OK) {
        close(fd);
        free(flow);
        return e;
    }
    flow->tcp = tcp;
    flow->pages = 1;
    *out = flow;
    return OK;
}

/* Allocate a chain of empty pages, as many as there is memory for. `asked` receives their room. */
static struct buf *pages_alloc(struct iovec *vector, int pages, int *count, size_t *asked)
{
    struct buf *chain = NULL, **end = &chain;

    *asked = 0;
    for (*count = 0; *count < pages; ++*count) {
        *end = buf_alloc(BUF_PAGE_ROOM);
        if (!*end)
            break;
        vector[*count] = (struct iovec){ (*end)->data, (*end)->len };
        *asked += (*end)->len;
        end = &(*end)->next;
    }
    return chain;
}

IO err socket_stack_tcp_read(struct socket_stack_tcp_flow *flow, struct buf **out)
{
    if (flow->reading)
        return ERR_BUSY;
    for (;;) {
        struct iovec vector[MOST_PAGES];
        struct buf *chain;
        size_t asked;
        ssize_t n;
        int count;

        if (!flow->fd.readable) {
            err e;
            flow->reading = true;
            e = linux_fd_wait_readable(&flow->fd);
            if (e == ERR_CLOSED)
                return e; /* and the flow is gone */
            flow->reading = false;
            TRY(e);
        }
        chain = pages_alloc(vector, flow->pages, &count, &asked);
        if (!chain)
            return ERR_NO_MEMORY;
        n = count == 1 ? read(flow->fd.fd, vector[0].iov_base, vector[0].iov_len)
                       : readv(flow->fd.fd, vector, count);
        if (n > 0) {
            if ((size_t)n < asked) {
                linux_fd_drained(&flow->fd);
                flow->pages = 1;
                buf_truncate(chain, (size_t)n);
            } else if (flow->pages < MOST_PAGES) {
                flow->pages *= 2;
            }
            *out = chain;
            return OK;
        }
        buf_free(chain);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            linux_fd_drained(&flow->fd);
            continue;
        }
        flow->ended = true;
        return n == 0 ? ERR_END : ERR_RESET;
    }
}

/* Send the chain, and free each view when all of it was accepted. ERR_CLOSED: the flow is gone. */
static IO err write_chain(struct socket_stack_tcp_flow *flow, struct buf **chain)
{
    size_t skip = 0;

    for (;;) {
        struct iovec vector[VECTOR];
        struct msghdr message = { .msg_iov = vector };
        ssize_t n;

        message.msg_iovlen = vector_make(vector, *chain, skip);
        if (message.msg_iovlen == 0)
            return OK;
        if (!flow->fd.writable) {
            err e;
            flow->writing = true;
            e = linux_fd_wait_writable(&flow->fd);
            if (e == ERR_CLOSED)
                return e;
            flow->writing = false;
            TRY(e);
        }
        n = sendmsg(flow->fd.fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            linux_fd_full(&flow->fd);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno == ENOMEM || errno == ENOBUFS)
                return ERR_NO_MEMORY;
            flow->ended = true;
            return ERR_RESET;
        }
        skip += (size_t)n;
        while (*chain && skip >= (*chain)->len) {
            struct buf *done = *chain;
            skip -= done->len;
            *chain = done->next;
            done->next = NULL;
            buf_free(done);
        }
    }
}

IO err socket_stack_tcp_write(struct socket_stack_tcp_flow *flow, struct buf *data)
{
    err e;

    if (!data)
        return ERR_NO_MEMORY;
    if (flow->writing)
        e = ERR_BUSY;
    else if (flow->shut)
        e = ERR_CLOSED;
    else
        e = write_chain(flow, &data);
    buf_free(data);
    return e;
}

IO err socket_stack_tcp_shutdown(struct socket_stack_tcp_flow *flow)
{
    if (flow->writing)
        return ERR_BUSY;
    if (flow->shut)
        return OK;
    flow->shut = true;
    return shutdown(flow->fd.fd, SHUT_WR) < 0 ? ERR_RESET : OK;
}

/*
 * The kernel answers bytes that come after a close with a reset, and sends a reset at once when there are
 * unread bytes. Either would destroy bytes that were written but not delivered. So a flow whose peer has not
 * ended its side is kept for a while.
 */
void socket_stack_tcp_close(struct socket_stack_tcp_flow *flow)
{
    if (flow->ended) {
        linux_fd_close(&flow->fd);
        free(flow);
        return;
    }
    linux_fd_fail_waits(&flow->fd);
    linger_begin(flow);
}

void socket_stack_tcp_abort(struct socket_stack_tcp_flow *flow)
{
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(flow->fd.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    linux_fd_close(&flow->fd);
    free(flow);
}

void socket_stack_tcp_peer(struct socket_stack_tcp_flow *flow, struct endpoint *out)
{
    *out = flow->peer;
}

void socket_stack_tcp_local(struct socket_stack_tcp_flow *flow, struct endpoint *out)
{
    local_endpoint(flow->fd.fd, out);
}

void socket_stack_tcp_set_nodelay(struct socket_stack_tcp_flow *flow, bool on)
{
    int value = on;

    setsockopt(flow->fd.fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
}

void socket_stack_tcp_set_keepalive(struct socket_stack_tcp_flow *flow, os_time idle)
{
    int on = idle > 0, fd = flow->fd.fd;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (on) {
        os_time rounded = (idle + SECONDS(1) - 1) / SECONDS(1);
        int seconds = rounded > 32767 ? 32767 : (int)rounded;
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    }
}

static err set_number(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? linux_error(errno) : OK;
}

/*
 * The kernel keeps the two bits of ECN in the traffic class for itself. A socket for IPv6 may have an IPv4
 * peer, and then its packets are those of IPv4.
 */
INTERNAL err options_apply(int fd, const struct ip_addr *peer, const struct tcp_options *options)
{
    bool v4 = ip_is_v4(peer);
    int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    char text[IP_MARKS_TEXT];

    if (!ip_marks_valid(options->dscp, options->hop_limit, text)) {
        log_warning("%s", text);
        return ERR_INVALID;
    }
    TRY(set_number(fd, level, v4 ? IP_TOS : IPV6_TCLASS, options->dscp << 2));
    return set_number(fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS,
                      options->hop_limit != 0 ? options->hop_limit : -1);
}

err socket_stack_tcp_set_options(struct socket_stack_tcp_flow *flow, const struct tcp_options *options)
{
    return options_apply(flow->fd.fd, &flow->peer.addr, options);
}
