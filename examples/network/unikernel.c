#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(STACK, stack);
MODULE(JOB, network);
LOG_SOURCE(network);

ARG_PORT(port, 8080, "TCP port to listen on; 0 for one that is free");

/* Gives back what it gets, without a copy: the buffers that come in go out again. */
static IO err echo(void *arg)
{
    struct stack_tcp_flow *flow = arg;
    struct endpoint peer;
    struct buf *data;
    char text[IP_TEXT_SIZE];
    err e;

    stack_tcp_peer(flow, &peer);
    ip_format(&peer.addr, text);
    log_info("connection from %s port %u", text, peer.port);
    while ((e = stack_tcp_read(flow, &data)) == OK)
        if ((e = stack_tcp_write(flow, data)) != OK)
            break;
    log_info("%s port %u: %s", text, peer.port, err_string(e));
    stack_tcp_close(flow);
    return OK;
}

IO err network_start(struct console *console, struct stack *stack)
{
    struct stack_tcp_listener *listener;
    struct stack_tcp_flow *flow;
    struct os_group connections;
    char line[64];
    err e;

    TRY(stack_tcp_listen(stack_get_tcp(stack), &IP_ANY, port, 128, &listener));
    os_group_init(&connections);
    snprintf(line, sizeof line, "echoing on TCP port %u", stack_tcp_listener_port(listener));
    e = console_log(console, line);
    while (e == OK) {
        e = stack_tcp_accept(listener, &flow);
        if (e == OK && (e = os_group_spawn(&connections, echo, flow)) != OK)
            stack_tcp_abort(flow);
        if (e == ERR_NO_SPACE || e == ERR_NO_MEMORY) {
            log_warning("a connection has to wait: %s", err_string(e));
            os_sleep(MILLISECONDS(50));
            e = os_check();
        }
    }
    stack_tcp_unlisten(listener);
    os_group_end(&connections);
    return e;
}
