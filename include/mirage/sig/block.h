/*
 * BLOCK: a disk of numbered sectors.
 *
 * M_info(block, out): the geometry, which does not change while the block is connected.
 * M_read(block, sector, count, out): read `count` sectors from number `sector` on, into a
 *   buffer chain of exactly count * sector_size bytes, which becomes the caller's.
 * M_write(block, sector, data): write the chain, whose length must be a multiple of
 *   sector_size. Takes `data` on success and on error. On OK the bytes can be read, but
 *   are durable only after M_flush. A failed write may have written some of the first
 *   sectors, and then each of them completely.
 * M_flush(block): a barrier. When it returns OK, all earlier writes are durable. No later
 *   write becomes durable before them.
 * M_discard(block, sector, count): the contents of the sectors are no longer needed. They
 *   read as zeros or as before. ERR_UNSUPPORTED when the device cannot discard.
 *
 * ERR_RANGE: the sectors lie outside the device, and nothing was read or written.
 * ERR_INVALID: the length is not a multiple of sector_size, or is zero. ERR_ACCESS: the
 * device is read only. ERR_IO: the host failed. Operations may run concurrently.
 * Concurrent operations on the same sectors take effect in any order.
 */
#ifndef MIRAGE_SIG_BLOCK_H
#define MIRAGE_SIG_BLOCK_H

struct block_info {
    uint32_t sector_size; /* bytes, a power of two of at least 512 */
    uint64_t sectors;
    bool writable;
};

#define BLOCK(M)                                                                         \
    DEVICE(M);                                                                           \
    void M##_info(struct M *block, struct block_info *out);                              \
    IO err M##_read(struct M *block, uint64_t sector, uint64_t count, struct buf **out); \
    IO err M##_write(struct M *block, uint64_t sector, struct buf *data);                \
    IO err M##_flush(struct M *block);                                                   \
    IO err M##_discard(struct M *block, uint64_t sector, uint64_t count)

#endif
