#include "http_client.h"

/* The most interim replies (RFC 9110, section 15.2) before the final one. */
#define INTERIM_MAX 8

INTERNAL IO err client_open(struct http_client_exchange *x)
{
    err e = OK;
    OS_DEADLINE(os_now() + x->client->timeout)
    e = connector_open(x->client->connector, x->url.host, x->url.port, &x->flow);
    if (e != OK)
        x->flow = NULL;
    return e;
}

INTERNAL IO err client_send(struct http_client_exchange *x, struct buf *data)
{
    err e = OK;
    if (x->flow == NULL) {
        buf_free(data);
        return ERR_CLOSED;
    }
    OS_DEADLINE(os_now() + x->client->timeout)
    e = connector_tcp_write(x->flow, data);
    return e;
}

/* More bytes behind those in `in`. */
static IO err receive(struct http_client_exchange *x)
{
    struct buf *piece = NULL;
    err e = OK;
    if (x->flow == NULL)
        return ERR_CLOSED;
    OS_DEADLINE(os_now() + x->client->timeout)
    e = connector_tcp_read(x->flow, &piece);
    if (e == OK)
        x->in = buf_append(x->in, piece);
    return e;
}

INTERNAL void client_reset(struct http_client_exchange *x)
{
    if (x->flow != NULL && x->done && !x->refused)
        connector_tcp_close(x->flow);
    else if (x->flow != NULL)
        connector_tcp_abort(x->flow);
    buf_free(x->in);
    buf_free(x->head_bytes);
    free(x->fields);
    x->flow = NULL;
    x->in = x->head_bytes = NULL;
    x->fields = NULL;
    x->has_reply = x->done = x->refused = false;
    x->interim = 0;
    x->broken = OK;
}

/* Move the received bytes into one piece. Its room grows by doubling. */
static err join(struct http_client_exchange *x)
{
    struct buf *first = x->in;
    size_t len = buf_len(first);
    if (first->next == NULL)
        return OK;
    struct buf *second = first->next;
    if (second->next == NULL && !buf_is_shared(first) && buf_tailroom(first) >= second->len) {
        memcpy(first->data + first->len, second->data, second->len);
        first->len += second->len;
        first->next = NULL;
        buf_free(second);
        return OK;
    }
    struct buf *larger = buf_alloc(2 * len);
    if (larger == NULL)
        return ERR_NO_MEMORY;
    err e = buf_read_copy(first, 0, larger->data, len);
    larger->len = (uint32_t)len;
    buf_free(first);
    x->in = larger;
    return e;
}

/*
 * Read the head in head_bytes. Folded fields are unfolded in a copy, since others may have views of these
 * bytes.
 */
static err read_head(struct http_client_exchange *x, size_t length)
{
    const char *data = (const char *)x->head_bytes->data;
    if (http_reply_is_folded(data, length)) {
        struct buf *copy = buf_copy(data, length);
        if (copy == NULL)
            return ERR_NO_MEMORY;
        buf_free(x->head_bytes);
        x->head_bytes = copy;
        http_reply_unfold((char *)copy->data, length);
        data = (const char *)copy->data;
    }
    free(x->fields);
    x->fields = calloc(http_reply_fields_room(data, length), sizeof *x->fields);
    return x->fields ? http_reply_head_read(&x->head, x->fields, data, length, x->to_head) : ERR_NO_MEMORY;
}

/* Move one head to head_bytes. What follows it stays in `in`. */
static IO err receive_one_head(struct http_client_exchange *x)
{
    size_t scanned = 0, length = 0;
    while (length == 0) {
        if (x->in != NULL) {
            TRY(join(x));
            length = http_reply_head_length((const char *)x->in->data, x->in->len, &scanned);
        }
        if (length > x->client->head_max || (length == 0 && scanned > x->client->head_max))
            return ERR_TOO_LARGE;
        if (length == 0) {
            err e = receive(x);
            if (e != OK)
                return e == ERR_END ? ERR_RESET : e;
        }
    }
    struct buf *rest = NULL;
    if (x->in->len > length) {
        rest = buf_slice(x->in, length, x->in->len - length);
        if (rest == NULL)
            return ERR_NO_MEMORY;
    }
    buf_free(x->head_bytes);
    x->head_bytes = x->in;
    x->in = rest;
    return read_head(x, length);
}

/* Receive heads up to that of the final reply. */
static IO err receive_heads(struct http_client_exchange *x)
{
    do {
        TRY(receive_one_head(x));
        /* Nobody asked to switch protocols. */
        if (x->head.reply.status == 101 || ++x->interim > INTERIM_MAX)
            return ERR_FORMAT;
    } while (x->head.reply.status >= 100 && x->head.reply.status < 200);
    return OK;
}

INTERNAL IO err client_receive_head(struct http_client_exchange *x)
{
    if (x->has_reply)
        return OK;
    if (x->broken == OK) {
        err e = receive_heads(x);
        if (e == ERR_CANCELLED || e == ERR_TIMEOUT)
            return e;
        x->broken = e;
    }
    TRY(x->broken);
    x->head.reply.url = x->url_text;
    x->has_reply = true;
    x->chunked = (struct http_chunked){ .padded = true };
    x->done = x->head.framing == HTTP_FRAME_NONE ||
              (x->head.framing == HTTP_FRAME_LENGTH && x->head.reply.content_length == 0);
    x->left = x->head.framing == HTTP_FRAME_LENGTH ? (uint64_t)x->head.reply.content_length : 0;
    return OK;
}

/* Take `run` bytes behind the first `skip` bytes of the first view. Both are consumed. */
static err take(struct http_client_exchange *x, size_t skip, size_t run, struct buf **out)
{
    if (skip == 0 && run == x->in->len) {
        *out = x->in;
        x->in = x->in->next;
        (*out)->next = NULL;
        return OK;
    }
    *out = buf_slice(x->in, skip, run);
    if (*out == NULL)
        return ERR_NO_MEMORY;
    x->in = buf_advance(x->in, skip + run);
    return OK;
}

static IO err read_chunk(struct http_client_exchange *x, struct buf **out)
{
    for (;;) {
        size_t skip, run;
        if (x->in == NULL)
            TRY(receive(x));
        switch (http_chunk_next(&x->chunked, (const char *)x->in->data, x->in->len, &skip, &run)) {
        case HTTP_CHUNK_RUN: return take(x, skip, run, out);
        case HTTP_CHUNK_MORE: x->in = buf_advance(x->in, skip); break;
        case HTTP_CHUNK_DONE: return ERR_END;
        case HTTP_CHUNK_BAD: return ERR_FORMAT;
        }
    }
}

static IO err read_piece(struct http_client_exchange *x, struct buf **out)
{
    if (x->head.framing == HTTP_FRAME_CHUNKED) {
        err e = read_chunk(x, out);
        /* The connection has ended before the content did, so the content is cut short. */
        return e == ERR_END && x->chunked.state != HTTP_CHUNK_ENDED ? ERR_RESET : e;
    }
    if (x->in == NULL) {
        err e = receive(x);
        if (e != OK)
            return e == ERR_END && x->head.framing == HTTP_FRAME_LENGTH ? ERR_RESET : e;
    }
    size_t run = x->in->len;
    if (x->head.framing == HTTP_FRAME_LENGTH && run > x->left)
        run = (size_t)x->left;
    TRY(take(x, 0, run, out));
    x->left -= run;
    x->done = x->head.framing == HTTP_FRAME_LENGTH && x->left == 0;
    return OK;
}

IO err http_client_read(struct http_client_exchange *x, struct buf **out)
{
    if (!x->has_reply)
        return ERR_INVALID;
    if (x->done)
        return ERR_END;
    err e = read_piece(x, out);
    if (e == ERR_END)
        x->done = true;
    return e;
}

const struct http_reply *http_client_reply(struct http_client_exchange *x)
{
    return &x->head.reply;
}

void http_client_close(struct http_client_exchange *x)
{
    client_reset(x);
    free(x);
}
