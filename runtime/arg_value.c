/* Runtime arguments: the types of values and their text. */
#include "arg_private.h"

#include <stdlib.h>

void *arg_allocate(size_t size)
{
    struct arg_chunk *chunk = malloc(sizeof *chunk + size);
    if (chunk == NULL)
        return NULL;
    chunk->next = runtime.arg_chunks;
    runtime.arg_chunks = chunk;
    return chunk->bytes;
}

static err parse_bool(bool *out, const char *text)
{
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return ERR_FORMAT;
    *out = yes;
    return OK;
}

static err parse_int(int64_t *out, const char *text)
{
    bool negative = *text == '-';
    uint64_t value = 0, most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    text += negative;
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == '\0')
        return ERR_FORMAT;
    for (; *text != '\0'; text++) {
        unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a') + 10
                         : *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A') + 10
                                                        : 99;
        if (digit >= base || value > (most - digit) / base)
            return ERR_FORMAT;
        value = value * base + digit;
    }
    *out = (int64_t)(negative ? -value : value);
    return OK;
}

static err parse_port(uint16_t *out, const char *text)
{
    int64_t value;
    TRY(parse_int(&value, text));
    if (value < 0 || value > 65535)
        return ERR_FORMAT;
    *out = (uint16_t)value;
    return OK;
}

/* Numbers with units, from the largest to the smallest, each unit once: 1h30m. */
static err parse_duration(os_time *out, const char *text)
{
    static const struct {
        const char *name;
        os_time value;
    } units[] = { { "h", HOURS(1) },         { "m", MINUTES(1) },       { "s", SECONDS(1) },
                  { "ms", MILLISECONDS(1) }, { "us", MICROSECONDS(1) }, { "ns", 1 } };
    size_t unit = 0, count = sizeof units / sizeof *units;
    os_time sum = 0;
    if (*text == '\0')
        return ERR_FORMAT;
    while (*text != '\0') {
        os_time number = 0, part;
        if (*text < '0' || *text > '9')
            return ERR_FORMAT;
        for (; *text >= '0' && *text <= '9'; text++)
            if (__builtin_mul_overflow(number, 10, &number) ||
                __builtin_add_overflow(number, *text - '0', &number))
                return ERR_FORMAT;
        size_t len = strspn(text, "hmsun");
        while (unit < count && (strlen(units[unit].name) != len || memcmp(units[unit].name, text, len) != 0))
            unit++;
        if (unit == count || __builtin_mul_overflow(number, units[unit].value, &part) ||
            __builtin_add_overflow(sum, part, &sum))
            return ERR_FORMAT;
        unit++;
        text += len;
    }
    *out = sum;
    return OK;
}

/* How many items there are in `text`; none when it is empty. */
static size_t count_items(const char *text)
{
    size_t n = *text != '\0';
    for (; *text != '\0'; text++)
        n += *text == ',';
    return n;
}

static err append_strings(struct arg_strings *list, const char *text)
{
    size_t more = count_items(text), size = strlen(text) + 1;
    const char **items = arg_allocate((list->count + more) * sizeof *items + size);
    if (items == NULL)
        return ERR_NO_MEMORY;
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    char *at = (char *)(items + list->count + more);
    memcpy(at, text, size);
    for (size_t i = 0; i < more; i++) {
        items[list->count + i] = at;
        at += strcspn(at, ",");
        *at++ = '\0';
    }
    list->items = items;
    list->count += more;
    return OK;
}

static err append_ips(struct arg_ips *list, const char *text)
{
    size_t more = count_items(text);
    struct ip_addr *items = arg_allocate((list->count + more) * sizeof *items);
    if (items == NULL)
        return ERR_NO_MEMORY;
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    for (size_t i = 0; i < more; i++) {
        size_t len = strcspn(text, ",");
        TRY(ip_parse(&items[list->count + i], text, len));
        text += len + 1;
    }
    list->items = items;
    list->count += more;
    return OK;
}

/* A length that was forgotten would make a network of the host alone, so it must be given. */
static err parse_network(struct ip_cidr *out, const char *text)
{
    return strchr(text, '/') == NULL ? ERR_FORMAT : ip_cidr_parse(out, text, strlen(text));
}

err arg_set(const struct arg *arg, const char *text)
{
    switch (arg->type) {
    case ARG_TYPE_BOOL: return parse_bool(arg->value, text);
    case ARG_TYPE_INT: return parse_int(arg->value, text);
    case ARG_TYPE_STRING: *(const char **)arg->value = text; return OK;
    case ARG_TYPE_IP: return ip_parse(arg->value, text, strlen(text));
    case ARG_TYPE_CIDR: return parse_network(arg->value, text);
    case ARG_TYPE_PORT: return parse_port(arg->value, text);
    case ARG_TYPE_DURATION: return parse_duration(arg->value, text);
    case ARG_TYPE_STRINGS: return append_strings(arg->value, text);
    case ARG_TYPE_IPS: return append_ips(arg->value, text);
    }
    return ERR_UNSUPPORTED;
}

void arg_clear(const struct arg *arg)
{
    switch (arg->type) {
    case ARG_TYPE_BOOL:
    case ARG_TYPE_INT:
    case ARG_TYPE_PORT: break; /* the variable's initial value is its default */
    case ARG_TYPE_STRING: *(const char **)arg->value = NULL; break;
    case ARG_TYPE_IP: *(struct ip_addr *)arg->value = IP_ANY; break;
    case ARG_TYPE_CIDR: *(struct ip_cidr *)arg->value = (struct ip_cidr){ .prefix = 0 }; break;
    case ARG_TYPE_DURATION: *(os_time *)arg->value = 0; break;
    case ARG_TYPE_STRINGS: *(struct arg_strings *)arg->value = (struct arg_strings){ 0, NULL }; break;
    case ARG_TYPE_IPS: *(struct arg_ips *)arg->value = (struct arg_ips){ 0, NULL }; break;
    }
}

static const struct {
    const char *placeholder, *expected;
} types[] = {
    [ARG_TYPE_BOOL] = { "", "true or false" },
    [ARG_TYPE_INT] = { "NUMBER", "a 64-bit number, decimal or 0x and hexadecimal" },
    [ARG_TYPE_STRING] = { "TEXT", "text" },
    [ARG_TYPE_IP] = { "ADDRESS", "an IPv4 or IPv6 address" },
    [ARG_TYPE_CIDR] = { "ADDRESS/PREFIX", "an address with a prefix length, as 10.0.0.2/24" },
    [ARG_TYPE_PORT] = { "PORT", "a port number from 0 to 65535" },
    [ARG_TYPE_DURATION] = { "DURATION", "a duration with units h, m, s, ms, us or ns, as 1h30m or 250ms" },
    [ARG_TYPE_STRINGS] = { "TEXT,...", "texts with commas between" },
    [ARG_TYPE_IPS] = { "ADDRESS,...", "IPv4 or IPv6 addresses with commas between" },
};

const char *arg_expected(enum arg_type type)
{
    return types[type].expected;
}

const char *arg_placeholder(enum arg_type type)
{
    return types[type].placeholder;
}
