/*
 * What the tests' clients talk to. Over HTTP: GET /pattern/N gives N bytes of a pattern, POST /pattern tells
 * whether it was sent the pattern, GET /stats tells what is in use, POST /trim gives back what malloc()
 * keeps, POST /release and /resume do as below. Over TCP alone, by port:
 *
 *     7    gives back what it gets       9    drops it
 *     19   sends the pattern, endlessly
 *     100  says nothing until POST /release: what an idle connection costs, without a fiber of its own
 *     101  reads nothing until POST /resume, then as POST /pattern
 */
#include <mirage/functor.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mirage/metric.h>
#include <base/http/route.h>

PARAM(HTTP, http);
PARAM(STACK, stack);
MODULE(JOB, peer);
LOG_SOURCE(peer);

ARG_PORT(port, 80, "TCP port to serve HTTP on");

enum { PERIOD = 65521, PIECE = 65521, BACKLOG = 4096 };

struct held {
    struct held *next;
    struct stack_tcp_flow *flow;
};

struct peer {
    uint8_t pattern[PERIOD + PIECE]; /* long enough for a piece to begin anywhere in the period */
    struct held *held;
    size_t held_count;
    struct os_waitq resumed;
    struct os_group fibers;
};

struct service {
    struct peer *peer;
    struct stack_tcp_listener *listener;
    err (*serve)(struct peer *peer, struct stack_tcp_flow *flow);
};

struct connection {
    const struct service *service;
    struct stack_tcp_flow *flow;
};

static struct buf *piece(struct peer *p, uint64_t at, uint64_t most)
{
    return buf_static(p->pattern + at % PERIOD, most < PIECE ? (size_t)most : PIECE);
}

/* Check that these are the pattern's bytes from *at on, and free them. */
static bool fits(struct peer *p, struct buf *data, uint64_t *at)
{
    bool good = true;

    for (const struct buf *b = data; b != NULL; b = b->next)
        for (size_t i = 0; i < b->len; *at += good ? 1 : 0, i++)
            good = good && b->data[i] == p->pattern[*at % PERIOD];
    buf_free(data);
    return good;
}

static IO err echo(struct peer *p, struct stack_tcp_flow *flow)
{
    struct buf *data;

    (void)p;
    for (;;) {
        TRY(stack_tcp_read(flow, &data));
        TRY(stack_tcp_write(flow, data));
    }
}

static IO err discard(struct peer *p, struct stack_tcp_flow *flow)
{
    struct buf *data;

    (void)p;
    for (;;) {
        TRY(stack_tcp_read(flow, &data));
        buf_free(data);
    }
}

static IO err source(struct peer *p, struct stack_tcp_flow *flow)
{
    for (uint64_t at = 0;; at += PIECE)
        TRY(stack_tcp_write(flow, piece(p, at, PIECE)));
}

static IO err late(struct peer *p, struct stack_tcp_flow *flow)
{
    struct buf *data;
    uint64_t at = 0;
    char text[64];
    err e;

    TRY(os_wait(&p->resumed));
    while ((e = stack_tcp_read(flow, &data)) == OK)
        if (!fits(p, data, &at))
            e = ERR_FORMAT;
    int n =
        snprintf(text, sizeof text, "%s %llu\n", e == ERR_END ? "right" : "wrong", (unsigned long long)at);
    return stack_tcp_write(flow, buf_copy(text, (size_t)n));
}

static IO err connection(void *arg)
{
    struct connection c = *(struct connection *)arg;

    free(arg);
    err e = c.service->serve(c.service->peer, c.flow);
    log_debug("a connection ends: %s", err_string(e));
    if (e == ERR_CANCELLED)
        stack_tcp_abort(c.flow);
    else
        stack_tcp_close(c.flow);
    return OK;
}

static err begin(const struct service *s, struct stack_tcp_flow *flow)
{
    struct connection *c = malloc(sizeof *c);

    if (c == NULL)
        return ERR_NO_MEMORY;
    *c = (struct connection){ s, flow };
    err e = os_group_spawn(&s->peer->fibers, connection, c);
    if (e != OK)
        free(c);
    return e;
}

static err hold(struct peer *p, struct stack_tcp_flow *flow)
{
    struct held *held = malloc(sizeof *held);

    if (held == NULL)
        return ERR_NO_MEMORY;
    *held = (struct held){ p->held, flow };
    p->held = held;
    p->held_count++;
    return OK;
}

static IO err accept_all(void *arg)
{
    const struct service *s = arg;
    struct stack_tcp_flow *flow;

    for (;;) {
        TRY(stack_tcp_accept(s->listener, &flow));
        if ((s->serve != NULL ? begin(s, flow) : hold(s->peer, flow)) != OK)
            stack_tcp_abort(flow);
    }
}

static IO err text(struct http_exchange *x, uint16_t status, const char *what, size_t len)
{
    struct http_response r = { .status = status, .content_type = "text/plain" };
    return http_respond(x, &r, buf_copy(what, len));
}

static IO err give(struct peer *p, struct http_exchange *x, uint64_t n)
{
    struct http_response r = {
        .status = 200, .content_type = "application/octet-stream", .has_length = true, .length = n
    };

    TRY(http_begin(x, &r));
    for (uint64_t at = 0; at < n; at += PIECE)
        TRY(http_write(x, piece(p, at, n - at)));
    return http_end(x);
}

static IO err take(struct peer *p, struct http_exchange *x)
{
    struct buf *data;
    uint64_t at = 0;
    char answer[64];
    err e;

    while ((e = http_read_body(x, &data)) == OK)
        if (!fits(p, data, &at))
            e = ERR_FORMAT;
    int n = snprintf(answer, sizeof answer, "%s %llu\n", e == ERR_END ? "right" : "wrong",
                     (unsigned long long)at);
    return text(x, e == ERR_END ? 200 : 400, answer, (size_t)n);
}

/* Print the memory that is in use now, and every metric in the exposition format. */
static IO err stats(struct peer *p, struct http_exchange *x)
{
    static char answer[32768];
    struct buf_stats bufs;
    struct os_stats os;

    buf_get_stats(&bufs);
    os_get_stats(&os);
    size_t n = (size_t)snprintf(
        answer, sizeof answer,
        "views %zu\npages %zu\npooled %zu\nfibers %zu\ntimers %zu\nheld %zu\nallocated %zu\n", bufs.views,
        bufs.pages, bufs.pooled_pages, os.fibers, os.timers, p->held_count, mallinfo2().uordblks);
    n += metric_print(answer + n, sizeof answer - n);
    return n < sizeof answer ? text(x, 200, answer, n) : ERR_NO_SPACE;
}

static void release(struct peer *p)
{
    for (struct held *next, *h = p->held; h != NULL; h = next) {
        next = h->next;
        stack_tcp_close(h->flow);
        free(h);
    }
    p->held = NULL;
    p->held_count = 0;
}

static const struct route routes[] = {
    { "GET", "/pattern/:bytes" }, { "POST", "/pattern" }, { "GET", "/stats" },
    { "POST", "/release" },       { "POST", "/trim" },    { "POST", "/resume" },
};

IO err http_on_request(void *ctx, struct http_exchange *x)
{
    struct peer *p = ctx;
    struct route_match match;

    if (route_find(routes, sizeof routes / sizeof *routes, http_request(x), &match) != ROUTE_FOUND)
        return ERR_NOT_FOUND;
    switch (match.index) {
    case 0: return give(p, x, strtoull(match.params[0].data, NULL, 10));
    case 1: return take(p, x);
    case 2: return stats(p, x);
    case 3: release(p); break;
    case 4: malloc_trim(0); break;
    default: os_wake_all(&p->resumed); break;
    }
    return text(x, 200, "", 0);
}

static IO err listen_all(struct peer *p, struct stack *stack, struct service *services, size_t count)
{
    static const uint16_t ports[] = { 7, 9, 19, 100, 101 };

    for (size_t i = 0; i < count; i++) {
        services[i].peer = p;
        TRY(stack_tcp_listen(stack_get_tcp(stack), &IP_ANY, ports[i], BACKLOG, &services[i].listener));
        TRY(os_group_spawn(&p->fibers, accept_all, &services[i]));
    }
    return OK;
}

IO err peer_start(struct http *http, struct stack *stack)
{
    struct service services[] = {
        { .serve = echo }, { .serve = discard }, { .serve = source }, { .serve = NULL }, { .serve = late },
    };
    const size_t count = sizeof services / sizeof *services;
    struct peer *p = calloc(1, sizeof *p);
    uint32_t x = 1;

    if (p == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < sizeof p->pattern; i++) {
        x = i % PERIOD == 0 ? 1 : x * 1103515245 + 12345;
        p->pattern[i] = (uint8_t)(x >> 16);
    }
    os_group_init(&p->fibers);
    err e = listen_all(p, stack, services, count);
    if (e == OK)
        e = http_serve(http, port, p);
    os_group_end(&p->fibers);
    for (size_t i = 0; i < count; i++)
        if (services[i].listener != NULL)
            stack_tcp_unlisten(services[i].listener);
    release(p);
    free(p);
    return e;
}
