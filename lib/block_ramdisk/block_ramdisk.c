/* A disk in memory: zeros at first, gone when the program ends. */
#include <mirage/functor.h>
#include <base/block/range.h>

#include <stdlib.h>
#include <string.h>

MODULE(BLOCK, block_ramdisk);
CATALOG(ramdisk, size);

KEY_INT(size, 16777216, 512, INT64_C(1) << 50, "bytes of the disk");
KEY_INT(sector_size, 512, 512, 1 << 20, "bytes of a sector, a power of two of at least 512");
KEY_RULE((KEY_CONSTANT(sector_size) & (KEY_CONSTANT(sector_size) - 1)) == 0,
         "the bytes of a sector are a power of two");
KEY_RULE(KEY_CONSTANT(size) >= KEY_CONSTANT(sector_size) &&
             KEY_CONSTANT(size) % KEY_CONSTANT(sector_size) == 0,
         "a disk has a whole number of sectors, and at least one");

struct block_ramdisk {
    uint64_t sectors;
    uint8_t *bytes; /* from calloc, which touches no page before it is written */
};

enum { PIECE = 1 << 20 };

IO err block_ramdisk_connect(struct block_ramdisk **out)
{
    struct block_ramdisk *block;

    block = malloc(sizeof *block);
    if (!block)
        return ERR_NO_MEMORY;
    block->sectors = (uint64_t)(key_size / key_sector_size);
    block->bytes = calloc((size_t)block->sectors, (size_t)key_sector_size);
    if (!block->bytes) {
        free(block);
        return ERR_NO_MEMORY;
    }
    *out = block;
    return OK;
}

IO void block_ramdisk_disconnect(struct block_ramdisk *block)
{
    free(block->bytes);
    free(block);
}

void block_ramdisk_info(struct block_ramdisk *block, struct block_info *out)
{
    *out = (struct block_info){ .sector_size = (uint32_t)key_sector_size,
                                .sectors = block->sectors,
                                .writable = true };
}

/* The bytes are copied: later writes must not show in what was read. */
IO err block_ramdisk_read(struct block_ramdisk *block, uint64_t sector, uint64_t count, struct buf **out)
{
    struct buf *chain = NULL, **end = &chain;
    const uint8_t *from;
    uint64_t left;

    TRY(block_range(block->sectors, sector, count));
    from = block->bytes + sector * (uint64_t)key_sector_size;
    left = count * (uint64_t)key_sector_size;
    while (left) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        *end = buf_copy(from, len);
        if (!*end) {
            buf_free(chain);
            return ERR_NO_MEMORY;
        }
        end = &(*end)->next;
        from += len;
        left -= len;
    }
    *out = chain;
    return OK;
}

IO err block_ramdisk_write(struct block_ramdisk *block, uint64_t sector, struct buf *data)
{
    size_t len = buf_len(data);
    err e;

    if (!data)
        return ERR_NO_MEMORY;
    e = block_range_of(block->sectors, sector, len, (size_t)key_sector_size);
    if (e == OK) {
        uint8_t *to = block->bytes + sector * (uint64_t)key_sector_size;
        for (const struct buf *b = data; b; b = b->next) {
            if (b->len)
                memcpy(to, b->data, b->len);
            to += b->len;
        }
    }
    buf_free(data);
    return e;
}

IO err block_ramdisk_flush(struct block_ramdisk *block)
{
    (void)block;
    return OK;
}

IO err block_ramdisk_discard(struct block_ramdisk *block, uint64_t sector, uint64_t count)
{
    TRY(block_range(block->sectors, sector, count));
    memset(block->bytes + sector * (uint64_t)key_sector_size, 0, (size_t)(count * (uint64_t)key_sector_size));
    return OK;
}
