/* The folder, and what is read from its files. */
#include "kv_direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/media/media.h>

#include <platform/linux/error.h>

/* The size of a piece of a long value, and how often a read begins again when the value changes meanwhile. */
enum { PIECE = 1 << 18, ATTEMPTS = 4 };

IO err kv_direct_connect(struct kv_direct **out)
{
    struct kv_direct *kv = calloc(1, sizeof *kv);
    int fd;

    if (!kv)
        return ERR_NO_MEMORY;
    os_group_init(&kv->background);
    kv->root = open(key_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (kv->root < 0) {
        err e = linux_error(errno);
        log_error("%s: %s", key_root, strerror(errno));
        free(kv);
        return e;
    }
    /* A sandbox may answer EPERM for system calls that it does not know. */
    kv->beneath = true;
    kv->beneath = open_key(kv, "", O_PATH, &fd) == OK;
    if (kv->beneath)
        close(fd);
    else
        log_info("%s: symbolic links are not followed, for lack of openat2", key_root);
    *out = kv;
    return OK;
}

IO void kv_direct_disconnect(struct kv_direct *kv)
{
    os_group_end(&kv->background);
    close(kv->root);
    free(kv->known);
    free(kv);
}

static void describe(const char *key, const struct stat *st, struct kv_info *out)
{
    *out = (struct kv_info){ .kind = S_ISDIR(st->st_mode) ? KV_DICTIONARY : KV_VALUE,
                             .modified = nanoseconds(&st->st_mtim) };
    if (out->kind == KV_DICTIONARY)
        return;
    out->size = (uint64_t)st->st_size;
    out->content_type = media_type(key);
}

IO err kv_direct_stat(struct kv_direct *kv, const char *key, struct kv_info *out)
{
    struct stat st;
    int fd;
    err e;

    key = kv_key_check(key);
    if (!key)
        return ERR_INVALID;
    TRY(stat_key(kv, key, &st));
    describe(key, &st, out);
    if (out->kind == KV_DICTIONARY)
        return OK;
    e = open_seen(kv, key, &fd, &st);
    /* What may not be read has no tag. */
    if (e != OK)
        return e == ERR_ACCESS ? OK : e;
    describe(key, &st, out);
    e = make_tag(kv, fd, &st, out->etag);
    close(fd);
    return e;
}

IO err kv_direct_open(struct kv_direct *kv, const char *key, struct kv_direct_value **out,
                      struct kv_info *info)
{
    struct kv_direct_value *value;
    err e;

    key = kv_key_check(key);
    if (!key)
        return ERR_INVALID;
    value = malloc(sizeof *value);
    if (!value)
        return ERR_NO_MEMORY;
    e = open_file(kv, key, &value->fd, &value->st);
    if (e != OK) {
        free(value);
        return e;
    }
    describe(key, &value->st, info);
    e = make_tag(kv, value->fd, &value->st, info->etag);
    if (e != OK) {
        kv_direct_close(value);
        return e;
    }
    *out = value;
    return OK;
}

void kv_direct_close(struct kv_direct_value *value)
{
    close(value->fd);
    free(value);
}

INTERNAL err read_exactly(int fd, uint8_t *data, size_t len, uint64_t offset)
{
    while (len) {
        ssize_t n = pread(fd, data, len, (off_t)offset);
        if (n == 0)
            return ERR_RANGE;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0) {
            data += n;
            offset += (uint64_t)n;
            len -= (size_t)n;
        }
    }
    return OK;
}

static err read_range(int fd, uint64_t offset, uint64_t len, struct buf **out)
{
    struct buf *chain = NULL, **end = &chain;
    err e = OK;

    while (e == OK && len) {
        size_t want = len < PIECE ? (size_t)len : PIECE;
        struct buf *piece = buf_alloc(want);
        if (!piece) {
            e = ERR_NO_MEMORY;
            break;
        }
        *end = piece;
        end = &piece->next;
        e = read_exactly(fd, piece->data, want, offset);
        offset += want;
        len -= want;
    }
    if (e != OK) {
        buf_free(chain);
        return e;
    }
    *out = chain;
    return OK;
}

/*
 * Whether somebody has written into the file since it was opened. Another file that is renamed over it does
 * not change its bytes.
 */
static bool has_changed(const struct kv_direct_value *value)
{
    struct stat now;

    return fstat(value->fd, &now) < 0 || now.st_size != value->st.st_size ||
           now.st_mtim.tv_sec != value->st.st_mtim.tv_sec || now.st_mtim.tv_nsec != value->st.st_mtim.tv_nsec;
}

IO err kv_direct_read(struct kv_direct_value *value, enum kv_encoding encoding, uint64_t offset, uint64_t len,
                      struct buf **out)
{
    uint64_t size = (uint64_t)value->st.st_size;
    struct buf *chain;

    if (encoding != KV_IDENTITY)
        return ERR_NOT_FOUND;
    if (offset > size || len > size - offset)
        return ERR_RANGE;
    err e = read_range(value->fd, offset, len, &chain);
    if (e != OK)
        return e == ERR_RANGE ? ERR_IO : e;
    if (has_changed(value)) {
        buf_free(chain);
        return ERR_IO;
    }
    *out = chain;
    return OK;
}

IO err kv_direct_get(struct kv_direct *kv, const char *key, struct buf **out)
{
    struct kv_direct_value value;
    err e = ERR_INVALID;

    key = kv_key_check(key);
    /* Begin again when the file has changed meanwhile, so that parts of two versions don't mix. */
    for (int attempt = 0; key && attempt < ATTEMPTS; attempt++) {
        TRY(open_file(kv, key, &value.fd, &value.st));
        e = kv_direct_read(&value, KV_IDENTITY, 0, (uint64_t)value.st.st_size, out);
        close(value.fd);
        if (e != ERR_IO)
            break;
    }
    return e;
}
