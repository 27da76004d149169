/*
 * A disk whose sectors are a file or a block device of the host. The file is locked: a second program that
 * would write to it, or this one twice, gets ERR_BUSY.
 *
 * Operations are plain system calls on the page cache: they hold the program up while the disk works, which
 * suits development and tests.
 */
#include <mirage/functor.h>
#include <base/block/range.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* From <linux/fs.h>, which clashes with <sys/mount.h> in some libcs. */
#ifndef BLKGETSIZE64
#define BLKGETSIZE64 _IOR(0x12, 114, size_t)
#endif

#include <platform/linux/error.h>

MODULE(BLOCK, block_file);
CATALOG(block_of_file, path(path));
LOG_SOURCE(block);

KEY_STRING(path, "disk.img", "file or block device, unless --disk names another");
KEY_INT(sector_size, 512, 512, 4096, "bytes of a sector: 512 or 4096");
KEY_RULE(KEY_CONSTANT(sector_size) == 512 || KEY_CONSTANT(sector_size) == 4096,
         "a sector of a file or a disk has 512 or 4096 bytes");
KEY_BOOL(read_only, false, "never write, even where the file allows it");
ARG_STRING(disk, NULL, "file or block device to use as disk");

/* Long reads are given in pieces of this size, and a system call transfers at most as much. */
enum { PIECE = 1 << 20, VECTOR = 64 };

struct block_file {
    int fd;
    bool writable;
    bool lost; /* a flush failed: the kernel may have dropped earlier writes */
    uint64_t sectors;
};

/* Open it for writing where that is possible. EBUSY when somebody else uses a block device. */
static err open_disk(struct block_file *block, const char *name)
{
    struct stat st;
    int exclusive = stat(name, &st) == 0 && S_ISBLK(st.st_mode) ? O_EXCL : 0;

    /* With this flag, opening a FIFO does not wait for its other end. A FIFO is refused below. */
    int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

    block->writable = !key_read_only;
    block->fd = -1;
    if (block->writable) {
        block->fd = open(name, O_RDWR | flags | exclusive);
        if (block->fd < 0 && errno != EACCES && errno != EPERM && errno != EROFS)
            return linux_error(errno);
    }
    if (block->fd < 0) {
        block->writable = false;
        block->fd = open(name, O_RDONLY | flags);
    }
    return block->fd < 0 ? linux_error(errno) : OK;
}

static err measure(struct block_file *block, const char *name)
{
    struct stat st;
    uint64_t size;

    if (fstat(block->fd, &st) < 0)
        return linux_error(errno);
    if (S_ISREG(st.st_mode))
        size = (uint64_t)st.st_size;
    else if (!S_ISBLK(st.st_mode))
        return ERR_INVALID;
    else if (ioctl(block->fd, BLKGETSIZE64, &size) < 0)
        return linux_error(errno);
    block->sectors = size / (uint64_t)key_sector_size;
    if (size % (uint64_t)key_sector_size)
        log_warning("%s: the last %llu bytes are not a whole sector and are left out", name,
                    (unsigned long long)(size % (uint64_t)key_sector_size));
    return OK;
}

IO err block_file_connect(struct block_file **out)
{
    const char *name = disk ? disk : key_path;
    struct block_file *block;
    err e;

    block = calloc(1, sizeof *block);
    if (!block)
        return ERR_NO_MEMORY;
    e = open_disk(block, name);
    if (e == OK)
        e = measure(block, name);
    if (e == OK && flock(block->fd, (block->writable ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
        e = errno == EWOULDBLOCK ? ERR_BUSY : linux_error(errno);
    if (e == OK) {
        *out = block;
        return OK;
    }
    log_error("%s: %s", name, err_string(e));
    if (block->fd >= 0)
        close(block->fd);
    free(block);
    return e;
}

IO void block_file_disconnect(struct block_file *block)
{
    close(block->fd);
    free(block);
}

void block_file_info(struct block_file *block, struct block_info *out)
{
    *out = (struct block_info){ .sector_size = (uint32_t)key_sector_size,
                                .sectors = block->sectors,
                                .writable = block->writable };
}

static err read_piece(struct block_file *block, off_t at, struct buf *piece)
{
    size_t done = 0;

    while (done < piece->len) {
        ssize_t n = pread(block->fd, piece->data + done, piece->len - done, at + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        /* The file has ended: somebody has cut it short. */
        if (n <= 0)
            return ERR_IO;
        done += (size_t)n;
    }
    return OK;
}

IO err block_file_read(struct block_file *block, uint64_t sector, uint64_t count, struct buf **out)
{
    struct buf *chain = NULL, **end = &chain;
    uint64_t left = count * (uint64_t)key_sector_size;
    off_t at = (off_t)(sector * (uint64_t)key_sector_size);
    err e = block_range(block->sectors, sector, count);

    while (e == OK && left) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        struct buf *piece = buf_alloc(len);
        if (!piece) {
            e = ERR_NO_MEMORY;
            break;
        }
        *end = piece;
        end = &piece->next;
        e = read_piece(block, at, piece);
        at += (off_t)len;
        left -= len;
    }
    if (e != OK) {
        buf_free(chain);
        return e;
    }
    *out = chain;
    return OK;
}

/* Write the whole chain, VECTOR views at a time. */
static err write_chain(struct block_file *block, off_t at, const struct buf *view)
{
    size_t skip = 0; /* bytes of `view` that have been written */

    while (view) {
        struct iovec vector[VECTOR];
        int count = 0;
        ssize_t n;
        for (const struct buf *b = view; b && count < VECTOR; b = b->next, count++) {
            size_t from = b == view ? skip : 0;
            vector[count] = (struct iovec){ b->data + from, b->len - from };
        }
        n = pwritev(block->fd, vector, count, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == ENOSPC ? ERR_NO_SPACE : ERR_IO;
        at += n;
        skip += (size_t)n;
        while (view && skip >= view->len) {
            skip -= view->len;
            view = view->next;
        }
    }
    return OK;
}

IO err block_file_write(struct block_file *block, uint64_t sector, struct buf *data)
{
    size_t len = buf_len(data);
    err e;

    if (!data)
        return ERR_NO_MEMORY;
    e = block_range_of(block->sectors, sector, len, (size_t)key_sector_size);
    if (e == OK && !block->writable)
        e = ERR_ACCESS;
    if (e == OK)
        e = write_chain(block, (off_t)(sector * (uint64_t)key_sector_size), data);
    buf_free(data);
    return e;
}

IO err block_file_flush(struct block_file *block)
{
    if (block->lost)
        return ERR_IO;
    if (block->writable && fdatasync(block->fd) < 0) {
        block->lost = true;
        return ERR_IO;
    }
    return OK;
}

IO err block_file_discard(struct block_file *block, uint64_t sector, uint64_t count)
{
    TRY(block_range(block->sectors, sector, count));
    if (!block->writable)
        return ERR_ACCESS;
    if (fallocate(block->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)(sector * (uint64_t)key_sector_size),
                  (off_t)(count * (uint64_t)key_sector_size)) < 0)
        return errno == EOPNOTSUPP || errno == ENOSYS ? ERR_UNSUPPORTED : ERR_IO;
    return OK;
}
