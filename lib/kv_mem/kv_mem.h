/*
 * A store in memory, empty at boot.
 *
 * It is a tree of dictionaries with sorted children. Values are kept as the buffers they came in and are
 * given as further views of these; a partial write makes a new chain around the old pieces, so whoever still
 * holds a view sees what it was given.
 */
#ifndef KV_MEM_H
#define KV_MEM_H

#include <mirage/functor.h>

MODULE(KV_RW, kv_mem);

KEY_INT(capacity, 0, 0, INT64_MAX, "bytes of all values together, 0 for no limit");

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

/* An open value: a view of the bytes that its key had. */
struct kv_mem_value {
    struct buf *bytes; /* NULL when empty */
    uint64_t size;
};

/* tree.c: nodes and their places. A node without children or bytes; NULL: no memory. */
INTERNAL struct node *node_new(enum kv_kind kind, const char *name, size_t len);

/* Free it and what is below it; it is in no dictionary. */
INTERNAL void node_free(struct kv_mem *kv, struct node *node);

/* Where the name of `len` bytes stands among the children, or would. */
INTERNAL bool child_place(const struct node *dictionary, const char *name, size_t len, size_t *out);

/* Take the node out, and every dictionary above it that is left empty. */
INTERNAL void detach(struct kv_mem *kv, struct node *node);

/*
 * Follow the key from the root. `*at` is the node it names or, with ERR_NOT_FOUND, the last
 * one on the way, and `*rest` then is what follows that.
 */
INTERNAL err walk(struct kv_mem *kv, const char *key, struct node **at, const char **rest);
INTERNAL err find(struct kv_mem *kv, const char *key, struct node **out);
/* ERR_INVALID: a dictionary. */
INTERNAL err find_value(struct kv_mem *kv, const char *key, struct node **out);

/*
 * Put `leaf` below `at` by the path `rest`, making the dictionaries between; either all of it
 * or nothing happens. The leaf has its name already.
 */
INTERNAL err graft(struct kv_mem *kv, struct node *at, const char *rest, struct node *leaf);
INTERNAL const char *last_segment(const char *key);

/* kv_mem.c: some of the bytes as a chain of views, NULL for none. */
INTERNAL err view(const struct buf *bytes, uint64_t offset, uint64_t len, struct buf **out);

#endif
