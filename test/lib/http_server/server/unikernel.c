#include <stdio.h>
#include <string.h>

#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/http/route.h>

PARAM(HTTP, http);
PARAM(SITE_ON, site, http);
MODULE(JOB, server);

ARG_PORT(port, 8080, "TCP port to listen on");

enum {
    HELLO,
    ECHO,
    STREAM,
    FIXED,
    SHORT,
    USER,
    FAIL,
    SLOW,
    COUNT,
    HEADER,
    LARGE,
    STATS,
    TWICE,
    METRICS,
    WAIT,
    RELEASE
};

static const struct route routes[] = {
    [HELLO] = { "GET", "/hello" },      [ECHO] = { "POST", "/echo" },      [STREAM] = { NULL, "/stream" },
    [FIXED] = { NULL, "/fixed" },       [SHORT] = { NULL, "/short" },      [USER] = { "GET", "/users/:id" },
    [FAIL] = { NULL, "/fail/:how" },    [SLOW] = { NULL, "/slow" },        [COUNT] = { NULL, "/count" },
    [HEADER] = { NULL, "/header" },     [LARGE] = { "GET", "/large" },     [STATS] = { "GET", "/stats" },
    [TWICE] = { "GET", "/twice" },      [METRICS] = { "GET", "/metrics" }, [WAIT] = { "GET", "/wait" },
    [RELEASE] = { "POST", "/release" },
};

static IO err text(struct http_exchange *x, uint16_t status, const char *what)
{
    struct http_response r = { .status = status, .content_type = "text/plain" };
    return http_respond(x, &r, buf_copy(what, strlen(what)));
}

/* Send the content back piece by piece, as it arrives. */
static IO err echo(struct http_exchange *x)
{
    struct http_response r = { .status = 200, .content_type = "application/octet-stream" };
    struct buf *piece;
    err e = http_read_body(x, &piece);
    if (e != OK && e != ERR_END)
        return e;
    TRY(http_begin(x, &r));
    for (; e == OK; e = http_read_body(x, &piece))
        TRY(http_write(x, piece));
    return e == ERR_END ? http_end(x) : e;
}

static IO err count(struct http_exchange *x)
{
    struct buf *piece;
    size_t n = 0;
    char line[32];
    err e;
    while ((e = http_read_body(x, &piece)) == OK) {
        n += buf_len(piece);
        buf_free(piece);
    }
    if (e != ERR_END)
        return e;
    snprintf(line, sizeof line, "%zu\n", n);
    return text(x, 200, line);
}

static IO err stream(struct http_exchange *x, bool fixed, bool whole)
{
    struct http_response r = {
        .status = 200, .content_type = "text/plain", .has_length = fixed, .length = 30
    };
    TRY(http_begin(x, &r));
    for (int i = 0; i < (whole ? 3 : 2); i++) {
        TRY(http_write(x, buf_copy("0123456789", 10)));
        TRY(os_yield());
    }
    return http_end(x);
}

static err fail(const char *how, size_t len)
{
    static const struct {
        const char *name;
        err error;
    } errors[] = {
        { "nothing", OK },          { "not-found", ERR_NOT_FOUND }, { "too-large", ERR_TOO_LARGE },
        { "timeout", ERR_TIMEOUT }, { "format", ERR_FORMAT },       { "invalid", ERR_INVALID },
        { "io", ERR_IO },           { "memory", ERR_NO_MEMORY },    { "access", ERR_ACCESS },
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strlen(errors[i].name) == len && memcmp(errors[i].name, how, len) == 0)
            return errors[i].error;
    return ERR_NOT_FOUND;
}

/* Each of these fields must make M_respond return ERR_INVALID. */
static IO err header(struct http_exchange *x)
{
    static const struct http_header bad[] = {
        { "X", "a\r\nSet-Cookie: b" },
        { "X Y", "a" },
        { "", "a" },
        { "X:", "a" },
        { "X", "\x01" },
        { "Content-Length", "1" },
        { "connection", "close" },
        { "Transfer-Encoding", "chunked" },
        { "DATE", "now" },
    };
    struct http_response r = { .status = 200, .header_count = 1 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        r.headers = &bad[i];
        if (http_respond(x, &r, NULL) != ERR_INVALID || http_begin(x, &r) != ERR_INVALID)
            return ERR_IO;
    }
    struct http_response odd[] = {
        { .status = 199 },
        { .status = 600 },
        { .status = 200, .content_type = "a\nb" },
        { .status = 200, .has_length = true, .length = 5 },
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (http_respond(x, &odd[i], NULL) != ERR_INVALID)
            return ERR_IO;
    struct http_header good = { "X-Good", "a\tb" };
    r.headers = &good;
    return http_respond(x, &r, NULL);
}

/* A second response is refused and does no harm. */
static IO err twice(struct http_exchange *x)
{
    struct http_response r = { .status = 200 };
    TRY(text(x, 200, "once\n"));
    if (http_respond(x, &r, buf_copy("x", 1)) != ERR_INVALID || http_begin(x, &r) != ERR_INVALID ||
        http_write(x, buf_copy("x", 1)) != ERR_INVALID || http_end(x) != ERR_INVALID)
        return ERR_IO;
    return OK;
}

static IO err large(struct http_exchange *x)
{
    struct http_response r = { .status = 200 };
    struct buf *body = buf_alloc(16 << 20);
    if (body == NULL)
        return ERR_NO_MEMORY;
    memset(body->data, 'x', body->len);
    return http_respond(x, &r, body);
}

/* The exchanges for /wait. */
static struct os_waitq waiting;
static size_t waiters;

/* The response for /wait is sent when /release is requested. */
static IO err wait_for_release(struct http_exchange *x)
{
    waiters++;
    err e = os_wait(&waiting);
    waiters--;
    return e == OK ? text(x, 200, "released\n") : e;
}

/* Answer the waiting exchanges when all of the content has arrived. */
static IO err release(struct http_exchange *x)
{
    struct buf *piece;
    err e;
    while ((e = http_read_body(x, &piece)) == OK)
        buf_free(piece);
    if (e != ERR_END)
        return e;
    os_wake_all(&waiting);
    return text(x, 200, "done\n");
}

static IO err stats(struct http_exchange *x)
{
    struct buf_stats bufs;
    struct os_stats os;
    char line[160];
    buf_get_stats(&bufs);
    os_get_stats(&os);
    snprintf(line, sizeof line, "views %zu\npages %zu\nheap %zu\nfibers %zu\ntimers %zu\nwaiting %zu\n",
             bufs.views, bufs.pages, bufs.heap_bytes, os.fibers, os.timers, waiters);
    return text(x, 200, line);
}

static IO err metrics(struct http_exchange *x)
{
    struct http_response r = { .status = 200, .content_type = "text/plain; version=0.0.4" };
    size_t len = metric_print(NULL, 0);
    struct buf *body = buf_alloc(len + 1);
    if (body == NULL)
        return ERR_NO_MEMORY;
    metric_print((char *)body->data, len + 1);
    buf_truncate(body, len);
    return http_respond(x, &r, body);
}

static IO err run(struct http_exchange *x, const struct route_match *match)
{
    switch (match->index) {
    case HELLO: return text(x, 200, "hello\n");
    case ECHO: return echo(x);
    case STREAM: return stream(x, false, true);
    case FIXED: return stream(x, true, true);
    case SHORT: return stream(x, true, false);
    case FAIL: return fail(match->params[0].data, match->params[0].len);
    case SLOW: os_sleep(MILLISECONDS(700)); return text(x, 200, "slow\n");
    case COUNT: return count(x);
    case HEADER: return header(x);
    case LARGE: return large(x);
    case STATS: return stats(x);
    case TWICE: return twice(x);
    case METRICS: return metrics(x);
    case WAIT: return wait_for_release(x);
    case RELEASE: return release(x);
    default: return text(x, 200, "user\n");
    }
}

IO err http_on_request(void *ctx, struct http_exchange *x)
{
    const struct http_request *request = http_request(x);
    struct route_match match;
    struct http_header allow = { "Allow", match.allow };
    struct http_response r = { .headers = &allow, .header_count = 1 };
    switch (route_find(routes, sizeof routes / sizeof *routes, request, &match)) {
    case ROUTE_FOUND: return run(x, &match);
    case ROUTE_METHOD_NOT_ALLOWED: r.status = 405; return http_respond(x, &r, NULL);
    case ROUTE_OPTIONS: r.status = 204; return http_respond(x, &r, NULL);
    case ROUTE_NOT_FOUND: break;
    }
    return site_serve(ctx, x, request->path);
}

IO err server_start(struct http *http, struct site *site)
{
    return http_serve(http, port, site);
}
