/*
 * The programs on the host. One echoes over TCP and UDP, and one does what the input says. Calls that would
 * wait long run on fibers of their own.
 */
#ifndef FUZZ_STACK_APPLICATION_H
#define FUZZ_STACK_APPLICATION_H

#include "frames.h"

#include <mirage/sig/resolver.h>

IP(ip);
UDP_ON(udp, ip);
TCP_ON(tcp, ip);
ICMP_ON(icmp, ip);
RESOLVER(dns_client);

enum { FLOWS = 4, HELPERS_MAX = 24 };

static struct {
    struct ip *ip;
    struct udp *udp;
    struct tcp *tcp;
    struct icmp *icmp;
    struct dns_client *names;
    struct os_group helpers;
    struct tcp_listener *echo, *listener;
    struct udp_socket *echo_socket, *socket;
    struct tcp_flow *flows[FLOWS];
} app;

static void keep(struct tcp_flow *flow)
{
    for (int i = 0; i < FLOWS; i++)
        if (app.flows[i] == NULL) {
            app.flows[i] = flow;
            return;
        }
    tcp_close(flow);
}

static err echo_flow(void *arg)
{
    struct tcp_flow *flow = arg;
    struct buf *b;
    err e;
    while ((e = tcp_read(flow, &b)) == OK)
        if ((e = tcp_write(flow, b)) != OK)
            break;
    tcp_close(flow);
    return OK;
}

static err echo_tcp(void *arg)
{
    struct tcp_flow *flow;
    (void)arg;
    for (;;) {
        err e = tcp_accept(app.echo, &flow);
        if (e != OK)
            return OK;
        if (os_group_spawn(&app.helpers, echo_flow, flow) != OK)
            tcp_close(flow);
    }
}

static err echo_udp(void *arg)
{
    struct endpoint from;
    struct buf *b;
    err e;
    (void)arg;
    while ((e = udp_receive(app.echo_socket, &from, &b)) == OK || e == ERR_REFUSED)
        if (e == OK)
            IGNORE(udp_send(app.echo_socket, &from, b));
    return OK;
}

/* The request to a helper fiber, packed into its argument. */
static err open_one(void *arg)
{
    uintptr_t what = (uintptr_t)arg;
    struct endpoint to = { what & 16 ? peers6[what >> 5 & 3] : peers4[what >> 5 & 3], 7 };
    struct tcp_flow *flow;
    if (tcp_open(app.tcp, &to, &flow) == OK)
        keep(flow);
    return OK;
}

static err read_all(void *arg)
{
    struct buf *b;
    while (tcp_read(arg, &b) == OK)
        buf_free(b);
    return OK;
}

static err resolve(void *arg)
{
    struct resolver_service services[2];
    struct ip_addr list[4];
    struct buf *texts;
    size_t count;
    switch ((uintptr_t)arg >> 4 & 3) {
    case 0: IGNORE(dns_client_resolve(app.names, "a.test", list, 4, &count)); break;
    case 1: IGNORE(dns_client_resolve_family(app.names, "b", RESOLVER_IPV4, list, 4, &count)); break;
    case 2: IGNORE(dns_client_resolve_services(app.names, "_a._tcp.test", services, 2, &count)); break;
    case 3:
        if (dns_client_resolve_texts(app.names, "a.test", &texts) == OK)
            buf_free(texts);
    }
    return OK;
}

static err ping(void *arg)
{
    uintptr_t what = (uintptr_t)arg;
    os_time trip;
    IGNORE(icmp_ping(app.icmp, what & 16 ? &peers6[what >> 5 & 3] : &peers4[what >> 5 & 3], 1,
                     what & 128 ? 3000 : 30, SECONDS(5), &trip));
    return OK;
}

static void help(os_entry entry, void *arg)
{
    if (app.helpers.count < HELPERS_MAX)
        CHECK(os_group_spawn(&app.helpers, entry, arg) == OK);
}

static struct buf *zeros(size_t len)
{
    struct buf *b = buf_alloc(len);
    if (b != NULL)
        memset(b->data, 0, len);
    return b;
}

static void use_socket(struct input *in, uint8_t what)
{
    struct endpoint peer = { what & 16 ? peers6[what >> 5 & 3] : peers4[what >> 5 & 3], 5000 };
    struct buf *b;
    if (app.socket == NULL) {
        if (udp_bind(app.udp, &IP_ANY, 9, &app.socket) != OK)
            app.socket = NULL;
    } else if (what & 128) {
        udp_unbind(app.socket);
        app.socket = NULL;
    } else if (what & 64) {
        if (udp_receive(app.socket, &peer, &b) == OK)
            buf_free(b);
    } else {
        IGNORE(udp_send(app.socket, &peer, zeros(take_len(in) * (what & 32 ? 8 : 1))));
    }
}

static void use_listener(uint8_t what)
{
    struct tcp_flow *flow;
    if (app.listener == NULL) {
        CHECK(tcp_listen(app.tcp, &IP_ANY, PORT_APPLICATION, 3, &app.listener) == OK);
    } else if (what & 128) {
        tcp_unlisten(app.listener);
        app.listener = NULL;
    } else if (tcp_accept(app.listener, &flow) == OK) {
        keep(flow);
    }
}

static void use_flow(struct input *in, uint8_t what)
{
    struct tcp_flow **slot = &app.flows[what >> 6], *flow = *slot;
    struct endpoint end;
    struct buf *b;
    if (flow == NULL)
        return;
    switch (what & 15) {
    case 5: IGNORE(tcp_write(flow, zeros(take_len(in) * (what & 16 ? 16 : 1)))); break;
    case 6:
        if (tcp_read(flow, &b) == OK)
            buf_free(b);
        break;
    case 7: IGNORE(tcp_shutdown(flow)); break;
    case 8: tcp_close(flow), *slot = NULL; break;
    case 9: tcp_abort(flow), *slot = NULL; break;
    case 10:
        help(read_all, flow);
        IGNORE(os_yield()); /* it must have started before the flow may be closed */
        break;
    case 11: tcp_set_nodelay(flow, what & 16); break;
    case 12: tcp_set_keepalive(flow, what & 16 ? SECONDS(10) : 0); break;
    case 13: tcp_peer(flow, &end), tcp_local(flow, &end); break;
    }
}

/* Make one call of the application. A call that would wait is cancelled after a moment. */
static void application(struct input *in)
{
    uint8_t what = take(in);
    OS_DEADLINE(os_now() + MILLISECONDS(1))
    {
        switch (what & 15) {
        case 0: help(open_one, (void *)(uintptr_t)what); break;
        case 1: help(resolve, (void *)(uintptr_t)what); break;
        case 2: help(ping, (void *)(uintptr_t)what); break;
        case 3: use_socket(in, what); break;
        case 4: use_listener(what); break;
        default: use_flow(in, what); break;
        }
    }
}

static void application_begin(void)
{
    CHECK(tcp_listen(app.tcp, &IP_ANY, PORT_ECHO, 3, &app.echo) == OK);
    CHECK(tcp_listen(app.tcp, &IP_ANY, PORT_APPLICATION, 3, &app.listener) == OK);
    CHECK(udp_bind(app.udp, &IP_ANY, PORT_ECHO, &app.echo_socket) == OK);
    CHECK(udp_bind(app.udp, &IP_ANY, 9, &app.socket) == OK);
    os_group_init(&app.helpers);
    help(echo_tcp, NULL);
    help(echo_udp, NULL);
}

static void application_end(void)
{
    os_group_end(&app.helpers);
    for (int i = 0; i < FLOWS; i++)
        if (app.flows[i] != NULL)
            tcp_close(app.flows[i]);
    memset(app.flows, 0, sizeof app.flows);
    tcp_unlisten(app.echo);
    if (app.listener != NULL)
        tcp_unlisten(app.listener);
    udp_unbind(app.echo_socket);
    if (app.socket != NULL)
        udp_unbind(app.socket);
}

#endif
