#include "http_server.h"

/* How long to wait after the host has refused a connection for want of memory or descriptors. */
#define BACK_OFF MILLISECONDS(50)
/* After so many errors of accept in a row the port counts as failed. */
#define ACCEPT_ERRORS_MAX 100
#define ACCEPT_BURST 64

KEY_INT(backlog, 1024, 1, 1 << 20, "connections that wait to be accepted");

static void unlink_connection(struct http_connection *c)
{
    if (c->idle)
        os_list_remove(&c->service->idle, c, node);
    else
        os_list_remove(&c->service->busy, c, node);
}

INTERNAL void http_service_idle(struct http_connection *c)
{
    unlink_connection(c);
    os_list_append(&c->service->idle, c, node);
    c->idle = true;
    if (os_has_waiters(&c->service->changed))
        os_wake_all(&c->service->changed);
}

INTERNAL void http_service_busy(struct http_connection *c)
{
    unlink_connection(c);
    os_list_append(&c->service->busy, c, node);
    c->idle = false;
}

INTERNAL void http_service_ended(struct http_connection *c)
{
    unlink_connection(c);
    c->service->connections--;
    metric_add(&c->http->open, -1);
    os_wake_all(&c->service->changed);
}

/* Make room: end the connection that has been idle the longest, if any is. */
static void evict(struct http_service *s)
{
    struct http_connection *c = s->idle.first;
    if (c == NULL)
        return;
    http_service_busy(c);
    os_cancel(c->fiber);
}

static void cancel_all(struct http_connection *first)
{
    for (struct http_connection *c = first; c != NULL; c = c->node.next)
        os_cancel(c->fiber);
}

static err begin_connection(struct http_service *s, struct stack_tcp_flow *flow)
{
    struct http_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        goto out;
    c->http = s->http;
    c->service = s;
    c->flow = flow;
    os_list_append(&s->busy, c, node);
    if (os_spawn(&c->fiber, http_connection_run, c) != OK)
        goto out_unlink;
    os_detach(c->fiber);
    s->connections++;
    metric_add(&s->http->open, 1);
    metric_add(&s->http->accepted, 1);
    if (s->connections > s->http->max_connections)
        evict(s);
    return OK;

out_unlink:
    unlink_connection(c);
    free(c);
out:
    stack_tcp_abort(flow);
    return ERR_NO_MEMORY;
}

/* Wait until there is room for another connection, or an idle one that can make room. */
static IO err wait_for_room(struct http_service *s)
{
    while (s->connections >= s->http->max_connections && s->idle.first == NULL)
        TRY(os_wait(&s->changed));
    return OK;
}

/* Whether to go on accepting after this error. Waits when the host lacks something. */
static IO err after_error(struct http_service *s, err e, unsigned *errors)
{
    switch (e) {
    case OK: *errors = 0; return OK;
    case ERR_NO_SPACE:
    case ERR_NO_MEMORY:
        evict(s);
        log_debug("cannot accept: %s", err_string(e));
        os_sleep(BACK_OFF);
        return os_check();
    case ERR_CANCELLED:
    case ERR_TIMEOUT:
    case ERR_CLOSED: return e;
    default:
        /* Either this connection broke before it was accepted, or the port has failed. */
        return ++*errors < ACCEPT_ERRORS_MAX ? os_yield() : e;
    }
}

static IO err accept_all(struct http_service *s)
{
    unsigned errors = 0, burst = 0;
    for (;;) {
        struct stack_tcp_flow *flow;
        TRY(wait_for_room(s));
        err e = stack_tcp_accept(s->listener, &flow);
        if (e == OK)
            e = begin_connection(s, flow);
        TRY(after_error(s, e, &errors));
        if (++burst % ACCEPT_BURST == 0)
            TRY(os_yield());
    }
}

/* Stop the service. Responses under way are given `grace` to finish, and then nothing is left. */
static IO void stop(struct http_service *s)
{
    os_time end = os_now() + s->http->grace;
    s->stopping = true;
    cancel_all(s->idle.first);
    OS_SHIELD
    {
        while (s->connections > 0 && os_wait_until(&s->changed, end) == OK)
            continue;
        cancel_all(s->idle.first);
        cancel_all(s->busy.first);
        while (s->connections > 0)
            IGNORE(os_wait(&s->changed));
    }
}

IO err http_server_serve(struct http_server *http, uint16_t port, void *ctx)
{
    struct http_service s = { .http = http, .ctx = ctx };
    TRY(stack_tcp_listen(http->tcp, &IP_ANY, port, (uint32_t)key_backlog, &s.listener));
    log_info("listening on port %u", stack_tcp_listener_port(s.listener));
    err e = accept_all(&s);
    stack_tcp_unlisten(s.listener);
    stop(&s);
    return e;
}
