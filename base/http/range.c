#include <base/http/asked.h>

/* Read digits. A number that is too large becomes the largest. False when there are no digits. */
static bool position(const char **p, const char *end, uint64_t *out)
{
    const char *begin = *p;
    *out = 0;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
        unsigned digit = (unsigned)(**p - '0');
        *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
    }
    return *p > begin;
}

/*
 * Read one of "first-last", "first-", "-suffix". With len 0 the range can't be satisfied. False when it is
 * not a range.
 */
static bool parse(struct http_text item, uint64_t size, struct http_range *out)
{
    const char *p = item.data, *end = p + item.len;
    uint64_t first, last;
    bool has_first = position(&p, end, &first);
    if (p == end || *p++ != '-')
        return false;
    bool has_last = position(&p, end, &last);
    if (p != end || (!has_first && !has_last) || (has_first && has_last && last < first))
        return false;
    if (!has_first) {
        first = last < size ? size - last : 0;
        has_last = false;
    }
    if (!has_last || last >= size)
        last = size - 1;
    /* "-0" begins at the end too: it asks for nothing. */
    *out = (struct http_range){ first, first >= size ? 0 : last - first + 1 };
    return true;
}

static size_t overlaps(const struct http_range *ranges, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            n += ranges[i].first < ranges[j].first + ranges[j].len &&
                 ranges[j].first < ranges[i].first + ranges[i].len;
    return n;
}

enum http_verdict http_ranges(struct http_text value, uint64_t size,
                              struct http_range out[static HTTP_RANGES_MAX], size_t *count)
{
    struct http_text item;
    size_t asked = 0;
    *count = 0;
    /* An unknown unit or a broken specifier counts as no range (RFC 9110, section 14.2). */
    if (value.len < 6 || !http_equal((struct http_text){ value.data, 6 }, "bytes="))
        return HTTP_PROCEED;
    value = (struct http_text){ value.data + 6, value.len - 6 };
    while (http_list_next(&value, &item)) {
        struct http_range range;
        if (item.len == 0)
            continue;
        if (!parse(item, size, &range))
            return HTTP_PROCEED;
        if (++asked > HTTP_RANGES_MAX)
            return HTTP_NO_RANGE;
        if (range.len > 0)
            out[(*count)++] = range;
    }
    if (asked == 0)
        return HTTP_PROCEED;
    /* Many overlapping ranges are an attack on bandwidth (RFC 9110, section 17.15). */
    return *count == 0 || overlaps(out, *count) > 1 ? HTTP_NO_RANGE : HTTP_PARTIAL;
}
