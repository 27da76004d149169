/* Removing and renaming. */
#include "kv_mem.h"

#include <stdlib.h>
#include <string.h>

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
