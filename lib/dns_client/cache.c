#include "dns_client.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a over the name with its letters in lower case, from a start that outsiders don't know. */
static uint32_t hash_of(const struct cache *cache, const struct dns_name *name)
{
    uint32_t hash = cache->seed;
    for (size_t i = 0; i < name->len; i++) {
        uint8_t c = name->wire[i];
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 16777619u;
    }
    return hash;
}

INTERNAL err cache_init(struct cache *cache, size_t count, size_t bytes, uint32_t seed)
{
    size_t buckets = 16;
    while (buckets < count && buckets < 65536)
        buckets *= 2;
    *cache =
        (struct cache){ .bucket_mask = buckets - 1, .count_max = count, .bytes_max = bytes, .seed = seed };
    cache->buckets = calloc(buckets, sizeof(struct cached *));
    return cache->buckets == NULL ? ERR_NO_MEMORY : OK;
}

static void unlink_use(struct cache *cache, struct cached *c)
{
    *(c->newer != NULL ? &c->newer->older : &cache->newest) = c->older;
    *(c->older != NULL ? &c->older->newer : &cache->oldest) = c->newer;
}

static void link_newest(struct cache *cache, struct cached *c)
{
    c->newer = NULL;
    c->older = cache->newest;
    *(c->older != NULL ? &c->older->newer : &cache->oldest) = c;
    cache->newest = c;
}

static size_t size_of(const struct dns_records *records)
{
    return sizeof(struct cached) + (records == NULL ? 0 : sizeof *records + records->len);
}

static void drop(struct cache *cache, struct cached *c)
{
    struct cached **at = &cache->buckets[c->hash & cache->bucket_mask];
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    unlink_use(cache, c);
    cache->count--;
    cache->bytes -= size_of(c->records);
    dns_records_release(c->records);
    free(c);
}

INTERNAL void cache_free(struct cache *cache)
{
    while (cache->oldest != NULL)
        drop(cache, cache->oldest);
    free(cache->buckets);
}

static struct cached *find(struct cache *cache, const struct dns_name *name, uint16_t type)
{
    uint32_t hash = hash_of(cache, name);
    for (struct cached *c = cache->buckets[hash & cache->bucket_mask]; c != NULL; c = c->next)
        if (c->hash == hash && c->type == type && dns_name_equal(&c->name, name)) {
            if (c->expires > os_now())
                return c;
            drop(cache, c);
            return NULL;
        }
    return NULL;
}

INTERNAL err cache_find(struct cache *cache, const struct dns_name *name, uint16_t type,
                        struct dns_records **out)
{
    struct cached *c = find(cache, name, type);
    if (c == NULL && (c = find(cache, name, 0)) == NULL)
        return ERR_AGAIN;
    unlink_use(cache, c);
    link_newest(cache, c);
    if (c->records == NULL)
        return ERR_NOT_FOUND;
    c->records->users++;
    *out = c->records;
    return OK;
}

INTERNAL void cache_add(struct cache *cache, const struct dns_name *name, uint16_t type, uint32_t ttl,
                        struct dns_records *records)
{
    struct cached *c = find(cache, name, type);
    if (c != NULL)
        drop(cache, c);
    if (ttl == 0 || cache->count_max == 0 || size_of(records) > cache->bytes_max)
        return;
    while (cache->count > 0 &&
           (cache->count >= cache->count_max || cache->bytes + size_of(records) > cache->bytes_max))
        drop(cache, cache->oldest);
    if ((c = malloc(sizeof *c)) == NULL)
        return;
    *c = (struct cached){
        .hash = hash_of(cache, name),
        .type = type,
        .expires = os_now() + SECONDS(ttl),
        .records = records,
        .name = *name,
    };
    if (records != NULL)
        records->users++;
    c->next = cache->buckets[c->hash & cache->bucket_mask];
    cache->buckets[c->hash & cache->bucket_mask] = c;
    link_newest(cache, c);
    cache->count++;
    cache->bytes += size_of(records);
}
