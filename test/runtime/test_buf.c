#include "test/support/test.h"

#include <stdlib.h>

#include <mirage/buf.h>

static struct buf_stats before;

static int remember(void **state)
{
    (void)state;
    buf_get_stats(&before);
    return 0;
}

/* Every test leaves the counts as they were. */
static int compare(void **state)
{
    struct buf_stats now;
    (void)state;
    buf_get_stats(&now);
    return now.views != before.views || now.pages != before.pages || now.heap_bytes != before.heap_bytes;
}

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* A chain of the first `n` bytes of text, in pieces of these lengths. */
static struct buf *chain(const size_t *lengths, size_t count)
{
    struct buf *b = NULL;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        b = buf_append(b, buf_copy(text + at, lengths[i]));
        at += lengths[i];
    }
    return b;
}
#define CHAIN(...) chain((const size_t[]){ __VA_ARGS__ }, sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t))

static void assert_bytes(const struct buf *b, size_t from, size_t len)
{
    char copy[64];
    assert_int_equal(buf_len(b), len);
    assert_int_equal(buf_read_copy(b, 0, copy, len), OK);
    assert_memory_equal(copy, text + from, len);
}

static void fresh_buffers(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, BUF_PAGE_ROOM, BUF_PAGE_ROOM + 1, 100000 };
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct buf *b = buf_alloc(sizes[i]);
        assert_non_null(b);
        assert_int_equal(b->len, sizes[i]);
        assert_int_equal(buf_headroom(b), BUF_HEADROOM);
        assert_true(buf_tailroom(b) >= (sizes[i] <= BUF_PAGE_ROOM ? BUF_PAGE_ROOM - sizes[i] : 0));
        assert_false(buf_is_shared(b));
        assert_null(b->next);
        assert_int_equal(b->csum, BUF_CSUM_UNKNOWN);
        assert_int_equal(b->gso, BUF_GSO_NONE);
        memset(b->data - buf_headroom(b), 1, buf_headroom(b) + b->len + buf_tailroom(b));
        buf_free(b);
    }
    buf_free(NULL);
    assert_int_equal(buf_len(NULL), 0);
    assert_null(buf_alloc((size_t)UINT32_MAX));
    struct buf *b = buf_copy(text, 10);
    assert_bytes(b, 0, 10);
    buf_free(b);
    buf_free(buf_copy(NULL, 0));
}

static void heap_bytes_are_counted(void **state)
{
    struct buf_stats stats;
    (void)state;
    struct buf *b = buf_alloc(100000);
    buf_get_stats(&stats);
    assert_true(stats.heap_bytes - before.heap_bytes >= 100000);
    assert_int_equal(stats.views - before.views, 1);
    assert_int_equal(stats.pages - before.pages, 1);
    buf_free(b);
    /* Pages come from the pool again. */
    b = buf_alloc(10);
    const uint8_t *data = b->data;
    buf_free(b);
    b = buf_alloc(20);
    assert_ptr_equal(b->data, data);
    buf_get_stats(&stats);
    buf_free(b);
    struct buf_stats after;
    buf_get_stats(&after);
    assert_int_equal(after.pooled_pages, stats.pooled_pages + 1);
}

static int released;

static void release(void *arg)
{
    released++;
    free(arg);
}

static void foreign_memory(void **state)
{
    (void)state;
    released = 0;
    uint8_t *memory = malloc(100);
    assert_non_null(memory);
    memcpy(memory, text, 36);
    struct buf *b = buf_extern(memory, 36, release, memory);
    assert_false(buf_is_shared(b));
    assert_int_equal(buf_headroom(b), 0);
    assert_int_equal(buf_tailroom(b), 0);
    struct buf *slice = buf_slice(b, 10, 5);
    assert_true(buf_is_shared(b));
    buf_free(b);
    assert_int_equal(released, 0);
    assert_bytes(slice, 10, 5);
    assert_false(buf_is_shared(slice));
    assert_int_equal(buf_headroom(slice), 10);
    assert_int_equal(buf_tailroom(slice), 21);
    buf_free(slice);
    assert_int_equal(released, 1);

    b = buf_static(text, 36);
    assert_true(buf_is_shared(b));
    assert_int_equal(buf_headroom(b) + buf_tailroom(b), 0);
    struct buf *share = buf_share(b);
    buf_free(b);
    assert_ptr_equal(share->data, text);
    b = buf_prepend(share, 2); /* nothing is written before a constant */
    assert_ptr_equal(b->next, share);
    buf_free(b);
}

static void sharing_and_slicing(void **state)
{
    (void)state;
    struct buf *b = CHAIN(5, 0, 7, 10);
    for (size_t offset = 0; offset <= 22; offset++) {
        for (size_t len = 0; offset + len <= 22; len++) {
            struct buf *slice = buf_slice(b, offset, len);
            assert_non_null(slice);
            assert_bytes(slice, offset, len);
            for (struct buf *v = slice; v != NULL && len > 0; v = v->next)
                assert_true(v->len > 0);
            buf_free(slice);
        }
    }
    b->csum = BUF_CSUM_VALID;
    b->gso = BUF_GSO_TCP4;
    b->gso_size = 1448;
    struct buf *share = buf_share(b);
    assert_bytes(share, 0, 22);
    assert_int_equal(share->csum, BUF_CSUM_VALID);
    assert_int_equal(share->gso, BUF_GSO_TCP4);
    assert_int_equal(share->gso_size, 1448);
    assert_true(buf_is_shared(b) && buf_is_shared(share));
    buf_free(b);
    assert_false(buf_is_shared(share));
    assert_bytes(share, 0, 22);
    buf_free(share);
    assert_null(buf_share(NULL));
    assert_null(buf_slice(NULL, 0, 0));
}

static void prepending(void **state)
{
    (void)state;
    struct buf *b = buf_copy(text + 10, 5);
    struct buf *same = buf_prepend(b, 10);
    assert_ptr_equal(same, b);
    memcpy(b->data, text, 10);
    assert_bytes(b, 0, 15);
    assert_int_equal(buf_headroom(b), BUF_HEADROOM - 10);
    b = buf_prepend(b, BUF_HEADROOM - 10); /* to the last byte */
    assert_ptr_equal(b, same);
    assert_int_equal(buf_headroom(b), 0);
    b = buf_prepend(b, 1);
    assert_ptr_not_equal(b, same);
    assert_int_equal(b->len, 1);
    assert_int_equal(buf_len(b), 15 + BUF_HEADROOM - 10 + 1);
    buf_free(b);
    /* A new view is put before a shared one. It has the packet's metadata. */
    b = buf_copy(text + 4, 8);
    b->csum = BUF_CSUM_PARTIAL;
    b->csum_start = 2;
    b->csum_offset = 6;
    b->gso = BUF_GSO_UDP;
    struct buf *share = buf_share(b);
    b = buf_prepend(b, 4);
    memcpy(b->data, text, 4);
    assert_bytes(b, 0, 12);
    assert_int_equal(b->csum, BUF_CSUM_PARTIAL);
    assert_int_equal(b->csum_start, 6);
    assert_int_equal(b->csum_offset, 6);
    assert_int_equal(b->gso, BUF_GSO_UDP);
    assert_bytes(share, 4, 8);
    buf_free(b);
    buf_free(share);
    assert_null(buf_prepend(NULL, 4));
}

static void advancing(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 22; n++) {
        struct buf *b = buf_advance(CHAIN(5, 0, 7, 10), n);
        if (n == 22) {
            assert_null(b);
            continue;
        }
        assert_bytes(b, n, 22 - n);
        assert_true(b->len > 0 || n == 0 || n == 5);
        buf_free(b);
    }
    assert_null(buf_advance(CHAIN(3), 1000));
    assert_null(buf_advance(NULL, 1));
    struct buf *b = CHAIN(5, 5);
    b->csum = BUF_CSUM_PARTIAL;
    b->csum_start = 7;
    b->gso = BUF_GSO_TCP6;
    b = buf_advance(b, 6);
    assert_int_equal(b->csum, BUF_CSUM_PARTIAL);
    assert_int_equal(b->csum_start, 1);
    assert_int_equal(b->gso, BUF_GSO_TCP6);
    b = buf_advance(b, 1);
    assert_int_equal(b->csum, BUF_CSUM_PARTIAL);
    assert_int_equal(b->csum_start, 0);
    b = buf_advance(b, 1); /* into the bytes that the checksum covers */
    assert_int_equal(b->csum, BUF_CSUM_UNKNOWN);
    assert_int_equal(b->csum_start, 0);
    buf_free(b);
}

static void truncating(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 25; n++) {
        struct buf *b = CHAIN(5, 0, 7, 10);
        buf_truncate(b, n);
        assert_bytes(b, 0, n < 22 ? n : 22);
        buf_free(b);
    }
    buf_truncate(NULL, 0);
}

static void pulling_up(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        for (size_t n = 0; n <= 22; n++) {
            struct buf *b = CHAIN(5, 0, 7, 10);
            struct buf *share = shared ? buf_share(b) : NULL;
            b->csum = BUF_CSUM_VALID;
            b = buf_pull_up(b, n);
            assert_non_null(b);
            assert_true(b->len >= n);
            assert_memory_equal(b->data, text, n);
            assert_bytes(b, 0, 22);
            assert_int_equal(b->csum, BUF_CSUM_VALID);
            buf_free(b);
            if (shared)
                assert_bytes(share, 0, 22);
            buf_free(share);
        }
    }
    assert_null(buf_pull_up(NULL, 0));
}

static void reading(void **state)
{
    char out[64];
    (void)state;
    struct buf *b = CHAIN(5, 0, 7, 10);
    for (size_t offset = 0; offset <= 23; offset++) {
        for (size_t len = 0; len <= 24; len++) {
            memset(out, 0, sizeof out);
            err e = buf_read_copy(b, offset, out, len);
            assert_int_equal(e, offset + len <= 22 ? OK : ERR_RANGE);
            if (e == OK)
                assert_memory_equal(out, text + offset, len);
            assert_int_equal(out[len], 0);
        }
    }
    buf_free(b);
    assert_int_equal(buf_read_copy(NULL, 0, out, 0), OK);
    assert_int_equal(buf_read_copy(NULL, 0, out, 1), ERR_RANGE);
    assert_null(buf_append(NULL, NULL));
}

/* Each allocation fails once. Every function returns NULL, consumes what it should, and leaks nothing. */
static void without_memory(void **state)
{
    static const char large[BUF_PAGE_ROOM + 10];
    (void)state;
    if (!DEBUG_BUILD)
        skip();
    for (size_t n = 1; n < 12; n++) {
        os_fail_allocation_after(n);
        struct buf *a = buf_copy(text, 20);
        struct buf *b = buf_append(buf_copy(text, 5), buf_copy(large, sizeof large));
        struct buf *share = buf_share(a);
        struct buf *slice = buf_slice(b, 2, 3);
        a = buf_prepend(a, 400);
        if (b != NULL && b->next != NULL)
            b = buf_pull_up(b, 100);
        struct buf *s = buf_static(text, 3);
        uint8_t *memory = malloc(10);
        struct buf *x = buf_extern(memory, 10, release, memory);
        if (x == NULL)
            free(memory); /* the caller still owns it */
        os_fail_allocation_after(0);
        buf_free(a);
        buf_free(b);
        buf_free(share);
        buf_free(slice);
        buf_free(s);
        buf_free(x);
        struct buf_stats now;
        buf_get_stats(&now);
        assert_int_equal(now.views, before.views);
        assert_int_equal(now.pages, before.pages);
        assert_int_equal(now.heap_bytes, before.heap_bytes);
    }
    os_fail_allocation_after(1);
    assert_null(buf_alloc(1));
    os_fail_allocation_after(1);
    assert_null(buf_copy(text, 1));
    struct buf *b = buf_static(text, 10);
    os_fail_allocation_after(1);
    assert_null(buf_share(b));
    os_fail_allocation_after(1);
    assert_null(buf_prepend(b, 1)); /* b was freed, too */
}

static void many_at_once(void **state)
{
    static struct buf *held[1000];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        held[i] = buf_alloc(64);
        memset(held[i]->data, (int)i, 64);
    }
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        assert_int_equal(held[i]->data[0], (uint8_t)i);
        assert_int_equal(held[i]->data[63], (uint8_t)i);
        buf_free(held[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, remember, compare)
    const struct CMUnitTest tests[] = {
        TEST(fresh_buffers),  TEST(heap_bytes_are_counted),
        TEST(foreign_memory), TEST(sharing_and_slicing),
        TEST(prepending),     TEST(advancing),
        TEST(truncating),     TEST(pulling_up),
        TEST(reading),        TEST(without_memory),
        TEST(many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
