#include "http_server.h"

/* The bytes of one write. Its time limit applies to so many bytes: a slow reader must take them within it. */
#define WRITE_PIECE (64 * 1024)
/* After so many requests in a row, a peer that always has one ready lets other fibers run. */
#define BURST 32
/* The most bytes that are skipped while the peer reads the last response. */
#define LINGER_MAX (1024 * 1024)

INTERNAL IO err http_connection_read(struct http_connection *c, os_time deadline)
{
    struct buf *piece = NULL;
    err e = http_connection_flush(c);
    if (e != OK)
        return e;
    OS_DEADLINE(deadline)
    e = stack_tcp_read(c->flow, &piece);
    if (e != OK)
        return e;
    metric_add(&c->http->bytes_in, (int64_t)buf_len(piece));
    c->in = buf_append(c->in, piece);
    return OK;
}

/* Cut off about the first WRITE_PIECE bytes of *data. NULL: no memory. */
static struct buf *cut(struct buf **data)
{
    struct buf *first = *data, *last = first;
    size_t len = first->len;
    if (len > WRITE_PIECE) {
        struct buf *piece = buf_slice(first, 0, WRITE_PIECE);
        if (piece != NULL)
            *data = buf_advance(first, WRITE_PIECE);
        return piece;
    }
    while (last->next != NULL && len + last->next->len <= WRITE_PIECE) {
        last = last->next;
        len += last->len;
    }
    *data = last->next;
    last->next = NULL;
    return first;
}

static IO err write_out(struct http_connection *c)
{
    struct buf *data = c->out;
    err e = OK;
    c->out = NULL;
    c->held = 0;
    while (data != NULL && e == OK) {
        struct buf *piece = cut(&data);
        size_t len = piece ? buf_len(piece) : 0;
        OS_DEADLINE(os_loop_now() + c->http->write_timeout)
        e = stack_tcp_write(c->flow, piece);
        if (e == OK)
            metric_add(&c->http->bytes_out, (int64_t)len);
    }
    buf_free(data);
    if (e != OK)
        c->broken = true;
    return e;
}

static IO err write_meanwhile(void *arg)
{
    struct http_connection *c = arg;
    IGNORE(write_out(c));
    c->writer = NULL;
    os_wake_all(&c->written);
    return OK;
}

/* The application takes long over the next response: send the held responses without it. */
static void on_held(void *arg)
{
    struct http_connection *c = arg;
    if (c->writer == NULL && os_spawn(&c->writer, write_meanwhile, c) == OK)
        os_detach(c->writer);
}

static IO err wait_for_writer(struct http_connection *c)
{
    while (c->writer != NULL)
        TRY(os_wait(&c->written));
    return c->broken ? ERR_RESET : OK;
}

INTERNAL IO err http_connection_flush(struct http_connection *c)
{
    os_timer_stop(&c->held_long);
    if (c->writer != NULL)
        TRY(wait_for_writer(c));
    return c->out != NULL ? write_out(c) : OK;
}

INTERNAL IO err http_connection_write(struct http_connection *c, struct buf *data, bool hold)
{
    if (data == NULL)
        return ERR_NO_MEMORY;
    if (c->broken) {
        buf_free(data);
        return ERR_RESET;
    }
    c->out = buf_append(c->out, data);
    if (hold) {
        c->held += buf_len(data);
        hold = c->held < c->http->held_max &&
               (os_timer_is_set(&c->held_long) || os_timer_set(&c->held_long, os_loop_now()) == OK);
    }
    return hold ? OK : http_connection_flush(c);
}

INTERNAL void http_connection_consume(struct http_connection *c, size_t n)
{
    if (n > 0)
        c->in = buf_advance(c->in, n);
}

/*
 * End our side, and skip what the peer still sends until it ends its own. If the connection were closed at
 * once with unread bytes, it would be reset, and the peer might lose the response (RFC 9112, section 9.6).
 */
static IO void linger(struct http_connection *c)
{
    size_t skipped = 0;
    buf_free(c->in);
    c->in = NULL;
    OS_DEADLINE(os_now() + c->http->linger)
    {
        err e = stack_tcp_shutdown(c->flow);
        while (e == OK && skipped < LINGER_MAX) {
            struct buf *piece;
            e = stack_tcp_read(c->flow, &piece);
            if (e == OK) {
                skipped += buf_len(piece);
                buf_free(piece);
            }
        }
    }
}

/* Wait for the first byte of a request, without holding memory for it. Returns false when none will come. */
static IO bool wait_for_request(struct http_connection *c)
{
    struct http_server *http = c->http;
    os_time patience = c->served > 0 ? http->idle_timeout : http->request_timeout;
    if (c->in != NULL)
        return true;
    if (http_connection_flush(c) != OK || c->service->stopping)
        return false;
    http_service_idle(c);
    err e = http_connection_read(c, os_loop_now() + patience);
    http_service_busy(c);
    return e == OK;
}

/* Read a request and have it answered. Returns whether another may follow. */
static IO bool serve_one(struct http_connection *c, bool *lingering)
{
    if (!wait_for_request(c))
        return false;
    struct http_server_exchange *x = http_exchange_new(c);
    if (x == NULL)
        return false;
    int status = http_exchange_read_head(x);
    bool keep = status == 0 && http_exchange_run(x);
    if (status > 0)
        http_exchange_fail(x, (unsigned)status, true);
    if (status > 0 || c->in != NULL || !x->body_done)
        *lingering = true;
    /* An unfinished response must not look like a finished one. */
    if (x->answer == HTTP_BEGUN)
        c->broken = true;
    http_exchange_free(x);
    if (keep && ++c->served % BURST == 0)
        keep = os_yield() == OK;
    return keep && !c->broken;
}

static IO void end_writer(struct http_connection *c)
{
    os_timer_stop(&c->held_long);
    if (c->writer == NULL)
        return;
    os_cancel(c->writer);
    OS_SHIELD
    while (c->writer != NULL)
        IGNORE(os_wait(&c->written));
}

INTERNAL IO err http_connection_run(void *arg)
{
    struct http_connection *c = arg;
    bool lingering = false;
    c->held_long = (struct os_timer)OS_TIMER_INIT(on_held, c);
    while (serve_one(c, &lingering))
        lingering = false;
    lingering |= c->service->stopping && c->served > 0;
    if (!c->broken && http_connection_flush(c) == OK && lingering)
        linger(c);
    end_writer(c);
    buf_free(c->in);
    buf_free(c->out);
    if (c->broken)
        stack_tcp_abort(c->flow);
    else
        stack_tcp_close(c->flow);
    http_service_ended(c);
    free(c);
    return OK;
}
