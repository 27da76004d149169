/*
 * Port 1 discards, port 2 sends without end, and port 3 echoes. Port 4 discards with a copy, to show that
 * copies are counted.
 */
#include <mirage/functor.h>

#include <stdlib.h>

PARAM(STACK, stack);
MODULE(JOB, server);

enum { DISCARD = 1, SOURCE, ECHO, COPY, CHUNK = 262144 };

static const uint8_t chunk[CHUNK];

struct connection {
    struct stack_tcp_flow *flow;
    uint16_t port;
};

static IO err take(struct connection *c, struct buf *b)
{
    uint8_t *bytes = c->port == COPY ? malloc(buf_len(b)) : NULL;
    if (c->port == ECHO)
        return stack_tcp_write(c->flow, b);
    if (bytes != NULL)
        IGNORE(buf_read_copy(b, 0, bytes, buf_len(b)));
    free(bytes);
    buf_free(b);
    return OK;
}

static err serve_connection(void *arg)
{
    struct connection c = *(struct connection *)arg;
    struct buf *b;
    free(arg);
    if (c.port == SOURCE)
        while (stack_tcp_write(c.flow, buf_static(chunk, CHUNK)) == OK)
            continue;
    else
        while (stack_tcp_read(c.flow, &b) == OK && take(&c, b) == OK)
            continue;
    stack_tcp_close(c.flow);
    return OK;
}

struct service {
    struct stack_tcp *tcp;
    uint16_t port;
};

static err serve(void *arg)
{
    const struct service *service = arg;
    struct stack_tcp_listener *listener;
    struct stack_tcp_flow *flow;
    err e;
    TRY(stack_tcp_listen(service->tcp, &IP_ANY, service->port, 16, &listener));
    while ((e = stack_tcp_accept(listener, &flow)) == OK) {
        struct connection *c = malloc(sizeof *c);
        if (c != NULL)
            *c = (struct connection){ flow, service->port };
        if (c == NULL || os_spawn(NULL, serve_connection, c) != OK) {
            free(c);
            stack_tcp_abort(flow);
        }
    }
    stack_tcp_unlisten(listener);
    return e;
}

IO err server_start(struct stack *stack)
{
    struct service services[] = { { stack_get_tcp(stack), DISCARD },
                                  { stack_get_tcp(stack), SOURCE },
                                  { stack_get_tcp(stack), ECHO },
                                  { stack_get_tcp(stack), COPY } };
    struct os_group group;
    err e = OK;
    os_group_init(&group);
    for (size_t i = 0; e == OK && i < sizeof services / sizeof *services; i++)
        e = os_group_spawn(&group, serve, &services[i]);
    if (e != OK)
        os_group_cancel(&group);
    err joined = os_group_join(&group);
    return e == OK ? joined : e;
}
