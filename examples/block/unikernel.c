#include <mirage/functor.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

PARAM(CONSOLE, console);
PARAM(BLOCK, block);
MODULE(JOB, check);

struct disk {
    struct console *console;
    struct block *block;
    struct block_info info;
    unsigned passed, failed;
};

static IO err result(struct disk *d, const char *what, uint64_t sector, bool passed)
{
    char line[96];

    *(passed ? &d->passed : &d->failed) += 1;
    snprintf(line, sizeof line, "%s: %s, sector %" PRIu64, passed ? "passed" : "FAILED", what, sector);
    return console_log(d->console, line);
}

/* Bytes that differ from sector to sector and from round to round. */
static struct buf *pattern(const struct disk *d, uint64_t sector, uint64_t count, unsigned round)
{
    struct buf *data = buf_alloc(count * d->info.sector_size);

    for (size_t i = 0; data != NULL && i < data->len; i++)
        data->data[i] = (uint8_t)((sector + i / d->info.sector_size) * 31 + i + round * 101);
    return data;
}

static bool same(const struct buf *a, const struct buf *b)
{
    uint8_t x[512], y[512];
    size_t len = buf_len(a);

    if (len != buf_len(b))
        return false;
    for (size_t at = 0; at < len; at += sizeof x)
        if (buf_read_copy(a, at, x, sizeof x) != OK || buf_read_copy(b, at, y, sizeof y) != OK ||
            memcmp(x, y, sizeof x) != 0)
            return false;
    return true;
}

/* What is written is what is read. */
static IO err write_read(struct disk *d, uint64_t sector, uint64_t count, unsigned round)
{
    struct buf *expected = pattern(d, sector, count, round), *got = NULL;
    err e = block_write(d->block, sector, buf_share(expected));

    if (e == OK)
        e = block_read(d->block, sector, count, &got);
    bool passed = e == OK && same(expected, got);
    buf_free(expected);
    buf_free(got);
    return result(d, count == 1 ? "write and read one" : "write and read several", sector, passed);
}

/* What was discarded reads as zeros or as it was. */
static IO err erase(struct disk *d, uint64_t sector)
{
    struct buf *before = pattern(d, sector, 1, 7), *zeros = buf_alloc(d->info.sector_size), *got = NULL;

    if (zeros != NULL)
        memset(zeros->data, 0, zeros->len);
    err e = block_write(d->block, sector, buf_share(before));
    if (e == OK)
        e = block_discard(d->block, sector, 1);
    bool passed = e == ERR_UNSUPPORTED;
    if (e == OK && zeros != NULL)
        passed = block_read(d->block, sector, 1, &got) == OK && (same(got, zeros) || same(got, before));
    buf_free(before);
    buf_free(zeros);
    buf_free(got);
    return result(d, "erase", sector, passed);
}

/* Nothing lies behind the end, and a piece of a sector is none. */
static IO err bounds(struct disk *d)
{
    uint64_t end = d->info.sectors;
    struct buf *got = NULL;
    err e;

    e = block_read(d->block, end, 1, &got);
    TRY(result(d, "no read behind the end", end, e == ERR_RANGE));
    e = block_read(d->block, end - 1, 2, &got);
    TRY(result(d, "no read across the end", end - 1, e == ERR_RANGE));
    e = block_read(d->block, UINT64_MAX, 2, &got);
    TRY(result(d, "no read that overflows", UINT64_MAX, e == ERR_RANGE));
    e = block_write(d->block, end - 1, pattern(d, end - 1, 2, 0));
    TRY(result(d, "no write across the end", end - 1, e == ERR_RANGE));
    e = block_discard(d->block, end, 1);
    TRY(result(d, "no erase behind the end", end, e == ERR_RANGE || e == ERR_UNSUPPORTED));
    e = block_write(d->block, 0, buf_copy("piece", 5));
    return result(d, "no write of a piece", 0, e == ERR_INVALID);
}

IO err check_start(struct console *console, struct block *block)
{
    struct disk d = { .console = console, .block = block };
    char line[96];

    block_info(block, &d.info);
    snprintf(line, sizeof line, "%" PRIu64 " sectors of %" PRIu32 " bytes, %s", d.info.sectors,
             d.info.sector_size, d.info.writable ? "writable" : "read only");
    TRY(console_log(console, line));
    if (!d.info.writable || d.info.sectors < 16)
        return console_log(console, "the checks want a writable disk of at least 16 sectors");

    for (unsigned round = 0; round < 2; round++)
        for (uint64_t sector = 0; sector < d.info.sectors; sector += d.info.sectors / 4)
            TRY(write_read(&d, sector, 1, round));
    TRY(write_read(&d, 1, 12, 2));
    TRY(write_read(&d, d.info.sectors - 2, 2, 3));
    TRY(erase(&d, 5));
    TRY(bounds(&d));
    TRY(block_flush(block));

    snprintf(line, sizeof line, "%u passed, %u failed", d.passed, d.failed);
    TRY(console_log(console, line));
    return d.failed == 0 ? OK : ERR_IO;
}
