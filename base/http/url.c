#include <base/http/url.h>

static bool starts(const char *text, const char *lower)
{
    size_t len = strlen(lower);
    return strnlen(text, len) == len && http_equal((struct http_text){ text, len }, lower);
}

/* "host[:port]" or "[address][:port]" */
static err read_authority(struct http_url *out, struct http_text text)
{
    const char *host = text.data, *end = text.data + text.len, *host_end, *p;
    out->authority = text;
    if (text.len > 0 && *host == '[') {
        host_end = memchr(host, ']', text.len);
        if (host_end == NULL)
            return ERR_INVALID;
        host_end++;
    } else {
        host_end = text.len ? memchr(host, ':', text.len) : NULL;
        if (host_end == NULL)
            host_end = end;
    }
    struct http_text name = { host, (size_t)(host_end - host) };
    if (*host == '[')
        name = (struct http_text){ host + 1, name.len - 2 };
    if (name.len == 0 || name.len >= HTTP_HOST_SIZE)
        return ERR_INVALID;
    for (size_t i = 0; i < name.len; i++)
        if (!http_is(name.data[i], HTTP_HOST) && !(*host == '[' && name.data[i] == ':'))
            return ERR_INVALID;
    memcpy(out->host, name.data, name.len);
    out->host[name.len] = '\0';
    out->port = 80;
    p = host_end;
    if (p == end)
        return OK;
    int64_t port;
    if (*p++ != ':')
        return ERR_INVALID;
    if (p == end)
        return OK;
    if (!http_number((struct http_text){ p, (size_t)(end - p) }, &port) || port < 1 || port > 65535)
        return ERR_INVALID;
    out->port = (uint16_t)port;
    return OK;
}

err http_url_read(struct http_url *out, const char *url)
{
    static const char scheme[] = "http://";
    if (!starts(url, scheme)) {
        const char *p = url;
        while (http_is(*p, HTTP_TCHAR))
            p++;
        return p > url && *p == ':' ? ERR_UNSUPPORTED : ERR_INVALID;
    }
    const char *authority = url + sizeof scheme - 1;
    size_t len = strcspn(authority, "/?#");
    TRY(read_authority(out, (struct http_text){ authority, len }));
    const char *target = authority + len;
    out->target = (struct http_text){ target, strcspn(target, "#") };
    for (size_t i = 0; i < out->target.len; i++)
        if (!http_is(target[i], HTTP_QUERY))
            return ERR_INVALID;
    return OK;
}

/* A text that grows up to the size of a URL. */
struct url_text {
    char *data;
    size_t len;
    bool full;
};

static void put_text(struct url_text *t, const char *data, size_t len)
{
    if (len >= HTTP_URL_SIZE - t->len) {
        t->full = true;
        return;
    }
    memcpy(t->data + t->len, data, len);
    t->len += len;
}

/*
 * Remove "." and ".." segments from the path that begins at `begin`, up to `end` (RFC 3986, section 5.2.4).
 */
static size_t without_dots(char *path, size_t len)
{
    size_t in = 0, out = 0;
    while (in < len) {
        /* path[in] is a slash. The segment behind it ends at the next slash. */
        size_t end = in + 1;
        while (end < len && path[end] != '/')
            end++;
        size_t segment = end - in - 1;
        bool dot = segment == 1 && path[in + 1] == '.';
        bool dots = segment == 2 && path[in + 1] == '.' && path[in + 2] == '.';
        if (dots)
            while (out > 0 && path[--out] != '/')
                continue;
        if ((dot || dots) && end == len)
            path[out++] = '/';
        if (!dot && !dots) {
            memmove(path + out, path + in, end - in);
            out += end - in;
        }
        in = end;
    }
    return out;
}

err http_url_resolve(char out[static HTTP_URL_SIZE], const struct http_url *base, struct http_text location)
{
    struct url_text t = { .data = out };
    const char *fragment = location.len ? memchr(location.data, '#', location.len) : NULL;
    if (fragment != NULL)
        location.len = (size_t)(fragment - location.data);
    const char *p = location.data, *end = p + location.len;
    while (p < end && *p != ':' && *p != '/' && *p != '?')
        p++;
    if (p < end && *p == ':' && p > location.data) {
        put_text(&t, location.data, location.len);
        out[t.len] = '\0';
        return t.full ? ERR_TOO_LARGE : OK;
    }
    put_text(&t, "http:", 5);
    if (location.len >= 2 && memcmp(location.data, "//", 2) == 0) {
        put_text(&t, location.data, location.len);
        out[t.len] = '\0';
        return t.full ? ERR_TOO_LARGE : OK;
    }
    put_text(&t, "//", 2);
    put_text(&t, base->authority.data, base->authority.len);
    size_t path = t.len, base_path = 0;
    while (base_path < base->target.len && base->target.data[base_path] != '?')
        base_path++;
    if (location.len == 0 || *location.data == '?') {
        put_text(&t, base->target.data, location.len == 0 ? base->target.len : base_path);
    } else if (*location.data != '/') {
        while (base_path > 0 && base->target.data[base_path - 1] != '/')
            base_path--;
        put_text(&t, base->target.data, base_path);
        if (base_path == 0)
            put_text(&t, "/", 1);
    }
    put_text(&t, location.data, location.len);
    if (t.full)
        return ERR_TOO_LARGE;
    char *query = memchr(out + path, '?', t.len - path);
    size_t path_len = query ? (size_t)(query - out) - path : t.len - path,
           query_len = t.len - path - path_len;
    if (path_len > 0) {
        size_t kept = without_dots(out + path, path_len);
        memmove(out + path + kept, out + path + path_len, query_len);
        t.len = path + kept + query_len;
    }
    out[t.len] = '\0';
    return OK;
}
