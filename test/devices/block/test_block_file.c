#include <mirage/functor.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support/test.h"
#include "block_suite.h"

MODULE(BLOCK, block_file);
err block_file_connect(struct block_file **out);

/* The module under test is compiled for the file "disk" in the working directory. */
static char folder[] = "/tmp/mirage-block-XXXXXX";
enum { DISK_SIZE = 3 << 20 };

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    unlink("disk");
    return rmdir(folder);
}

static void make_disk(off_t size, mode_t mode)
{
    int fd;

    unlink("disk");
    fd = open("disk", O_WRONLY | O_CREAT | O_EXCL, mode);
    CHECK(fd >= 0 && ftruncate(fd, size) == 0 && close(fd) == 0);
}

FIBER_TEST(contract)
{
    struct block_file *block;
    struct stat st;

    make_disk(DISK_SIZE, 0600);
    TRY(block_file_connect(&block));
    CHECK_EQUAL(block_suite((struct block *)block), 0);
    block_file_disconnect(block);
    CHECK_EQUAL(stat("disk", &st), 0);
    CHECK_EQUAL(st.st_size, DISK_SIZE);
    return OK;
}

FIBER_TEST(kept)
{
    struct block_file *block;
    struct buf *b = NULL;

    make_disk(DISK_SIZE + 100, 0600);
    TRY(block_file_connect(&block));
    b = buf_alloc(512);
    memset(b->data, 'k', 512);
    CHECK_EQUAL(block_file_write(block, 7, b), OK);
    block_file_disconnect(block);
    TRY(block_file_connect(&block));
    CHECK_EQUAL(block_file_read(block, 7, 1, &b), OK);
    CHECK(b->data[0] == 'k' && b->data[511] == 'k');
    buf_free(b);
    /* The file is truncated while it is in use. */
    CHECK_EQUAL(truncate("disk", 512), 0);
    CHECK_EQUAL(block_file_read(block, 7, 1, &b), ERR_IO);
    block_file_disconnect(block);
    return OK;
}

FIBER_TEST(locked)
{
    struct block_file *first, *second;

    make_disk(DISK_SIZE, 0600);
    TRY(block_file_connect(&first));
    CHECK_EQUAL(block_file_connect(&second), ERR_BUSY);
    block_file_disconnect(first);
    CHECK_EQUAL(block_file_connect(&second), OK);
    block_file_disconnect(second);
    return OK;
}

FIBER_TEST(refused)
{
    struct block_file *block;

    unlink("disk");
    CHECK_EQUAL(block_file_connect(&block), ERR_NOT_FOUND);
    CHECK_EQUAL(mkfifo("disk", 0600), 0);
    CHECK_EQUAL(block_file_connect(&block), ERR_INVALID);
    unlink("disk");
    return OK;
}

/* Root may write files that are read-only, so this case runs for other users only. */
FIBER_TEST(read_only)
{
    struct block_file *first, *second;
    struct block_info info;
    struct buf *b = NULL;

    if (geteuid() == 0)
        return OK;
    make_disk(DISK_SIZE, 0400);
    TRY(block_file_connect(&first));
    CHECK_EQUAL(block_file_connect(&second), OK);
    block_file_info(first, &info);
    CHECK(!info.writable);
    CHECK_EQUAL(block_file_write(first, 0, buf_alloc(512)), ERR_ACCESS);
    CHECK_EQUAL(block_file_discard(first, 0, 1), ERR_ACCESS);
    CHECK_EQUAL(block_file_flush(first), OK);
    CHECK_EQUAL(block_file_read(first, 0, 1, &b), OK);
    buf_free(b);
    block_file_disconnect(first);
    block_file_disconnect(second);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract), cmocka_unit_test(kept),      cmocka_unit_test(locked),
        cmocka_unit_test(refused),  cmocka_unit_test(read_only),
    };

    return cmocka_run_group_tests_name("block_file", tests, setup, teardown);
}
