/* What bench/tcp measures: port 5001 discards, 5002 sends without end, 5003 echoes. */
#include <mirage/functor.h>

PARAM(STACK, stack);
MODULE(JOB, server);
LOG_SOURCE(server);

enum { DISCARD = 5001, SOURCE = 5002, ECHO = 5003, CHUNK = 262144 };

static const uint8_t chunk[CHUNK];

static err discard(void *arg)
{
    struct stack_tcp_flow *flow = arg;
    struct buf *b;
    while (stack_tcp_read(flow, &b) == OK)
        buf_free(b);
    stack_tcp_close(flow);
    return OK;
}

static err source(void *arg)
{
    struct stack_tcp_flow *flow = arg;
    while (stack_tcp_write(flow, buf_static(chunk, CHUNK)) == OK)
        continue;
    stack_tcp_close(flow);
    return OK;
}

static err echo(void *arg)
{
    struct stack_tcp_flow *flow = arg;
    struct buf *b;
    while (stack_tcp_read(flow, &b) == OK && stack_tcp_write(flow, b) == OK)
        continue;
    stack_tcp_close(flow);
    return OK;
}

struct service {
    struct stack_tcp *tcp;
    uint16_t port;
    os_entry entry;
};

static err serve(void *arg)
{
    const struct service *service = arg;
    struct stack_tcp_listener *listener;
    struct stack_tcp_flow *flow;
    err e;
    TRY(stack_tcp_listen(service->tcp, &IP_ANY, service->port, 1024, &listener));
    while ((e = stack_tcp_accept(listener, &flow)) == OK)
        if (os_spawn(NULL, service->entry, flow) != OK)
            stack_tcp_abort(flow);
    stack_tcp_unlisten(listener);
    return e;
}

IO err server_start(struct stack *stack)
{
    struct stack_tcp *tcp = stack_get_tcp(stack);
    struct service services[] = { { tcp, DISCARD, discard }, { tcp, SOURCE, source }, { tcp, ECHO, echo } };
    struct os_group group;
    os_group_init(&group);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        TRY(os_group_spawn(&group, serve, &services[i]));
    log_info("ready");
    return os_group_join(&group);
}
