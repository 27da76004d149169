/* What every disk refuses: no sectors, sectors that are not whole, sectors behind its end. */
#ifndef BASE_BLOCK_RANGE_H
#define BASE_BLOCK_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>

/*
 * Whether a disk of `sectors` has `count` of them from number `sector` on. ERR_INVALID when there are none,
 * ERR_RANGE when it doesn't.
 */
static inline err block_range(uint64_t sectors, uint64_t sector, uint64_t count)
{
    if (count == 0)
        return ERR_INVALID;
    return sector > sectors || count > sectors - sector ? ERR_RANGE : OK;
}

/*
 * The same of the sectors that `len` bytes would fill. ERR_INVALID also when they are not whole
 * sectors of `sector_size`.
 */
static inline err block_range_of(uint64_t sectors, uint64_t sector, size_t len, size_t sector_size)
{
    return len % sector_size != 0 ? ERR_INVALID : block_range(sectors, sector, len / sector_size);
}

#endif
