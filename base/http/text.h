/* The characters, lists and numbers of HTTP's fields (RFC 9110, section 5.6). Pure functions. */
#ifndef BASE_HTTP_TEXT_H
#define BASE_HTTP_TEXT_H

#include <string.h>

#include <mirage/http.h>

enum http_class {
    HTTP_TCHAR = 1, /* in a token (RFC 9110, section 5.6.2) */
    HTTP_PATH = 2,  /* in a path of a target; includes what browsers send unescaped */
    HTTP_QUERY = 4, /* in a query, the same way */
    HTTP_VALUE = 8, /* in a field's value: visible, space, tab, and bytes above 127 */
    HTTP_HOST = 16, /* in a registered name (RFC 3986, section 3.2.2) */
};

/* What tells the end of a message (RFC 9112, section 6.3). CLOSE: the end of the connection. */
enum http_framing { HTTP_FRAME_NONE, HTTP_FRAME_LENGTH, HTTP_FRAME_CHUNKED, HTTP_FRAME_CLOSE };

#define HTTP_URL_ (HTTP_PATH | HTTP_QUERY | HTTP_VALUE)
#define HTTP_ALL_ (HTTP_TCHAR | HTTP_URL_ | HTTP_HOST)
static const __attribute__((unused)) uint8_t http_classes[256] = {
    ['\t'] = HTTP_VALUE,
    [' '] = HTTP_VALUE,
    ['!'] = HTTP_ALL_,
    ['"'] = HTTP_VALUE,
    ['#'] = HTTP_TCHAR | HTTP_VALUE,
    ['$' ... '\''] = HTTP_ALL_,
    ['('] = HTTP_URL_ | HTTP_HOST,
    [')'] = HTTP_URL_ | HTTP_HOST,
    ['*'] = HTTP_ALL_,
    ['+'] = HTTP_ALL_,
    [','] = HTTP_URL_ | HTTP_HOST,
    ['-'] = HTTP_ALL_,
    ['.'] = HTTP_ALL_,
    ['/'] = HTTP_URL_,
    ['0' ... '9'] = HTTP_ALL_,
    [':'] = HTTP_URL_,
    [';'] = HTTP_URL_ | HTTP_HOST,
    ['<'] = HTTP_VALUE,
    ['='] = HTTP_URL_ | HTTP_HOST,
    ['>'] = HTTP_VALUE,
    ['?'] = HTTP_QUERY | HTTP_VALUE,
    ['@'] = HTTP_URL_,
    ['A' ... 'Z'] = HTTP_ALL_,
    ['['] = HTTP_URL_,
    ['\\'] = HTTP_QUERY | HTTP_VALUE,
    [']'] = HTTP_URL_,
    ['^'] = HTTP_TCHAR | HTTP_URL_,
    ['_'] = HTTP_ALL_,
    ['`'] = HTTP_TCHAR | HTTP_URL_,
    ['a' ... 'z'] = HTTP_ALL_,
    ['{'] = HTTP_URL_,
    ['|'] = HTTP_TCHAR | HTTP_URL_,
    ['}'] = HTTP_URL_,
    ['~'] = HTTP_ALL_,
    [0x80 ... 0xff] = HTTP_VALUE,
};
#undef HTTP_URL_
#undef HTTP_ALL_

static inline bool http_is(char c, enum http_class kind)
{
    return http_classes[(uint8_t)c] & kind;
}

/* Whether all bytes are of the class; false for an empty text. */
static inline bool http_all(struct http_text text, enum http_class kind)
{
    for (size_t i = 0; i < text.len; i++)
        if (!http_is(text.data[i], kind))
            return false;
    return text.len > 0;
}

/*
 * Whether the texts are equal without regard to the case of ASCII letters. `lower` has no upper case letters.
 */
static inline bool http_equal(struct http_text text, const char *lower)
{
    size_t i = 0;
    for (; i < text.len; i++)
        if (lower[i] == '\0' || http_lower(text.data[i]) != lower[i])
            return false;
    return lower[i] == '\0';
}

/*
 * The first byte in p..end that can't be part of a field's value, or `end`. Eight bytes are checked at a
 * time. Subtracting the space from each byte sets the high bit where it borrows, that is, where the byte is
 * below a space. The difference to DEL is checked in the same way. A borrow changes only bytes above a hit.
 */
static inline const char *http_skip_value(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        uint64_t del = word ^ (ones * 0x7f);
        uint64_t hit = (((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & high;
        if (hit == 0) {
            p += 8;
            continue;
        }
        p += __builtin_ctzll(hit) / 8;
        if (*p != '\t')
            return p;
        p++;
    }
    while (p < end && http_is(*p, HTTP_VALUE))
        p++;
    return p;
}

/* Whether the text can be a field's value. A line end in it would let its supplier add fields. */
static inline bool http_is_value(const char *text)
{
    const char *end = text + strlen(text);
    return http_skip_value(text, end) == end;
}

/* The text without spaces and tabs at both ends. */
static inline struct http_text http_trim(struct http_text text)
{
    while (text.len > 0 && (*text.data == ' ' || *text.data == '\t'))
        text.data++, text.len--;
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Take the next element of a comma-separated list without quotes. It is trimmed and may be empty. */
static inline bool http_list_next(struct http_text *list, struct http_text *item)
{
    if (list->data == NULL)
        return false;
    const char *comma = list->len ? memchr(list->data, ',', list->len) : NULL;
    size_t len = comma ? (size_t)(comma - list->data) : list->len;
    *item = http_trim((struct http_text){ list->data, len });
    *list = comma ? (struct http_text){ comma + 1, list->len - len - 1 } : (struct http_text){ NULL, 0 };
    return true;
}

/* Read digits and nothing else. False when there are other characters, or the number exceeds 2^63 - 1. */
static inline bool http_number(struct http_text text, int64_t *out)
{
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return text.len > 0;
}

/* Write the bytes, or the text without its NUL. Both return the place behind it. */
static inline char *http_put(char *out, const char *data, size_t len)
{
    memcpy(out, data, len);
    return out + len;
}

static inline char *http_put_string(char *out, const char *text)
{
    return http_put(out, text, strlen(text));
}

/* Write a number in decimal, at most 20 bytes. Returns the place behind it. */
static inline char *http_put_number(char *out, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    memcpy(out, digits + at, sizeof digits - at);
    return out + sizeof digits - at;
}

#endif
