#include <base/http/head.h>

static const char HTTP_NAME[] = "HTTP/";

/* Any token is a method (RFC 9112, section 3). No method in use comes near this limit. */
#define METHOD_MAX 32

static enum http_method method_of(const char *name, size_t len)
{
    switch (len) {
    case 3:
        if (memcmp(name, "GET", 3) == 0)
            return HTTP_GET;
        return memcmp(name, "PUT", 3) == 0 ? HTTP_PUT : HTTP_OTHER;
    case 4:
        if (memcmp(name, "HEAD", 4) == 0)
            return HTTP_HEAD;
        return memcmp(name, "POST", 4) == 0 ? HTTP_POST : HTTP_OTHER;
    case 6: return memcmp(name, "DELETE", 6) == 0 ? HTTP_DELETE : HTTP_OTHER;
    case 7: return memcmp(name, "OPTIONS", 7) == 0 ? HTTP_OPTIONS : HTTP_OTHER;
    default: return HTTP_OTHER;
    }
}

/* Exactly "HTTP/d.d"; a minor version above 1 is read as 1 (RFC 9110, section 2.5). */
static int version(struct http_request *request, const char *text, size_t len)
{
    size_t name = sizeof HTTP_NAME - 1;
    if (len != name + 3 || memcmp(text, HTTP_NAME, name) != 0 || text[name + 1] != '.')
        return 400;
    unsigned major = (unsigned)(text[name] - '0'), minor = (unsigned)(text[name + 2] - '0');
    if (major > 9 || minor > 9)
        return 400;
    if (major != 1)
        return 505;
    request->version_minor = minor > 0;
    return 0;
}

int http_head_request_line(struct http_head *head, const char *line, const char *end)
{
    struct http_request *request = head->request;
    const char *p = line;
    while (p < end && http_is(*p, HTTP_TCHAR))
        p++;
    if (p == line || p == end || *p != ' ')
        return 400;
    request->method_name = (struct http_text){ line, (size_t)(p - line) };
    request->method = method_of(line, request->method_name.len);

    const char *target = ++p;
    p = memchr(target, ' ', (size_t)(end - target));
    if (p == NULL || p == target)
        return 400;
    request->target = (struct http_text){ target, (size_t)(p - target) };
    p++;
    int status = version(request, p, (size_t)(end - p));
    if (status != 0)
        return status;
    if (request->method_name.len > METHOD_MAX)
        return 501;
    return http_head_target(head, request->target);
}

/* Returns 1 when the bytes at p end a line, 0 when more bytes are needed to tell, or a status. */
static int line_end(const char *p, const char *end)
{
    /* A lone CR or LF, NUL and other control characters are refused (RFC 9112, section 2.2). */
    if (*p != '\r')
        return 400;
    if (p + 1 == end)
        return HTTP_HEAD_MORE;
    return p[1] == '\n' ? HTTP_HEAD_DONE : 400;
}

int http_head_read(struct http_head *head, const char *data, size_t len)
{
    for (;;) {
        bool in_fields = head->section != 0;
        size_t limit = in_fields ? head->section + head->limits->section : head->line + head->limits->line;
        if (head->scanned > limit)
            return 431;
        /*
         * The bytes beyond the limit are not looked at, so that the result does not depend on how the bytes
         * arrived.
         */
        const char *end = data + (len <= limit ? len : limit + 1);
        const char *line = data + head->line;
        const char *p = http_skip_value(data + head->scanned, end);
        head->scanned = (size_t)(p - data);
        if (p == end)
            return len <= limit ? HTTP_HEAD_MORE : in_fields ? 431 : 414;

        int status = line_end(p, data + len);
        if (status != HTTP_HEAD_DONE)
            return status;
        head->line = head->scanned = (size_t)(p + 2 - data);
        if (in_fields && p == line) {
            head->length = head->line;
            status = http_head_check(head);
            return status == 0 ? HTTP_HEAD_DONE : status;
        }
        if (in_fields) {
            status = http_head_field(head, line, p);
        } else if (p == line) {
            /* One empty line before a request is accepted (RFC 9112, section 2.2). */
            status = head->empty_line ? 400 : 0;
            head->empty_line = true;
        } else {
            status = http_head_request_line(head, line, p);
            head->section = head->line;
        }
        if (status != 0)
            return status;
    }
}
