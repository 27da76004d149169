#include <base/dns/name.h>

#include <string.h>

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* The byte that an escape stands for, and how many characters it takes, or 0 when it is not an escape. */
static size_t unescape(const char *text, size_t len, uint8_t *out)
{
    if (len < 2)
        return 0;
    if (!digits(text + 1, 1)) {
        *out = (uint8_t)text[1];
        return 2;
    }
    if (len < 4 || !digits(text + 1, 3))
        return 0;
    unsigned value =
        (unsigned)(text[1] - '0') * 100 + (unsigned)(text[2] - '0') * 10 + (unsigned)(text[3] - '0');
    *out = (uint8_t)value;
    return value > 255 ? 0 : 4;
}

err dns_name_from_text(struct dns_name *out, const char *text, size_t len)
{
    uint8_t *wire = out->wire;
    size_t start = 0, at = 1, i = 0;
    if (len == 1 && text[0] == '.') {
        *out = (struct dns_name){ .len = 1 };
        return OK;
    }
    if (len == 0)
        return ERR_FORMAT;
    while (i < len) {
        size_t taken = 1;
        uint8_t c = (uint8_t)text[i];
        if (c == '.') {
            if (at == start + 1)
                return ERR_FORMAT;
            wire[start] = (uint8_t)(at - start - 1);
            /* The byte after the last label is the root label. */
            start = at++;
            i++;
            continue;
        }
        if (c == '\\' && (taken = unescape(text + i, len - i, &c)) == 0)
            return ERR_FORMAT;
        if (at - start > DNS_LABEL_MAX || at >= DNS_NAME_MAX - 1)
            return ERR_TOO_LARGE;
        wire[at++] = c;
        i += taken;
    }
    if (at > start + 1) {
        wire[start] = (uint8_t)(at - start - 1);
        start = at++;
    }
    wire[start] = 0;
    out->len = (uint8_t)at;
    return OK;
}

size_t dns_name_to_text(const struct dns_name *name, char text[static DNS_TEXT_SIZE])
{
    size_t n = 0, at = 0;
    while (name->wire[at] != 0) {
        size_t end = at + 1 + name->wire[at];
        if (at > 0)
            text[n++] = '.';
        while (++at < end) {
            uint8_t c = name->wire[at];
            if (c <= ' ' || c >= 0x7f) {
                text[n++] = '\\';
                text[n++] = (char)('0' + c / 100);
                text[n++] = (char)('0' + c / 10 % 10);
                text[n++] = (char)('0' + c % 10);
                continue;
            }
            if (strchr(".\\\"();@$", c) != NULL)
                text[n++] = '\\';
            text[n++] = (char)c;
        }
    }
    if (n == 0)
        text[n++] = '.';
    text[n] = '\0';
    return n;
}

/* Lengths are below 64 and so never letters, and can be folded with the rest. */
static bool equal_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && equal_bytes(a->wire, b->wire, a->len);
}

bool dns_name_same(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

unsigned dns_name_labels(const struct dns_name *name)
{
    unsigned count = 0;
    for (size_t at = 0; name->wire[at] != 0; at += 1u + name->wire[at])
        count++;
    return count;
}

bool dns_name_is_below(const struct dns_name *name, const struct dns_name *domain)
{
    size_t at = 0;
    while (name->len - at > domain->len)
        at += 1u + name->wire[at];
    return name->len - at == domain->len && equal_bytes(name->wire + at, domain->wire, domain->len);
}

err dns_name_append(struct dns_name *name, const struct dns_name *domain)
{
    size_t len = (size_t)name->len - 1 + domain->len;
    if (len > DNS_NAME_MAX)
        return ERR_TOO_LARGE;
    memcpy(name->wire + name->len - 1, domain->wire, domain->len);
    name->len = (uint8_t)len;
    return OK;
}

void dns_name_of_address(struct dns_name *out, const struct ip_addr *addr)
{
    static const char hex[] = "0123456789abcdef";
    static const uint8_t v4_zone[] = "\7in-addr\4arpa", v6_zone[] = "\3ip6\4arpa";
    uint8_t *p = out->wire;
    bool v4 = ip_is_v4(addr);
    for (size_t i = 16; i-- > (v4 ? 12 : 0);) {
        unsigned byte = addr->bytes[i];
        if (v4) {
            uint8_t *count = p++;
            if (byte >= 100)
                *p++ = (uint8_t)('0' + byte / 100);
            if (byte >= 10)
                *p++ = (uint8_t)('0' + byte / 10 % 10);
            *p++ = (uint8_t)('0' + byte % 10);
            *count = (uint8_t)(p - count - 1);
        } else {
            *p++ = 1;
            *p++ = (uint8_t)hex[byte & 15];
            *p++ = 1;
            *p++ = (uint8_t)hex[byte >> 4];
        }
    }
    memcpy(p, v4 ? v4_zone : v6_zone, v4 ? sizeof v4_zone : sizeof v6_zone);
    p += v4 ? sizeof v4_zone : sizeof v6_zone;
    out->len = (uint8_t)(p - out->wire);
}

err dns_name_read(const uint8_t *message, size_t len, size_t *at, struct dns_name *out)
{
    size_t p = *at, limit = len, n = 0;
    bool jumped = false;
    for (;;) {
        if (p >= limit)
            return ERR_FORMAT;
        uint8_t c = message[p];
        if (c >= 0xc0) {
            if (p + 1 >= limit)
                return ERR_FORMAT;
            size_t target = (size_t)(c & 0x3f) << 8 | message[p + 1];
            if (!jumped)
                *at = p + 2;
            jumped = true;
            /* Each pointer moves the limit of the bytes that may be read back, so reading ends. */
            if (target >= p)
                return ERR_FORMAT;
            limit = p;
            p = target;
            continue;
        }
        if (c > DNS_LABEL_MAX || p + 1 + c > limit || n + 1 + c > (c == 0 ? DNS_NAME_MAX : DNS_NAME_MAX - 1))
            return ERR_FORMAT;
        memcpy(out->wire + n, message + p, 1u + c);
        n += 1u + c;
        p += 1u + c;
        if (c == 0)
            break;
    }
    if (!jumped)
        *at = p;
    out->len = (uint8_t)n;
    return OK;
}
