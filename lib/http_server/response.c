#include "http_server.h"

#include <base/http/date.h>

/* The fields that frame the message or concern the connection. Only the server writes them. */
static bool is_servers(struct http_text name)
{
    switch (name.len) {
    case 4: return http_equal(name, "date");
    case 10: return http_equal(name, "connection");
    case 14: return http_equal(name, "content-length");
    case 17: return http_equal(name, "transfer-encoding");
    default: return false;
    }
}

INTERNAL bool http_response_check(const struct http_response *response)
{
    if (response->status < 200 || response->status > 599)
        return false;
    if (response->content_type != NULL && !http_is_value(response->content_type))
        return false;
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_header *header = &response->headers[i];
        struct http_text name = { header->name, strlen(header->name) };
        if (!http_all(name, HTTP_TCHAR) || is_servers(name) || !http_is_value(header->value))
            return false;
    }
    return true;
}

static char *put_field(char *p, const char *name, const char *value)
{
    p = http_put_string(p, name);
    p = http_put_string(p, ": ");
    p = http_put_string(p, value);
    return http_put_string(p, "\r\n");
}

/* The clock is asked once a second. */
static void update_date(struct http_server *http)
{
    os_time now = os_loop_now();
    if (now < http->date_until)
        return;
    int64_t wall = clock_now(http->clock);
    http->seconds = wall / SECONDS(1);
    char *p = http_put_string(http->date, "Date: ");
    http_date_format(p, http->seconds);
    http_put_string(p + HTTP_DATE_SIZE - 1, "\r\n");
    http->date_until = now + (http->seconds + 1) * SECONDS(1) - wall;
}

static const char *date_line(struct http_server *http)
{
    update_date(http);
    return http->date;
}

int64_t http_server_date(struct http_server *http)
{
    update_date(http);
    return http->seconds;
}

static char *put_framing(char *p, enum http_framing framing, uint64_t length)
{
    if (framing == HTTP_FRAME_CHUNKED)
        return http_put_string(p, "Transfer-Encoding: chunked\r\n");
    if (framing != HTTP_FRAME_LENGTH)
        return p;
    p = http_put_string(p, "Content-Length: ");
    p = http_put_number(p, length);
    return http_put_string(p, "\r\n");
}

static char *put_persistence(char *p, enum http_persistence persistence)
{
    if (persistence == HTTP_PERSIST_CLOSE)
        return http_put_string(p, "Connection: close\r\n");
    if (persistence == HTTP_PERSIST_KEEP)
        return http_put_string(p, "Connection: keep-alive\r\n");
    return p;
}

/* Bytes that are enough for the head. */
static size_t room_for(const struct http_response *response)
{
    /*
     * Room for the status line, the date, the framing, the connection, the name of Content-Type, and the
     * empty line.
     */
    size_t room = 256;
    if (response->content_type != NULL)
        room += strlen(response->content_type);
    for (size_t i = 0; i < response->header_count; i++)
        room += strlen(response->headers[i].name) + strlen(response->headers[i].value) + 4;
    return room;
}

INTERNAL struct buf *http_response_head(struct http_server *http, const struct http_response *response,
                                        enum http_framing framing, uint64_t length,
                                        enum http_persistence persistence)
{
    struct buf *head = buf_alloc(room_for(response));
    if (head == NULL)
        return NULL;
    const char *reason = http_reason(response->status);
    char *p = http_put_string((char *)head->data, "HTTP/1.1 ");
    p = http_put_digits(p, response->status, 3);
    *p++ = ' ';
    p = http_put_string(p, reason);
    p = http_put_string(p, "\r\n");
    p = http_put(p, date_line(http), HTTP_DATE_LINE);
    if (response->content_type != NULL)
        p = put_field(p, "Content-Type", response->content_type);
    p = put_framing(p, framing, length);
    p = put_persistence(p, persistence);
    for (size_t i = 0; i < response->header_count; i++)
        p = put_field(p, response->headers[i].name, response->headers[i].value);
    p = http_put_string(p, "\r\n");
    head->len = (uint32_t)(p - (char *)head->data);
    return head;
}
