/*
 * Fast Open as in Linux: whether a listener takes bytes with a SYN, which key it makes cookies with, and how
 * to write before a connection exists.
 */
#include "private.h"

#include <stdio.h>

enum { CLIENT = 1, SERVER = 2, EVERY_LISTENER = 0x400, KEY_WORDS = 4 };

static uint64_t enabled(void)
{
    char text[SETTING_TEXT];
    return host_setting("net.ipv4.tcp_fastopen", text, sizeof text) ? strtoull(text, NULL, 0) : CLIENT;
}

/* Read four words of hexadecimal digits. They are stored in the processor's byte order. */
static bool read_key(const char *text, uint8_t out[FAST_OPEN_KEY])
{
    unsigned words[KEY_WORDS];
    if (sscanf(text, "%x-%x-%x-%x", &words[0], &words[1], &words[2], &words[3]) != KEY_WORDS)
        return false;
    memcpy(out, words, FAST_OPEN_KEY);
    return true;
}

/* Write the first key, and the key that is still valid, to `out`. Returns the number of bytes. */
size_t fast_open_get_keys(const struct socket *socket, uint8_t out[2 * FAST_OPEN_KEY])
{
    char text[2 * SETTING_TEXT], *second;
    size_t len = socket->options.fast_open_keys_len;
    if (len > 0) {
        memcpy(out, socket->options.fast_open_keys, len);
    } else {
        if (!host_setting("net.ipv4.tcp_fastopen_key", text, sizeof text) || !read_key(text, out))
            return 0;
        second = strchr(text, ',');
        len = second != NULL && read_key(second + 1, out + FAST_OPEN_KEY) ? 2 * FAST_OPEN_KEY : FAST_OPEN_KEY;
    }
    if (len == FAST_OPEN_KEY)
        memcpy(out + FAST_OPEN_KEY, out, FAST_OPEN_KEY);
    return len;
}

/*
 * Apply a listener's settings. They hold for all listeners, because TCP has one limit and one pair of keys.
 */
void fast_open_apply(struct sockets *all, struct socket *socket)
{
    uint8_t keys[2 * FAST_OPEN_KEY];
    uint64_t bits = enabled();
    int limit = option_stored(socket, SOL_TCP, TCP_FASTOPEN);
    if (limit == 0 && (bits & EVERY_LISTENER))
        limit = (int)socket->backlog;
    inside_set("fast_open", bits & SERVER ? limit : 0);
    if (fast_open_get_keys(socket, keys) > 0)
        inside_set_fast_open_keys(all->tcp, keys);
}

int fast_open_set_keys(struct sockets *all, struct socket *socket, const struct host_call *call)
{
    if (*call->len != FAST_OPEN_KEY && *call->len != 2 * FAST_OPEN_KEY)
        return EINVAL;
    socket->options.fast_open_keys_len = *call->len;
    memcpy(socket->options.fast_open_keys, call->value, *call->len);
    if (socket->kind == KIND_LISTENER)
        fast_open_apply(all, socket);
    return 0;
}

bool fast_open_client(void)
{
    return enabled() & CLIENT;
}

/*
 * Open a connection to the address of the call, or to the one that connect() stored, with the bytes that fit
 * into the SYN. `*done` receives their number. Returns that number, or the error that keeps the call from
 * sending the rest. A call that may wait has a connection afterwards.
 */
int64_t fast_open_send(struct sockets *all, struct host_call *call, const uint8_t *bytes, size_t len,
                       size_t *done)
{
    struct socket *socket = socket_find(all, call->fd);
    struct endpoint peer = socket->deferred;
    struct buf *first = NULL;
    void *flow;
    settings_read(all);
    max_segment_apply(socket);
    if (!fast_open_client())
        return fail(call, EOPNOTSUPP);
    if (peer.port == 0 && !read_address(call, &peer))
        return fail(call, call->address.ss_family == AF_UNSPEC ? EOPNOTSUPP : EAFNOSUPPORT);
    size_t room = inside_fast_open_room(all->tcp, &peer), n = len < room ? len : room;
    if (n > 0 && (first = buf_copy(bytes, n)) == NULL)
        return fail(call, ENOMEM);
    err e = inside_open_with(all->tcp, &peer, first, &flow);
    if (e != OK)
        return fail(call, e == ERR_UNREACHABLE ? ENETUNREACH : errno_of(e));
    socket->deferred.port = 0;
    open_begun(socket, flow);
    socket->syn_bytes = (uint32_t)n;
    *done = n;
    if (must_not_wait(socket, call))
        return n > 0 ? (int64_t)n : fail(call, EINPROGRESS);
    e = inside_wait_open(flow);
    if (e != OK)
        return fail(call, errno_of(e));
    return connected(socket, call) < 0 ? -1 : (int64_t)n;
}
