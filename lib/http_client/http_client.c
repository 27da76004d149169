#include "http_client.h"

KEY_INT(max_redirects, 5, 0, 100, "redirects that are followed");
KEY_INT(max_reply_head, 32768, 512, 1 << 24, "bytes of a reply's status line and fields");

ARG_DURATION(http_client_timeout, "30s", "time in which an HTTP server must connect, take or send some more");

static struct http_client_exchange *exchange_new(struct http_client *client)
{
    struct http_client_exchange *x = calloc(1, sizeof *x);
    if (x != NULL)
        x->client = client;
    return x;
}

/* Have the exchange's URL be this. */
static err aim(struct http_client_exchange *x, const char *url)
{
    size_t len = strlen(url);
    if (len >= sizeof x->url_text)
        return ERR_INVALID;
    memcpy(x->url_text, url, len + 1);
    return http_url_read(&x->url, x->url_text);
}

/* Send the request with its whole content, and wait for its reply. The chain stays the caller's. */
static IO err ask(struct http_client_exchange *x, const struct http_call *call, const char *method,
                  bool foreign, const struct buf *body)
{
    bool has_content = body != NULL || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
    struct buf *content = NULL;
    x->to_head = strcmp(method, "HEAD") == 0;
    TRY(client_open(x));
    struct buf *head = client_request_head(
        call, method, &x->url, foreign, has_content ? CLIENT_SENDS_LENGTH : CLIENT_SENDS_NONE, buf_len(body));
    if (body != NULL)
        content = buf_share(body);
    if (head == NULL || (body != NULL && content == NULL)) {
        buf_free(head);
        buf_free(content);
        return ERR_NO_MEMORY;
    }
    if (content != NULL)
        TRY(client_send_content(x, buf_append(head, content)));
    else
        TRY(client_send(x, head));
    return client_receive_head(x);
}

static bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Follow a redirect. Returns false when the reply is none. */
static err follow(struct http_client_exchange *x, const char **method, bool *drop, bool *foreign,
                  bool *followed)
{
    char next[HTTP_URL_SIZE], host[HTTP_HOST_SIZE];
    const struct http_reply *reply = &x->head.reply;
    struct http_text location = http_find_field(reply->fields, reply->field_count, "location");
    uint16_t port = x->url.port, status = reply->status;
    *followed = is_redirect(status) && location.data != NULL;
    if (!*followed)
        return OK;
    TRY(http_url_resolve(next, &x->url, location));
    memcpy(host, x->url.host, sizeof host);
    client_reset(x);
    TRY(aim(x, next));
    *foreign = *foreign || port != x->url.port || strcmp(host, x->url.host) != 0;
    bool post = strcmp(*method, "POST") == 0;
    if ((status == 303 && strcmp(*method, "HEAD") != 0) || (post && (status == 301 || status == 302))) {
        *method = "GET";
        *drop = true;
    }
    return OK;
}

IO err http_client_request(struct http_client *client, const struct http_call *call, struct buf *body,
                           struct http_client_exchange **out)
{
    const char *method = call->method ? call->method : "GET";
    bool foreign = false, drop = false, followed = true;
    struct http_client_exchange *x = NULL;
    err e = client_call_check(call) ? OK : ERR_INVALID;
    if (e != OK)
        goto out;
    x = exchange_new(client);
    e = x ? aim(x, call->url) : ERR_NO_MEMORY;
    for (unsigned redirects = 0; e == OK; redirects++) {
        e = redirects <= client->redirects ? ask(x, call, method, foreign, drop ? NULL : body)
                                           : ERR_TOO_LARGE;
        if (e == OK)
            e = follow(x, &method, &drop, &foreign, &followed);
        if (!followed)
            break;
    }
out:
    buf_free(body);
    if (e == OK)
        *out = x;
    else if (x != NULL)
        http_client_close(x);
    return e;
}

IO err http_client_begin(struct http_client *client, const struct http_call *call,
                         struct http_client_exchange **out)
{
    const char *method = call->method ? call->method : "POST";
    if (!client_call_check(call))
        return ERR_INVALID;
    struct http_client_exchange *x = exchange_new(client);
    if (x == NULL)
        return ERR_NO_MEMORY;
    x->streams = x->first_chunk = true;
    x->has_length = call->has_length;
    x->to_write = call->has_length ? call->length : UINT64_MAX;
    x->to_head = strcmp(method, "HEAD") == 0;
    err e = aim(x, call->url);
    if (e == OK)
        e = client_open(x);
    if (e == OK)
        e = client_send(x, client_request_head(call, method, &x->url, false,
                                               x->has_length ? CLIENT_SENDS_LENGTH : CLIENT_SENDS_CHUNKED,
                                               call->length));
    if (e != OK)
        http_client_close(x);
    else
        *out = x;
    return e;
}

IO err http_client_write(struct http_client_exchange *x, struct buf *data)
{
    size_t len = buf_len(data);
    if (data == NULL)
        return ERR_NO_MEMORY;
    if (!x->streams || len > x->to_write) {
        buf_free(data);
        return ERR_INVALID;
    }
    /* An empty chunk would end the content. */
    if (len == 0) {
        buf_free(data);
        return OK;
    }
    x->to_write -= len;
    if (!x->has_length && !x->refused) {
        data = http_chunk(data, &x->first_chunk);
        if (data == NULL)
            return ERR_NO_MEMORY;
    }
    return client_send_content(x, data);
}

bool http_client_refused(struct http_client_exchange *x)
{
    return x->refused;
}

IO err http_client_finish(struct http_client_exchange *x)
{
    static const char last[] = "\r\n0\r\n\r\n";
    if (!x->streams || (x->has_length && x->to_write > 0 && !x->refused))
        return ERR_INVALID;
    x->streams = false;
    if (!x->has_length) {
        size_t skip = x->first_chunk ? 2 : 0;
        TRY(client_send_content(x, buf_static(last + skip, sizeof last - 1 - skip)));
    }
    return client_receive_head(x);
}

static err status_error(unsigned status)
{
    switch (status) {
    case 200: return OK;
    case 401:
    case 403: return ERR_ACCESS;
    case 404:
    case 410: return ERR_NOT_FOUND;
    default: return ERR_IO;
    }
}

IO err http_client_get(struct http_client *client, const char *url, size_t limit, struct buf **out)
{
    struct http_client_exchange *x;
    struct buf *all = NULL, *piece;
    size_t len = 0;
    TRY(http_client_request(client, &(struct http_call){ .url = url }, NULL, &x));
    err e = status_error(http_client_reply(x)->status);
    while (e == OK && (e = http_client_read(x, &piece)) == OK) {
        len += buf_len(piece);
        all = buf_gather(all, piece);
        if (len > limit)
            e = ERR_TOO_LARGE;
    }
    http_client_close(x);
    if (e != ERR_END) {
        buf_free(all);
        return e;
    }
    *out = all;
    return OK;
}

IO err http_client_connect(struct http_client **out, struct connector *connector)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return ERR_NO_MEMORY;
    client->connector = connector;
    client->timeout = http_client_timeout;
    client->redirects = (unsigned)key_max_redirects;
    client->head_max = (size_t)key_max_reply_head;
    *out = client;
    return OK;
}

IO void http_client_disconnect(struct http_client *client)
{
    free(client);
}
