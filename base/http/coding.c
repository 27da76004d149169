#include <base/http/asked.h>

/* A weight (RFC 9110, section 12.4.2) in thousandths, or -1 when the text is not a weight. */
static int weight(struct http_text text)
{
    int value = 0, digits = 0;
    if (text.len == 0 || (text.data[0] != '0' && text.data[0] != '1'))
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (i == 1) {
            if (c != '.')
                return -1;
            continue;
        }
        if (c < '0' || c > '9' || digits == 4)
            return -1;
        value = value * 10 + (c - '0');
        digits++;
    }
    for (; digits < 4; digits++)
        value *= 10;
    return value <= 1000 ? value : -1;
}

/* Read "name" or "name;q=weight". Returns false when it is broken; the element is then ignored. */
static bool element(struct http_text item, struct http_text *name, int *q)
{
    const char *semicolon = item.len ? memchr(item.data, ';', item.len) : NULL;
    *q = 1000;
    *name = item;
    if (semicolon == NULL)
        return item.len > 0;
    *name = http_trim((struct http_text){ item.data, (size_t)(semicolon - item.data) });
    size_t used = (size_t)(semicolon + 1 - item.data);
    struct http_text rest = http_trim((struct http_text){ semicolon + 1, item.len - used });
    if (rest.len < 3 || http_lower(rest.data[0]) != 'q' || rest.data[1] != '=')
        return false;
    *q = weight((struct http_text){ rest.data + 2, rest.len - 2 });
    return *q >= 0;
}

bool http_coding(const struct http_request *request, bool has_gzip, enum kv_encoding *out)
{
    int gzip = -1, identity = -1, any = -1;
    for (size_t i = 0; i < request->field_count; i++) {
        struct http_text list = request->fields[i].value, item, name;
        int q;
        if (request->fields[i].name.len != 15 || !http_equal(request->fields[i].name, "accept-encoding"))
            continue;
        while (http_list_next(&list, &item)) {
            if (!element(item, &name, &q))
                continue;
            if (http_equal(name, "gzip") || http_equal(name, "x-gzip"))
                gzip = q;
            else if (http_equal(name, "identity"))
                identity = q;
            else if (http_equal(name, "*"))
                any = q;
        }
    }
    if (gzip < 0)
        gzip = any;
    /*
     * Without a weight of its own the identity is acceptable, with the least weight, unless "*" excludes it.
     */
    if (identity < 0)
        identity = any == 0 ? 0 : 1;
    *out = has_gzip && gzip > 0 && gzip >= identity ? KV_GZIP : KV_IDENTITY;
    return *out == KV_GZIP || identity > 0;
}
