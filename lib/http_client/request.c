#include "http_client.h"

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (http_equal((struct http_text){ name, strlen(name) }, *names))
            return true;
    return false;
}

INTERNAL bool client_call_check(const struct http_call *call)
{
    static const char *const ours[] = { "host", "connection", "content-length", "transfer-encoding", NULL };
    if (call->method != NULL &&
        !http_all((struct http_text){ call->method, strlen(call->method) }, HTTP_TCHAR))
        return false;
    for (size_t i = 0; i < call->header_count; i++) {
        const struct http_header *header = &call->headers[i];
        if (!http_all((struct http_text){ header->name, strlen(header->name) }, HTTP_TCHAR) ||
            is_one_of(header->name, ours) || !http_is_value(header->value))
            return false;
    }
    return true;
}

INTERNAL struct buf *client_request_head(const struct http_call *call, const char *method,
                                         const struct http_url *url, bool foreign,
                                         enum client_content content, uint64_t length)
{
    static const char *const secrets[] = { "authorization", "cookie", NULL };
    static const char *const agent[] = { "user-agent", NULL };
    bool has_agent = false;
    size_t room = strlen(method) + url->target.len + url->authority.len + 256;
    for (size_t i = 0; i < call->header_count; i++)
        room += strlen(call->headers[i].name) + strlen(call->headers[i].value) + 4;
    struct buf *head = buf_alloc(room);
    if (head == NULL)
        return NULL;
    char *p = http_put_string((char *)head->data, method);
    *p++ = ' ';
    if (url->target.len == 0 || url->target.data[0] != '/')
        *p++ = '/';
    p = http_put(p, url->target.data, url->target.len);
    p = http_put_string(p, " HTTP/1.1\r\nHost: ");
    p = http_put(p, url->authority.data, url->authority.len);
    p = http_put_string(p, "\r\nConnection: close\r\n");
    for (size_t i = 0; i < call->header_count; i++) {
        if (foreign && is_one_of(call->headers[i].name, secrets))
            continue;
        has_agent |= is_one_of(call->headers[i].name, agent);
        p = http_put_string(p, call->headers[i].name);
        p = http_put_string(p, ": ");
        p = http_put_string(p, call->headers[i].value);
        p = http_put_string(p, "\r\n");
    }
    if (!has_agent)
        p = http_put_string(p, "User-Agent: mirage\r\n");
    if (content == CLIENT_SENDS_CHUNKED) {
        p = http_put_string(p, "Transfer-Encoding: chunked\r\n");
    } else if (content == CLIENT_SENDS_LENGTH) {
        p = http_put_string(p, "Content-Length: ");
        p = http_put_number(p, length);
        p = http_put_string(p, "\r\n");
    }
    p = http_put_string(p, "\r\n");
    head->len = (uint32_t)(p - (char *)head->data);
    return head;
}
