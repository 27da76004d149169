/*
 * A folder compiled into the program, with content types, entity tags and gzip variants.
 *
 * mirage-crunch makes an index for each instance; every value is a view of read-only memory.
 */
#include <mirage/functor.h>

#include <stdlib.h>
#include <string.h>

#include <base/crunch/crunch.h>

MODULE(KV_RO, kv_crunch);
CATALOG(crunch, path(folder));
GENERATED(crunch, folder, markdown);

KEY_STRING(folder, ".", "the folder that is compiled in");
KEY_BOOL(markdown, false, "render every .md to HTML");

extern const struct crunch_index crunch_data;

struct kv_crunch {
    const struct crunch_index *index;
};

IO err kv_crunch_connect(struct kv_crunch **out)
{
    struct kv_crunch *kv = malloc(sizeof *kv);

    if (!kv)
        return ERR_NO_MEMORY;
    kv->index = &crunch_data;
    *out = kv;
    return OK;
}

IO void kv_crunch_disconnect(struct kv_crunch *kv)
{
    free(kv);
}

/* Whether the entry's key lies under the dictionary `key` of `len` bytes; "" is the root. */
static bool is_under(const struct crunch_entry *entry, const char *key, size_t len)
{
    return len == 0 || (strncmp(entry->key, key, len) == 0 && entry->key[len] == '/');
}

/* The first entry that is not before `key`. */
static uint64_t lower_bound(const struct crunch_index *index, const char *key)
{
    uint64_t low = 0, high = index->count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (crunch_compare(index->entries[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first entry behind those under the dictionary of which `at` is one. */
static uint64_t behind(const struct crunch_index *index, uint64_t at, const char *key, size_t len)
{
    uint64_t low = at, high = index->count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (is_under(&index->entries[middle], key, len))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * What the key names: a value's entry, or the first entry of a dictionary, which is told
 * by `*dictionary`. The root of an empty store is a dictionary without an entry.
 */
static err find(struct kv_crunch *kv, const char **key, uint64_t *at, bool *dictionary)
{
    const struct crunch_index *index = kv->index;
    size_t len;

    *key = kv_key_check(*key);
    if (!*key)
        return ERR_INVALID;
    len = strlen(*key);
    *at = lower_bound(index, *key);
    *dictionary = len == 0;
    if (*dictionary)
        return OK;
    if (*at == index->count)
        return ERR_NOT_FOUND;
    if (strcmp(index->entries[*at].key, *key) == 0)
        return OK;
    *dictionary = is_under(&index->entries[*at], *key, len);
    return *dictionary ? OK : ERR_NOT_FOUND;
}

static void describe(const struct crunch_entry *entry, struct kv_info *out)
{
    *out = (struct kv_info){ .kind = KV_VALUE,
                             .size = entry->size,
                             .gzip_size = entry->gzip_size,
                             .content_type = entry->content_type };
    memcpy(out->etag, entry->etag, strnlen(entry->etag, sizeof out->etag - 1));
}

IO err kv_crunch_stat(struct kv_crunch *kv, const char *key, struct kv_info *out)
{
    bool dictionary;
    uint64_t at;

    TRY(find(kv, &key, &at, &dictionary));
    if (dictionary)
        *out = (struct kv_info){ .kind = KV_DICTIONARY };
    else
        describe(&kv->index->entries[at], out);
    return OK;
}

static err find_value(struct kv_crunch *kv, const char *key, const struct crunch_entry **out)
{
    bool dictionary;
    uint64_t at;

    TRY(find(kv, &key, &at, &dictionary));
    if (dictionary)
        return ERR_INVALID;
    *out = &kv->index->entries[at];
    return OK;
}

/* A chain, because a view's length has 32 bits. */
static err view(const uint8_t *data, uint64_t len, struct buf **out)
{
    struct buf *chain = NULL, **end = &chain;

    while (len) {
        size_t piece = len < UINT32_C(1) << 31 ? (size_t)len : (size_t)1 << 31;
        *end = buf_static(data, piece);
        if (!*end) {
            buf_free(chain);
            return ERR_NO_MEMORY;
        }
        end = &(*end)->next;
        data += piece;
        len -= piece;
    }
    *out = chain;
    return OK;
}

IO err kv_crunch_get(struct kv_crunch *kv, const char *key, struct buf **out)
{
    const struct crunch_entry *entry;

    TRY(find_value(kv, key, &entry));
    return view(entry->data, entry->size, out);
}

/* The bytes never change, so a value is its entry. */
IO err kv_crunch_open(struct kv_crunch *kv, const char *key, struct kv_crunch_value **out,
                      struct kv_info *info)
{
    const struct crunch_entry *entry;

    TRY(find_value(kv, key, &entry));
    describe(entry, info);
    *out = (struct kv_crunch_value *)entry;
    return OK;
}

void kv_crunch_close(struct kv_crunch_value *value)
{
    (void)value;
}

IO err kv_crunch_read(struct kv_crunch_value *value, enum kv_encoding encoding, uint64_t offset, uint64_t len,
                      struct buf **out)
{
    const struct crunch_entry *entry = (const struct crunch_entry *)value;
    uint64_t size = encoding == KV_GZIP ? entry->gzip_size : entry->size;

    if (encoding == KV_GZIP && !entry->gzip)
        return ERR_NOT_FOUND;
    if (offset > size || len > size - offset)
        return ERR_RANGE;
    return view((encoding == KV_GZIP ? entry->gzip : entry->data) + offset, len, out);
}

/* The segment of an entry's key that begins at `from`, up to the next slash. */
static size_t segment_len(const struct crunch_entry *entry, size_t from)
{
    return strcspn(entry->key + from, "/");
}

/*
 * The names under the dictionary `key` whose first entry is `at`, one for each run of
 * entries that share their next segment. Called first without `list`, to measure.
 */
static void each_name(struct kv_crunch *kv, const char *key, uint64_t at, struct kv_list *list, size_t *count,
                      size_t *bytes)
{
    const struct crunch_index *index = kv->index;
    size_t len = strlen(key), from = len ? len + 1 : 0;
    char *name = list ? list->storage : NULL;

    *count = *bytes = 0;
    while (at < index->count && is_under(&index->entries[at], key, len)) {
        const struct crunch_entry *entry = &index->entries[at];
        size_t segment = segment_len(entry, from);
        bool dictionary = entry->key[from + segment] == '/';
        if (list) {
            struct kv_entry *item = &list->entries[*count];
            item->kind = dictionary ? KV_DICTIONARY : KV_VALUE;
            item->name = dictionary ? name : entry->key + from;
            if (dictionary) {
                memcpy(name, entry->key + from, segment);
                name[segment] = '\0';
                name += segment + 1;
            }
        }
        ++*count;
        if (dictionary)
            *bytes += segment + 1;
        at = dictionary ? behind(index, at, entry->key, from + segment) : at + 1;
    }
}

IO err kv_crunch_list(struct kv_crunch *kv, const char *key, struct kv_list *out)
{
    struct kv_list list = { 0 };
    size_t bytes;
    bool dictionary;
    uint64_t at;

    TRY(find(kv, &key, &at, &dictionary));
    if (!dictionary)
        return ERR_INVALID;
    each_name(kv, key, at, NULL, &list.count, &bytes);
    if (list.count)
        list.entries = calloc(list.count, sizeof *list.entries);
    if (bytes)
        list.storage = malloc(bytes);
    if ((list.count && !list.entries) || (bytes && !list.storage)) {
        kv_list_free(&list);
        return ERR_NO_MEMORY;
    }
    if (list.count)
        each_name(kv, key, at, &list, &list.count, &bytes);
    *out = list;
    return OK;
}
