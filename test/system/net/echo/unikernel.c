/*
 * Echoes datagrams at port 7. With --to, it first pings that address and sends datagrams of many sizes to its
 * port 7.
 */
#include <mirage/functor.h>

#include <stdio.h>
#include <string.h>

PARAM(CONSOLE, console);
PARAM(STACK, stack);
PARAM(ICMP, icmp);
MODULE(JOB, echo);

ARG_IP(to, NULL, "whom to ask");

static IO err say(struct console *console, const char *what, const struct ip_addr *addr, size_t n, err e)
{
    char line[160], text[IP_TEXT_SIZE];
    snprintf(line, sizeof line, "%s %s %zu: %s", what, ip_format(addr, text), n, err_string(e));
    return console_log(console, line);
}

static IO err exchange(struct stack_udp_socket *socket, const struct endpoint *peer, size_t len)
{
    struct buf *out = buf_alloc(len), *in = NULL;
    uint8_t first = 0;
    err e;

    if (out == NULL)
        return ERR_NO_MEMORY;
    memset(out->data, (int)(len & 0xff), len);
    TRY(stack_udp_send(socket, peer, out));
    OS_DEADLINE(os_now() + SECONDS(2))
    {
        e = stack_udp_receive(socket, NULL, &in);
        if (e != OK)
            return e;
    }
    if (buf_len(in) != len ||
        (len > 0 && (buf_read_copy(in, len - 1, &first, 1) != OK || first != (len & 0xff))))
        e = ERR_FORMAT;
    buf_free(in);
    return e;
}

static IO err ask(struct console *console, struct stack *stack, struct icmp *icmp)
{
    static const size_t sizes[] = { 0, 1, 1000, 1472, 1473, 4000, 30000, 65000 };
    struct endpoint peer = { to, 7 };
    struct stack_udp_socket *socket;
    os_time round_trip;

    for (uint16_t i = 0; i < 3; i++)
        TRY(say(console, "ping", &to, i, icmp_ping(icmp, &to, i, i * 2000, SECONDS(2), &round_trip)));
    TRY(stack_udp_bind(stack_get_udp(stack), &IP_ANY, 0, &socket));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        TRY(say(console, "exchange", &to, sizes[i], exchange(socket, &peer, sizes[i])));
    peer.port = 9; /* nobody listens there */
    TRY(say(console, "closed", &to, 9, exchange(socket, &peer, 10)));
    stack_udp_unbind(socket);
    return OK;
}

IO err echo_start(struct console *console, struct stack *stack, struct icmp *icmp)
{
    struct stack_udp_socket *socket;
    struct endpoint from;
    struct buf *payload;

    TRY(stack_udp_bind(stack_get_udp(stack), &IP_ANY, 7, &socket));
    if (!ip_is_any(&to))
        TRY(ask(console, stack, icmp));
    TRY(console_log(console, "echoing"));
    for (;;) {
        err e = stack_udp_receive(socket, &from, &payload);
        if (e == OK)
            e = stack_udp_send(socket, &from, payload);
        TRY(os_check());
        if (e != OK && e != ERR_REFUSED)
            log_write(&(struct log_source){ "echo", LOG_LEVEL_INFO, NULL }, LOG_LEVEL_INFO, "%s",
                      err_string(e));
    }
}
