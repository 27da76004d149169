/*
 * SO_SNDBUF and TCP_NOTSENT_LOWAT as Linux counts them: by the memory of its buffers, and not by bytes. Linux
 * begins a new buffer when there is space, and then fills it. This file also counts, for TCP_INFO, what
 * delayed sending.
 */
#include "private.h"

/* The memory of a buffer besides its bytes, and the smallest SO_SNDBUF. */
enum { BUFFER_OVERHEAD = 1024, SEND_BUFFER_LEAST = 4608, SEGMENT_MEMORY = 2304, UNLIMITED = 0x7fffffff };

void buffer_set(struct socket *socket, int value)
{
    int64_t twice = 2 * (int64_t)value;
    if (twice > UNLIMITED)
        twice = UNLIMITED;
    socket->options.send_buffer = twice < SEND_BUFFER_LEAST ? SEND_BUFFER_LEAST : (uint32_t)twice;
}

/* SO_SNDBUF when it was set, or else tcp_wmem's value, which grows with the congestion window. */
size_t buffer_size(const struct socket *socket)
{
    if (socket->options.send_buffer != 0)
        return socket->options.send_buffer;
    size_t usual = (size_t)setting_nth("net.ipv4.tcp_wmem", 1, 87040),
           most = (size_t)setting_nth("net.ipv4.tcp_wmem", 2, 4 << 20);
    if (socket->flow == NULL)
        return usual;
    size_t wanted = (size_t)2 * SEGMENT_MEMORY * inside_cwnd(socket->flow);
    wanted = wanted > most ? most : wanted;
    return wanted > usual ? wanted : usual;
}

static size_t used(const struct socket *socket)
{
    size_t queued = inside_queued(socket->flow) + socket->held_len + socket->pieces_len,
           chunk = inside_chunk(socket->flow);
    return queued + (queued + chunk - 1) / chunk * BUFFER_OVERHEAD;
}

static uint32_t lowat(const struct socket *socket)
{
    uint32_t own = (uint32_t)option_stored(socket, SOL_TCP, TCP_NOTSENT_LOWAT);
    return own != 0 ? own : (uint32_t)setting_number("net.ipv4.tcp_notsent_lowat", UINT32_MAX);
}

/* Whether there is space for another buffer. */
static bool may_begin(const struct socket *socket, unsigned factor)
{
    return used(socket) < buffer_size(socket) &&
           (uint64_t)inside_unsent(socket->flow) * factor < lowat(socket);
}

/* The bytes that a write may take at once: those that fill the last buffer, or a new one. */
size_t buffer_room(const struct socket *socket)
{
    size_t chunk = inside_chunk(socket->flow), part = inside_unsent(socket->flow) % chunk;
    if (part > 0)
        return chunk - part;
    return may_begin(socket, 1) ? chunk : 0;
}

/* Whether poll reports that the socket is writable: a third of the memory is free. */
bool buffer_writable(const struct socket *socket)
{
    size_t queued = used(socket), size = buffer_size(socket);
    return size > queued && size - queued >= queued / 2 && may_begin(socket, 2);
}

/* Add the time since the last call to the counter of the state at that time. */
void usage_look(struct socket *socket)
{
    struct usage *u = &socket->usage;
    os_time now = os_now(), past = now - u->since;
    if (u->busy)
        u->total += past;
    if (u->window_full)
        u->window += past;
    if (u->buffer_full)
        u->buffer += past;
    u->since = now;
    bool closed = socket->flow == NULL || inside_is_closed(socket->flow);
    u->busy = !closed && inside_queued(socket->flow) > 0;
    u->window_full = u->busy && inside_window_full(socket->flow);
    if (socket->flow != NULL && inside_received(socket->flow) != u->received) {
        u->received = inside_received(socket->flow);
        u->received_at = now;
    }
    u->buffer_full = u->busy && socket->buffer_waited && inside_unsent(socket->flow) == 0;
}
