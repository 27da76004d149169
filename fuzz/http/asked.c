/* The fields of a request that a site reads: conditions, ranges, codings, dates. Lines of "name: value". */
#include <stdlib.h>

#include <base/http/asked.h>

#include "../check.h"

#define FIELDS 8

/* Check that ranges lie within the content and that not many of them overlap. */
static void check_ranges(struct http_text value, uint64_t size)
{
    struct http_range ranges[HTTP_RANGES_MAX];
    size_t count;
    uint64_t total = 0;
    enum http_verdict verdict = http_ranges(value, size, ranges, &count);
    CHECK(verdict == HTTP_PROCEED || verdict == HTTP_PARTIAL || verdict == HTTP_NO_RANGE);
    if (verdict != HTTP_PARTIAL)
        return;
    CHECK(count > 0 && count <= HTTP_RANGES_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(ranges[i].len > 0 && ranges[i].first < size && ranges[i].len <= size - ranges[i].first);
        total += ranges[i].len;
    }
    CHECK(total <= 2 * size);
}

/* Check that a date that was read can be written and then read as the same date. */
static void check_date(struct http_text value)
{
    int64_t seconds, again;
    char text[HTTP_DATE_SIZE];
    if (!http_date_parse(value, 1700000000, &seconds))
        return;
    http_date_format(text, seconds);
    if (seconds >= 0 && seconds < INT64_C(253402300800)) {
        CHECK(http_date_parse((struct http_text){ text, HTTP_DATE_SIZE - 1 }, 0, &again));
        CHECK(again == seconds);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint64_t sizes[] = { 0, 1, 2, 10, 1000, INT64_MAX };
    struct http_field fields[FIELDS];
    struct http_request request = { .method = HTTP_GET, .fields = fields };
    enum kv_encoding coding;
    char *copy = malloc(size + 1);
    memcpy(copy, input, size);
    const char *p = copy, *end = copy + size;
    while (p < end && request.field_count < FIELDS) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *stop = eol ? eol : end, *colon = memchr(p, ':', (size_t)(stop - p));
        if (colon != NULL) {
            struct http_field *field = &fields[request.field_count++];
            field->name = (struct http_text){ p, (size_t)(colon - p) };
            field->value = http_trim((struct http_text){ colon + 1, (size_t)(stop - colon - 1) });
            check_date(field->value);
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
                check_ranges(field->value, sizes[i]);
        }
        p = stop + 1;
    }
    enum http_verdict verdict = http_conditions(&request, "\"a\"", 784111777, 1700000000);
    CHECK(verdict == HTTP_PROCEED || verdict == HTTP_NOT_MODIFIED || verdict == HTTP_FAILED);
    bool counts = http_if_range(&request, "\"a\"", 784111777, 1700000000);
    CHECK(counts || http_find(&request, "If-Range").data != NULL);
    bool acceptable = http_coding(&request, true, &coding);
    CHECK(acceptable || coding == KV_IDENTITY);
    CHECK(!http_coding(&request, false, &coding) || coding == KV_IDENTITY);
    free(copy);
    return 0;
}
