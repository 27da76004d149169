/*
 * Replies' heads with their framing, and URLs with the Locations that lead away from them: the first
 * line of the input is a URL, the second a Location, the rest a reply.
 */
#include <stdlib.h>

#include <base/http/reply.h>
#include <base/http/url.h>

#include "../check.h"

/* The next line of the input, as a string of its own. */
static char *take_line(const char **p, const char *end)
{
    const char *eol = memchr(*p, '\n', (size_t)(end - *p));
    size_t len = (size_t)((eol ? eol : end) - *p);
    char *line = malloc(len + 1);
    memcpy(line, *p, len);
    line[len] = '\0';
    *p += len + (eol != NULL);
    return line;
}

static void check_url(const char *url, const char *location)
{
    static struct http_url base, next;
    char out[HTTP_URL_SIZE];
    if (http_url_read(&base, url) != OK)
        return;
    /*
     * The parts of a URL that go into a request must not contain a space, a control character or an end of
     * line.
     */
    CHECK(base.host[0] != '\0' && strlen(base.host) < HTTP_HOST_SIZE && base.port > 0);
    for (size_t i = 0; i < base.target.len; i++)
        CHECK(base.target.data[i] > ' ' && base.target.data[i] < 127);
    for (size_t i = 0; i < base.authority.len; i++)
        CHECK(base.authority.data[i] > ' ' && base.authority.data[i] < 127 && base.authority.data[i] != '/');
    if (http_url_resolve(out, &base, (struct http_text){ location, strlen(location) }) != OK)
        return;
    CHECK(strlen(out) < sizeof out);
    bool local = location[0] == '/' && location[1] != '/';
    if (http_url_read(&next, out) == OK && local) {
        CHECK(next.port == base.port && strcmp(next.host, base.host) == 0);
        CHECK(next.target.len > 0 && next.target.data[0] == '/');
    }
}

static void check_fields(struct http_reply_head *head, struct http_field *fields, const char *data,
                         size_t length, bool to_head)
{
    if (http_reply_head_read(head, fields, data, length, to_head) != OK)
        return;
    CHECK(head->reply.status < 1000);
    struct http_text n = http_find_field(fields, head->reply.field_count, "content-length");
    struct http_text coding = http_find_field(fields, head->reply.field_count, "transfer-encoding");
    CHECK(n.data == NULL || coding.data == NULL);
    CHECK(head->framing != HTTP_FRAME_CHUNKED || coding.data != NULL);
    CHECK(head->framing != HTTP_FRAME_LENGTH || (n.data != NULL && head->reply.content_length >= 0));
    CHECK(!to_head || head->framing == HTTP_FRAME_NONE);
    for (size_t i = 0; i < head->reply.field_count; i++) {
        const struct http_field *field = &fields[i];
        CHECK(field->name.data > data && field->value.data + field->value.len < data + length);
        CHECK(memchr(field->value.data, '\n', field->value.len) == NULL);
    }
}

static void check_head(char *data, size_t len, bool to_head)
{
    static struct http_reply_head head;
    size_t scanned = 0, by_bytes = 0, at_once = 0;
    size_t length = http_reply_head_length(data, len, &at_once);
    for (size_t n = 1; n <= len && by_bytes == 0; n++)
        by_bytes = http_reply_head_length(data, n, &scanned);
    CHECK(length == by_bytes);
    if (length == 0)
        return;
    if (http_reply_is_folded(data, length)) {
        http_reply_unfold(data, length);
        CHECK(!http_reply_is_folded(data, length));
    }
    size_t room = http_reply_fields_room(data, length);
    struct http_field *fields = calloc(room, sizeof *fields);
    check_fields(&head, fields, data, length, to_head);
    CHECK(head.reply.field_count <= room);
    free(fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const char *p = (const char *)input, *end = p + size;
    char *url = take_line(&p, end), *location = take_line(&p, end);
    size_t len = (size_t)(end - p);
    /* The copy has the exact size, so that the sanitizer reports a byte read past the end. */
    char *copy = malloc(len + (len == 0));
    memcpy(copy, p, len);
    check_url(url, location);
    check_head(copy, len, false);
    check_head(copy, len, true);
    free(copy);
    free(location);
    free(url);
    return 0;
}
