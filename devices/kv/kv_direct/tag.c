/*
 * Entity tags of files. A tag is made of the content: two copies of a folder give the same tags, whenever
 * they were made, and no change goes unnoticed. A file's number or its time would not do both. What was read
 * for a tag is remembered, together with the state of the file. The time of the last change of that state
 * (ctime) can't be set by anybody.
 *
 * A large file is read by a fiber of its own, one file after another and with pauses, so that it delays
 * neither its first reader nor other work. It has no tag until then. That fiber has done its work when the
 * tag is remembered, for whoever asks next.
 */
#include "kv_direct.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <base/siphash/siphash.h>

/* How many files' tags are remembered, in groups of WAYS; how much is read for one between two turns. */
enum { KNOWN = 4096, WAYS = 4, HASHED = 1 << 18 };

/* After each of which pieces a reading in the background lets others go on: 200 MB or so in a second. */
#define PAUSE MILLISECONDS(1)

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

/* A file that a fiber reads for its tag. */
struct tagging {
    OS_LIST_NODE(struct tagging) node;
    struct kv_direct *kv;
    int fd;
    struct state state;
    bool in_background;
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

/* Whether the file is as it was when its reading began. */
static bool is_unchanged(const struct tagging *t)
{
    struct stat now;
    struct state state;

    if (fstat(t->fd, &now) < 0)
        return false;
    state = state_of(&now);
    return same_state(&t->state, &state);
}

/*
 * The pieces are the same at every reading, since each one's hash is the key of the next. ERR_AGAIN: the file
 * has changed.
 */
static IO err hash_file(struct tagging *t, uint64_t *out)
{
    uint64_t size = (uint64_t)t->state.size, hash[2] = { size, 0 };
    struct buf *piece = buf_alloc(size < HASHED ? (size_t)size : HASHED);
    err e = piece ? OK : ERR_NO_MEMORY;

    while (e == OK && hash[1] < size) {
        size_t n = size - hash[1] < HASHED ? (size_t)(size - hash[1]) : HASHED;
        e = read_exactly(t->fd, piece->data, n, hash[1]);
        if (e != OK)
            break;
        hash[0] = siphash_bytes(hash, piece->data, n);
        hash[1] += n;
        if (hash[1] < size)
            e = t->in_background ? os_sleep_until(os_now() + PAUSE) : os_yield();
        if (e == OK && !is_unchanged(t))
            e = ERR_AGAIN;
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
        if (t->state.device == state->device && t->state.file == state->file)
            return true;
    return false;
}

/* Read the file, and remember its tag. ERR_CANCELLED, ERR_NO_MEMORY; other errors leave it without one. */
static IO err tag_file(struct tagging *t, uint64_t *hash)
{
    err e;

    os_list_append(&t->kv->tagging, t, node);
    e = hash_file(t, hash);
    os_list_remove(&t->kv->tagging, t, node);
    if (e == OK)
        remember(t->kv, &t->state, *hash);
    return e;
}

static IO err tag_in_background(void *arg)
{
    struct tagging *t = arg;
    uint64_t hash;
    err e = tag_file(t, &hash);

    if (e != OK && e != ERR_CANCELLED)
        log_debug("a large file has no entity tag: %s", err_string(e));
    close(t->fd);
    free(t);
    return OK;
}

/* Begin to read a large file for its tag, unless another is being read. */
static void begin_background(struct kv_direct *kv, int fd, const struct state *state)
{
    struct tagging *t = kv->background.count == 0 ? malloc(sizeof *t) : NULL;

    if (!t)
        return;
    *t = (struct tagging){
        .kv = kv, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 3), .state = *state, .in_background = true
    };
    if (t->fd >= 0 && os_group_spawn(&kv->background, tag_in_background, t) == OK)
        return;
    if (t->fd >= 0)
        close(t->fd);
    free(t);
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
        struct tagging tagging = { .kv = kv, .fd = fd, .state = state };
        err e;
        if (state.size > key_tagged_max || is_fresh(&state) || is_tagged_now(kv, &state))
            return OK;
        if (state.size > key_tagged_at_once) {
            begin_background(kv, fd, &state);
            return OK;
        }
        e = tag_file(&tagging, &hash);
        if (e != OK)
            return e == ERR_CANCELLED || e == ERR_NO_MEMORY ? e : OK;
    }
    *out++ = '"';
    out = print36(out, hash);
    *out++ = '-';
    out = print36(out, (uint64_t)state.size);
    *out++ = '"';
    *out = '\0';
    return OK;
}
