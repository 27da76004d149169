#include "private.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>

/* Apply the settings that also hold for an open that is under way. */
void timeouts_apply(struct socket *socket)
{
    if (socket->flow == NULL || inside_is_closed(socket->flow))
        return;
    inside_set_user_timeout(socket->flow, (uint32_t)option_stored(socket, SOL_TCP, TCP_USER_TIMEOUT));
    inside_set_keepalive(socket->flow, (uint32_t)option_stored(socket, SOL_TCP, TCP_KEEPINTVL),
                         (uint32_t)option_stored(socket, SOL_TCP, TCP_KEEPCNT));
    inside_set_handshake(socket->flow, (uint32_t)option_stored(socket, SOL_TCP, TCP_SYNCNT));
}

/* TCP_MAXSEG as TCP knows it, for all connections: the last socket that listened or opened has set it. */
void max_segment_apply(const struct socket *socket)
{
    inside_set("mss_max", socket->options.max_segment != 0 ? socket->options.max_segment : 65535);
}

/* Apply the settings that were made before there was a connection. */
void options_apply(struct socket *socket)
{
    const struct options *o = &socket->options;
    timeouts_apply(socket);
    stack_tcp_set_nodelay(socket->flow, o->nodelay);
    if (o->keepalive)
        stack_tcp_set_keepalive(socket->flow, SECONDS(o->keep_idle));
    if (o->receive_buffer != 0)
        inside_set_receive_buffer(socket->flow, o->receive_buffer);
    if (o->max_segment != 0)
        inside_set_mss(socket->flow, o->max_segment);
}

static struct stored *stored_find(struct options *o, int level, int name)
{
    for (size_t i = 0; i < o->stored_count; i++)
        if (o->stored[i].level == level && o->stored[i].name == name)
            return &o->stored[i];
    return NULL;
}

/* The stored value, or 0 when there is none. */
int option_stored(const struct socket *socket, int level, int name)
{
    const struct options *o = &socket->options;
    for (size_t i = 0; i < o->stored_count; i++)
        if (o->stored[i].level == level && o->stored[i].name == name)
            return o->stored[i].value;
    return 0;
}

static int store(struct options *o, int level, int name, int value)
{
    struct stored *s = stored_find(o, level, name);
    if (s == NULL) {
        if (o->stored_count == STORED_MAX)
            return ENOBUFS;
        s = &o->stored[o->stored_count++];
    }
    *s = (struct stored){ level, name, value };
    return 0;
}

static bool has_flow(const struct socket *socket)
{
    return socket->flow != NULL && inside_is_open(socket->flow) && !inside_is_closed(socket->flow);
}

static void set_keepalive(struct socket *socket)
{
    if (has_flow(socket))
        stack_tcp_set_keepalive(socket->flow,
                                socket->options.keepalive ? SECONDS(socket->options.keep_idle) : 0);
}

static int set_socket_option(struct socket *socket, int name, int value, const struct host_call *call)
{
    struct options *o = &socket->options;
    switch (name) {
    case SO_RCVBUF:
        o->receive_buffer = (uint32_t)value;
        inside_set("receive_buffer", value);
        inside_set("receive_buffer_max", value);
        if (has_flow(socket))
            inside_set_receive_buffer(socket->flow, (uint32_t)value);
        return 0;
    case SO_SNDBUF: buffer_set(socket, value); return 0;
    case SO_TIMESTAMPING:
        socket->stamp_base = socket->flow != NULL
                                 ? inside_acknowledged(socket->flow) + (uint32_t)inside_queued(socket->flow)
                                 : 0;
        return store(o, SOL_SOCKET, name, value);
    case SO_KEEPALIVE:
        o->keepalive = value != 0;
        set_keepalive(socket);
        return 0;
    case SO_LINGER:
        if (*call->len < sizeof o->linger)
            return EINVAL;
        memcpy(&o->linger, call->value, sizeof o->linger);
        return 0;
    default: return store(o, SOL_SOCKET, name, value);
    }
}

static int set_tcp_option(struct socket *socket, int name, int value)
{
    struct options *o = &socket->options;
    switch (name) {
    case TCP_NODELAY:
        o->nodelay = value != 0;
        if (has_flow(socket))
            stack_tcp_set_nodelay(socket->flow, o->nodelay);
        /* Bytes that TCP_CORK holds are sent then, too. */
        return o->nodelay && has_flow(socket) ? errno_of(send_held(socket)) : 0;
    case TCP_CORK:
        o->cork = value != 0;
        return o->cork || !has_flow(socket) ? 0 : errno_of(send_held(socket));
    case TCP_MAXSEG:
        if (value < 88 || value > 32767)
            return EINVAL;
        o->max_segment = (uint16_t)value;
        if (socket->kind == KIND_LISTENER)
            max_segment_apply(socket);
        if (has_flow(socket))
            inside_set_mss(socket->flow, o->max_segment);
        return 0;
    case TCP_KEEPIDLE:
        o->keep_idle = (uint32_t)value;
        set_keepalive(socket);
        return 0;
    case TCP_KEEPINTVL:
    case TCP_KEEPCNT:
    case TCP_SYNCNT:
        if (value < 1 || value > (name == TCP_KEEPINTVL ? 32767 : 127))
            return EINVAL;
        store(o, SOL_TCP, name, value);
        timeouts_apply(socket);
        return 0;
    case TCP_LINGER2: inside_set("tcp_fin_timeout", value); return store(o, SOL_TCP, name, value);
    case TCP_USER_TIMEOUT:
        if (value < 0)
            return EINVAL;
        store(o, SOL_TCP, name, value);
        timeouts_apply(socket);
        return 0;
    case TCP_DEFER_ACCEPT: o->defer_accept = value; return 0;
    case TCP_WINDOW_CLAMP:
        if (has_flow(socket))
            inside_set_receive_buffer(socket->flow, (uint32_t)value);
        return store(o, SOL_TCP, name, value);
    case TCP_QUICKACK:
        if (socket->flow != NULL && !inside_is_closed(socket->flow))
            inside_set_quick_ack(socket->flow, value != 0);
        return store(o, SOL_TCP, name, value);
    case TCP_FASTOPEN_CONNECT:
        if (!fast_open_client())
            return EOPNOTSUPP;
        return socket->kind == KIND_NEW ? store(o, SOL_TCP, name, value) : EINVAL;
    case TCP_FASTOPEN:
    case TCP_NOTSENT_LOWAT:
    case TCP_THIN_LINEAR_TIMEOUTS:
    case TCP_THIN_DUPACK:
    case TCP_TIMESTAMP:
    case TCP_INQ: return store(o, SOL_TCP, name, value);
    default: return ENOPROTOOPT;
    }
}

int64_t call_setsockopt(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    int level = call->arguments[0], name = call->arguments[1], value = 0, error;
    if (call->value == NULL)
        return fail(call, EFAULT);
    if (level == SOL_TCP && name == TCP_CONGESTION) {
        char text[16] = "";
        memcpy(text, call->value, *call->len < sizeof text ? *call->len : sizeof text - 1);
        return inside_set_congestion(text) ? 0 : fail(call, ENOENT);
    }
    if (level == SOL_TCP && name == TCP_FASTOPEN_KEY) {
        error = fast_open_set_keys(all, socket, call);
        return error == 0 ? 0 : fail(call, error);
    }
    if (*call->len < sizeof value && level == SOL_TCP)
        return fail(call, EINVAL);
    memcpy(&value, call->value, *call->len < sizeof value ? *call->len : sizeof value);
    if (level == SOL_SOCKET)
        error = set_socket_option(socket, name, value, call);
    else if (level == SOL_TCP)
        error = set_tcp_option(socket, name, value);
    else if (level == SOL_IP || level == SOL_IPV6)
        error = store(&socket->options, level, name, value);
    else
        error = ENOPROTOOPT;
    if (socket->kind == KIND_LISTENER)
        fast_open_apply(all, socket);
    return error == 0 ? 0 : fail(call, error);
}

static int64_t give(struct host_call *call, const void *value, size_t len)
{
    size_t n = *call->len < len ? *call->len : len;
    memcpy(call->value, value, n);
    *call->len = (socklen_t)n;
    return 0;
}

/* Fill the caller's whole structure. It may be longer, as in a later kernel, and unknown members are zero. */
static int64_t give_info(struct socket *socket, struct host_call *call)
{
    struct tcp_info info = { .tcpi_state = socket->kind == KIND_LISTENER ? TCP_LISTEN : TCP_CLOSE };
    if (socket->flow != NULL)
        inside_info(socket->flow, socket->syn_bytes, &info);
    usage_look(socket);
    info.tcpi_last_data_recv = (uint32_t)((os_now() - socket->usage.received_at) / MILLISECONDS(1));
    info.tcpi_busy_time = (uint64_t)(socket->usage.total / MICROSECONDS(1));
    info.tcpi_rwnd_limited = (uint64_t)(socket->usage.window / MICROSECONDS(1));
    info.tcpi_sndbuf_limited = (uint64_t)(socket->usage.buffer / MICROSECONDS(1));
    memset(call->value, 0, *call->len);
    memcpy(call->value, &info, *call->len < sizeof info ? *call->len : sizeof info);
    return 0;
}

/* Nothing is known about memory, so the caller gets as many zeros as it wants. */
static int64_t give_zeros(struct host_call *call)
{
    memset(call->value, 0, *call->len);
    return 0;
}

/* The value of an option of the socket itself. False when it is not known here; it may have been stored. */
static bool own_value(struct socket *socket, int level, int name, int *value)
{
    const struct options *o = &socket->options;
    const struct {
        int level, name, value;
    } known[] = {
        { SOL_SOCKET, SO_TYPE, SOCK_STREAM },
        { SOL_SOCKET, SO_PROTOCOL, IPPROTO_TCP },
        { SOL_SOCKET, SO_DOMAIN, socket->domain },
        { SOL_SOCKET, SO_ACCEPTCONN, socket->kind == KIND_LISTENER },
        { SOL_SOCKET, SO_KEEPALIVE, o->keepalive },
        /* Linux returns twice the value that was set. */
        { SOL_SOCKET, SO_RCVBUF,
          o->receive_buffer != 0 ? 2 * (int)o->receive_buffer : (int)inside_receive_buffer() },
        { SOL_SOCKET, SO_SNDBUF, (int)buffer_size(socket) },
        { SOL_TCP, TCP_NODELAY, o->nodelay },
        { SOL_TCP, TCP_CORK, o->cork },
        { SOL_TCP, TCP_MAXSEG,
          has_flow(socket)      ? (int)inside_mss(socket->flow)
          : o->max_segment != 0 ? o->max_segment
                                : 536 },
        { SOL_TCP, TCP_KEEPIDLE, (int)o->keep_idle },
        { SOL_TCP, TCP_DEFER_ACCEPT, o->defer_accept },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].level == level && known[i].name == name) {
            *value = known[i].value;
            return true;
        }
    return false;
}

static int usual_value(int name)
{
    switch (name) {
    case TCP_KEEPINTVL: return (int)setting_number("net.ipv4.tcp_keepalive_intvl", 75);
    case TCP_KEEPCNT: return (int)setting_number("net.ipv4.tcp_keepalive_probes", 9);
    case TCP_SYNCNT: return (int)setting_number("net.ipv4.tcp_syn_retries", 6);
    case TCP_LINGER2: return (int)setting_number("net.ipv4.tcp_fin_timeout", 60);
    case TCP_QUICKACK: return 1;
    default: return 0;
    }
}

int64_t call_getsockopt(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    int level = call->arguments[0], name = call->arguments[1], value;
    uint8_t keys[2 * FAST_OPEN_KEY];
    if (call->value == NULL || call->len == NULL)
        return fail(call, EFAULT);
    if (level == SOL_TCP && name == TCP_INFO)
        return give_info(socket, call);
    if (level == SOL_TCP && name == TCP_CONGESTION)
        return give(call, inside_congestion(), strlen(inside_congestion()) + 1);
    if (level == SOL_TCP && name == TCP_FASTOPEN_KEY)
        return give(call, keys, fast_open_get_keys(socket, keys));
    if (level == SOL_TCP && name == TCP_CC_INFO)
        return give(call, "", 0);
    if (level == SOL_SOCKET && name == SO_LINGER)
        return give(call, &socket->options.linger, sizeof socket->options.linger);
    if (level == SOL_SOCKET && name == SO_MEMINFO)
        return give_zeros(call);
    if (level == SOL_SOCKET && name == SO_ERROR)
        value = take_error(socket);
    else if (!own_value(socket, level, name, &value)) {
        const struct stored *s = stored_find(&socket->options, level, name);
        value = s != NULL ? s->value : level == SOL_TCP ? usual_value(name) : 0;
    }
    return give(call, &value, sizeof value);
}

int64_t call_ioctl(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    int value;
    if (call->value == NULL)
        return fail(call, EFAULT);
    if (socket->kind != KIND_FLOW)
        return fail(call, EINVAL);
    switch (call->request) {
    case SIOCINQ: value = (int)inside_readable(socket->flow); break;
    case SIOCOUTQ: value = (int)(inside_queued(socket->flow) + socket->held_len + socket->pieces_len); break;
    case SIOCOUTQNSD:
        value = (int)(inside_unsent(socket->flow) + socket->held_len + socket->pieces_len);
        break;
    default: return fail(call, ENOTTY);
    }
    memcpy(call->value, &value, sizeof value);
    return 0;
}

int64_t call_fcntl(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    switch (call->arguments[0]) {
    case F_GETFL: return O_RDWR | (socket->nonblocking ? O_NONBLOCK : 0);
    case F_SETFL: socket->nonblocking = call->arguments[1] & O_NONBLOCK; return 0;
    default: return fail(call, EINVAL);
    }
}
