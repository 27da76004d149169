#include "private.h"

static struct socket *socket_make(int domain)
{
    struct socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL)
        return NULL;
    socket->domain = domain;
    socket->held_timer = (struct os_timer)OS_TIMER_INIT(held_fire, socket);
    socket->options.keep_idle = (uint32_t)setting_number("net.ipv4.tcp_keepalive_time", 7200);
    return socket;
}

void socket_free(struct socket *socket)
{
    os_timer_stop(&socket->held_timer);
    if (socket->listener != NULL)
        stack_tcp_unlisten(socket->listener);
    /* A connection that is still being opened is dropped (RFC 9293, section 3.10.4). */
    if (socket->flow != NULL && !inside_is_open(socket->flow))
        stack_tcp_abort(socket->flow);
    else if (socket->flow != NULL)
        stack_tcp_close(socket->flow);
    record_free(socket);
    notice_free(socket);
    free(socket->held);
    free(socket);
}

int64_t call_socket(struct sockets *all, struct host_call *call)
{
    int domain = call->arguments[0], type = call->arguments[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    settings_read(all);
    if (domain != AF_INET && domain != AF_INET6)
        return fail(call, EAFNOSUPPORT);
    if (type != SOCK_STREAM || (call->arguments[2] != IPPROTO_TCP && call->arguments[2] != 0))
        return fail(call, EPROTONOSUPPORT);
    struct socket *socket = socket_make(domain);
    if (socket == NULL)
        return fail(call, ENOMEM);
    socket->kind = KIND_NEW;
    socket->nonblocking = call->arguments[1] & SOCK_NONBLOCK;
    int fd = socket_add(all, socket);
    if (fd >= 0)
        return fd;
    socket_free(socket);
    return fail(call, EMFILE);
}

bool read_address(const struct host_call *call, struct endpoint *out)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&call->address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&call->address;
    if (call->address.ss_family == AF_INET) {
        const uint8_t *a = (const uint8_t *)&in->sin_addr;
        *out = (struct endpoint){ IP_V4(a[0], a[1], a[2], a[3]), ntohs(in->sin_port) };
        return true;
    }
    out->port = ntohs(in6->sin6_port);
    memcpy(out->addr.bytes, in6->sin6_addr.s6_addr, 16);
    return call->address.ss_family == AF_INET6;
}

static void write_address(const struct socket *socket, struct host_call *call, const struct endpoint *from)
{
    memset(&call->address, 0, sizeof call->address);
    if (socket->domain == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)&call->address;
        in->sin_family = AF_INET;
        in->sin_port = htons(from->port);
        memcpy(&in->sin_addr, from->addr.bytes + 12, 4);
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&call->address;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(from->port);
        memcpy(&in6->sin6_addr, from->addr.bytes, 16);
    }
}

int64_t call_bind(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    if (socket->kind != KIND_NEW || !read_address(call, &socket->local))
        return fail(call, EINVAL);
    /* The network device translates packetdrill's address for the stack. */
    if (!stack_ip_has(stack_get_ip(all->stack), &socket->local.addr))
        socket->local.addr = IP_ANY;
    return 0;
}

int64_t call_listen(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    uint32_t backlog = call->arguments[0] < 0 ? 4096 : (uint32_t)call->arguments[0] + 1;
    settings_read(all);
    if (socket->kind == KIND_LISTENER)
        return 0;
    if (socket->kind != KIND_NEW)
        return fail(call, EINVAL);
    err e = stack_tcp_listen(all->tcp, &socket->local.addr, socket->local.port, backlog, &socket->listener);
    if (e != OK)
        return fail(call, errno_of(e));
    socket->kind = KIND_LISTENER;
    socket->backlog = backlog;
    max_segment_apply(socket);
    fast_open_apply(all, socket);
    return 0;
}

/* Wait for something to read before the connection is accepted, for TCP_DEFER_ACCEPT. */
static err wait_for_data(struct socket *socket)
{
    while (!inside_acceptable(socket->listener, true)) {
        if (socket->nonblocking)
            return ERR_AGAIN;
        os_sleep(MILLISECONDS(1));
        TRY(os_check());
    }
    return OK;
}

static err accept_flow(struct socket *socket, struct stack_tcp_flow **out)
{
    if (socket->options.defer_accept > 0)
        TRY(wait_for_data(socket));
    if (socket->nonblocking && !inside_acceptable(socket->listener, false))
        return ERR_AGAIN;
    return stack_tcp_accept(socket->listener, out);
}

int64_t call_accept(struct sockets *all, struct host_call *call)
{
    struct socket *listener = socket_find(all, call->fd);
    struct endpoint peer;
    struct stack_tcp_flow *flow;
    if (listener->kind != KIND_LISTENER)
        return fail(call, EINVAL);
    err e = accept_flow(listener, &flow);
    if (e != OK)
        return fail(call, e == ERR_CLOSED ? EBADF : errno_of(e));
    struct socket *socket = socket_make(listener->domain);
    int fd = socket == NULL ? -1 : socket_add(all, socket);
    if (fd < 0) {
        free(socket);
        stack_tcp_abort(flow);
        return fail(call, socket == NULL ? ENOMEM : EMFILE);
    }
    socket->kind = KIND_FLOW;
    socket->flow = flow;
    socket->options = listener->options;
    options_apply(socket);
    stack_tcp_peer(flow, &peer);
    write_address(socket, call, &peer);
    return fd;
}

/* The result of an open that has ended. The first caller takes the error. */
int64_t connected(struct socket *socket, struct host_call *call)
{
    int error = take_error(socket);
    if (error != 0)
        return fail(call, error);
    if (inside_is_closed(socket->flow))
        return fail(call, ECONNABORTED);
    socket->connecting = false;
    options_apply(socket);
    return 0;
}

/* Note that the socket's SYN was sent. */
void open_begun(struct socket *socket, void *flow)
{
    socket->kind = KIND_FLOW;
    socket->flow = flow;
    socket->connecting = true;
    if (socket->options.receive_buffer != 0)
        inside_set_receive_buffer(flow, socket->options.receive_buffer);
    timeouts_apply(socket);
}

int64_t call_connect(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    struct endpoint peer;
    void *flow;
    settings_read(all);
    if (!read_address(call, &peer))
        return fail(call, EAFNOSUPPORT);
    if (socket->kind == KIND_FLOW && socket->connecting && inside_is_open(socket->flow))
        return connected(socket, call);
    if (socket->kind == KIND_FLOW)
        return fail(call, socket->connecting ? EALREADY : EISCONN);
    if (socket->kind != KIND_NEW)
        return fail(call, EINVAL);
    max_segment_apply(socket);
    bool fast = option_stored(socket, SOL_TCP, TCP_FASTOPEN_CONNECT) != 0 && fast_open_client();
    if (socket->deferred.port != 0)
        return fail(call, EISCONN);
    if (fast && inside_fast_open_room(all->tcp, &peer) > 0) {
        socket->deferred = peer;
        return 0;
    }
    err e = fast ? inside_open_with(all->tcp, &peer, NULL, &flow) : inside_open(all->tcp, &peer, &flow);
    if (e != OK)
        return fail(call, e == ERR_UNREACHABLE ? ENETUNREACH : errno_of(e));
    open_begun(socket, flow);
    if (socket->nonblocking)
        return fail(call, EINPROGRESS);
    e = inside_wait_open(flow);
    if (e != OK)
        return fail(call, errno_of(e));
    return connected(socket, call);
}

/* Wait until what was written has arrived, or the time of SO_LINGER is over. */
static void linger(struct socket *socket)
{
    os_time until = os_now() + SECONDS(socket->options.linger.l_linger);
    while (inside_queued(socket->flow) > 0 && !inside_is_closed(socket->flow) && os_now() < until &&
           os_check() == OK)
        os_sleep(MILLISECONDS(1));
}

int64_t call_close(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    if (socket->kind == KIND_FLOW) {
        bool lingers = socket->options.linger.l_onoff != 0;
        if (send_held(socket) != OK || record_flush(socket) != OK)
            log_debug("held bytes are lost");
        if (lingers && socket->options.linger.l_linger > 0 && !socket->nonblocking) {
            IGNORE(stack_tcp_shutdown(socket->flow));
            linger(socket);
        }
        if (lingers && socket->options.linger.l_linger == 0) {
            stack_tcp_abort(socket->flow);
            socket->flow = NULL;
        }
    }
    all->fds[call->fd] = NULL;
    host_fd_free(call->fd);
    socket_free(socket);
    return 0;
}

int64_t call_shutdown(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    if (socket->kind != KIND_FLOW || inside_is_closed(socket->flow))
        return fail(call, ENOTCONN);
    if (call->arguments[0] != SHUT_WR)
        socket->read_shut = true;
    if (call->arguments[0] == SHUT_RD)
        return 0;
    err e = send_held(socket);
    if (e == OK)
        e = record_flush(socket);
    if (e == OK)
        e = stack_tcp_shutdown(socket->flow);
    return e == OK ? 0 : fail(call, errno_of(e));
}
