/*
 * A folder of the host, read when the program runs. Nothing outside the folder can be reached. A change of a
 * file shows with the next call.
 *
 * The kernel refuses "..", absolute symbolic links and links out of the folder (openat2). Where it lacks
 * openat2, no symbolic link is followed at all. Only files and folders are shown.
 */
#ifndef KV_DIRECT_H
#define KV_DIRECT_H

#include <mirage/functor.h>

#include <sys/stat.h>

MODULE(KV_RO, kv_direct);
CATALOG(direct_kv_ro, path(root));
LOG_SOURCE(kv);

KEY_STRING(root, ".", "the folder to read");
KEY_INT(tagged_at_once, 16 << 20, 0, INT64_MAX,
        "bytes of the largest file that is read for its entity tag before it is given; a larger one is read "
        "in the background, and has no tag until then");
KEY_INT(tagged_max, INT64_C(1) << 38, 0, INT64_MAX,
        "bytes of the largest file that gets an entity tag; each is read once for it, and after a change "
        "again");

struct tag;
struct tagging;

struct kv_direct {
    int root;
    bool beneath;      /* whether the kernel has openat2 */
    struct tag *known; /* the tags made lately, or NULL: none yet */
    OS_LIST(struct tagging) tagging;
    struct os_group background; /* the fiber that reads a large file for its tag */
};

/* An open file, as it was when it was opened. */
struct kv_direct_value {
    int fd;
    struct stat st;
};

/* open.c */

/* Open the file or folder of a checked key. A path that leads out of the folder, or nowhere, is not found. */
INTERNAL err open_key(struct kv_direct *kv, const char *key, int flags, int *out);
/* What a checked key names; ERR_NOT_FOUND when it is neither a file nor a folder. */
INTERNAL err stat_key(struct kv_direct *kv, const char *key, struct stat *st);
/* Open the file that stat_key has seen. ERR_INVALID: it is a folder. */
INTERNAL err open_seen(struct kv_direct *kv, const char *key, int *fd, struct stat *st);
/* Both. */
INTERNAL err open_file(struct kv_direct *kv, const char *key, int *fd, struct stat *st);

/* kv_direct.c */

/* Read exactly `len` bytes; ERR_RANGE when the file ends before them. */
INTERNAL err read_exactly(int fd, uint8_t *data, size_t len, uint64_t offset);

/* tag.c */

/* A file's time. One that has no place in 64 bits becomes the nearest that has. */
INTERNAL int64_t nanoseconds(const struct timespec *t);
/*
 * Write the entity tag of the open file, at most KV_ETAG_SIZE bytes. It is "" when the file has just changed
 * or is being read for its tag, which a large file begins to be with the first call. Suspends while it reads
 * a file that is not large.
 */
INTERNAL IO err make_tag(struct kv_direct *kv, int fd, const struct stat *st, char *out);

#endif
