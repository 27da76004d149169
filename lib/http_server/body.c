#include "http_server.h"

static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";

static err body_failed(struct http_server_exchange *x, unsigned status, err error)
{
    x->failure = status;
    return error;
}

/* The client waits for "100 Continue" before it sends its content (RFC 9110, section 10.1.1). */
static IO err allow(struct http_server_exchange *x)
{
    if (!x->waits_for_continue)
        return OK;
    x->waits_for_continue = false;
    /* A client that has sent content already, or has got its response, no longer waits. */
    if (x->connection->in != NULL || x->answer != HTTP_UNANSWERED)
        return OK;
    return http_connection_write(x->connection, buf_static(CONTINUE, sizeof CONTINUE - 1), false);
}

/*
 * Only the time spent waiting for the client counts, not the application's own. Enough bytes renew the
 * allowance.
 */
static IO err fill(struct http_server_exchange *x)
{
    struct http_connection *c = x->connection;
    os_time begun = os_now();
    err e = http_connection_read(c, begun + x->patience);
    if (e == ERR_TIMEOUT)
        return body_failed(x, 408, e);
    if (e == ERR_END)
        return body_failed(x, 400, ERR_RESET);
    if (e != OK)
        return body_failed(x, 400, e);
    x->patience -= os_now() - begun;
    x->progressed += buf_len(c->in);
    if (x->progressed >= c->http->progress) {
        x->progressed = 0;
        x->patience = c->http->body_timeout;
    }
    if (x->patience < 0)
        x->patience = 0;
    return OK;
}

/* Take `run` bytes behind the first `skip` bytes of the first view of the input. Both are consumed. */
static struct buf *take(struct http_connection *c, size_t skip, size_t run)
{
    struct buf *piece = c->in;
    if (skip == 0 && run == piece->len) {
        c->in = piece->next;
        piece->next = NULL;
        return piece;
    }
    piece = buf_slice(c->in, skip, run);
    if (piece != NULL)
        http_connection_consume(c, skip + run);
    return piece;
}

static IO err read_length(struct http_server_exchange *x, struct buf **out)
{
    struct http_connection *c = x->connection;
    if (c->in == NULL)
        TRY(fill(x));
    size_t run = c->in->len < x->left ? c->in->len : (size_t)x->left;
    *out = take(c, 0, run);
    if (*out == NULL)
        return ERR_NO_MEMORY;
    x->left -= run;
    x->body_read += run;
    x->body_done = x->left == 0;
    return OK;
}

static IO err read_chunked(struct http_server_exchange *x, struct buf **out)
{
    struct http_connection *c = x->connection;
    for (;;) {
        size_t skip, run;
        if (c->in == NULL)
            TRY(fill(x));
        switch (http_chunk_next(&x->chunked, (const char *)c->in->data, c->in->len, &skip, &run)) {
        case HTTP_CHUNK_MORE: http_connection_consume(c, skip); continue;
        case HTTP_CHUNK_DONE:
            http_connection_consume(c, skip);
            x->body_done = true;
            return ERR_END;
        case HTTP_CHUNK_BAD: return body_failed(x, 400, ERR_FORMAT);
        case HTTP_CHUNK_RUN: break;
        }
        x->body_read += run;
        if (x->body_read > c->http->limits.body)
            return body_failed(x, 413, ERR_TOO_LARGE);
        *out = take(c, skip, run);
        /* The decoder has consumed these bytes, so they cannot be decoded again. */
        return *out != NULL ? OK : body_failed(x, 500, ERR_NO_MEMORY);
    }
}

IO err http_server_read_body(struct http_server_exchange *x, struct buf **out)
{
    if (x->failure != 0)
        return ERR_RESET;
    if (x->no_length)
        return body_failed(x, 411, ERR_FORMAT);
    if (x->body_done)
        return ERR_END;
    TRY(allow(x));
    return x->head.chunked ? read_chunked(x, out) : read_length(x, out);
}

INTERNAL bool http_body_is_short(const struct http_server_exchange *x)
{
    if (x->body_done)
        return true;
    /*
     * A client that waits for "100 Continue" may send its content now or leave it out, so its next bytes
     * could be content or a request.
     */
    if (x->failure != 0 || x->waits_for_continue)
        return false;
    return x->head.chunked || x->left <= x->connection->http->drain_max;
}

static IO void skip_until(struct http_server_exchange *x, uint64_t end)
{
    while (!x->body_done && x->body_read <= end) {
        struct buf *piece;
        if (http_server_read_body(x, &piece) != OK)
            return;
        buf_free(piece);
    }
}

INTERNAL IO bool http_body_drain(struct http_server_exchange *x)
{
    const struct http_server *http = x->connection->http;
    if (x->body_done)
        return true;
    if (!http_body_is_short(x))
        return false;
    OS_DEADLINE(os_now() + http->body_timeout)
    skip_until(x, x->body_read + http->drain_max);
    return x->body_done;
}
