/* Opening what keys name, without leaving the folder. */
#include "kv_direct.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int folder, const char *path, int flags)
{
    struct open_how how = { .flags = (uint64_t)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    int fd;

    /* EAGAIN: something was renamed on the way, so the kernel can't be sure where the path leads. */
    for (int i = 0; i < 64; i++) {
        fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd;
}

/* Open the path segment by segment, and follow no link. */
static int open_stepwise(int folder, const char *path, int flags)
{
    char segment[256];
    int at = folder;

    for (;;) {
        size_t len = strcspn(path, "/");
        bool last = path[len] == '\0';
        int next;
        if (len >= sizeof segment) {
            errno = ENAMETOOLONG;
            next = -1;
        } else {
            memcpy(segment, path, len);
            segment[len] = '\0';
            next = openat(at, segment, (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW);
        }
        if (at != folder) {
            int saved = errno;
            close(at);
            errno = saved;
        }
        if (next < 0 || last)
            return next;
        at = next;
        path += len + 1;
    }
}

INTERNAL err open_key(struct kv_direct *kv, const char *key, int flags, int *out)
{
    const char *path = *key ? key : ".";

    /* openat2 refuses combinations of flags that have no meaning. */
    flags |= O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK);
    *out = kv->beneath ? open_beneath(kv->root, path, flags) : open_stepwise(kv->root, path, flags);
    if (*out >= 0)
        return OK;
    switch (errno) {
    case EACCES:
    case EPERM: return ERR_ACCESS;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return ERR_NO_MEMORY;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EXDEV:
    case ELOOP:
    case ENXIO: /* a socket, or a device without a driver */
    case ENODEV: return ERR_NOT_FOUND;
    default: return ERR_IO;
    }
}

static err check_kind(const struct stat *st)
{
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ? OK : ERR_NOT_FOUND;
}

INTERNAL err stat_key(struct kv_direct *kv, const char *key, struct stat *st)
{
    int fd;
    err e;

    TRY(open_key(kv, key, O_PATH, &fd));
    e = fstat(fd, st) < 0 ? ERR_IO : check_kind(st);
    close(fd);
    return e;
}

/*
 * A file is looked at before it is opened, because merely opening a device can set something off, and again
 * afterwards, because it may have been replaced.
 */
INTERNAL err open_seen(struct kv_direct *kv, const char *key, int *fd, struct stat *st)
{
    err e;

    if (S_ISDIR(st->st_mode))
        return ERR_INVALID;
    TRY(open_key(kv, key, O_RDONLY, fd));
    e = fstat(*fd, st) < 0 ? ERR_IO : check_kind(st);
    if (e == OK && S_ISDIR(st->st_mode))
        e = ERR_INVALID;
    if (e != OK)
        close(*fd);
    return e;
}

INTERNAL err open_file(struct kv_direct *kv, const char *key, int *fd, struct stat *st)
{
    TRY(stat_key(kv, key, st));
    return open_seen(kv, key, fd, st);
}
