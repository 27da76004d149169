#include <base/fault/spec.h>

#include <stdbool.h>
#include <string.h>

/* "5%" or "0.1%", in millionths. */
static bool parse_share(const char *text, size_t len, uint32_t *out)
{
    uint64_t share = 0, unit = FAULT_PARTS / 100;
    size_t i = 0;

    for (; i < len && text[i] >= '0' && text[i] <= '9' && share <= FAULT_PARTS; i++)
        share = share * 10 + (uint64_t)(text[i] - '0') * unit;
    bool some = i > 0;
    if (some && i < len && text[i] == '.')
        for (i++; i < len && text[i] >= '0' && text[i] <= '9' && unit > 1; i++)
            share += (uint64_t)(text[i] - '0') * (unit /= 10);
    *out = (uint32_t)share;
    return some && i + 1 == len && text[i] == '%' && share <= FAULT_PARTS;
}

/* A number with one of these suffixes, which multiply it. */
struct unit {
    const char *name;
    uint64_t factor;
};

static bool parse_number(const char *text, size_t len, const struct unit *units, uint64_t *out)
{
    uint64_t n = 0;
    size_t i = 0;

    for (; i < len && text[i] >= '0' && text[i] <= '9' && n < UINT64_C(1000000000000); i++)
        n = n * 10 + (uint64_t)(text[i] - '0');
    for (const struct unit *u = units; i > 0 && u->name != NULL; u++)
        if (strlen(u->name) == len - i && memcmp(u->name, text + i, len - i) == 0) {
            *out = n * u->factor;
            return n < UINT64_C(1000000000000) && *out / u->factor == n && *out <= INT64_MAX / 4;
        }
    return false;
}

static const struct unit time_units[] = {
    { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { 0 }
};
static const struct unit rate_units[] = {
    { "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 }, { 0 }
};
static const struct unit no_units[] = { { "", 1 }, { 0 } };

static bool parse_part(struct fault_spec *spec, const char *text, size_t len)
{
    const struct {
        const char *name;
        uint32_t *share;
        os_time *time;
    } parts[] = {
        { "loss", &spec->loss, NULL },       { "duplicate", &spec->duplicate, NULL },
        { "corrupt", &spec->corrupt, NULL }, { "reorder", &spec->reorder, NULL },
        { "delay", NULL, &spec->delay },     { "jitter", NULL, &spec->jitter },
        { "hold", NULL, &spec->hold },
    };
    size_t name = 0;
    uint64_t n;

    while (name < len && text[name] != '=')
        name++;
    if (name == len)
        return false;
    const char *value = text + name + 1;
    size_t value_len = len - name - 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strlen(parts[i].name) != name || memcmp(parts[i].name, text, name) != 0)
            continue;
        if (parts[i].share != NULL)
            return parse_share(value, value_len, parts[i].share);
        if (!parse_number(value, value_len, time_units, &n))
            return false;
        *parts[i].time = (os_time)n;
        return true;
    }
    if (name == 4 && memcmp(text, "rate", 4) == 0)
        return parse_number(value, value_len, rate_units, &spec->rate);
    if (name != 5 || memcmp(text, "queue", 5) != 0 || !parse_number(value, value_len, no_units, &n) ||
        n == 0 || n > 1000000)
        return false;
    spec->queue = (size_t)n;
    return true;
}

err fault_spec_parse(struct fault_spec *out, const char *text, const char **wrong)
{
    *out = (struct fault_spec){ .hold = MILLISECONDS(2), .queue = 1000 };
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        *wrong = text;
        if (!parse_part(out, text, len))
            return ERR_FORMAT;
        text += len + (text[len] == ',');
    }
    *wrong = "jitter, which is more than the delay";
    return out->jitter > out->delay ? ERR_FORMAT : OK;
}
