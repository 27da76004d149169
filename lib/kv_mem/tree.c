/* The tree: nodes, their places, and the way to them by keys. */
#include "kv_mem.h"

#include <stdlib.h>
#include <string.h>

INTERNAL struct node *node_new(enum kv_kind kind, const char *name, size_t len)
{
    struct node *node = calloc(1, sizeof *node + len + 1);

    if (!node)
        return NULL;
    node->kind = kind;
    memcpy(node->name, name, len);
    return node;
}

INTERNAL void node_free(struct kv_mem *kv, struct node *node)
{
    for (size_t i = 0; i < node->count; i++)
        node_free(kv, node->children[i]);
    kv->used -= node->size;
    buf_free(node->bytes);
    free(node->children);
    free(node);
}

INTERNAL bool child_place(const struct node *dictionary, const char *name, size_t len, size_t *out)
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

INTERNAL void detach(struct kv_mem *kv, struct node *node)
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

INTERNAL err walk(struct kv_mem *kv, const char *key, struct node **at, const char **rest)
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

INTERNAL err find(struct kv_mem *kv, const char *key, struct node **out)
{
    const char *rest;

    return walk(kv, key, out, &rest);
}

INTERNAL err find_value(struct kv_mem *kv, const char *key, struct node **out)
{
    TRY(find(kv, key, out));
    return (*out)->kind == KV_VALUE ? OK : ERR_INVALID;
}

INTERNAL err graft(struct kv_mem *kv, struct node *at, const char *rest, struct node *leaf)
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

INTERNAL const char *last_segment(const char *key)
{
    const char *slash = strrchr(key, '/');

    return slash ? slash + 1 : key;
}
