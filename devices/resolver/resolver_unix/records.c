#include "resolver_unix.h"

#include <resolv.h>
#include <string.h>

#include <base/wire/wire.h>

/* An iterator over the records of the requested type in a reply. Zeroed, it stands before the first. */
struct record {
    const uint8_t *at, *data;
    size_t len;
    unsigned left;
};

static bool next_record(const struct lookup *lookup, struct record *r)
{
    const uint8_t *begin = lookup->reply, *end = begin + lookup->reply_len;

    if (!r->at) {
        if (lookup->reply_len < NS_HFIXEDSZ)
            return false;
        r->left = wire_get16(begin + 6);
        r->at = begin + NS_HFIXEDSZ;
        for (unsigned questions = wire_get16(begin + 4); questions > 0; questions--) {
            int n = dn_skipname(r->at, end);
            if (n < 0 || end - r->at < n + NS_QFIXEDSZ)
                return false;
            r->at += n + NS_QFIXEDSZ;
        }
    }
    while (r->left > 0) {
        int n = dn_skipname(r->at, end);
        r->left--;
        if (n < 0 || end - r->at < n + NS_RRFIXEDSZ)
            return false;
        const uint8_t *p = r->at + n;
        r->len = wire_get16(p + 8);
        r->data = p + NS_RRFIXEDSZ;
        if ((size_t)(end - r->data) < r->len)
            return false;
        r->at = r->data + r->len;
        if (wire_get16(p) == lookup->type)
            return true;
    }
    return false;
}

static bool read_service(const struct lookup *lookup, const struct record *r, struct resolver_service *out)
{
    if (r->len < 7)
        return false;
    out->priority = wire_get16(r->data);
    out->weight = wire_get16(r->data + 2);
    out->port = wire_get16(r->data + 4);
    if (dn_expand(lookup->reply, lookup->reply + lookup->reply_len, r->data + 6, out->host,
                  sizeof out->host) < 0)
        return false;
    return *out->host != '\0' && strcmp(out->host, ".") != 0;
}

/* Sort in the order of RFC 2782: by priority, and by a weighted random choice within one priority. */
static void order_services(struct resolver_service *list, size_t count)
{
    for (size_t first = 0; first < count; first++) {
        uint16_t least = UINT16_MAX;
        uint32_t sum = 0, at;
        size_t chosen = first;
        for (size_t i = first; i < count; i++)
            if (list[i].priority < least)
                least = list[i].priority;
        for (size_t i = first; i < count; i++)
            sum += list[i].priority == least ? list[i].weight + 1u : 0;
        if (os_entropy(&at, sizeof at) != OK)
            at = 0;
        at %= sum;
        for (size_t i = first; i < count; i++) {
            if (list[i].priority != least)
                continue;
            chosen = i;
            if (at <= list[i].weight)
                break;
            at -= list[i].weight + 1u;
        }
        struct resolver_service next = list[chosen];
        memmove(&list[first + 1], &list[first], (chosen - first) * sizeof *list);
        list[first] = next;
    }
}

IO err resolver_unix_resolve_services(struct resolver_unix *resolver, const char *name,
                                      struct resolver_service *out, size_t room, size_t *count)
{
    struct resolver_service list[SERVICES];
    struct lookup *lookup;
    struct record r = { 0 };
    size_t found = 0;

    if (!host_name_valid(name))
        return ERR_INVALID;
    TRY(look_up(resolver, name, 0, ns_t_srv, &lookup));
    while (found < SERVICES && next_record(lookup, &r))
        if (read_service(lookup, &r, &list[found]))
            found++;
    lookup_free(lookup);
    if (found == 0)
        return ERR_NOT_FOUND;
    order_services(list, found);
    *count = found < room ? found : room;
    memcpy(out, list, *count * sizeof *out);
    return OK;
}

/* Join the strings of a TXT record. */
static struct buf *read_text(const struct record *r)
{
    struct buf *text = buf_alloc(r->len);
    size_t n = 0;

    if (!text)
        return NULL;
    for (size_t at = 0; at < r->len; at += 1u + r->data[at]) {
        size_t len = r->data[at];
        if (len > r->len - at - 1)
            break;
        memcpy(text->data + n, r->data + at + 1, len);
        n += len;
    }
    text->len = (uint32_t)n;
    return text;
}

IO err resolver_unix_resolve_texts(struct resolver_unix *resolver, const char *name, struct buf **out)
{
    struct lookup *lookup;
    struct record r = { 0 };
    struct buf *texts = NULL, *text;
    err e = OK;

    if (!host_name_valid(name))
        return ERR_INVALID;
    TRY(look_up(resolver, name, 0, ns_t_txt, &lookup));
    while (e == OK && next_record(lookup, &r)) {
        text = read_text(&r);
        if (!text)
            e = ERR_NO_MEMORY;
        texts = buf_append(texts, text);
    }
    lookup_free(lookup);
    if (e == OK && !texts)
        e = ERR_NOT_FOUND;
    if (e != OK) {
        buf_free(texts);
        return e;
    }
    *out = texts;
    return OK;
}
