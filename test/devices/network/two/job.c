/*
 * Two hosts on a switch, one of them behind a bad line, send to each other at once. Every byte must arrive in
 * order.
 */
#include <mirage/functor.h>

#include <stdio.h>

PARAM(STACK, client);
PARAM(STACK, server);
MODULE(JOB, job);

ARG_INT(bytes, 100000, "bytes each way");

struct ends {
    struct client *client;
    struct server *server;
    struct server_tcp_listener *listener;
};

static uint8_t byte_at(size_t i, uint8_t salt)
{
    return (uint8_t)((i ^ i >> 8 ^ i >> 16) + salt);
}

static struct buf *piece(size_t at, size_t len, uint8_t salt)
{
    struct buf *b = buf_alloc(len);
    for (size_t i = 0; b != NULL && i < len; i++)
        b->data[i] = byte_at(at + i, salt);
    return b;
}

/* Check that the bytes of `b` continue the sequence at `at`, and free it. */
static err check(struct buf *b, size_t *at, uint8_t salt)
{
    err e = OK;
    for (const struct buf *v = b; v != NULL; v = v->next)
        for (size_t i = 0; i < v->len; i++, ++*at)
            if (v->data[i] != byte_at(*at, salt))
                e = ERR_FORMAT;
    buf_free(b);
    return e;
}

#define TALK(tcp, salt_out, salt_in)                                                                      \
    static err tcp##_writes(void *arg)                                                                    \
    {                                                                                                     \
        struct tcp##_flow *flow = arg;                                                                    \
        for (size_t at = 0; at < (size_t)bytes; at += 3000)                                               \
            TRY(tcp##_write(flow,                                                                         \
                            piece(at, (size_t)bytes - at < 3000 ? (size_t)bytes - at : 3000, salt_out))); \
        return tcp##_shutdown(flow);                                                                      \
    }                                                                                                     \
    static err tcp##_talks(struct tcp##_flow *flow)                                                       \
    {                                                                                                     \
        struct os_fiber *writer;                                                                          \
        struct buf *b;                                                                                    \
        size_t at = 0;                                                                                    \
        err e, wrote;                                                                                     \
        TRY(os_spawn(&writer, tcp##_writes, flow));                                                       \
        while ((e = tcp##_read(flow, &b)) == OK && (e = check(b, &at, salt_in)) == OK)                    \
            ;                                                                                             \
        wrote = os_join(writer);                                                                          \
        tcp##_close(flow);                                                                                \
        if (e != ERR_END)                                                                                 \
            return e;                                                                                     \
        return at == (size_t)bytes ? wrote : ERR_RANGE;                                                   \
    }

TALK(client_tcp, 1, 2)
TALK(server_tcp, 2, 1)

static err serves(void *arg)
{
    struct ends *ends = arg;
    struct server_tcp_flow *flow;
    TRY(server_tcp_accept(ends->listener, &flow));
    return server_tcp_talks(flow);
}

static err asks(void *arg)
{
    struct ends *ends = arg;
    struct client_tcp_flow *flow;
    const struct endpoint peer = { IP_V4(10, 0, 0, 2), 7 };
    err e = ERR_TIMEOUT;
    /* The line may lose the handshake more often than TCP repeats it. */
    for (int i = 0; i < 5 && e != OK; i++)
        e = client_tcp_open(client_get_tcp(ends->client), &peer, &flow);
    TRY(e);
    return client_tcp_talks(flow);
}

IO err job_start(struct client *client, struct server *server)
{
    struct ends ends = { client, server, NULL };
    struct os_group group;
    os_time begin = os_now();
    err e = OK;

    TRY(server_tcp_listen(server_get_tcp(server), &IP_ANY, 7, 10, &ends.listener));
    os_group_init(&group);
    OS_DEADLINE(begin + MINUTES(10))
    {
        e = os_group_spawn(&group, serves, &ends);
        if (e == OK)
            e = os_group_spawn(&group, asks, &ends);
        e = e == OK ? os_group_join(&group) : e;
    }
    server_tcp_unlisten(ends.listener);
    if (e == OK)
        printf("%lld bytes each way in %lld us\n", (long long)bytes, (long long)(os_now() - begin) / 1000);
    return e;
}
