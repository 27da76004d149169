#include <base/http/asked.h>

/* The next field of that name from *at on. *at is then behind it. */
static bool next_field(const struct http_request *request, const char *lower, size_t *at,
                       struct http_text *value)
{
    while (*at < request->field_count) {
        const struct http_field *field = &request->fields[(*at)++];
        if (http_equal(field->name, lower)) {
            *value = field->value;
            return true;
        }
    }
    return false;
}

/* Take the next entity tag of a list. False at the list's end or where it breaks the grammar. */
static bool next_etag(struct http_text *list, struct http_text *tag, bool *weak)
{
    const char *p = list->data, *end = p + list->len;
    while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
        p++;
    *weak = end - p > 2 && p[0] == 'W' && p[1] == '/';
    if (*weak)
        p += 2;
    const char *close = end - p >= 2 && *p == '"' ? memchr(p + 1, '"', (size_t)(end - p - 1)) : NULL;
    if (close == NULL)
        return false;
    *tag = (struct http_text){ p, (size_t)(close + 1 - p) };
    *list = (struct http_text){ close + 1, (size_t)(end - close - 1) };
    return true;
}

static bool is_etag(struct http_text tag, const char *etag)
{
    return strlen(etag) == tag.len && memcmp(tag.data, etag, tag.len) == 0;
}

/*
 * Our tag is strong, so a strong comparison differs from a weak one only when the client's tag is weak
 * (section 8.8.3.2).
 */
static bool list_matches(struct http_text list, const char *etag, bool strong)
{
    struct http_text tag, all = http_trim(list);
    bool weak;
    if (all.len == 1 && *all.data == '*')
        return true;
    while (next_etag(&list, &tag, &weak))
        if (is_etag(tag, etag) && !(strong && weak))
            return true;
    return false;
}

/* 1 or 0 when there is such a condition, -1 when there is none. */
static int matches(const struct http_request *request, const char *lower, const char *etag, bool strong)
{
    struct http_text list;
    size_t at = 0;
    int result = -1;
    while (next_field(request, lower, &at, &list))
        result = result == 1 || list_matches(list, etag, strong);
    return result;
}

/*
 * 1 when it was modified after the field's date, 0 when it was not, -1 when either date is missing or not
 * valid.
 */
static int modified_since(const struct http_request *request, const char *lower, int64_t modified,
                          int64_t now)
{
    struct http_text value;
    size_t at = 0;
    int64_t date;
    if (modified == 0 || !next_field(request, lower, &at, &value) || !http_date_parse(value, now, &date))
        return -1;
    return modified > date;
}

enum http_verdict http_conditions(const struct http_request *request, const char *etag, int64_t modified,
                                  int64_t now)
{
    bool read = request->method == HTTP_GET || request->method == HTTP_HEAD;
    int match = matches(request, "if-match", etag, true);
    if (match == 0 || (match < 0 && modified_since(request, "if-unmodified-since", modified, now) == 1))
        return HTTP_FAILED;
    match = matches(request, "if-none-match", etag, false);
    if (match == 1)
        return read ? HTTP_NOT_MODIFIED : HTTP_FAILED;
    if (match < 0 && read && modified_since(request, "if-modified-since", modified, now) == 0)
        return HTTP_NOT_MODIFIED;
    return HTTP_PROCEED;
}

bool http_if_range(const struct http_request *request, const char *etag, int64_t modified, int64_t now)
{
    struct http_text value, tag, list;
    size_t at = 0;
    bool weak;
    int64_t date;
    if (!next_field(request, "if-range", &at, &value))
        return true;
    list = value;
    if (next_etag(&list, &tag, &weak))
        return list.len == 0 && !weak && is_etag(tag, etag);
    /*
     * A date counts only when it is exactly that of our representation, and that has not changed in this very
     * second, in which it could have changed twice (sections 8.8.2.2 and 13.1.5).
     */
    return modified != 0 && http_date_parse(value, now, &date) && date == modified && now > modified;
}
