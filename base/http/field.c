#include <base/http/head.h>

static int content_length(struct http_head *head, struct http_text value)
{
    int64_t n;
    /*
     * A field that stands twice is refused even when both values agree, and so is "5, 5" (RFC 9110, section
     * 8.6).
     */
    if (head->has_length || !http_number(value, &n))
        return 400;
    head->has_length = true;
    head->request->content_length = n;
    return 0;
}

static int transfer_encoding(struct http_head *head, struct http_text list)
{
    struct http_text item;
    while (http_list_next(&list, &item)) {
        if (item.len == 0 || head->chunked)
            return 400;
        if (http_equal(item, "chunked"))
            head->chunked = true;
        else
            head->unknown_coding = true;
    }
    return 0;
}

static void connection(struct http_head *head, struct http_text list)
{
    struct http_text item;
    while (http_list_next(&list, &item)) {
        if (http_equal(item, "close"))
            head->close = true;
        else if (http_equal(item, "keep-alive"))
            head->keep_alive = true;
    }
}

static void expect(struct http_head *head, struct http_text list)
{
    struct http_text item;
    while (http_list_next(&list, &item)) {
        if (http_equal(item, "100-continue"))
            head->expect_continue = true;
        else if (item.len > 0)
            head->unknown_expectation = true;
    }
}

static int host(struct http_head *head, struct http_text value)
{
    struct http_text name;
    head->hosts++;
    int status = http_head_host(value, &name);
    if (status == 0 && !head->authority)
        head->request->host = name;
    return status;
}

/* The fields that say how long the message is and whether the connection is kept. */
static int known(struct http_head *head, const struct http_field *field)
{
    switch (field->name.len) {
    case 4: return http_equal(field->name, "host") ? host(head, field->value) : 0;
    case 6:
        if (http_equal(field->name, "expect"))
            expect(head, field->value);
        return 0;
    case 10:
        if (http_equal(field->name, "connection"))
            connection(head, field->value);
        return 0;
    case 14: return http_equal(field->name, "content-length") ? content_length(head, field->value) : 0;
    case 17: return http_equal(field->name, "transfer-encoding") ? transfer_encoding(head, field->value) : 0;
    default: return 0;
    }
}

int http_head_field(struct http_head *head, const char *line, const char *end)
{
    const char *p = line;
    while (p < end && http_is(*p, HTTP_TCHAR))
        p++;
    /* That also refuses folded lines and space before the colon (RFC 9112, sections 5.1 and 5.2). */
    if (p == line || p == end || *p != ':')
        return 400;
    if (head->request->field_count == head->limits->fields)
        return 431;
    struct http_field *field = &head->fields[head->request->field_count++];
    field->name = (struct http_text){ line, (size_t)(p - line) };
    field->value = http_trim((struct http_text){ p + 1, (size_t)(end - p - 1) });
    return known(head, field);
}

int http_head_check(struct http_head *head)
{
    struct http_request *request = head->request;
    bool coded = head->chunked || head->unknown_coding;
    /* Requests are smuggled with both fields, and HTTP/1.0 has no codings (RFC 9112, section 6.1). */
    if (coded && (head->has_length || request->version_minor == 0))
        return 400;
    if (head->hosts > 1 || (head->hosts == 0 && request->version_minor > 0))
        return 400;
    if (head->connect || head->unknown_coding)
        return 501;
    if (request->version_minor > 0 && head->unknown_expectation)
        return 417;
    if (request->version_minor == 0)
        head->expect_continue = false;
    request->fields = head->fields;
    request->has_body = head->chunked || (head->has_length && request->content_length > 0);
    if (head->chunked)
        request->content_length = -1;
    else if (request->has_body && (uint64_t)request->content_length > head->limits->body)
        return 413;
    return 0;
}
