#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(HTTP_CLIENT, client);
MODULE(JOB, fetch);

ARG_STRING(url, "http://localhost:8080/", "what to fetch");
ARG_DURATION(timeout, "30s", "how long it may take");

/* The content goes to the console as it comes, however long it is. */
static IO err print_content(struct console *console, struct client_exchange *exchange)
{
    struct buf *data;
    err e;

    while ((e = client_read(exchange, &data)) == OK) {
        for (struct buf *b = data; b != NULL && e == OK; b = b->next)
            e = console_write(console, b->data, b->len);
        buf_free(data);
        if (e != OK)
            return e;
    }
    return e == ERR_END ? OK : e;
}

static IO err print_reply(struct console *console, struct client_exchange *exchange)
{
    const struct http_reply *reply = client_reply(exchange);
    char line[64];

    snprintf(line, sizeof line, "%u %s", reply->status, http_reason(reply->status));
    TRY(console_log(console, line));
    return print_content(console, exchange);
}

IO err fetch_start(struct console *console, struct client *client)
{
    struct http_call call = { .method = "GET", .url = url };
    struct client_exchange *exchange;
    err e = OK;

    OS_DEADLINE(os_now() + timeout)
    {
        TRY(client_request(client, &call, NULL, &exchange));
        e = print_reply(console, exchange);
        client_close(exchange);
    }
    return e;
}
