#include <base/http/head.h>
#include <base/text/hex.h>

static bool is_registered_name(struct http_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!http_is(text.data[i], HTTP_HOST))
            return false;
    return true;
}

/* The length of "[" IPv6 or a future form "]" (RFC 3986, section 3.2.2), or 0 when it is neither. */
static size_t literal_length(struct http_text text)
{
    const char *close = memchr(text.data, ']', text.len);
    if (close == NULL || close - text.data < 3)
        return 0;
    for (const char *p = text.data + 1; p < close; p++)
        if (*p != ':' && !http_is(*p, HTTP_HOST))
            return 0;
    return (size_t)(close + 1 - text.data);
}

int http_head_host(struct http_text value, struct http_text *host)
{
    size_t len;
    if (value.len > 0 && value.data[0] == '[') {
        len = literal_length(value);
        if (len == 0)
            return 400;
    } else {
        const char *colon = value.len ? memchr(value.data, ':', value.len) : NULL;
        len = colon ? (size_t)(colon - value.data) : value.len;
        if (!is_registered_name((struct http_text){ value.data, len }))
            return 400;
    }
    *host = (struct http_text){ value.data, len };
    if (len == value.len)
        return 0;
    if (value.data[len] != ':' || value.len - len > 6)
        return 400;
    unsigned port = 0;
    for (size_t i = len + 1; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 400;
        port = port * 10 + (unsigned)(value.data[i] - '0');
    }
    return port <= 65535 ? 0 : 400;
}

/* Read path and query in p..end. The path begins with a slash or is empty. */
static int split(struct http_head *head, const char *p, const char *end)
{
    const char *path = p;
    while (p < end && http_is(*p, HTTP_PATH))
        p++;
    head->path = p > path ? (struct http_text){ path, (size_t)(p - path) } : (struct http_text){ "/", 1 };
    head->request->query = (struct http_text){ p, 0 };
    if (p == end)
        return 0;
    if (*p++ != '?')
        return 400;
    head->request->query = (struct http_text){ p, (size_t)(end - p) };
    while (p < end && http_is(*p, HTTP_QUERY))
        p++;
    return p == end ? 0 : 400;
}

/* The length of "http://" or "https://" at the beginning, or 0. */
static size_t scheme_length(struct http_text target)
{
    if (target.len > 7 && http_equal((struct http_text){ target.data, 7 }, "http://"))
        return 7;
    if (target.len > 8 && http_equal((struct http_text){ target.data, 8 }, "https://"))
        return 8;
    return 0;
}

static int absolute_form(struct http_head *head, struct http_text target, size_t scheme)
{
    const char *authority = target.data + scheme, *end = target.data + target.len, *p = authority;
    while (p < end && *p != '/' && *p != '?')
        p++;
    struct http_text text = { authority, (size_t)(p - authority) };
    if (http_head_host(text, &head->request->host) != 0 || head->request->host.len == 0)
        return 400;
    head->authority = true;
    /* A proxy would have sent "*" for this (RFC 9112, section 3.2.4). */
    head->asterisk = p == end && head->request->method == HTTP_OPTIONS;
    return split(head, p, end);
}

int http_head_target(struct http_head *head, struct http_text target)
{
    if (head->request->method_name.len == 7 && memcmp(head->request->method_name.data, "CONNECT", 7) == 0) {
        struct http_text host;
        head->connect = true;
        /* authority-form, which always has a port */
        return http_head_host(target, &host) == 0 && host.len > 0 && host.len + 1 < target.len ? 0 : 400;
    }
    if (target.data[0] == '/')
        return split(head, target.data, target.data + target.len);
    if (target.len == 1 && target.data[0] == '*') {
        head->asterisk = true;
        head->path = (struct http_text){ "/", 1 };
        head->request->query = (struct http_text){ target.data + 1, 0 };
        return head->request->method == HTTP_OPTIONS ? 0 : 400;
    }
    size_t scheme = scheme_length(target);
    return scheme > 0 ? absolute_form(head, target, scheme) : 400;
}

/* The decoded byte at *p; `*p` is then behind it. -1 when the escape is broken or is a NUL. */
static int decoded(const char **p, const char *end)
{
    int c = (uint8_t) * (*p)++;
    if (c != '%')
        return c;
    if (end - *p < 2)
        return -1;
    int high = hex_digit((*p)[0]), low = hex_digit((*p)[1]);
    *p += 2;
    return high < 0 || low < 0 || (high | low) == 0 ? -1 : high << 4 | low;
}

/*
 * `n` bytes of path end in a segment that began at `segment`. When the segment is "." or "..", remove it, and
 * for ".." the one before. The result then ends in a slash, and is never empty.
 */
static size_t drop_dots(const char *out, size_t segment, size_t n)
{
    if (n - segment == 1 && out[segment] == '.')
        return segment;
    if (n - segment != 2 || out[segment] != '.' || out[segment + 1] != '.')
        return n;
    n = segment - 1;
    while (n > 0 && out[n - 1] != '/')
        n--;
    return n > 0 ? n : 1;
}

int http_head_path(struct http_text path, char *out)
{
    const char *p = path.data, *end = p + path.len;
    size_t n = 0, segment = 0;
    /* Escapes are decoded first, so that "%2e%2e%2f" climbs no further than "../". */
    while (p < end) {
        int c = decoded(&p, end);
        if (c < 0)
            return 400;
        if (c != '/') {
            out[n++] = (char)c;
            continue;
        }
        size_t kept = n > 0 ? drop_dots(out, segment, n) : 0;
        if (kept == n)
            out[kept++] = '/';
        n = segment = kept;
    }
    n = drop_dots(out, segment, n);
    out[n] = '\0';
    return 0;
}
