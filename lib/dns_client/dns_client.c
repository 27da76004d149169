#include "dns_client.h"

#include <stdlib.h>
#include <string.h>

KEY_INT(cache_count, 512, 1, 65535, "answers that are kept");
KEY_INT(cache_bytes, 262144, 0, 1 << 30, "bytes that they may take");

static const struct metric_row metrics[] = {
    METRIC_ROW(struct dns_client, queries, COUNTER, "dns.queries", "queries sent to a server, by UDP first"),
    METRIC_ROW(struct dns_client, by_tcp, COUNTER, "dns.queries_by_tcp", "queries repeated by TCP"),
    METRIC_ROW(struct dns_client, cached, COUNTER, "dns.cached", "lookups answered from the cache"),
    METRIC_ROW(struct dns_client, timeouts, COUNTER, "dns.timeouts", "queries that a server did not answer"),
    METRIC_ROW(struct dns_client, refused, COUNTER, "dns.refused", "datagrams that were no reply to a query"),
};

IO err dns_client_connect(struct dns_client **out, struct stack *stack, struct random *random)
{
    TRY(hosts_check());
    struct dns_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return ERR_NO_MEMORY;
    err e = cache_init(&client->cache, (size_t)key_cache_count, (size_t)key_cache_bytes,
                       (uint32_t)random_u64(random));
    if (e != OK) {
        free(client);
        return e;
    }
    client->stack = stack;
    client->random = random;
    client->began = os_now();
    metric_register(metrics, client, INSTANCE_NAME);
    *out = client;
    return OK;
}

IO void dns_client_disconnect(struct dns_client *client)
{
    metric_unregister(metrics, client);
    cache_free(&client->cache);
    free(client);
}

/* The first of the names that the search list makes which has such records. */
static IO err search_records(struct dns_client *client, const char *name, uint16_t type,
                             struct dns_records **out)
{
    struct dns_name candidate;
    err e, result = ERR_NOT_FOUND;
    if (!host_name_valid(name))
        return ERR_INVALID;
    for (size_t n = 0; (e = name_candidate(client, name, n, &candidate)) != ERR_END; n++) {
        if (e == OK)
            e = name_is_nowhere(&candidate) ? ERR_NOT_FOUND : look_up(client, &candidate, type, out);
        if (e == OK)
            return OK;
        TRY(os_check());
        if (e == ERR_NOT_FOUND || e == ERR_TOO_LARGE)
            continue;
        /* One domain's servers may be ill while another's are not. */
        result = e;
        if (e != ERR_IO)
            break;
    }
    return result;
}

static IO err find_addresses(struct dns_client *client, const char *name, enum resolver_family family,
                             struct ip_addr out[static DNS_ANSWER_RECORDS_MAX], size_t *count)
{
    struct dns_records *records;
    const uint8_t *data;
    size_t at = 0, len;
    bool known;
    *count = hosts_find(name, family, out, DNS_ANSWER_RECORDS_MAX, &known);
    if (known)
        return *count > 0 ? OK : ERR_NOT_FOUND;
    TRY(search_records(client, name, family == RESOLVER_IPV4 ? DNS_A : DNS_AAAA, &records));
    while (*count < DNS_ANSWER_RECORDS_MAX && (data = dns_records_next(records, &at, &len)) != NULL) {
        out[*count] = IP_V4(0, 0, 0, 0);
        memcpy(out[*count].bytes + 16 - len, data, len);
        ++*count;
    }
    dns_records_release(records);
    return OK;
}

/* Text that is an address already; of the other family it is none. */
static bool is_numeric(const char *name, struct ip_addr *out)
{
    return ip_parse(out, name, strlen(name)) == OK;
}

static void give(const struct ip_addr *list, size_t found, struct ip_addr *out, size_t room, size_t *count)
{
    *count = found < room ? found : room;
    if (*count > 0)
        memcpy(out, list, *count * sizeof *out);
}

IO err dns_client_resolve_family(struct dns_client *client, const char *name, enum resolver_family family,
                                 struct ip_addr *out, size_t room, size_t *count)
{
    struct ip_addr list[DNS_ANSWER_RECORDS_MAX];
    size_t found = 1;
    if (is_numeric(name, list)) {
        if (ip_is_v4(list) != (family == RESOLVER_IPV4))
            return ERR_NOT_FOUND;
    } else {
        TRY(find_addresses(client, name, family, list, &found));
        sort_addresses(stack_get_ip(client->stack), list, found);
    }
    give(list, found, out, room, count);
    return OK;
}

/* The addresses of one family, looked for by a fiber of its own. */
struct half {
    struct dns_client *client;
    const char *name;
    struct ip_addr list[DNS_ANSWER_RECORDS_MAX];
    size_t count;
    err error;
};

static IO err find_half(void *arg)
{
    struct half *half = arg;
    half->error = find_addresses(half->client, half->name, RESOLVER_IPV6, half->list, &half->count);
    return OK;
}

static IO err find_both(struct dns_client *client, const char *name, struct ip_addr *out, size_t room,
                        size_t *count)
{
    struct half *v6 = calloc(1, sizeof *v6);
    struct os_fiber *fiber;
    struct ip_addr list[2 * DNS_ANSWER_RECORDS_MAX];
    size_t found = 0;
    if (v6 == NULL)
        return ERR_NO_MEMORY;
    v6->client = client;
    v6->name = name;
    err e = os_spawn(&fiber, find_half, v6);
    if (e == OK) {
        err v4 = find_addresses(client, name, RESOLVER_IPV4, list, &found);
        e = os_join(fiber);
        /* One family is enough; what went wrong says more than that there is nothing. */
        if (e == OK && v4 != OK && v6->error != OK)
            e = v4 == ERR_NOT_FOUND ? v6->error : v4;
    }
    if (e == OK) {
        memcpy(list + found, v6->list, v6->count * sizeof *list);
        found += v6->count;
        sort_addresses(stack_get_ip(client->stack), list, found);
        give(list, found, out, room, count);
    }
    free(v6);
    return e;
}

IO err dns_client_resolve(struct dns_client *client, const char *name, struct ip_addr *out, size_t room,
                          size_t *count)
{
    struct ip_addr numeric;
    if (is_numeric(name, &numeric)) {
        give(&numeric, 1, out, room, count);
        return OK;
    }
    return host_name_valid(name) ? find_both(client, name, out, room, count) : ERR_INVALID;
}

IO err dns_client_resolve_services(struct dns_client *client, const char *name, struct resolver_service *out,
                                   size_t room, size_t *count)
{
    struct dns_records *records;
    struct resolver_service *all = malloc(DNS_ANSWER_RECORDS_MAX * sizeof *all);
    if (all == NULL)
        return ERR_NO_MEMORY;
    err e = search_records(client, name, DNS_SRV, &records);
    if (e == OK) {
        size_t found = services_read(records, all, DNS_ANSWER_RECORDS_MAX);
        dns_records_release(records);
        /* A lone "." says that the service isn't there. */
        if (found == 0 || (found == 1 && strcmp(all[0].host, ".") == 0))
            e = ERR_NOT_FOUND;
        services_order(client->random, all, found);
        *count = found < room ? found : room;
        if (e == OK && *count > 0)
            memcpy(out, all, *count * sizeof *out);
    }
    free(all);
    return e;
}

IO err dns_client_resolve_texts(struct dns_client *client, const char *name, struct buf **out)
{
    struct dns_records *records;
    struct buf *texts = NULL;
    const uint8_t *data;
    size_t at = 0, len;
    TRY(search_records(client, name, DNS_TXT, &records));
    while ((data = dns_records_next(records, &at, &len)) != NULL) {
        struct buf *text = buf_copy(data, len);
        if (text == NULL) {
            buf_free(texts);
            dns_records_release(records);
            return ERR_NO_MEMORY;
        }
        texts = buf_append(texts, text);
    }
    dns_records_release(records);
    *out = texts;
    return OK;
}
