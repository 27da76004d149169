#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site.h"

KEY_STRING(cache_control, "no-cache", "Cache-Control of what is served; \"\" for none");
KEY_STRING(index_name, "index.html", "what is served for a dictionary");
/* Further fields of every response, a name and a value in turn. */
KEY_STRINGS(headers);

#define ALLOW "GET, HEAD, OPTIONS"
#define OWN_HEADERS_MAX 8
#define CONTENT_RANGE_SIZE 80

/* A response, its fields and their texts. */
struct answer {
    struct http_response response;
    struct http_header headers[OWN_HEADERS_MAX + sizeof key_headers / sizeof *key_headers / 2];
    char modified[HTTP_DATE_SIZE];
    char content_range[CONTENT_RANGE_SIZE];
};

static void header(struct answer *a, const char *name, const char *value)
{
    a->headers[a->response.header_count++] = (struct http_header){ name, value };
    a->response.headers = a->headers;
}

/* A response with the fields that the configuration adds to all of them. */
static void answer_init(struct answer *a)
{
    a->response = (struct http_response){ .status = 200 };
    for (size_t i = 0; key_headers[i] != NULL && key_headers[i + 1] != NULL; i += 2)
        header(a, key_headers[i], key_headers[i + 1]);
}

static void describe(struct answer *a, const struct site_file *file)
{
    if (file->etag[0] != '\0')
        header(a, "ETag", file->etag);
    if (file->modified != 0) {
        http_date_format(a->modified, file->modified);
        header(a, "Last-Modified", a->modified);
    }
    if (file->varies)
        header(a, "Vary", "Accept-Encoding");
    if (key_cache_control[0] != '\0')
        header(a, "Cache-Control", key_cache_control);
}

static IO err respond_status(struct http_exchange *exchange, struct answer *a, uint16_t status)
{
    a->response.status = status;
    return http_respond(exchange, &a->response, NULL);
}

/* An error's short text. */
static IO err respond_text(struct http_exchange *exchange, struct answer *a, uint16_t status)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%u %s\n", status, http_reason(status));
    struct buf *body = buf_copy(text, (size_t)n);
    if (body == NULL)
        return ERR_NO_MEMORY;
    a->response.status = status;
    a->response.content_type = "text/plain";
    return http_respond(exchange, &a->response, body);
}

/* Choose the variant that Accept-Encoding asks for. Returns false when none is acceptable. */
static bool choose(const struct http_request *request, const struct kv_info *info, int64_t now,
                   struct site_file *file)
{
    bool has_gzip = info->gzip_size > 0;
    file->varies = has_gzip;
    /* A file's time may lie ahead of the clock, but Last-Modified not of Date (RFC 9110, section 8.8.2.1). */
    file->modified = info->modified / SECONDS(1) < now ? info->modified / SECONDS(1) : now;
    size_t type = info->content_type ? strnlen(info->content_type, sizeof file->type - 1) : 0;
    memcpy(file->type, info->content_type ? info->content_type : "", type);
    file->type[type] = '\0';
    if (!http_coding(request, has_gzip, &file->encoding))
        return false;
    size_t len = strlen(info->etag);
    memcpy(file->etag, info->etag, len + 1);
    file->size = info->size;
    if (file->encoding == KV_GZIP) {
        file->size = info->gzip_size;
        /* A variant with other bytes needs another strong tag (RFC 9110, section 8.8.3.3). */
        if (len > 0)
            memcpy(file->etag + len - 1, "-gzip\"", 7);
    }
    return true;
}

static IO err send_range(struct site *site, struct http_exchange *exchange, const struct site_file *file,
                         struct answer *a, const struct http_range *ranges, size_t count)
{
    char type[SITE_BOUNDARY_SIZE + 40];
    a->response.status = 206;
    if (count == 1) {
        snprintf(a->content_range, sizeof a->content_range, "bytes %llu-%llu/%llu",
                 (unsigned long long)ranges->first, (unsigned long long)(ranges->first + ranges->len - 1),
                 (unsigned long long)file->size);
        header(a, "Content-Range", a->content_range);
    } else {
        snprintf(type, sizeof type, "multipart/byteranges; boundary=%s", site->boundary);
        a->response.content_type = type;
    }
    return site_send(site, exchange, file, &a->response, ranges, count);
}

/* What the request's conditions make of the file, and with HTTP_PARTIAL the ranges. */
static enum http_verdict judge(const struct http_request *request, const struct site_file *file, int64_t now,
                               struct http_range *ranges, size_t *count)
{
    enum http_verdict verdict = http_conditions(request, file->etag, file->modified, now);
    struct http_text range = http_find(request, "range");
    if (verdict == HTTP_PROCEED && request->method == HTTP_GET && range.data != NULL &&
        http_if_range(request, file->etag, file->modified, now))
        verdict = http_ranges(range, file->size, ranges, count);
    return verdict;
}

/* Answer a GET or HEAD of a value. Closes it. */
static IO err serve_file(struct site *site, struct http_exchange *exchange, struct kv_value *value,
                         const struct kv_info *info)
{
    const struct http_request *request = http_request(exchange);
    struct site_file file = { .value = value };
    struct answer a;
    struct http_range ranges[HTTP_RANGES_MAX];
    size_t count = 0;
    int64_t now = http_date(site->http);
    bool acceptable = choose(request, info, now, &file);
    enum http_verdict verdict = acceptable ? judge(request, &file, now, ranges, &count) : HTTP_FAILED;

    answer_init(&a);
    if (verdict == HTTP_PROCEED || verdict == HTTP_PARTIAL) {
        describe(&a, &file);
        header(&a, "Accept-Ranges", "bytes");
        if (file.encoding == KV_GZIP)
            header(&a, "Content-Encoding", "gzip");
        a.response.content_type = file.type[0] ? file.type : NULL;
        return verdict == HTTP_PARTIAL ? send_range(site, exchange, &file, &a, ranges, count)
                                       : site_send(site, exchange, &file, &a.response, NULL, 0);
    }
    kv_close(value);
    if (!acceptable) {
        header(&a, "Vary", "Accept-Encoding");
        return respond_text(exchange, &a, 406);
    }
    describe(&a, &file);
    if (verdict == HTTP_NOT_MODIFIED)
        return respond_status(exchange, &a, 304);
    if (verdict == HTTP_FAILED)
        return respond_text(exchange, &a, 412);
    header(&a, "Accept-Ranges", "bytes");
    snprintf(a.content_range, sizeof a.content_range, "bytes */%llu", (unsigned long long)file.size);
    header(&a, "Content-Range", a.content_range);
    return respond_text(exchange, &a, 416);
}

/* Send the client to the same path with a slash, so that relative links in the index are right. */
static IO err redirect(struct http_exchange *exchange)
{
    const struct http_request *request = http_request(exchange);
    struct answer a;
    const char *path = request->path;
    size_t len = strlen(path);

    answer_init(&a);
    /* "//name/" would name another host. */
    if (path[0] != '/' || path[1] == '/')
        return ERR_NOT_FOUND;
    struct buf *memory = buf_alloc(len * 3 + request->query.len + 3);
    if (memory == NULL)
        return ERR_NO_MEMORY;
    char *location = (char *)memory->data, *p = location;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)path[i];
        if (c != '%' && http_is((char)c, HTTP_PATH)) {
            *p++ = (char)c;
            continue;
        }
        *p++ = '%';
        *p++ = "0123456789ABCDEF"[c >> 4];
        *p++ = "0123456789ABCDEF"[c & 15];
    }
    *p++ = '/';
    if (request->query.len > 0) {
        *p++ = '?';
        memcpy(p, request->query.data, request->query.len);
        p += request->query.len;
    }
    *p = '\0';
    header(&a, "Location", location);
    err e = respond_text(exchange, &a, 301);
    buf_free(memory);
    return e;
}

/* "dir" or "dir/" and the index's name; false when that is too long to be a key. */
static bool index_key(char out[static KV_KEY_MAX + 1], const char *path)
{
    size_t len = strlen(path);
    if (len > 0 && path[len - 1] == '/')
        len--;
    int n = snprintf(out, KV_KEY_MAX + 1, "%.*s/%s", len > KV_KEY_MAX ? KV_KEY_MAX : (int)len, path,
                     key_index_name);
    return n <= KV_KEY_MAX;
}

/* Open what the key names. `*out` is NULL when that is a dictionary. */
static IO err open(struct site *site, const char *key, struct kv_value **out, struct kv_info *info)
{
    *out = NULL;
    if (kv_key_check(key) == NULL)
        return ERR_NOT_FOUND;
    err e = kv_open(site->kv, key, out, info);
    return e == ERR_INVALID ? OK : e;
}

/* Open the value for the path: what it names, or the index of the dictionary that it names. */
static IO err open_for(struct site *site, const char *path, struct kv_value **out, struct kv_info *info,
                       bool *is_index)
{
    char key[KV_KEY_MAX + 1];
    size_t len = strlen(path);
    *out = NULL;
    if (len > 0 && path[len - 1] != '/')
        TRY(open(site, path, out, info));
    *is_index = *out == NULL;
    if (!*is_index)
        return OK;
    if (!index_key(key, path))
        return ERR_NOT_FOUND;
    TRY(open(site, key, out, info));
    return *out ? OK : ERR_NOT_FOUND;
}

IO err site_serve(struct site *site, struct http_exchange *exchange, const char *path)
{
    enum http_method method = http_request(exchange)->method;
    struct kv_value *value;
    struct kv_info info;
    size_t len = strlen(path);
    bool is_index;

    TRY(open_for(site, path, &value, &info, &is_index));
    if (method != HTTP_GET && method != HTTP_HEAD) {
        struct answer a;
        kv_close(value);
        answer_init(&a);
        header(&a, "Allow", ALLOW);
        return method == HTTP_OPTIONS ? respond_status(exchange, &a, 204) : respond_text(exchange, &a, 405);
    }
    if (is_index && len > 0 && path[len - 1] != '/') {
        kv_close(value);
        return redirect(exchange);
    }
    return serve_file(site, exchange, value, &info);
}

IO err site_connect(struct site **out, struct http *http, struct kv *kv)
{
    uint8_t random[(SITE_BOUNDARY_SIZE - 1) / 2];
    if (sizeof key_headers / sizeof *key_headers % 2 == 0) {
        log_error("headers must be names, each with its value");
        return ERR_INVALID;
    }
    TRY(os_entropy(random, sizeof random));
    struct site *site = calloc(1, sizeof *site);
    if (site == NULL)
        return ERR_NO_MEMORY;
    site->http = http;
    site->kv = kv;
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(site->boundary + 2 * i, 3, "%02x", random[i]);
    *out = site;
    return OK;
}

IO void site_disconnect(struct site *site)
{
    free(site);
}
