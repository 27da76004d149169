#include <stdio.h>
#include <string.h>

#include <mirage/functor.h>

PARAM(CONSOLE, console);
PARAM(HTTP_CLIENT, http_client);
MODULE(JOB, client);

ARG_STRING(url, "http://localhost/", "what to fetch");
ARG_STRING(method, "GET", "the request's method");
ARG_STRING(body, "", "content to send; \"\" for none");
ARG_STRING(header, "", "value of a field X to send");
ARG_BOOL(stream, false, "send the content byte by byte");
ARG_BOOL(stated, false, "with --stream: state its length, and stop when the server takes no more");
ARG_INT(repeat, 1, "how often the content is sent");
ARG_BOOL(whole, false, "use M_get");

static IO err tell(struct console *console, const char *what, const char *value)
{
    char line[4096];
    snprintf(line, sizeof line, "%s %s", what, value);
    return console_log(console, line);
}

static IO err show(struct console *console, struct buf *piece)
{
    err e = OK;
    for (const struct buf *b = piece; b != NULL && e == OK; b = b->next)
        e = console_write(console, b->data, b->len);
    buf_free(piece);
    return e;
}

static IO err send_streamed(struct http_client *http, const struct http_call *call,
                            struct http_client_exchange **x)
{
    struct http_call with_length = *call;
    with_length.has_length = stated;
    with_length.length = strlen(body) * (uint64_t)repeat;
    TRY(http_client_begin(http, &with_length, x));
    err e = http_client_write(*x, buf_copy("", 0));
    for (int64_t i = 0; i < repeat && !(stated && http_client_refused(*x)); i++)
        for (const char *p = body; *p && e == OK; p++)
            e = http_client_write(*x, buf_copy(p, 1));
    if (e == OK)
        e = http_client_finish(*x);
    if (e != OK)
        http_client_close(*x);
    return e;
}

/* The content, `repeat` times. NULL: none, or no memory. */
static struct buf *content(void)
{
    size_t len = strlen(body);
    struct buf *all = len ? buf_alloc(len * (size_t)repeat) : NULL;
    for (int64_t i = 0; all && i < repeat; i++)
        memcpy(all->data + len * (size_t)i, body, len);
    return all;
}

static IO err fetch(struct console *console, struct http_client *http)
{
    struct http_header fields[] = { { "X", header }, { "Authorization", "secret" } };
    struct http_call call = {
        .method = method, .url = url, .headers = fields, .header_count = header[0] ? 2 : 0
    };
    struct http_client_exchange *x;
    struct buf *piece;
    char number[32];

    if (whole) {
        TRY(http_client_get(http, url, 100, &piece));
        return show(console, piece);
    }
    if (stream)
        TRY(send_streamed(http, &call, &x));
    else
        TRY(http_client_request(http, &call, content(), &x));
    const struct http_reply *reply = http_client_reply(x);
    snprintf(number, sizeof number, "%u", reply->status);
    err e = tell(console, "status", number);
    if (e == OK)
        e = tell(console, "url", reply->url);
    while (e == OK && (e = http_client_read(x, &piece)) == OK)
        e = show(console, piece);
    http_client_close(x);
    return e == ERR_END ? console_write(console, "\nend\n", 5) : e;
}

IO err client_start(struct console *console, struct http_client *http)
{
    struct buf_stats stats;
    err e = fetch(console, http);
    if (e != OK)
        TRY(tell(console, "error", err_string(e)));
    buf_get_stats(&stats);
    return stats.views == 0 && stats.pages == 0 ? OK : ERR_EXISTS;
}
