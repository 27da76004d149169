#include <base/http/reply.h>

size_t http_reply_head_length(const char *data, size_t len, size_t *scanned)
{
    size_t from = *scanned > 3 ? *scanned - 3 : 0;
    const char *end = memmem(data + from, len - from, "\r\n\r\n", 4);
    *scanned = len;
    return end ? (size_t)(end - data) + 4 : 0;
}

size_t http_reply_fields_room(const char *data, size_t len)
{
    size_t lines = 0;
    for (const char *p = data, *end = data + len; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

/* The next line end that a space or tab follows, from `p` on; NULL: none. */
static char *next_fold(const char *p, const char *end)
{
    while ((p = memmem(p, (size_t)(end - p), "\r\n", 2)) != NULL) {
        if (p + 2 < end && (p[2] == ' ' || p[2] == '\t'))
            return (char *)p;
        p += 2;
    }
    return NULL;
}

/* The first field, since space before it is no fold (RFC 9112, section 2.2). */
static const char *behind_status_line(const char *data, size_t len)
{
    const char *eol = memmem(data, len, "\r\n", 2);
    return eol && eol + 2 < data + len && eol[2] != ' ' && eol[2] != '\t' ? eol + 2 : data + len;
}

bool http_reply_is_folded(const char *data, size_t len)
{
    return next_fold(behind_status_line(data, len), data + len) != NULL;
}

void http_reply_unfold(char *data, size_t len)
{
    const char *p = behind_status_line(data, len);
    for (char *fold; (fold = next_fold(p, data + len)) != NULL; p = fold)
        memset(fold, ' ', 2);
}

/* The line at *p without its end. *p is then behind it. False when it has control characters. */
static bool next_line(const char **p, const char *end, struct http_text *line)
{
    const char *stop = http_skip_value(*p, end);
    *line = (struct http_text){ *p, (size_t)(stop - *p) };
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
        return false;
    *p = stop + 2;
    return true;
}

/* "HTTP/1.x nnn reason"; some servers leave out the last space with the reason. */
static bool status_line(struct http_reply *reply, struct http_text line)
{
    if (line.len < 12 || memcmp(line.data, "HTTP/1.", 7) != 0 || line.data[8] != ' ' || line.data[7] < '0' ||
        line.data[7] > '9' || (line.len > 12 && line.data[12] != ' '))
        return false;
    int64_t status;
    if (!http_number((struct http_text){ line.data + 9, 3 }, &status))
        return false;
    reply->status = (uint16_t)status;
    return true;
}

static err field_line(struct http_reply *reply, struct http_field *field, struct http_text line)
{
    const char *p = line.data, *end = p + line.len;
    while (p < end && http_is(*p, HTTP_TCHAR))
        p++;
    if (p == line.data || p == end || *p != ':')
        return ERR_FORMAT;
    reply->field_count++;
    field->name = (struct http_text){ line.data, (size_t)(p - line.data) };
    field->value = http_trim((struct http_text){ p + 1, (size_t)(end - p - 1) });
    return OK;
}

/*
 * Read a Content-Length. Some servers repeat it, in one field or in several, which is harmless as long as
 * they are equal (RFC 9112, section 6.3).
 */
static bool equal_lengths(struct http_text list, int64_t *length)
{
    struct http_text item;
    int64_t n;
    while (http_list_next(&list, &item)) {
        if (!http_number(item, &n) || (*length >= 0 && n != *length))
            return false;
        *length = n;
    }
    return true;
}

/* How long the content is (RFC 9112, section 6.3). A head that could be read in two ways is refused. */
static err framing(struct http_reply_head *head, bool to_head)
{
    struct http_reply *reply = &head->reply;
    bool chunked = false;
    reply->content_length = -1;
    for (size_t i = 0; i < reply->field_count; i++) {
        const struct http_field *field = &reply->fields[i];
        if (http_equal(field->name, "content-length")) {
            if (!equal_lengths(field->value, &reply->content_length))
                return ERR_FORMAT;
        } else if (http_equal(field->name, "transfer-encoding")) {
            /* It meant that there is none (RFC 2616, section 3.6), and some servers still say so. */
            if (http_equal(field->value, "identity"))
                continue;
            if (chunked)
                return ERR_FORMAT;
            if (!http_equal(field->value, "chunked"))
                return ERR_UNSUPPORTED;
            chunked = true;
        }
    }
    bool has_length = reply->content_length >= 0;
    if (has_length && chunked)
        return ERR_FORMAT;
    if (to_head || (reply->status >= 100 && reply->status < 200) || reply->status == 204 ||
        reply->status == 304)
        head->framing = HTTP_FRAME_NONE;
    else if (chunked)
        head->framing = HTTP_FRAME_CHUNKED;
    else
        head->framing = has_length ? HTTP_FRAME_LENGTH : HTTP_FRAME_CLOSE;
    return OK;
}

err http_reply_head_read(struct http_reply_head *head, struct http_field *fields, const char *data,
                         size_t len, bool to_head)
{
    const char *p = data, *end = data + len;
    struct http_text line;
    head->reply = (struct http_reply){ .fields = fields };
    if (!next_line(&p, end, &line) || !status_line(&head->reply, line))
        return ERR_FORMAT;
    for (;;) {
        if (!next_line(&p, end, &line))
            return ERR_FORMAT;
        if (line.len == 0)
            break;
        TRY(field_line(&head->reply, &fields[head->reply.field_count], line));
    }
    return p == end ? framing(head, to_head) : ERR_FORMAT;
}
