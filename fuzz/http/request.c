/*
 * Requests: heads and chunked content, several behind one another as on a connection.
 * Beyond not crashing, what is checked is that
 *   - bytes that come in one by one give the same answer as all at once;
 *   - an accepted head has one framing, by a second, naive reading of its lines;
 *   - chunked content decodes as a second, naive decoder does it, to the same end.
 */
#include <stdlib.h>
#include <strings.h>

#include <base/http/chunked.h>
#include <base/http/head.h>
#include <base/text/hex.h>

#include "../check.h"

#define FIELDS 8
static const struct http_limits limits = { .line = 200, .section = 400, .fields = FIELDS, .body = 1000 };

struct parsed {
    struct http_field fields[FIELDS];
    struct http_request request;
    struct http_head head;
    int status;
};

static void begin(struct parsed *p)
{
    memset(p, 0, sizeof *p);
    p->head.limits = &limits;
    p->head.request = &p->request;
    p->head.fields = p->fields;
}

static bool same_text(struct http_text a, struct http_text b)
{
    return a.data == b.data && a.len == b.len;
}

static void check_same(const struct parsed *a, const struct parsed *b)
{
    CHECK(a->status == b->status);
    if (a->status != HTTP_HEAD_DONE)
        return;
    CHECK(a->head.length == b->head.length && a->head.chunked == b->head.chunked);
    CHECK(a->request.method == b->request.method && same_text(a->request.target, b->request.target));
    CHECK(same_text(a->request.host, b->request.host) && same_text(a->head.path, b->head.path));
    CHECK(a->request.content_length == b->request.content_length);
    CHECK(a->request.field_count == b->request.field_count);
    for (size_t i = 0; i < a->request.field_count; i++)
        CHECK(same_text(a->fields[i].name, b->fields[i].name) &&
              same_text(a->fields[i].value, b->fields[i].value));
}

static void check_one_by_one(const struct parsed *whole, const char *data, size_t len)
{
    struct parsed p;
    begin(&p);
    p.status = HTTP_HEAD_MORE;
    for (size_t n = 1; n <= len && p.status == HTTP_HEAD_MORE; n++) {
        p.status = http_head_read(&p.head, data, n);
        CHECK(p.status != HTTP_HEAD_DONE || n == p.head.length);
    }
    check_same(whole, &p);
}

/* Read the lines as the simplest peer would, by a second rule for which fields frame a message. */
static void check_framing(const struct parsed *p, const char *data)
{
    size_t lengths = 0, codings = 0, hosts = 0, lines = 0;
    const char *end = data + p->head.length;
    CHECK(end - data >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0);
    for (const char *line = data, *next; line < end; line = next, lines++) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        CHECK(lf != NULL && lf > data && lf[-1] == '\r');
        next = lf + 1;
        size_t len = (size_t)(lf - 1 - line);
        CHECK(memchr(line, '\0', len) == NULL && memchr(line, '\r', len) == NULL);
        CHECK(len == 0 || lines == 0 || (*line != ' ' && *line != '\t'));
        CHECK(len > 0 || next == end || lines == 0);
        if (lines == 0 || (lines == 1 && p->head.empty_line))
            continue;
        lengths += len > 14 && strncasecmp(line, "content-length", 14) == 0 && !http_is(line[14], HTTP_TCHAR);
        codings +=
            len > 17 && strncasecmp(line, "transfer-encoding", 17) == 0 && !http_is(line[17], HTTP_TCHAR);
        hosts += len > 4 && strncasecmp(line, "host:", 5) == 0;
    }
    CHECK(lengths + codings <= 1);
    CHECK(hosts <= 1 && (hosts == 1 || p->request.version_minor == 0));
    struct http_text length = http_find(&p->request, "Content-Length");
    struct http_text coding = http_find(&p->request, "Transfer-Encoding");
    CHECK((length.data != NULL) == (lengths == 1) && (coding.data != NULL) == (codings == 1));
    CHECK(p->head.chunked == (coding.data != NULL));
    if (p->head.chunked) {
        CHECK(http_equal(coding, "chunked") && p->request.version_minor == 1);
        CHECK(p->request.has_body && p->request.content_length == -1);
    } else if (length.data != NULL) {
        for (size_t i = 0; i < length.len; i++)
            CHECK(length.data[i] >= '0' && length.data[i] <= '9');
        CHECK((uint64_t)p->request.content_length <= limits.body);
    } else {
        CHECK(!p->request.has_body);
    }
}

static void check_path(const struct parsed *p)
{
    char *path = malloc(p->head.path.len + 1);
    if (http_head_path(p->head.path, path) == 0) {
        size_t len = strlen(path);
        CHECK(path[0] == '/' && strstr(path, "/../") == NULL && strstr(path, "/./") == NULL);
        CHECK(len < 3 || strcmp(path + len - 3, "/..") != 0);
        CHECK(len < 2 || strcmp(path + len - 2, "/.") != 0);
    }
    free(path);
}

struct decoded {
    char *data;
    size_t len, used;
    bool done, bad;
};

static void add(struct decoded *d, const char *data, size_t len)
{
    memcpy(d->data + d->len, data, len);
    d->len += len;
}

/* Decode `piece` bytes at a time. */
static struct decoded decode(const char *data, size_t len, size_t piece)
{
    struct decoded d = { .data = malloc(len + 1) };
    struct http_chunked c = { 0 };
    size_t known = 0, skip, run;
    for (;;) {
        enum http_chunk_result result = http_chunk_next(&c, data + d.used, known - d.used, &skip, &run);
        CHECK(skip + run <= known - d.used);
        if (result == HTTP_CHUNK_RUN)
            add(&d, data + d.used + skip, run);
        d.used += skip + run;
        d.done = result == HTTP_CHUNK_DONE;
        d.bad = result == HTTP_CHUNK_BAD;
        if (d.done || d.bad || (result == HTTP_CHUNK_MORE && known == len))
            return d;
        if (result == HTTP_CHUNK_MORE)
            known = len - known < piece ? len : known + piece;
    }
}

static const char *naive_line(const char *p, const char *end)
{
    const char *cr = p < end ? memchr(p, '\r', (size_t)(end - p)) : NULL;
    return cr != NULL && cr + 1 < end && cr[1] == '\n' ? cr : NULL;
}

/*
 * A second decoder, which shares no code with the first. It reads whole lines, as sscanf does. Returns
 * whether the content is complete.
 */
static bool naive_decode(const char *data, size_t len, struct decoded *d)
{
    const char *p = data, *end = data + len;
    for (;;) {
        const char *line = p, *eol = naive_line(p, end);
        uint64_t size = 0;
        if (eol == NULL)
            return false;
        for (; p < eol && hex_digit(*p) >= 0; p++)
            size = size * 16 + (unsigned)hex_digit(*p);
        if (p == line || p - line > HTTP_CHUNK_DIGITS_MAX)
            return false;
        p = eol + 2;
        if (size == 0)
            break;
        if ((uint64_t)(end - p) < size + 2)
            return false;
        add(d, p, (size_t)size);
        p += size;
        if (p[0] != '\r' || p[1] != '\n')
            return false;
        p += 2;
    }
    for (const char *eol; (eol = naive_line(p, end)) != NULL; p = eol + 2)
        if (eol == p) {
            d->used = (size_t)(p + 2 - data);
            return true;
        }
    return false;
}

/* Check that the decoder reads what the encoder writes. */
static void check_encoding(const char *data, size_t len)
{
    char *coded = malloc(len + 2 * HTTP_CHUNK_HEAD_SIZE + 8);
    size_t n = 0;
    if (len > 0) {
        n = http_chunk_head(coded, len, true);
        memcpy(coded + n, data, len);
        n += len;
    }
    n += http_chunk_head(coded + n, 0, len == 0);
    memcpy(coded + n, "\r\n", 2);
    struct decoded d = decode(coded, n + 2, 3);
    CHECK(d.done && d.used == n + 2 && d.len == len && memcmp(d.data, data, len) == 0);
    free(d.data);
    free(coded);
}

/* Returns how many bytes the content used, or SIZE_MAX when nothing can follow it. */
static size_t check_chunked(const char *data, size_t len)
{
    struct decoded whole = decode(data, len, len + 1), bytes = decode(data, len, 1);
    struct decoded naive = { .data = malloc(len + 1) };
    CHECK(whole.done == bytes.done && whole.bad == bytes.bad);
    CHECK(whole.len == bytes.len && memcmp(whole.data, bytes.data, whole.len) == 0);
    if (whole.done) {
        CHECK(naive_decode(data, len, &naive));
        CHECK(naive.used == whole.used && bytes.used == whole.used && naive.len == whole.len);
        CHECK(memcmp(naive.data, whole.data, whole.len) == 0);
    }
    check_encoding(whole.data, whole.len);
    size_t used = whole.done ? whole.used : SIZE_MAX;
    free(whole.data);
    free(bytes.data);
    free(naive.data);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    /* The copy has the exact size, so that the sanitizer reports a byte read past the end. */
    char *copy = malloc(size ? size : 1);
    const char *data = memcpy(copy, input, size);
    for (int i = 0; i < 8 && size > 0; i++) {
        struct parsed p;
        begin(&p);
        p.status = http_head_read(&p.head, data, size);
        check_one_by_one(&p, data, size);
        if (p.status != HTTP_HEAD_DONE)
            break;
        check_framing(&p, data);
        check_path(&p);
        data += p.head.length;
        size -= p.head.length;
        size_t used = p.head.chunked ? check_chunked(data, size) : (size_t)p.request.content_length;
        if (used > size)
            break;
        data += used;
        size -= used;
    }
    free(copy);
    return 0;
}
