/*
 * KV_RW in memory: a tree of dictionaries with sorted children. Values are kept as the
 * buffers they came in and are given as further views of these; a partial write makes a new
 * chain around the old pieces, so whoever still holds a view sees what it was given.
 */
#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mirage/media.h>

MODULE(KV_RW, kv_mem);

KEY_INT(capacity, 0, "bytes of all values together, 0 for no limit");

/* A value in more views than this, or in views shorter than that, is copied together. */
enum { MOST_VIEWS = 16, SHORT_VIEW = 2048 };

struct node {
    struct node *parent; /* NULL: the root */
    enum kv_kind kind;
    /* Of a value: */
    struct buf *bytes; /* NULL when empty */
    uint64_t size, version;
    uint8_t *block;    /* the memory of `bytes` when that is a copy of ours, else NULL */
    size_t block_room; /* and its size */
    /* Of a dictionary, sorted by name: */
    struct node **children;
    size_t count, room;
    char name[];
};

struct kv_mem {
    struct node *root;
    uint64_t used, versions;
    uint64_t boot; /* so that tags of two runs differ; 0: no source of randomness, no tags */
};

static struct node *node_new(enum kv_kind kind, const char *name, size_t len)
{
    struct node *node = calloc(1, sizeof *node + len + 1);

    if (!node)
        return NULL;
    node->kind = kind;
    memcpy(node->name, name, len);
    return node;
}

static void node_free(struct kv_mem *kv, struct node *node)
{
    for (size_t i = 0; i < node->count; i++)
        node_free(kv, node->children[i]);
    kv->used -= node->size;
    buf_free(node->bytes);
    free(node->children);
    free(node);
}

IO err kv_mem_connect(struct kv_mem **out)
{
    struct kv_mem *kv = calloc(1, sizeof *kv);

    if (!kv)
        return ERR_NO_MEMORY;
    kv->root = node_new(KV_DICTIONARY, "", 0);
    if (!kv->root) {
        free(kv);
        return ERR_NO_MEMORY;
    }
    if (os_entropy(&kv->boot, sizeof kv->boot) != OK)
        kv->boot = 0;
    *out = kv;
    return OK;
}

IO void kv_mem_disconnect(struct kv_mem *kv)
{
    node_free(kv, kv->root);
    free(kv);
}

/* Where the name of `len` bytes stands among the children, or would. */
static bool child_place(const struct node *dictionary, const char *name, size_t len, size_t *out)
{
    size_t low = 0, high = dictionary->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *other = dictionary->children[middle]->name;
        int order = strncmp(name, other, len);
        if (order == 0 && other[len] == '\0') {
            *out = middle;
            return true;
        }
        /* An equal beginning: `other` is longer and comes later. */
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    *out = low;
    return false;
}

static err child_add(struct node *dictionary, struct node *child)
{
    size_t at;

    if (dictionary->count == dictionary->room) {
        size_t room = dictionary->room ? dictionary->room * 2 : 4;
        struct node **children = realloc(dictionary->children, room * sizeof *children);
        if (!children)
            return ERR_NO_MEMORY;
        dictionary->children = children;
        dictionary->room = room;
    }
    child_place(dictionary, child->name, strlen(child->name), &at);
    memmove(dictionary->children + at + 1, dictionary->children + at,
            (dictionary->count - at) * sizeof *dictionary->children);
    dictionary->children[at] = child;
    dictionary->count++;
    child->parent = dictionary;
    return OK;
}

/* Take the node out, and every dictionary above it that is left empty. */
static void detach(struct kv_mem *kv, struct node *node)
{
    struct node *parent = node->parent;
    size_t at;

    child_place(parent, node->name, strlen(node->name), &at);
    parent->count--;
    memmove(parent->children + at, parent->children + at + 1,
            (parent->count - at) * sizeof *parent->children);
    node->parent = NULL;
    if (parent->count == 0 && parent->parent) {
        detach(kv, parent);
        node_free(kv, parent);
    }
}

/*
 * Follow the key from the root. `*at` is the node it names or, with ERR_NOT_FOUND, the last
 * one on the way, and `*rest` then is what follows that.
 */
static err walk(struct kv_mem *kv, const char *key, struct node **at, const char **rest)
{
    const char *from = kv_key_check(key);

    if (!from)
        return ERR_INVALID;
    *at = kv->root;
    while (*from) {
        size_t len = strcspn(from, "/"), place;
        *rest = from;
        if ((*at)->kind != KV_DICTIONARY || !child_place(*at, from, len, &place))
            return ERR_NOT_FOUND;
        *at = (*at)->children[place];
        from += len + (from[len] == '/');
    }
    return OK;
}

static err find(struct kv_mem *kv, const char *key, struct node **out)
{
    const char *rest;

    return walk(kv, key, out, &rest);
}

static err find_value(struct kv_mem *kv, const char *key, struct node **out)
{
    TRY(find(kv, key, out));
    return (*out)->kind == KV_VALUE ? OK : ERR_INVALID;
}

IO err kv_mem_stat(struct kv_mem *kv, const char *key, struct kv_info *out)
{
    struct node *node;

    TRY(find(kv, key, &node));
    *out = (struct kv_info){ .kind = node->kind, .size = node->size };
    if (node->kind == KV_DICTIONARY)
        return OK;
    out->content_type = media_type(node->name);
    if (kv->boot)
        snprintf(out->etag, sizeof out->etag, "\"%llx-%llx\"", (unsigned long long)kv->boot,
                 (unsigned long long)node->version);
    return OK;
}

static err view(const struct node *node, uint64_t offset, uint64_t len, struct buf **out)
{
    struct buf *chain = NULL;

    if (len) {
        chain = buf_slice(node->bytes, (size_t)offset, (size_t)len);
        if (!chain)
            return ERR_NO_MEMORY;
    }
    *out = chain;
    return OK;
}

IO err kv_mem_get(struct kv_mem *kv, const char *key, struct buf **out)
{
    struct node *node;

    TRY(find_value(kv, key, &node));
    return view(node, 0, node->size, out);
}

IO err kv_mem_read(struct kv_mem *kv, const char *key, enum kv_encoding encoding, uint64_t offset,
                   uint64_t len, struct buf **out)
{
    struct node *node;

    TRY(find_value(kv, key, &node));
    if (encoding != KV_IDENTITY)
        return ERR_NOT_FOUND;
    if (offset > node->size || len > node->size - offset)
        return ERR_RANGE;
    return view(node, offset, len, out);
}

IO err kv_mem_list(struct kv_mem *kv, const char *key, struct kv_list *out)
{
    struct kv_list list = { 0 };
    struct node *node;
    size_t bytes = 0;
    char *name;

    TRY(find(kv, key, &node));
    if (node->kind != KV_DICTIONARY)
        return ERR_INVALID;
    *out = list;
    if (node->count == 0)
        return OK;
    for (size_t i = 0; i < node->count; i++)
        bytes += strlen(node->children[i]->name) + 1;
    list.count = node->count;
    list.entries = malloc(list.count * sizeof *list.entries);
    list.storage = name = malloc(bytes);
    if (!list.entries || !list.storage) {
        kv_list_free(&list);
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < node->count; i++) {
        size_t len = strlen(node->children[i]->name) + 1;
        memcpy(name, node->children[i]->name, len);
        list.entries[i] = (struct kv_entry){ name, node->children[i]->kind };
        name += len;
    }
    *out = list;
    return OK;
}

/* Bytes as a value keeps them. */
struct kept {
    struct buf *bytes;
    uint8_t *block;
    size_t room;
};

/*
 * What is to be kept for a chain: itself, or a copy when its views are so short or so many
 * that their pages would cost more than the bytes. The copy leaves `slack` bytes for the value
 * to grow into. Consumes the chain; an empty one gives no bytes with OK.
 */
static err compact(struct buf *chain, size_t slack, struct kept *out)
{
    size_t len = buf_len(chain), views = 0;
    bool keep = true;

    for (const struct buf *b = chain; b; b = b->next)
        keep = keep && b->len >= SHORT_VIEW && ++views <= MOST_VIEWS;
    *out = (struct kept){ .bytes = chain };
    if (chain && keep)
        return OK;
    out->bytes = NULL;
    if (len) {
        out->room = len + slack;
        out->block = malloc(out->room);
        if (out->block && buf_read_copy(chain, 0, out->block, len) == OK)
            out->bytes = buf_extern(out->block, out->room, free, out->block);
        if (out->bytes)
            buf_truncate(out->bytes, len);
        else
            free(out->block);
    }
    buf_free(chain);
    return len && !out->bytes ? ERR_NO_MEMORY : OK;
}

static err check_room(const struct kv_mem *kv, uint64_t old, uint64_t new)
{
    return capacity && kv->used - old + new > (uint64_t)capacity ? ERR_NO_SPACE : OK;
}

/* Give a value its bytes. */
static void value_put(struct kv_mem *kv, struct node *node, const struct kept *kept)
{
    buf_free(node->bytes);
    kv->used -= node->size;
    node->bytes = kept->bytes;
    node->block = kept->block;
    node->block_room = kept->room;
    node->size = buf_len(kept->bytes);
    kv->used += node->size;
    node->version = ++kv->versions;
}

/*
 * Put `leaf` below `at` by the path `rest`, making the dictionaries between; either all of it
 * or nothing happens. The leaf has its name already.
 */
static err graft(struct kv_mem *kv, struct node *at, const char *rest, struct node *leaf)
{
    struct node *top = leaf, *made = NULL;
    const char *slash = strchr(rest, '/');
    err e = OK;

    if (at->kind != KV_DICTIONARY)
        return ERR_INVALID;
    /* The new dictionaries first, from the top down, apart from the tree. */
    for (; e == OK && slash; rest = slash + 1, slash = strchr(rest, '/')) {
        struct node *next = node_new(KV_DICTIONARY, rest, (size_t)(slash - rest));
        if (!next)
            e = ERR_NO_MEMORY;
        else if (made && child_add(made, next) != OK) {
            node_free(kv, next);
            e = ERR_NO_MEMORY;
        } else {
            if (!made)
                top = next;
            made = next;
        }
    }
    /* Then the two joints; the second can be undone. */
    if (e == OK && made)
        e = child_add(made, leaf);
    if (e == OK) {
        e = child_add(at, top);
        if (e != OK && made)
            made->count = 0;
    }
    if (e != OK) {
        leaf->parent = NULL;
        if (top != leaf)
            node_free(kv, top);
    }
    return e;
}

static const char *last_segment(const char *key)
{
    const char *slash = strrchr(key, '/');

    return slash ? slash + 1 : key;
}

IO err kv_mem_set(struct kv_mem *kv, const char *key, struct buf *value)
{
    struct node *node, *leaf;
    const char *rest, *name;
    struct kept kept;
    err e;

    if (!value)
        return ERR_NO_MEMORY;
    e = walk(kv, key, &node, &rest);
    if (e == OK && node->kind != KV_VALUE)
        e = ERR_INVALID;
    if (e == OK || e == ERR_NOT_FOUND) {
        err full = check_room(kv, e == OK ? node->size : 0, buf_len(value));
        e = full != OK ? full : e;
    }
    if (e != OK && e != ERR_NOT_FOUND) {
        buf_free(value);
        return e;
    }
    TRY(compact(value, 0, &kept));
    if (e == OK) {
        value_put(kv, node, &kept);
        return OK;
    }
    name = last_segment(rest);
    leaf = node_new(KV_VALUE, name, strlen(name));
    e = leaf ? graft(kv, node, rest, leaf) : ERR_NO_MEMORY;
    if (e != OK) {
        buf_free(kept.bytes);
        free(leaf);
        return e;
    }
    value_put(kv, leaf, &kept);
    return OK;
}

/* Write into the value's own block, when it has room and nobody else holds a view of it. */
static bool write_in_place(struct kv_mem *kv, struct node *node, uint64_t offset,
                           const struct buf *data, size_t len)
{
    uint64_t end = offset + len;

    if (!node->block || end > node->block_room || buf_is_shared(node->bytes) ||
        buf_read_copy(data, 0, node->block + offset, len) != OK)
        return false;
    if (end > node->size) {
        kv->used += end - node->size;
        node->size = end;
        node->bytes->len = (uint32_t)end;
    }
    node->version = ++kv->versions;
    return true;
}

IO err kv_mem_write(struct kv_mem *kv, const char *key, uint64_t offset, struct buf *data)
{
    size_t len = buf_len(data);
    struct buf *front = NULL, *back = NULL, *whole;
    struct node *node;
    struct kept kept;
    uint64_t end;
    err e;

    if (!data)
        return ERR_NO_MEMORY;
    e = find_value(kv, key, &node);
    if (e == OK && offset > node->size)
        e = ERR_RANGE;
    if (e != OK || len == 0)
        goto out;
    end = offset + len;
    e = check_room(kv, node->size, end > node->size ? end : node->size);
    if (e != OK || write_in_place(kv, node, offset, data, len))
        goto out;
    e = view(node, 0, offset, &front);
    if (e == OK && end < node->size)
        e = view(node, end, node->size - end, &back);
    if (e != OK)
        goto out;
    whole = buf_append(buf_append(front, data), back);
    front = back = data = NULL;
    e = compact(whole, node->size / 2, &kept);
    if (e == OK)
        value_put(kv, node, &kept);
out:
    buf_free(front);
    buf_free(back);
    buf_free(data);
    return e;
}

IO err kv_mem_remove(struct kv_mem *kv, const char *key)
{
    struct node *node;

    TRY(find(kv, key, &node));
    if (node->parent) {
        detach(kv, node);
        node_free(kv, node);
        return OK;
    }
    while (node->count)
        node_free(kv, node->children[--node->count]);
    return OK;
}

/* The node under another name; NULL: no memory, and it is as it was. */
static struct node *renamed(const struct node *node, const char *name)
{
    struct node *copy = node_new(node->kind, name, strlen(name));

    if (!copy)
        return NULL;
    copy->bytes = node->bytes;
    copy->size = node->size;
    copy->version = node->version;
    copy->block = node->block;
    copy->block_room = node->block_room;
    copy->children = node->children;
    copy->count = node->count;
    copy->room = node->room;
    return copy;
}

IO err kv_mem_rename(struct kv_mem *kv, const char *from, const char *to)
{
    struct node *node, *target, *copy;
    const char *rest = "", *name = kv_key_check(to);
    err e;

    TRY(find(kv, from, &node));
    e = walk(kv, to, &target, &rest);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == OK && target == node)
        return OK;
    /* The root, a dictionary in the place, or a place within what is moved. */
    if (!node->parent || target->kind != (e == OK ? KV_VALUE : KV_DICTIONARY))
        return ERR_INVALID;
    for (const struct node *above = target; above; above = above->parent)
        if (above == node)
            return ERR_INVALID;
    copy = renamed(node, last_segment(name));
    if (!copy)
        return ERR_NO_MEMORY;
    if (e == OK) {
        /* In the place of the value there: nothing can fail from here on. */
        struct node *parent = target->parent;
        size_t at;
        child_place(parent, target->name, strlen(target->name), &at);
        parent->children[at] = copy;
        copy->parent = parent;
        node_free(kv, target);
    } else {
        e = graft(kv, target, rest, copy);
        if (e != OK) {
            free(copy);
            return e;
        }
    }
    for (size_t i = 0; i < copy->count; i++)
        copy->children[i]->parent = copy;
    node->bytes = NULL;
    node->size = 0;
    node->children = NULL;
    node->count = 0;
    detach(kv, node);
    node_free(kv, node);
    return OK;
}

IO err kv_mem_sync(struct kv_mem *kv)
{
    (void)kv;
    return OK;
}
