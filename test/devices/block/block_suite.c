#include <mirage/functor.h>

#include <stdlib.h>
#include <string.h>

#include "test/support/test.h"
#include "block_suite.h"

PARAM(BLOCK, block);
MODULE(BLOCK_SUITE, block_suite);

static struct block_info info;

/* A buffer of `sectors` sectors that are filled with one letter, in views of `piece` bytes. */
static struct buf *sectors_of(char letter, size_t sectors, size_t piece)
{
    size_t left = sectors * info.sector_size;
    struct buf *chain = NULL;

    while (left) {
        size_t len = left < piece ? left : piece;
        struct buf *b = buf_alloc(len);
        memset(b->data, letter, len);
        chain = buf_append(chain, b);
        left -= len;
    }
    return chain;
}

/* Check that the sectors from `sector` on are filled with these letters, one for each. */
static void expect(struct block *block, uint64_t sector, const char *letters)
{
    struct buf *b = NULL;
    size_t count = strlen(letters);

    CHECK_EQUAL(block_read(block, sector, count, &b), OK);
    CHECK_EQUAL(buf_len(b), count * info.sector_size);
    for (size_t i = 0; b && i < count; i++) {
        uint8_t *bytes = malloc(info.sector_size);
        bool same = true;
        IGNORE(buf_read_copy(b, i * info.sector_size, bytes, info.sector_size));
        for (size_t j = 0; j < info.sector_size; j++)
            same = same && bytes[j] == (letters[i] == '0' ? 0 : letters[i]);
        CHECK(same);
        free(bytes);
    }
    buf_free(b);
}

static void check_bounds(struct block *block)
{
    struct buf *b = NULL;
    uint64_t n = info.sectors;

    CHECK_EQUAL(block_read(block, 0, 0, &b), ERR_INVALID);
    CHECK_EQUAL(block_read(block, n, 1, &b), ERR_RANGE);
    CHECK_EQUAL(block_read(block, n - 1, 2, &b), ERR_RANGE);
    CHECK_EQUAL(block_read(block, UINT64_MAX, 2, &b), ERR_RANGE);
    CHECK_EQUAL(block_read(block, 1, UINT64_MAX, &b), ERR_RANGE);
    CHECK_EQUAL(block_write(block, n, sectors_of('x', 1, 512)), ERR_RANGE);
    CHECK_EQUAL(block_write(block, n - 1, sectors_of('x', 2, 512)), ERR_RANGE);
    CHECK_EQUAL(block_write(block, UINT64_MAX, sectors_of('x', 1, 512)), ERR_RANGE);
    CHECK_EQUAL(block_write(block, 0, buf_alloc(info.sector_size - 1)), ERR_INVALID);
    CHECK_EQUAL(block_write(block, 0, buf_static("", 0)), ERR_INVALID);
    CHECK_EQUAL(block_write(block, 0, NULL), ERR_NO_MEMORY);
    CHECK_EQUAL(block_discard(block, n, 1), ERR_RANGE);
    CHECK_EQUAL(block_discard(block, 0, 0), ERR_INVALID);
    expect(block, 0, "0000");
    expect(block, n - 1, "0");
}

static void check_transfers(struct block *block)
{
    struct buf *held = NULL, *all = NULL;
    err e;

    CHECK_EQUAL(block_write(block, 1, sectors_of('a', 2, 4096)), OK);
    expect(block, 0, "0aa0");
    CHECK_EQUAL(block_read(block, 2, 1, &held), OK);
    /* The views do not align with sectors, and there are more of them than one call takes. */
    CHECK_EQUAL(block_write(block, 2, sectors_of('b', 3, 7)), OK);
    expect(block, 0, "0abbb0");
    CHECK(held && held->data[0] == 'a');
    buf_free(held);
    CHECK_EQUAL(block_write(block, info.sectors - 1, sectors_of('z', 1, 512)), OK);
    expect(block, info.sectors - 2, "0z");
    CHECK_EQUAL(block_flush(block), OK);
    e = block_discard(block, 2, 2);
    CHECK(e == OK || e == ERR_UNSUPPORTED);
    expect(block, 1, e == OK ? "a00b" : "abbb");
    CHECK_EQUAL(block_read(block, 0, info.sectors, &all), OK);
    CHECK_EQUAL(buf_len(all), info.sectors * info.sector_size);
    buf_free(all);
}

int block_suite(struct block *block)
{
    block_info(block, &info);
    CHECK(info.writable && info.sectors >= 64 && info.sector_size >= 512);
    check_bounds(block);
    check_transfers(block);
    return failed_checks;
}
