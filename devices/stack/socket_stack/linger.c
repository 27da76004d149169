/*
 * Flows that the application has closed while the peer may still be sending. What comes is
 * dropped until the peer ends its side too; a peer that doesn't is cut off after a while, and
 * the oldest of them when there are too many.
 */
#include "socket_stack.h"

#include <stdlib.h>

enum { MOST_LINGERING = 1024 };

static const os_time LINGER_TIME = SECONDS(5);

INTERNAL void linger_end(struct socket_stack_tcp_flow *flow)
{
    struct socket_stack_tcp *tcp = flow->tcp;

    os_timer_stop(&flow->linger.timer);
    os_list_remove(&tcp->lingering, flow, linger.node);
    tcp->lingering_count--;
    linux_fd_close(&flow->fd);
    free(flow);
}

static void on_time_up(void *arg)
{
    linger_end(arg);
}

enum drop { DROP_MORE, DROP_WAIT, DROP_END };

/* Drop what has come: with MSG_TRUNC the kernel copies nothing to the place it is given. */
static enum drop drop_input(struct socket_stack_tcp_flow *flow)
{
    struct socket_stack_udp *udp = &flow->tcp->stack->udp;
    ssize_t n;

    do
        n = recv(flow->fd.fd, udp->spill, sizeof udp->spill, MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return DROP_MORE;
    if (n == 0 || errno != EAGAIN)
        return DROP_END;
    linux_fd_drained(&flow->fd);
    return DROP_WAIT;
}

static bool on_input(void *ctx)
{
    struct socket_stack_tcp_flow *flow = ctx;
    enum drop result = drop_input(flow);

    if (result == DROP_END)
        linger_end(flow);
    return result == DROP_MORE;
}

INTERNAL void linger_begin(struct socket_stack_tcp_flow *flow)
{
    struct socket_stack_tcp *tcp = flow->tcp;
    bool shut = flow->shut;

    if ((!shut && shutdown(flow->fd.fd, SHUT_WR) < 0) || drop_input(flow) == DROP_END) {
        linux_fd_close(&flow->fd);
        free(flow);
        return;
    }
    os_list_append(&tcp->lingering, flow, linger.node);
    tcp->lingering_count++;
    flow->linger.timer = (struct os_timer)OS_TIMER_INIT(on_time_up, flow);
    if (os_timer_set(&flow->linger.timer, os_now() + LINGER_TIME) != OK) {
        linger_end(flow);
        return;
    }
    linux_fd_watch(&flow->fd, on_input, flow);
    if (tcp->lingering_count > MOST_LINGERING)
        linger_end(tcp->lingering.first);
}
