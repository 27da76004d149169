/*
 * Connections whose packets are marked. Those to port 7 are marked when they were accepted; then what comes
 * is given back. For each address of --to one is opened to its port 7, marked from its SYN on. It sends
 * bytes, reads up to the end of the peer's, and resets the connection.
 */
#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(STACK, stack);
MODULE(JOB, marked);

ARG_IPS(to, NULL, "whom to connect to");

static const struct tcp_options accepted = { .dscp = 10, .hop_limit = 33 };
static const struct tcp_options opened = { .dscp = 46, .hop_limit = 9 };

static IO err read_to_end(struct stack_tcp_flow *flow)
{
    struct buf *data;
    err e;

    while ((e = stack_tcp_read(flow, &data)) == OK)
        buf_free(data);
    return e == ERR_END ? OK : e;
}

static IO err open_marked(struct stack_tcp *tcp, const struct ip_addr *addr)
{
    struct endpoint peer = { *addr, 7 };
    struct stack_tcp_flow *flow;

    TRY(stack_tcp_open_with(tcp, &peer, &opened, buf_static("", 0), &flow));
    err e = stack_tcp_write(flow, buf_alloc(200000));
    if (e == OK)
        e = read_to_end(flow);
    stack_tcp_abort(flow);
    return e;
}

static IO err echo(struct stack_tcp_flow *flow)
{
    struct buf *data;

    for (;;) {
        TRY(stack_tcp_read(flow, &data));
        TRY(stack_tcp_write(flow, data));
    }
}

IO err marked_start(struct console *console, struct stack *stack)
{
    struct stack_tcp *tcp = stack_get_tcp(stack);
    struct stack_tcp_listener *listener;
    struct stack_tcp_flow *flow;
    char line[80];

    TRY(stack_tcp_listen(tcp, &IP_ANY, 7, 16, &listener));
    for (size_t i = 0; i < to.count; i++) {
        snprintf(line, sizeof line, "opened %zu: %s", i, err_string(open_marked(tcp, &to.items[i])));
        TRY(console_log(console, line));
    }
    TRY(console_log(console, "ready"));
    for (;;) {
        TRY(stack_tcp_accept(listener, &flow));
        err e = stack_tcp_set_options(flow, &accepted);
        if (e == OK)
            e = echo(flow);
        TRY(os_check());
        stack_tcp_close(flow);
    }
}
