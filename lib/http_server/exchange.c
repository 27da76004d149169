#include "http_server.h"

INTERNAL struct http_server_exchange *http_exchange_new(struct http_connection *c)
{
    struct http_server_exchange *x;
    size_t align = _Alignof(struct http_server_exchange);
    struct buf *memory = buf_alloc(sizeof *x + c->http->limits.fields * sizeof x->fields[0] + align);
    if (memory == NULL)
        return NULL;
    x = (void *)(((uintptr_t)memory->data + align - 1) & ~(uintptr_t)(align - 1));
    memset(x, 0, offsetof(struct http_server_exchange, path));
    x->connection = c;
    x->memory = memory;
    x->head.limits = &c->http->limits;
    x->head.request = &x->request;
    x->head.fields = x->fields;
    x->request.path = x->path;
    x->path[0] = '\0';
    return x;
}

INTERNAL void http_exchange_free(struct http_server_exchange *x)
{
    buf_free(x->head_bytes);
    buf_free(x->path_memory);
    buf_free(x->memory);
}

static void restart(struct http_server_exchange *x)
{
    x->head = (struct http_head){ .limits = x->head.limits, .request = &x->request, .fields = x->fields };
    x->request = (struct http_request){ .path = x->path };
}

/*
 * Copy the second view of the input behind the first, since a head is parsed in one piece. The room is
 * doubled each time, so that a head which comes byte by byte is not copied each time.
 */
static bool join(struct http_server_exchange *x)
{
    struct http_connection *c = x->connection;
    struct buf *first = c->in, *second = first->next;
    size_t len = (size_t)first->len + second->len;
    if (buf_is_shared(first) || buf_tailroom(first) < second->len) {
        struct buf *larger = buf_alloc(2 * len > BUF_PAGE_ROOM ? 2 * len : BUF_PAGE_ROOM);
        if (larger == NULL)
            return false;
        memcpy(larger->data, first->data, first->len);
        larger->len = first->len;
        larger->next = second;
        first->next = NULL;
        buf_free(first);
        first = c->in = larger;
        restart(x);
    }
    memcpy(first->data + first->len, second->data, second->len);
    first->len = (uint32_t)len;
    first->next = second->next;
    second->next = NULL;
    buf_free(second);
    return true;
}

/* The exchange keeps the bytes of the head. What follows them belongs to the connection. */
static bool take_head(struct http_server_exchange *x)
{
    struct http_connection *c = x->connection;
    struct buf *first = c->in, *rest = NULL;
    if (first->len > x->head.length) {
        struct buf *next = first->next;
        first->next = NULL;
        rest = buf_slice(first, x->head.length, first->len - x->head.length);
        first->next = rest ? NULL : next;
        if (rest == NULL)
            return false;
        c->in = buf_append(rest, next);
    } else {
        c->in = first->next;
        first->next = NULL;
    }
    x->head_bytes = first;
    return true;
}

static int decode_path(struct http_server_exchange *x)
{
    char *path = x->path;
    if (x->head.path.len >= sizeof x->path) {
        x->path_memory = buf_alloc(x->head.path.len + 1);
        if (x->path_memory == NULL)
            return 503;
        x->request.path = path = (char *)x->path_memory->data;
    }
    return http_head_path(x->head.path, path);
}

INTERNAL IO int http_exchange_read_head(struct http_server_exchange *x)
{
    struct http_connection *c = x->connection;
    os_time deadline = 0;
    int status;
    while ((status = http_head_read(&x->head, (const char *)c->in->data, c->in->len)) == HTTP_HEAD_MORE) {
        if (c->in->next == NULL) {
            if (deadline == 0)
                deadline = os_loop_now() + c->http->request_timeout;
            err e = http_connection_read(c, deadline);
            if (e == ERR_TIMEOUT && !c->broken)
                return 408;
            if (e != OK)
                return e == ERR_END && !c->broken ? 400 : -1;
        }
        if (!join(x))
            return 503;
    }
    if (status != HTTP_HEAD_DONE)
        return status;
    if (!take_head(x))
        return 503;
    const struct http_head *head = &x->head;
    x->keep = !head->close && (x->request.version_minor > 0 || head->keep_alive);
    x->body_done = !x->request.has_body;
    x->left = x->request.has_body && !head->chunked ? (uint64_t)x->request.content_length : 0;
    x->waits_for_continue = head->expect_continue && x->request.has_body;
    x->no_length = !x->request.has_body && !head->has_length &&
                   (x->request.method == HTTP_POST || x->request.method == HTTP_PUT);
    x->patience = c->http->body_timeout;
    return decode_path(x);
}

static enum http_persistence persistence(const struct http_server_exchange *x)
{
    if (!x->keep)
        return HTTP_PERSIST_CLOSE;
    return x->request.version_minor > 0 ? HTTP_PERSIST_SILENT : HTTP_PERSIST_KEEP;
}

static bool has_no_content(unsigned status)
{
    return status == 204 || status == 304;
}

/*
 * Whether the response can be sent together with the next one, because the next request has come in full, or
 * nearly.
 */
static bool may_hold(const struct http_server_exchange *x)
{
    return x->keep && x->body_done && x->connection->in != NULL;
}

static IO err send_head(struct http_server_exchange *x, const struct http_response *response, uint64_t length,
                        struct buf *body)
{
    struct http_connection *c = x->connection;
    struct buf *head = http_response_head(c->http, response, x->framing, length, persistence(x));
    if (x->mute || head == NULL) {
        buf_free(body);
        body = NULL;
    }
    if (head == NULL) {
        x->answer = HTTP_UNANSWERED;
        return ERR_NO_MEMORY;
    }
    metric_add(&c->http->answered[response->status / 100], 1);
    return http_connection_write(c, buf_append(head, body), x->answer == HTTP_ANSWERED && may_hold(x));
}

IO err http_server_respond(struct http_server_exchange *x, const struct http_response *response,
                           struct buf *body)
{
    uint64_t length = buf_len(body);
    bool mute = x->request.method == HTTP_HEAD || has_no_content(response->status);
    if (x->answer != HTTP_UNANSWERED || !http_response_check(response) ||
        (response->has_length && !mute && response->length != length)) {
        buf_free(body);
        return ERR_INVALID;
    }
    if (response->has_length)
        length = response->length;
    x->answer = HTTP_ANSWERED;
    x->mute = mute;
    /* A 304 may have the Content-Length of a 200 (RFC 9110, section 15.4.5); a 204 has none (section 8.6). */
    x->framing = response->status == 204 || (response->status == 304 && !response->has_length)
                     ? HTTP_FRAME_NONE
                     : HTTP_FRAME_LENGTH;
    x->keep = x->keep && !response->close && !x->connection->service->stopping && http_body_is_short(x);
    return send_head(x, response, length, body);
}

IO err http_server_begin(struct http_server_exchange *x, const struct http_response *response)
{
    if (x->answer != HTTP_UNANSWERED || !http_response_check(response))
        return ERR_INVALID;
    x->answer = HTTP_BEGUN;
    x->mute = x->request.method == HTTP_HEAD || has_no_content(response->status);
    x->to_write = response->has_length ? response->length : UINT64_MAX;
    x->first_chunk = true;
    x->keep = x->keep && !response->close && !x->connection->service->stopping && x->failure == 0;
    if (has_no_content(response->status))
        x->framing = HTTP_FRAME_NONE;
    else if (response->has_length)
        x->framing = HTTP_FRAME_LENGTH;
    else
        x->framing = x->request.version_minor > 0 ? HTTP_FRAME_CHUNKED : HTTP_FRAME_CLOSE;
    if (x->framing == HTTP_FRAME_CLOSE)
        x->keep = false;
    return send_head(x, response, response->length, NULL);
}

IO err http_server_write(struct http_server_exchange *x, struct buf *data)
{
    size_t len = buf_len(data);
    if (data == NULL)
        return ERR_NO_MEMORY;
    if (x->answer != HTTP_BEGUN || (x->framing == HTTP_FRAME_LENGTH && len > x->to_write)) {
        buf_free(data);
        return ERR_INVALID;
    }
    x->to_write -= len;
    /* An empty chunk would end the content. */
    if (x->mute || len == 0) {
        buf_free(data);
        return OK;
    }
    if (x->framing == HTTP_FRAME_CHUNKED) {
        data = http_chunk(data, &x->first_chunk);
        if (data == NULL)
            return ERR_NO_MEMORY;
    }
    return http_connection_write(x->connection, data, false);
}

IO err http_server_end(struct http_server_exchange *x)
{
    static const char last[] = "\r\n0\r\n\r\n";
    if (x->answer != HTTP_BEGUN || (x->framing == HTTP_FRAME_LENGTH && x->to_write > 0 && !x->mute))
        return ERR_INVALID;
    x->answer = HTTP_ANSWERED;
    if (x->framing != HTTP_FRAME_CHUNKED || x->mute)
        return OK;
    size_t skip = x->first_chunk ? 2 : 0;
    err e = http_connection_write(x->connection, buf_static(last + skip, sizeof last - 1 - skip), false);
    if (e != OK)
        x->connection->broken = true;
    return e;
}

const struct http_request *http_server_request(struct http_server_exchange *x)
{
    return &x->request;
}

INTERNAL IO void http_exchange_fail(struct http_server_exchange *x, unsigned status, bool close)
{
    char text[64];
    char *p = http_put_number(text, status);
    const char *reason = http_reason(status);
    *p++ = ' ';
    memcpy(p, reason, strlen(reason));
    p += strlen(reason);
    *p++ = '\n';
    x->body_done = x->body_done || !x->request.has_body;
    struct http_response response = { .status = (uint16_t)status,
                                      .content_type = "text/plain",
                                      .close = close };
    struct buf *body = buf_copy(text, (size_t)(p - text));
    log_debug("%u %s", status, reason);
    if (body == NULL || http_server_respond(x, &response, body) != OK)
        x->connection->broken = true;
}

static unsigned status_of(err e)
{
    switch (e) {
    case OK:
    case ERR_NOT_FOUND: return 404;
    case ERR_ACCESS: return 403;
    case ERR_TOO_LARGE: return 413;
    case ERR_TIMEOUT: return 408;
    case ERR_FORMAT:
    case ERR_INVALID: return 400;
    case ERR_CANCELLED:
    case ERR_NO_MEMORY: return 503;
    default: return 500;
    }
}

/* "OPTIONS *" asks the server, not a resource (RFC 9110, section 9.3.7). */
static IO err answer_asterisk(struct http_server_exchange *x)
{
    static const struct http_header allow = { "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS" };
    struct http_response response = { .status = 204, .headers = &allow, .header_count = 1 };
    return http_server_respond(x, &response, NULL);
}

INTERNAL IO bool http_exchange_run(struct http_server_exchange *x)
{
    struct http_connection *c = x->connection;
    err e = x->head.asterisk ? answer_asterisk(x) : http_server_on_request(c->service->ctx, x);
    if (c->broken)
        return false;
    if (x->answer == HTTP_UNANSWERED) {
        unsigned status = x->failure != 0 && e != OK ? x->failure : status_of(e);
        http_exchange_fail(x, status, e != OK && e != ERR_NOT_FOUND && e != ERR_ACCESS);
    } else if (e != OK) {
        log_debug("%.*s %s: %s", (int)x->request.method_name.len, x->request.method_name.data,
                  x->request.path, err_string(e));
        return false;
    }
    return x->answer == HTTP_ANSWERED && x->keep && http_body_drain(x);
}
