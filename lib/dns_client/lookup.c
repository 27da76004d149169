#include "dns_client.h"

#include <stdlib.h>

KEY_INT(longest_ttl, 86400, 0, 604800, "seconds that an answer is kept at most");

/* Aliases that lead from reply to reply. */
enum { HOPS_MAX = 8 };

static struct pending *find_pending(struct dns_client *client, const struct dns_name *name, uint16_t type)
{
    struct pending *p = client->pending;
    while (p != NULL && !(p->type == type && dns_name_equal(&p->name, name)))
        p = p->next;
    return p;
}

static void pending_release(struct pending *p)
{
    if (--p->users > 0)
        return;
    dns_records_release(p->records);
    free(p);
}

/* Ask for the records, follow aliases, and cache the result. */
static IO err resolve_chain(struct dns_client *client, const struct dns_name *name, uint16_t type,
                            struct dns_records **out)
{
    struct dns_name at = *name;
    struct dns_answer answer;
    uint32_t ttl = (uint32_t)key_longest_ttl;
    for (unsigned hops = 0; hops < HOPS_MAX; hops++) {
        TRY(ask(client, &at, type, &answer));
        if (answer.ttl < ttl)
            ttl = answer.ttl;
        if (answer.kind == DNS_ANSWER_ALIAS) {
            at = answer.alias;
            continue;
        }
        if (answer.kind != DNS_ANSWER_FOUND) {
            bool any_type = answer.kind == DNS_ANSWER_NO_NAME && hops == 0 && !answer.aliased;
            cache_add(&client->cache, name, any_type ? 0 : type, ttl, NULL);
            return ERR_NOT_FOUND;
        }
        cache_add(&client->cache, name, type, ttl, answer.records);
        *out = answer.records;
        return OK;
    }
    return ERR_IO;
}

/* Ask on behalf of all fibers that have this question, and give them the result. */
static IO err lead(struct dns_client *client, const struct dns_name *name, uint16_t type,
                   struct dns_records **out)
{
    struct pending *p = calloc(1, sizeof *p), **at = &client->pending;
    if (p == NULL)
        return ERR_NO_MEMORY;
    p->users = 1;
    p->type = type;
    p->name = *name;
    p->next = client->pending;
    client->pending = p;
    err e = resolve_chain(client, name, type, out);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    if (e == OK) {
        p->records = *out;
        p->records->users++;
        os_promise_resolve(&p->promise, NULL);
    } else {
        /* If this fiber was stopped, that does not concern the others: one of them asks again. */
        os_promise_fail(&p->promise, os_check() != OK ? ERR_AGAIN : e);
    }
    pending_release(p);
    return e;
}

INTERNAL IO err look_up(struct dns_client *client, const struct dns_name *name, uint16_t type,
                        struct dns_records **out)
{
    for (;;) {
        err e = cache_find(&client->cache, name, type, out);
        if (e != ERR_AGAIN) {
            metric_add(&client->cached, 1);
            return e;
        }
        struct pending *p = find_pending(client, name, type);
        if (p == NULL)
            return lead(client, name, type, out);
        p->users++;
        e = os_promise_await(&p->promise, NULL);
        if (e == OK) {
            *out = p->records;
            p->records->users++;
        }
        pending_release(p);
        if (e != ERR_AGAIN)
            return e;
    }
}
