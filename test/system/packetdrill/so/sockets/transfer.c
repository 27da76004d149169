#include "private.h"

enum { HELD_MS = 200 };

/* The error that ended the connection, once. 0 when there is none, or when it was returned before. */
int take_error(struct socket *socket)
{
    if (socket->kind != KIND_FLOW || socket->flow == NULL || !inside_is_closed(socket->flow) ||
        socket->reported)
        return 0;
    err e = inside_error(socket->flow);
    socket->reported = true;
    return e == ERR_CLOSED ? 0 : errno_of(e);
}

static size_t total(const struct iovec *iov, int count)
{
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += iov[i].iov_len;
    return len;
}

bool must_not_wait(const struct socket *socket, const struct host_call *call)
{
    return socket->nonblocking || (call->flags & MSG_DONTWAIT);
}

/* Only NULL is recognised as an address without memory. Other addresses are the caller's responsibility. */
static bool bad_address(const struct host_call *call)
{
    for (int i = 0; i < call->iov_count; i++)
        if (call->iov[i].iov_base == NULL && call->iov[i].iov_len > 0 && !(call->flags & MSG_TRUNC))
            return true;
    return false;
}

/* Report how many bytes are left to read, for TCP_INQ. The end of the stream counts as one byte. */
static void tell_inq(const struct socket *socket, struct host_call *call)
{
    int left = (int)inside_readable(socket->flow);
    if (left == 0 && inside_fin_received(socket->flow))
        left = 1;
    control_put(call, SOL_TCP, TCP_CM_INQ, &left, sizeof left);
}

int64_t call_receive(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    size_t len = total(call->iov, call->iov_count), done = 0;
    bool peek = call->flags & MSG_PEEK, all_of_it = (call->flags & MSG_WAITALL) && !peek;
    if (call->flags & MSG_ERRQUEUE)
        return notice_receive(socket, call);
    if (socket->kind == KIND_NEW && socket->deferred.port != 0 && must_not_wait(socket, call))
        return fail(call, EAGAIN);
    if (socket->kind != KIND_FLOW)
        return fail(call, ENOTCONN);
    if (!inside_is_open(socket->flow))
        return fail(call, must_not_wait(socket, call) ? EAGAIN : ENOTCONN);
    do {
        while (inside_readable(socket->flow) == 0 && len > 0) {
            int error = take_error(socket);
            if (error != 0)
                return fail(call, error);
            if (done > 0 && (inside_end_of_input(socket->flow) || must_not_wait(socket, call)))
                return (int64_t)done;
            if (inside_end_of_input(socket->flow) || socket->read_shut)
                return 0;
            if (must_not_wait(socket, call))
                return fail(call, EAGAIN);
            err e = inside_wait_input(socket->flow);
            if (e != OK)
                return fail(call, e == ERR_CLOSED ? EBADF : errno_of(e));
        }
        if (bad_address(call))
            return fail(call, EFAULT);
        /* Further pieces of MSG_WAITALL are only counted, because scripts do not compare them. */
        done += inside_read(socket->flow, (call->flags & MSG_TRUNC) || done > 0 ? NULL : call->iov,
                            call->iov_count, len - done, peek);
    } while (all_of_it && done < len);
    if (call->message != NULL && option_stored(socket, SOL_TCP, TCP_INQ) != 0)
        tell_inq(socket, call);
    return (int64_t)done;
}

static err write_bytes(struct socket *socket, const void *bytes, size_t len)
{
    return record_write(socket, bytes, len);
}

err send_held(struct socket *socket)
{
    size_t len = socket->held_len;
    os_timer_stop(&socket->held_timer);
    socket->held_len = 0;
    return write_bytes(socket, socket->held, len);
}

static err held_fiber(void *arg)
{
    return send_held(arg);
}

/* Linux holds bytes for 200 ms at most. */
void held_fire(void *arg)
{
    IGNORE(os_spawn(NULL, held_fiber, arg));
}

/* Hold the bytes that do not fill a segment. */
static err hold(struct socket *socket, const uint8_t *bytes, size_t len)
{
    uint8_t *grown = realloc(socket->held, socket->held_len + len);
    size_t full;
    if (grown == NULL)
        return ERR_NO_MEMORY;
    socket->held = grown;
    memcpy(grown + socket->held_len, bytes, len);
    socket->held_len += len;
    full = socket->held_len / inside_mss(socket->flow) * inside_mss(socket->flow);
    TRY(write_bytes(socket, grown, full));
    socket->held_len -= full;
    memmove(grown, grown + full, socket->held_len);
    if (socket->held_len == 0)
        os_timer_stop(&socket->held_timer);
    else if (!os_timer_is_set(&socket->held_timer))
        return os_timer_set(&socket->held_timer, os_now() + MILLISECONDS(HELD_MS));
    return OK;
}

static err send_some(struct socket *socket, const uint8_t *bytes, size_t len, bool more)
{
    if (more || socket->options.cork)
        return hold(socket, bytes, len);
    if (socket->held_len == 0)
        return write_bytes(socket, bytes, len);
    TRY(hold(socket, bytes, len));
    return send_held(socket);
}

static uint8_t *gathered(const struct iovec *iov, int count, size_t len)
{
    uint8_t *bytes = malloc(len + 1), *at = bytes;
    for (int i = 0; bytes != NULL && i < count; i++) {
        memcpy(at, iov[i].iov_base, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    return bytes;
}

int64_t call_send(struct sockets *all, struct host_call *call)
{
    struct socket *socket = socket_find(all, call->fd);
    size_t len = total(call->iov, call->iov_count), done = 0;
    if (socket->kind == KIND_NEW && (socket->deferred.port != 0 || (call->flags & MSG_FASTOPEN))) {
        if (bad_address(call))
            return fail(call, EFAULT);
        uint8_t *first = gathered(call->iov, call->iov_count, len);
        int64_t result = first == NULL ? fail(call, ENOMEM) : fast_open_send(all, call, first, len, &done);
        free(first);
        if (result < 0 || must_not_wait(socket, call)) {
            if (done > 0)
                notice_expect(socket, (uint32_t)done, call->flags);
            return result;
        }
    }
    if (socket->kind != KIND_FLOW)
        return fail(call, EPIPE);
    if (!inside_is_open(socket->flow))
        return fail(call, call->flags & MSG_FASTOPEN ? EALREADY : EAGAIN);
    int error = take_error(socket);
    if (error != 0)
        return fail(call, error);
    if (inside_is_closed(socket->flow) || inside_shut(socket->flow))
        return fail(call, EPIPE);
    if (bad_address(call))
        return fail(call, EFAULT);
    socket->buffer_waited = false;
    uint8_t *bytes = gathered(call->iov, call->iov_count, len);
    err e = bytes == NULL ? ERR_NO_MEMORY : OK;
    while (e == OK && done < len) {
        size_t room = socket->buffer_waited && !buffer_writable(socket) ? 0 : buffer_room(socket),
               n = len - done < room ? len - done : room;
        socket->buffer_waited = n == 0;
        if (n > 0)
            e = send_some(socket, bytes + done, n, call->flags & MSG_MORE);
        else if (must_not_wait(socket, call))
            e = ERR_AGAIN;
        else
            e = inside_wait_output(socket->flow);
        if (e == OK && inside_is_closed(socket->flow))
            e = ERR_CLOSED;
        if (e == OK)
            done += n;
    }
    free(bytes);
    if (done > 0) {
        uint32_t end = inside_acknowledged(socket->flow) +
                       (uint32_t)(inside_queued(socket->flow) + socket->held_len + socket->pieces_len);
        if (call->flags & MSG_EOR)
            record_end(socket);
        notice_expect(socket, end, call->flags);
        return (int64_t)done;
    }
    return e == OK ? 0 : fail(call, errno_of(e));
}
