/* What buffers pin, and that the pool gives back after a burst what nobody needs any more. */
#include "test/support/resident.h"
#include "test/support/test.h"

#include <mirage/buf.h>

#include <stdlib.h>

enum { BURST = 20000 };

static struct buf *held[BURST];

static void hold(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        held[i] = buf_alloc(BUF_PAGE_ROOM);
        CHECK(held[i] != NULL);
        memset(held[i]->data, (int)i, held[i]->len);
    }
}

static void let_go(size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_free(held[i]);
}

static struct buf_stats stats(void)
{
    struct buf_stats s;
    buf_get_stats(&s);
    return s;
}

FIBER_TEST(a_burst_comes_back)
{
    hold(1);
    let_go(1);
    os_sleep(SECONDS(4)); /* what the tests before have left */
    size_t before = resident();
    for (int round = 0; round < 3; round++) {
        hold(BURST);
        CHECK(resident() - before > (size_t)BURST * 4000 || !RESIDENT_COUNTS);
        let_go(BURST);
        CHECK(stats().pooled_pages >= BURST);
        os_sleep(SECONDS(4));
        CHECK(stats().pooled_pages <= 256 && stats().returned_pages >= BURST - 256);
        /* What remains is 1 MB of pages, and the views' own. */
        CHECK(resident() < before + (4 << 20) || !RESIDENT_COUNTS);
    }
    return OK;
}

/*
 * Single bytes, as a peer sends them on many connections, each with a view and a piece of the heap. What else
 * lies in the heap, and some views in between that stay, keep nothing.
 */
FIBER_TEST(small_pieces_come_back)
{
    enum { PIECES = 300000, KEPT = 30000 };
    static struct buf *small[PIECES];
    static void *others[PIECES / 2000];
    memset(small, 1, sizeof small); /* the test's own memory */
    os_sleep(SECONDS(4));
    size_t before = resident();
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < PIECES; i++) {
            small[i] = buf_compact(buf_copy("x", 1));
            CHECK(small[i] != NULL && buf_pinned(small[i]) < 300);
            if (i % 2000 == 0)
                others[i / 2000] = malloc(100);
        }
        os_sleep(MILLISECONDS(1)); /* the loop sees them */
        CHECK(resident() > before + PIECES * 100 || !RESIDENT_COUNTS);
        for (size_t i = 0; i < PIECES; i++)
            if (i % KEPT != 0)
                buf_free(small[i]);
        os_sleep(SECONDS(4));
        CHECK(resident() < before + (4 << 20) || !RESIDENT_COUNTS);
        CHECK_EQUAL(stats().views, PIECES / KEPT);
        for (size_t i = 0; i < PIECES; i++) {
            CHECK(i % KEPT != 0 || small[i]->data[0] == 'x');
            if (i % KEPT == 0)
                buf_free(small[i]);
            if (i % 2000 == 0)
                free(others[i / 2000]);
        }
    }
    return OK;
}

/* Views are taken and freed while the free ones are sorted into their pages. */
FIBER_TEST(views_are_used_while_they_are_sorted)
{
    enum { VIEWS = 100000 };
    static struct buf *views[VIEWS];
    for (size_t i = 0; i < VIEWS; i++) {
        views[i] = buf_static("static", 6);
        CHECK(views[i] != NULL);
    }
    for (os_time end = os_now() + SECONDS(5), turn = 0; os_now() < end; turn++) {
        for (size_t i = 0; i < VIEWS; i++) {
            if ((i * 7 + (size_t)turn * 13) % 5 > 1)
                continue;
            if (views[i] != NULL)
                buf_free(views[i]);
            views[i] = views[i] != NULL ? NULL : buf_static("static", 6);
        }
        os_sleep(MILLISECONDS(turn % 7 == 0 ? 300 : 1));
    }
    for (size_t i = 0; i < VIEWS; i++) {
        CHECK(views[i] == NULL || (views[i]->len == 6 && views[i]->data[5] == 'c'));
        buf_free(views[i]);
    }
    CHECK_EQUAL(stats().views, 0);
    return OK;
}

/* What is needed again each half second stays. Not one page of it comes from the platform again. */
FIBER_TEST(a_steady_load_keeps_its_pages)
{
    hold(2000);
    let_go(2000);
    for (int i = 0; i < 40; i++) {
        os_sleep(MILLISECONDS(500));
        size_t returned = stats().returned_pages;
        hold(2000);
        CHECK_EQUAL(stats().returned_pages, returned);
        let_go(2000);
    }
    CHECK(stats().pooled_pages >= 2000);
    os_sleep(SECONDS(4));
    CHECK(stats().pooled_pages <= 256);
    return OK;
}

/* Pages in use are not touched, whoever lies beside them. */
FIBER_TEST(pages_in_use_stay)
{
    hold(4096);
    for (size_t i = 0; i < 4096; i += 2)
        buf_free(held[i]);
    os_sleep(SECONDS(4));
    for (size_t i = 1; i < 4096; i += 2) {
        CHECK_EQUAL(held[i]->data[0], (uint8_t)i);
        CHECK_EQUAL(held[i]->data[BUF_PAGE_ROOM - 1], (uint8_t)i);
        buf_free(held[i]);
    }
    return OK;
}

static void pinned_memory(void **state)
{
    (void)state;
    assert_int_equal(buf_pinned(NULL), 0);
    struct buf *b = buf_copy("x", 1);
    assert_true(buf_pinned(b) >= 4096 && buf_pinned(b) <= 4096 + 64);
    /* Two views of a page pin it once when they are neighbours. */
    struct buf *twin = buf_slice(b, 0, 1);
    assert_true(buf_pinned_behind(b, twin) <= 64);
    assert_int_equal(buf_pinned(twin), buf_pinned(b));
    b = buf_append(b, twin);
    assert_true(buf_pinned(b) <= 4096 + 2 * 64);
    buf_free(b);
    /* A byte of a large piece pins all of it. */
    b = buf_alloc(100000);
    b = buf_advance(b, 99999);
    assert_true(buf_pinned(b) >= 100000);
    buf_free(b);
    b = buf_static("static", 6);
    assert_true(buf_pinned(b) <= 64);
    buf_free(b);
}

/* A chain of so many pieces of `len` bytes, which count from 0. */
static struct buf *chain(size_t pieces, size_t len)
{
    struct buf *b = NULL;
    for (size_t i = 0; i < pieces; i++) {
        struct buf *piece = buf_alloc(len);
        assert_non_null(piece);
        for (size_t k = 0; k < len; k++)
            piece->data[k] = (uint8_t)(i * len + k);
        b = buf_append(b, piece);
    }
    return b;
}

static void compact(void **state)
{
    static const size_t lens[] = { 1, 2, 100, 1000, 1460, BUF_PAGE_ROOM, 10000 },
                        counts[] = { 1, 2, 3, 40, 500 };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
        for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
            size_t len = lens[i] * counts[k];
            struct buf *b = chain(counts[k], lens[i]);
            b->csum = BUF_CSUM_PARTIAL;
            b->csum_start = 7;
            b->csum_offset = 3;
            b = buf_compact(b);
            assert_int_equal(buf_len(b), len);
            assert_true(buf_pinned(b) <= 3 * (len + (len / 4096 + 1) * 200));
            assert_true(b->csum == BUF_CSUM_PARTIAL && b->csum_start == 7 && b->csum_offset == 3);
            size_t at = 0;
            for (const struct buf *v = b; v != NULL; v = v->next)
                for (size_t n = 0; n < v->len; n++, at++)
                    assert_int_equal(v->data[n], (uint8_t)at);
            buf_free(b);
        }
    assert_null(buf_compact(NULL));
    /* Nothing of it is left. */
    struct buf *b = buf_compact(buf_alloc(0));
    assert_int_equal(buf_len(b), 0);
    assert_true(buf_pinned(b) < 300);
    buf_free(b);
    assert_int_equal(stats().views, 0);
    assert_int_equal(stats().pages, 0);
    assert_int_equal(stats().heap_bytes, 0);
}

/* Full packets are not copied. */
static void full_packets_stay(void **state)
{
    (void)state;
    struct buf *b = chain(100, 1400), *same = b;
    b = buf_compact(b);
    assert_ptr_equal(b, same);
    buf_free(b);
}

static void gather(void **state)
{
    (void)state;
    struct buf *b = NULL;
    uint8_t copy[9000];
    for (size_t i = 0; i < sizeof copy; i++) {
        uint8_t byte = (uint8_t)i;
        b = buf_gather(b, buf_copy(&byte, 1));
    }
    assert_int_equal(buf_len(b), sizeof copy);
    assert_true(buf_pinned(b) < 4 * 4200);
    assert_int_equal(buf_read_copy(b, 0, copy, sizeof copy), OK);
    for (size_t i = 0; i < sizeof copy; i++)
        assert_int_equal(copy[i], (uint8_t)i);
    /* What is shared is not written to, and what is large is not copied. */
    struct buf *slice = buf_slice(b, 0, buf_len(b)), *large = buf_copy(copy, 2000);
    size_t views = stats().views;
    b = buf_gather(b, buf_copy("x", 1));
    assert_int_equal(stats().views, views + 1);
    assert_int_equal(buf_len(slice), sizeof copy);
    b = buf_gather(b, large);
    assert_int_equal(stats().views, views + 1);
    assert_ptr_equal(buf_gather(b, NULL), b);
    buf_free(b);
    buf_free(slice);
    assert_int_equal(stats().views, 0);
}

/* Without memory for the copy the chain stays as it was. */
static void compact_without_memory(void **state)
{
    (void)state;
    if (!DEBUG_BUILD)
        skip();
    for (size_t n = 1; n < 4; n++) {
        struct buf *b = chain(9000, 1), *same = b;
        os_fail_allocation_after(n);
        b = buf_compact(b);
        os_fail_allocation_after(0);
        assert_ptr_equal(b, same);
        assert_int_equal(buf_len(b), 9000);
        buf_free(b);
        assert_int_equal(stats().views, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pinned_memory),
        cmocka_unit_test(compact),
        cmocka_unit_test(full_packets_stay),
        cmocka_unit_test(gather),
        cmocka_unit_test(compact_without_memory),
        cmocka_unit_test(a_burst_comes_back),
        cmocka_unit_test(small_pieces_come_back),
        cmocka_unit_test(views_are_used_while_they_are_sorted),
        cmocka_unit_test(a_steady_load_keeps_its_pages),
        cmocka_unit_test(pages_in_use_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
