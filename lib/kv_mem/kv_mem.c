/* The store, and what reads it. */
#include "kv_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/media/media.h>

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

static void describe(const struct kv_mem *kv, const struct node *node, struct kv_info *out)
{
    *out = (struct kv_info){ .kind = node->kind, .size = node->size };
    if (node->kind == KV_DICTIONARY)
        return;
    out->content_type = media_type(node->name);
    if (kv->boot)
        snprintf(out->etag, sizeof out->etag, "\"%llx-%llx\"", (unsigned long long)kv->boot,
                 (unsigned long long)node->version);
}

IO err kv_mem_stat(struct kv_mem *kv, const char *key, struct kv_info *out)
{
    struct node *node;

    TRY(find(kv, key, &node));
    describe(kv, node, out);
    return OK;
}

INTERNAL err view(const struct buf *bytes, uint64_t offset, uint64_t len, struct buf **out)
{
    struct buf *chain = NULL;

    if (len) {
        chain = buf_slice(bytes, (size_t)offset, (size_t)len);
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
    return view(node->bytes, 0, node->size, out);
}

/* It has a view of the bytes, so writing to the key leaves them as they are. */
IO err kv_mem_open(struct kv_mem *kv, const char *key, struct kv_mem_value **out, struct kv_info *info)
{
    struct kv_mem_value *value;
    struct node *node;
    err e;

    TRY(find_value(kv, key, &node));
    value = malloc(sizeof *value);
    if (!value)
        return ERR_NO_MEMORY;
    value->size = node->size;
    e = view(node->bytes, 0, node->size, &value->bytes);
    if (e != OK) {
        free(value);
        return e;
    }
    describe(kv, node, info);
    *out = value;
    return OK;
}

void kv_mem_close(struct kv_mem_value *value)
{
    buf_free(value->bytes);
    free(value);
}

IO err kv_mem_read(struct kv_mem_value *value, enum kv_encoding encoding, uint64_t offset, uint64_t len,
                   struct buf **out)
{
    if (encoding != KV_IDENTITY)
        return ERR_NOT_FOUND;
    if (offset > value->size || len > value->size - offset)
        return ERR_RANGE;
    return view(value->bytes, offset, len, out);
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

IO err kv_mem_sync(struct kv_mem *kv)
{
    (void)kv;
    return OK;
}
