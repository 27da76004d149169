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

static bool is_value(const char *value)
{
    size_t len = strlen(value);
    return http_skip_value(value, value + len) == value + len;
}

INTERNAL bool http_response_check(const struct http_response *response)
{
    if (response->status < 200 || response->status > 599)
        return false;
    if (response->content_type != NULL && !is_value(response->content_type))
        return false;
    for (size_t i = 0; i < response->header_count; i++) {
        const struct http_header *header = &response->headers[i];
        struct http_text name = { header->name, strlen(header->name) };
        /* A line end in a value would let its supplier add fields. */
        if (!http_all(name, HTTP_TCHAR) || is_servers(name) || !is_value(header->value))
            return false;
    }
    return true;
}

static char *put(char *p, const void *data, size_t len)
{
    memcpy(p, data, len);
    return p + len;
}

#define PUT_TEXT(p, literal) put(p, literal, sizeof(literal) - 1)

static char *put_field(char *p, const char *name, const char *value)
{
    p = put(p, name, strlen(name));
    p = PUT_TEXT(p, ": ");
    p = put(p, value, strlen(value));
    return PUT_TEXT(p, "\r\n");
}

/* The clock is asked once a second. */
static const char *date_line(struct http_server *http)
{
    os_time now = os_loop_now();
    if (now >= http->date_until) {
        int64_t wall = clock_now(http->clock), seconds = wall / SECONDS(1);
        char *p = PUT_TEXT(http->date, "Date: ");
        http_date_format(p, seconds);
        PUT_TEXT(p + HTTP_DATE_SIZE - 1, "\r\n");
        http->date_until = now + (seconds + 1) * SECONDS(1) - wall;
    }
    return http->date;
}

static char *put_framing(char *p, enum http_framing framing, uint64_t length)
{
    if (framing == HTTP_FRAME_CHUNKED)
        return PUT_TEXT(p, "Transfer-Encoding: chunked\r\n");
    if (framing != HTTP_FRAME_LENGTH)
        return p;
    p = PUT_TEXT(p, "Content-Length: ");
    p = http_put_number(p, length);
    return PUT_TEXT(p, "\r\n");
}

static char *put_persistence(char *p, enum http_persistence persistence)
{
    if (persistence == HTTP_PERSIST_CLOSE)
        return PUT_TEXT(p, "Connection: close\r\n");
    if (persistence == HTTP_PERSIST_KEEP)
        return PUT_TEXT(p, "Connection: keep-alive\r\n");
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
    char *p = PUT_TEXT((char *)head->data, "HTTP/1.1 ");
    p = http_put_digits(p, response->status, 3);
    *p++ = ' ';
    p = put(p, reason, strlen(reason));
    p = PUT_TEXT(p, "\r\n");
    p = put(p, date_line(http), HTTP_DATE_LINE);
    if (response->content_type != NULL)
        p = put_field(p, "Content-Type", response->content_type);
    p = put_framing(p, framing, length);
    p = put_persistence(p, persistence);
    for (size_t i = 0; i < response->header_count; i++)
        p = put_field(p, response->headers[i].name, response->headers[i].value);
    p = PUT_TEXT(p, "\r\n");
    head->len = (uint32_t)(p - (char *)head->data);
    return head;
}
