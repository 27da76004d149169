/*
 * A folder of the host, read when the program runs. Nothing outside the folder can be reached. A change of a
 * file shows with the next call.
 *
 * The kernel refuses "..", absolute symbolic links and links out of the folder (openat2). Where it lacks
 * openat2, no symbolic link is followed at all. Only files and folders are shown.
 */
#include <mirage/functor.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <base/media/media.h>

#include <platform/linux/error.h>

MODULE(KV_RO, kv_direct);
CATALOG(direct_kv_ro, path(root));
LOG_SOURCE(kv);

KEY_STRING(root, ".", "the folder to read");

/* The size of a piece of a long value, and how often a read begins again when the value changes meanwhile. */
enum { PIECE = 1 << 18, ATTEMPTS = 4 };

struct kv_direct {
    int root;
    bool beneath; /* whether the kernel has openat2 */
};

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

/* Open the file or folder of a checked key. A path that leads out of the folder, or nowhere, is not found. */
static err open_key(struct kv_direct *kv, const char *key, int flags, int *out)
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

IO err kv_direct_connect(struct kv_direct **out)
{
    struct kv_direct *kv = malloc(sizeof *kv);
    int fd;

    if (!kv)
        return ERR_NO_MEMORY;
    kv->root = open(key_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (kv->root < 0) {
        err e = linux_error(errno);
        log_error("%s: %s", key_root, strerror(errno));
        free(kv);
        return e;
    }
    /* A sandbox may answer EPERM for system calls that it does not know. */
    fd = open_beneath(kv->root, ".", O_PATH | O_CLOEXEC);
    kv->beneath = fd >= 0;
    if (kv->beneath)
        close(fd);
    else
        log_info("%s: symbolic links are not followed, for lack of openat2", key_root);
    *out = kv;
    return OK;
}

IO void kv_direct_disconnect(struct kv_direct *kv)
{
    close(kv->root);
    free(kv);
}

/* Append the number to base 36 to `text`. Three such numbers fit in a tag. */
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

static int64_t nanoseconds(const struct timespec *t)
{
    return t->tv_sec * INT64_C(1000000000) + t->tv_nsec;
}

/*
 * A tag for exactly these bytes. The kernel stamps files with its tick, so a file that has just changed may
 * change again under the same stamp. Such a file gets no tag yet.
 */
static void make_etag(const struct stat *st, char *text)
{
    struct timespec now;
    int64_t age;

    clock_gettime(CLOCK_REALTIME, &now);
    age = nanoseconds(&now) - nanoseconds(&st->st_mtim);
    if (age >= 0 && age < MILLISECONDS(20))
        return;
    *text++ = '"';
    text = print36(text, st->st_ino);
    *text++ = '-';
    text = print36(text, (uint64_t)nanoseconds(&st->st_mtim));
    *text++ = '-';
    text = print36(text, (uint64_t)st->st_size);
    *text++ = '"';
    *text = '\0';
}

static err check_kind(const struct stat *st)
{
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ? OK : ERR_NOT_FOUND;
}

static err stat_key(struct kv_direct *kv, const char *key, struct stat *st)
{
    int fd;
    err e;

    TRY(open_key(kv, key, O_PATH, &fd));
    e = fstat(fd, st) < 0 ? ERR_IO : check_kind(st);
    close(fd);
    return e;
}

IO err kv_direct_stat(struct kv_direct *kv, const char *key, struct kv_info *out)
{
    struct stat st;

    key = kv_key_check(key);
    if (!key)
        return ERR_INVALID;
    TRY(stat_key(kv, key, &st));
    *out = (struct kv_info){ .kind = KV_DICTIONARY, .modified = nanoseconds(&st.st_mtim) };
    if (S_ISDIR(st.st_mode))
        return OK;
    out->kind = KV_VALUE;
    out->size = (uint64_t)st.st_size;
    out->content_type = media_type(key);
    make_etag(&st, out->etag);
    return OK;
}

/*
 * Open a value for reading. It is checked before, because merely opening a device can set something off, and
 * again afterwards, because it may have been replaced.
 */
static err open_value(struct kv_direct *kv, const char *key, int *fd, struct stat *st)
{
    err e;

    key = kv_key_check(key);
    if (!key)
        return ERR_INVALID;
    TRY(stat_key(kv, key, st));
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

/* Read exactly `len` bytes; ERR_RANGE when the file ends before them. */
static err read_range(int fd, uint64_t offset, uint64_t len, struct buf **out)
{
    struct buf *chain = NULL, **end = &chain;
    err e = OK;

    while (e == OK && len) {
        size_t want = len < PIECE ? (size_t)len : PIECE, done = 0;
        struct buf *piece = buf_alloc(want);
        if (!piece) {
            e = ERR_NO_MEMORY;
            break;
        }
        *end = piece;
        end = &piece->next;
        while (e == OK && done < want) {
            ssize_t n = pread(fd, piece->data + done, want - done, (off_t)(offset + done));
            if (n > 0)
                done += (size_t)n;
            else if (n == 0)
                e = ERR_RANGE;
            else if (errno != EINTR)
                e = ERR_IO;
        }
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

IO err kv_direct_get(struct kv_direct *kv, const char *key, struct buf **out)
{
    err e = ERR_RANGE;

    /* Begin again when the file has changed meanwhile, so that parts of two versions don't mix. */
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
        struct stat before, after;
        struct buf *value = NULL;
        bool changed;
        int fd;
        TRY(open_value(kv, key, &fd, &before));
        e = read_range(fd, 0, (uint64_t)before.st_size, &value);
        changed = fstat(fd, &after) < 0 || after.st_size != before.st_size ||
                  nanoseconds(&after.st_mtim) != nanoseconds(&before.st_mtim);
        close(fd);
        if (e == OK && (!changed || attempt == ATTEMPTS)) {
            *out = value;
            return OK;
        }
        buf_free(value);
        if (e != OK && e != ERR_RANGE)
            return e;
    }
    return ERR_IO;
}

IO err kv_direct_read(struct kv_direct *kv, const char *key, enum kv_encoding encoding, uint64_t offset,
                      uint64_t len, struct buf **out)
{
    struct stat st;
    uint64_t size;
    int fd;
    err e;

    TRY(open_value(kv, key, &fd, &st));
    size = (uint64_t)st.st_size;
    if (encoding != KV_IDENTITY)
        e = ERR_NOT_FOUND;
    else if (offset > size || len > size - offset)
        e = ERR_RANGE;
    else
        e = read_range(fd, offset, len, out);
    close(fd);
    return e;
}

/* The kind of a name in a folder. ERR_NOT_FOUND when it isn't shown. */
static err entry_kind(struct kv_direct *kv, const char *key, const struct dirent *entry, enum kv_kind *out)
{
    char path[KV_KEY_MAX + 2 + sizeof entry->d_name];
    struct stat st;
    size_t len = strlen(key), name_len = strlen(entry->d_name);

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return ERR_NOT_FOUND;
    memcpy(path, key, len);
    if (len)
        path[len++] = '/';
    memcpy(path + len, entry->d_name, name_len + 1);
    if (len + name_len > KV_KEY_MAX)
        return ERR_NOT_FOUND;
    if (entry->d_type == DT_REG || entry->d_type == DT_DIR) {
        *out = entry->d_type == DT_DIR ? KV_DICTIONARY : KV_VALUE;
        return OK;
    }
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return ERR_NOT_FOUND;
    TRY(stat_key(kv, path, &st));
    *out = S_ISDIR(st.st_mode) ? KV_DICTIONARY : KV_VALUE;
    return OK;
}

/*
 * The names in the order in which they come, in one growing block. Entries hold offsets until the block does
 * not move any more.
 */
struct names {
    struct kv_list list;
    size_t room, bytes, bytes_room;
};

static err names_add(struct names *names, const char *name, enum kv_kind kind)
{
    size_t len = strlen(name) + 1;

    if (names->list.count == names->room) {
        size_t room = names->room ? names->room * 2 : 16;
        struct kv_entry *entries = realloc(names->list.entries, room * sizeof *entries);
        if (!entries)
            return ERR_NO_MEMORY;
        names->list.entries = entries;
        names->room = room;
    }
    if (names->bytes_room - names->bytes < len) {
        size_t room = names->bytes_room * 2 + len;
        char *storage = realloc(names->list.storage, room);
        if (!storage)
            return ERR_NO_MEMORY;
        names->list.storage = storage;
        names->bytes_room = room;
    }
    memcpy((char *)names->list.storage + names->bytes, name, len);
    names->list.entries[names->list.count++] =
        (struct kv_entry){ (const char *)(uintptr_t)names->bytes, kind };
    names->bytes += len;
    return OK;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct kv_entry *)a)->name, ((const struct kv_entry *)b)->name);
}

static err read_names(struct kv_direct *kv, const char *key, DIR *dir, struct names *names)
{
    for (;;) {
        struct dirent *entry;
        enum kv_kind kind;
        errno = 0;
        entry = readdir(dir);
        if (!entry)
            return errno ? ERR_IO : OK;
        if (entry_kind(kv, key, entry, &kind) == OK)
            TRY(names_add(names, entry->d_name, kind));
    }
}

IO err kv_direct_list(struct kv_direct *kv, const char *key, struct kv_list *out)
{
    struct names names = { 0 };
    struct stat st;
    DIR *dir;
    int fd;
    err e;

    key = kv_key_check(key);
    if (!key)
        return ERR_INVALID;
    TRY(stat_key(kv, key, &st));
    if (!S_ISDIR(st.st_mode))
        return ERR_INVALID;
    TRY(open_key(kv, key, O_RDONLY | O_DIRECTORY, &fd));
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return ERR_NO_MEMORY;
    }
    e = read_names(kv, key, dir, &names);
    closedir(dir);
    if (e != OK) {
        kv_list_free(&names.list);
        return e;
    }
    for (size_t i = 0; i < names.list.count; i++)
        names.list.entries[i].name = (char *)names.list.storage + (uintptr_t)names.list.entries[i].name;
    if (names.list.count)
        qsort(names.list.entries, names.list.count, sizeof *names.list.entries, compare_entries);
    *out = names.list;
    return OK;
}
