#include "dns_client.h"

#include <string.h>

/* Whether the text of a name can stand where a host name is wanted: no byte of it was escaped. */
static bool host_text(const uint8_t *wire, size_t len, char out[static RESOLVER_NAME_SIZE])
{
    char text[DNS_TEXT_SIZE];
    struct dns_name name;
    memcpy(name.wire, wire, len);
    name.len = (uint8_t)len;
    size_t n = dns_name_to_text(&name, text);
    if (n >= RESOLVER_NAME_SIZE || strchr(text, '\\') != NULL)
        return false;
    memcpy(out, text, n + 1);
    return true;
}

static bool read_service(const uint8_t *data, size_t len, struct resolver_service *out)
{
    out->priority = wire_get16(data);
    out->weight = wire_get16(data + 2);
    out->port = wire_get16(data + 4);
    return host_text(data + 6, len - 6, out->host);
}

static void swap(struct resolver_service *a, struct resolver_service *b)
{
    struct resolver_service c = *a;
    *a = *b;
    *b = c;
}

/*
 * Of those from `first` to before `end`, which have one priority, choose by weight which comes next (RFC
 * 2782).
 */
static size_t choose(struct random *random, const struct resolver_service *list, size_t first, size_t end)
{
    uint32_t sum = 0, running = 0;
    for (size_t i = first; i < end; i++)
        sum += list[i].weight;
    uint32_t at = random_below(random, sum + 1);
    /* Those of no weight count only where the number drawn is 0, whichever place they have. */
    for (size_t i = first; i < end && at == 0; i++)
        if (list[i].weight == 0)
            return i;
    for (size_t i = first; i < end; i++)
        if ((running += list[i].weight) >= at)
            return i;
    return first;
}

INTERNAL void services_order(struct random *random, struct resolver_service *list, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t at = i; at > 0 && list[at].priority < list[at - 1].priority; at--)
            swap(&list[at], &list[at - 1]);
    for (size_t first = 0; first < count; first++) {
        size_t end = first + 1;
        while (end < count && list[end].priority == list[first].priority)
            end++;
        swap(&list[first], &list[choose(random, list, first, end)]);
    }
}

INTERNAL size_t services_read(const struct dns_records *records, struct resolver_service *out, size_t room)
{
    size_t at = 0, len, count = 0;
    const uint8_t *data;
    while (count < room && (data = dns_records_next(records, &at, &len)) != NULL)
        if (read_service(data, len, &out[count]))
            count++;
    return count;
}
