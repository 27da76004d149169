/* IP addresses as text: reads RFC 4291, section 2.2, and writes RFC 5952. */
#include <base/ip/ip.h>
#include <base/text/hex.h>

#include <stdio.h>

/* Four decimal numbers of at most three digits, without leading zeros. */
static bool parse_v4(uint8_t out[4], const char *text, size_t len)
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        unsigned value = 0;
        size_t digits = 0;
        if (i > 0 && (at == len || text[at++] != '.'))
            return false;
        for (; at < len && text[at] >= '0' && text[at] <= '9'; at++, digits++) {
            if (digits == 3 || (digits == 1 && value == 0))
                return false;
            value = value * 10 + (unsigned)(text[at] - '0');
        }
        if (digits == 0 || value > 255)
            return false;
        out[i] = (uint8_t)value;
    }
    return at == len;
}

static bool parse_v6(uint8_t out[16], const char *text, size_t len)
{
    uint8_t bytes[16] = { 0 };
    size_t at = 0, filled = 0, gap = SIZE_MAX; /* `gap`: where :: stands, in bytes */
    if (len >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        at = 2;
    }
    while (at < len) {
        unsigned value = 0;
        size_t start = at, digits = 0;
        if (filled == 16)
            return false;
        for (int digit; at < len && (digit = hex_digit(text[at])) >= 0; at++, digits++) {
            if (digits == 4)
                return false;
            value = value * 16 + (unsigned)digit;
        }
        if (at < len && text[at] == '.') {
            if (filled > 12 || !parse_v4(bytes + filled, text + start, len - start))
                return false;
            filled += 4;
            break;
        }
        if (digits == 0)
            return false;
        bytes[filled++] = (uint8_t)(value >> 8);
        bytes[filled++] = (uint8_t)value;
        if (at == len)
            break;
        if (text[at++] != ':' || at == len)
            return false;
        if (text[at] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = filled;
            at++;
        }
    }
    /* A "::" stands for at least one group of zeros. */
    if (gap == SIZE_MAX ? filled != 16 : filled > 14)
        return false;
    memset(out, 0, 16);
    if (gap == SIZE_MAX)
        gap = filled;
    memcpy(out, bytes, gap);
    memcpy(out + 16 - (filled - gap), bytes + gap, filled - gap);
    return true;
}

err ip_parse(struct ip_addr *out, const char *text, size_t len)
{
    struct ip_addr a = IP_V4(0, 0, 0, 0);
    if (!parse_v4(a.bytes + 12, text, len) && !parse_v6(a.bytes, text, len))
        return ERR_FORMAT;
    *out = a;
    return OK;
}

err ip_cidr_parse(struct ip_cidr *out, const char *text, size_t len)
{
    struct ip_cidr c;
    const char *slash = len > 0 ? memchr(text, '/', len) : NULL;
    size_t addr_len = slash != NULL ? (size_t)(slash - text) : len;
    TRY(ip_parse(&c.addr, text, addr_len));
    bool v4 = ip_is_v4(&c.addr);
    /* For an IPv4 address in the form of an IPv6 one, the prefix is counted in 128 bits too. */
    bool mapped = v4 && memchr(text, ':', addr_len) != NULL;
    unsigned most = v4 && !mapped ? 32 : 128, prefix = most;
    if (slash != NULL) {
        const char *digit = slash + 1, *end = text + len;
        if (digit == end || end - digit > 3 || (*digit == '0' && end - digit > 1))
            return ERR_FORMAT;
        for (prefix = 0; digit < end; digit++) {
            if (*digit < '0' || *digit > '9')
                return ERR_FORMAT;
            prefix = prefix * 10 + (unsigned)(*digit - '0');
        }
        if (prefix > most || (mapped && prefix < 96))
            return ERR_FORMAT;
    }
    c.prefix = (uint8_t)(mapped ? prefix - 96 : prefix);
    *out = c;
    return OK;
}

char *ip_format(const struct ip_addr *a, char *text)
{
    /* RFC 5952, section 5: these prefixes are known to be followed by an IPv4 address. */
    static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
    const uint8_t *b = a->bytes;
    if (ip_is_v4(a)) {
        snprintf(text, IP_TEXT_SIZE, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
        return text;
    }
    bool mixed = memcmp(b, nat64, sizeof nat64) == 0;
    int groups = mixed ? 6 : 8;
    /* The first of the longest runs of two or more zero groups becomes "::". */
    int best = -1, best_len = 1;
    for (int i = 0; i < groups; i++) {
        int run = 0;
        while (i + run < groups && b[2 * (i + run)] == 0 && b[2 * (i + run) + 1] == 0)
            run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
        i += run;
    }
    char *at = text;
    for (int i = 0; i < groups; i++) {
        if (i == best) {
            *at++ = ':';
            *at++ = ':';
            i += best_len - 1;
            continue;
        }
        if (i > 0 && at[-1] != ':')
            *at++ = ':';
        at += sprintf(at, "%x", (unsigned)b[2 * i] << 8 | b[2 * i + 1]);
    }
    if (mixed)
        at += sprintf(at, "%s%u.%u.%u.%u", at[-1] == ':' ? "" : ":", b[12], b[13], b[14], b[15]);
    *at = '\0';
    return text;
}

char *ip_cidr_format(const struct ip_cidr *c, char *text)
{
    ip_format(&c->addr, text);
    size_t len = strlen(text);
    snprintf(text + len, IP_TEXT_SIZE - len, "/%u", c->prefix);
    return text;
}

bool ip_cidr_contains(const struct ip_cidr *c, const struct ip_addr *a)
{
    bool v4 = ip_is_v4(&c->addr);
    if (v4 != ip_is_v4(a))
        return false;
    unsigned bits = c->prefix + (v4 ? 96u : 0u), whole = bits / 8, rest = bits % 8;
    if (memcmp(c->addr.bytes, a->bytes, whole) != 0)
        return false;
    return rest == 0 || ((c->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

bool ip_marks_valid(int dscp, int hop_limit, char *text)
{
    if (dscp < 0 || dscp > 63)
        snprintf(text, IP_MARKS_TEXT, "there is no DSCP %d: give one of 0 to 63 (RFC 2474)", dscp);
    else if (hop_limit < 0 || hop_limit > 255)
        snprintf(text, IP_MARKS_TEXT,
                 "there is no hop limit of %d: give one of 1 to 255, or 0 for the host's default", hop_limit);
    else
        return true;
    return false;
}
