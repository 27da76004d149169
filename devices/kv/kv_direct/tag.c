/*
 * Entity tags of files. A tag is made of the content: two copies of a folder give the same tags, whenever
 * they were made, and no change goes unnoticed. A file's number or its time would not do both. What was read
 * for a tag is remembered, together with the state of the file. The time of the last change of that state
 * (ctime) can't be set by anybody.
 */
#include "kv_direct.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <base/siphash/siphash.h>

/* How many files' tags are remembered, in groups of WAYS; how much is read for one between two turns. */
enum { KNOWN = 4096, WAYS = 4, HASHED = 1 << 18 };

/* The state of a file in which its content was read. */
struct state {
    dev_t device;
    ino_t file;
    int64_t size, modified, changed;
};

struct tag {
    struct state state;
    uint64_t hash;
    bool used;
};

/* A fiber that reads a file for its tag. */
struct tagging {
    OS_LIST_NODE(struct tagging) node;
    dev_t device;
    ino_t file;
};

INTERNAL int64_t nanoseconds(const struct timespec *t)
{
    int64_t ns;

    if (__builtin_mul_overflow((int64_t)t->tv_sec, INT64_C(1000000000), &ns) ||
        __builtin_add_overflow(ns, (int64_t)t->tv_nsec, &ns))
        return t->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static struct state state_of(const struct stat *st)
{
    return (struct state){ st->st_dev, st->st_ino, st->st_size, nanoseconds(&st->st_mtim),
                           nanoseconds(&st->st_ctim) };
}

static bool same_state(const struct state *a, const struct state *b)
{
    return a->device == b->device && a->file == b->file && a->size == b->size && a->modified == b->modified &&
           a->changed == b->changed;
}

static struct tag *group_of(struct kv_direct *kv, const struct state *state)
{
    uint64_t mixed = ((uint64_t)state->file ^ (uint64_t)state->device << 40) * UINT64_C(0x9e3779b97f4a7c15);

    return kv->known + (mixed >> 32) % (KNOWN / WAYS) * WAYS;
}

static const struct tag *find_tag(struct kv_direct *kv, const struct state *state)
{
    const struct tag *group = kv->known ? group_of(kv, state) : NULL;

    for (int i = 0; group && i < WAYS; i++)
        if (group[i].used && same_state(&group[i].state, state))
            return &group[i];
    return NULL;
}

/*
 * Remember a tag at the head of its group. It takes the place of an older one of the same file, or else of
 * the oldest.
 */
static void remember(struct kv_direct *kv, const struct state *state, uint64_t hash)
{
    struct tag *group;
    int at = 0;

    if (!kv->known)
        kv->known = calloc(KNOWN, sizeof *kv->known);
    if (!kv->known)
        return;
    group = group_of(kv, state);
    while (at < WAYS - 1 && group[at].used &&
           (group[at].state.file != state->file || group[at].state.device != state->device))
        at++;
    memmove(group + 1, group, (size_t)at * sizeof *group);
    group[0] = (struct tag){ *state, hash, true };
}

/* The pieces are the same at every reading, since each one's hash is the key of the next. */
static IO err hash_file(int fd, uint64_t size, uint64_t *out)
{
    struct buf *piece = buf_alloc(size < HASHED ? (size_t)size : HASHED);
    uint64_t hash[2] = { size, 0 };
    err e = piece ? OK : ERR_NO_MEMORY;

    while (e == OK && hash[1] < size) {
        size_t n = size - hash[1] < HASHED ? (size_t)(size - hash[1]) : HASHED;
        e = read_exactly(fd, piece->data, n, hash[1]);
        if (e != OK)
            break;
        hash[0] = siphash_bytes(hash, piece->data, n);
        hash[1] += n;
        if (hash[1] < size)
            e = os_yield();
    }
    buf_free(piece);
    *out = hash[0];
    return e;
}

/* The kernel stamps files with its tick: one that has just changed may change again under the same stamp. */
static bool is_fresh(const struct state *state)
{
    struct timespec now;
    int64_t age;

    clock_gettime(CLOCK_REALTIME, &now);
    age = nanoseconds(&now) - state->changed;
    return age < MILLISECONDS(20);
}

static bool is_tagged_now(const struct kv_direct *kv, const struct state *state)
{
    for (const struct tagging *t = kv->tagging.first; t; t = t->node.next)
        if (t->device == state->device && t->file == state->file)
            return true;
    return false;
}

/* Append the number to base 36. Two such numbers fit in a tag. */
static char *print36(char *text, uint64_t number)
{
    char digits[14];
    int n = 0;

    do {
        digits[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
        number /= 36;
    } while (number);
    while (n)
        *text++ = digits[--n];
    return text;
}

INTERNAL IO err make_tag(struct kv_direct *kv, int fd, const struct stat *st, char *out)
{
    struct state state = state_of(st);
    const struct tag *tag = find_tag(kv, &state);
    uint64_t hash = tag ? tag->hash : 0;

    *out = '\0';
    if (!tag) {
        struct tagging tagging = { .device = state.device, .file = state.file };
        struct stat after;
        struct state state_after;
        err e;
        if (state.size > key_tagged_max || is_fresh(&state) || is_tagged_now(kv, &state))
            return OK;
        os_list_append(&kv->tagging, &tagging, node);
        e = hash_file(fd, (uint64_t)state.size, &hash);
        os_list_remove(&kv->tagging, &tagging, node);
        if (e == ERR_CANCELLED || e == ERR_NO_MEMORY)
            return e;
        if (e != OK || fstat(fd, &after) < 0)
            return OK;
        state_after = state_of(&after);
        if (!same_state(&state, &state_after))
            return OK;
        remember(kv, &state, hash);
    }
    *out++ = '"';
    out = print36(out, hash);
    *out++ = '-';
    out = print36(out, (uint64_t)state.size);
    *out++ = '"';
    *out = '\0';
    return OK;
}
