/* The services of the bench on any STACK. */
#include <mirage/functor.h>

#include "ports.h"

PARAM(STACK, stack);
MODULE(JOB, server);
LOG_SOURCE(server);

enum { CHUNK = 262144 };

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

static err close_at_once(void *arg)
{
    stack_tcp_close(arg);
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
        if (service->entry == close_at_once)
            stack_tcp_close(flow);
        else if (os_spawn(NULL, service->entry, flow) != OK)
            stack_tcp_abort(flow);
    stack_tcp_unlisten(listener);
    return e;
}

static err echo_datagrams(void *arg)
{
    struct stack_udp *udp = arg;
    struct stack_udp_socket *socket;
    struct endpoint from;
    struct buf *b;
    err e;
    TRY(stack_udp_bind(udp, &IP_ANY, PORT_ECHO, &socket));
    /* ERR_REFUSED means that a client has gone. */
    while ((e = stack_udp_receive(socket, &from, &b)) == OK || e == ERR_REFUSED)
        if (e == OK)
            IGNORE(stack_udp_send(socket, &from, b));
    stack_udp_unbind(socket);
    return e;
}

IO err server_start(struct stack *stack)
{
    struct stack_tcp *tcp = stack_get_tcp(stack);
    struct service services[] = {
        { tcp, PORT_DISCARD, discard },
        { tcp, PORT_SOURCE, source },
        { tcp, PORT_ECHO, echo },
        { tcp, PORT_CLOSE, close_at_once },
    };
    struct os_group group;
    err e = OK;
    os_group_init(&group);
    for (size_t i = 0; e == OK && i < sizeof services / sizeof *services; i++)
        e = os_group_spawn(&group, serve, &services[i]);
    if (e == OK)
        e = os_group_spawn(&group, echo_datagrams, stack_get_udp(stack));
    if (e == OK)
        log_info("ready");
    else
        os_group_cancel(&group);
    err joined = os_group_join(&group);
    return e == OK ? joined : e;
}
