#include <stdio.h>

#include "site.h"

/* Longer content is read and written in pieces of this size. */
#define PIECE (256 * 1024)

/*
 * Content that is being sent: short content is gathered for one response, longer content is written in
 * pieces.
 */
struct sending {
    struct site *site;
    struct http_exchange *exchange;
    const struct site_file *file;
    struct kv_value *value; /* NULL: closed */
    struct buf *gathered;
    bool streams;
};

static IO err add(struct sending *s, struct buf *data)
{
    if (data == NULL)
        return ERR_NO_MEMORY;
    if (s->streams)
        return http_write(s->exchange, data);
    s->gathered = buf_append(s->gathered, data);
    return OK;
}

static IO err add_range(struct sending *s, uint64_t offset, uint64_t len)
{
    while (len > 0) {
        uint64_t n = len < PIECE ? len : PIECE;
        struct buf *data;
        TRY(kv_read(s->value, s->file->encoding, offset, n, &data));
        TRY(add(s, data));
        offset += n;
        len -= n;
    }
    return OK;
}

/* Send a response whose content is `length` bytes, made by calls of add. */
static IO err begin(struct sending *s, struct http_response *response, uint64_t length)
{
    s->streams = length > PIECE;
    if (!s->streams)
        return OK;
    response->has_length = true;
    response->length = length;
    return http_begin(s->exchange, response);
}

static void close_value(struct sending *s)
{
    if (s->value != NULL)
        kv_close(s->value);
    s->value = NULL;
}

/* The value is closed before what was gathered is sent, so that a slow client holds no open file. */
static IO err end(struct sending *s, const struct http_response *response)
{
    struct buf *gathered = s->gathered;
    s->gathered = NULL;
    close_value(s);
    return s->streams ? http_end(s->exchange) : http_respond(s->exchange, response, gathered);
}

static IO err send_one(struct sending *s, struct http_response *response, uint64_t offset, uint64_t len)
{
    TRY(begin(s, response, len));
    TRY(add_range(s, offset, len));
    return end(s, response);
}

/* Write the lines before a part (RFC 9110, section 14.6). Returns their length, as snprintf does. */
static size_t part_head(char *text, size_t size, const struct sending *s, const struct http_range *range,
                        bool first)
{
    const struct site_file *file = s->file;
    int n = snprintf(text, size, "%s--%s\r\n%s%s%sContent-Range: bytes %llu-%llu/%llu\r\n\r\n",
                     first ? "" : "\r\n", s->site->boundary, file->type[0] ? "Content-Type: " : "",
                     file->type, file->type[0] ? "\r\n" : "", (unsigned long long)range->first,
                     (unsigned long long)(range->first + range->len - 1), (unsigned long long)file->size);
    return (size_t)n;
}

static IO err send_parts(struct sending *s, struct http_response *response, const struct http_range *ranges,
                         size_t count)
{
    char text[SITE_TYPE_SIZE + 256], last[SITE_BOUNDARY_SIZE + 8];
    size_t last_len = (size_t)snprintf(last, sizeof last, "\r\n--%s--\r\n", s->site->boundary);
    uint64_t length = last_len;
    for (size_t i = 0; i < count; i++)
        length += part_head(NULL, 0, s, &ranges[i], i == 0) + ranges[i].len;
    TRY(begin(s, response, length));
    for (size_t i = 0; i < count; i++) {
        size_t n = part_head(text, sizeof text, s, &ranges[i], i == 0);
        TRY(add(s, buf_copy(text, n)));
        TRY(add_range(s, ranges[i].first, ranges[i].len));
    }
    TRY(add(s, buf_copy(last, last_len)));
    return end(s, response);
}

INTERNAL IO err site_send(struct site *site, struct http_exchange *exchange, const struct site_file *file,
                          struct http_response *response, const struct http_range *ranges, size_t count)
{
    struct sending s = { .site = site, .exchange = exchange, .file = file, .value = file->value };
    err e;
    if (http_request(exchange)->method == HTTP_HEAD) {
        close_value(&s);
        response->has_length = true;
        response->length = file->size;
        return http_respond(exchange, response, NULL);
    }
    if (count == 0)
        e = send_one(&s, response, 0, file->size);
    else if (count == 1)
        e = send_one(&s, response, ranges[0].first, ranges[0].len);
    else
        e = send_parts(&s, response, ranges, count);
    close_value(&s);
    buf_free(s.gathered);
    return e;
}
