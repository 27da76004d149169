/* Giving values their bytes, whole and in part. */
#include "kv_mem.h"

#include <stdlib.h>
#include <string.h>

/* A value in more views than this, or in views shorter than that, is copied together. */
enum { MOST_VIEWS = 16, SHORT_VIEW = 2048 };

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
    return key_capacity && kv->used - old + new > (uint64_t)key_capacity ? ERR_NO_SPACE : OK;
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
static bool write_in_place(struct kv_mem *kv, struct node *node, uint64_t offset, const struct buf *data,
                           size_t len)
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
    e = view(node->bytes, 0, offset, &front);
    if (e == OK && end < node->size)
        e = view(node->bytes, end, node->size - end, &back);
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
