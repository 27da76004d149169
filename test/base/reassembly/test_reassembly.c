/*
 * Reassembly of fragments that come in any order, twice, overlapping, too many or too late; a comparison with
 * a naive implementation; and SipHash's vectors.
 */
#include "test/base/reassembly/pattern.h"

#include <mirage/buf.h>
#include <base/reassembly/reassembly.h>
#include <base/siphash/siphash.h>

#include <stdlib.h>

static struct reassembly r;

static void reset(void)
{
    reassembly_end(&r);
    r = (struct reassembly){ .lifetime = SECONDS(30) };
}

static void nothing_left(void)
{
    struct buf_stats stats;
    reset();
    buf_get_stats(&stats);
    assert_int_equal(stats.views, 0);
    assert_int_equal(stats.heap_bytes, 0);
}

static enum reassembly_result add(uint32_t id, uint32_t offset, size_t len, bool more, struct buf **whole)
{
    struct reassembly_key key = { .id = id };
    struct buf *b = make_piece(offset, len), *header = NULL;
    enum reassembly_result result =
        reassembly_add(&r, &key, offset, more, buf_copy("head", 4), b, SECONDS(id), &header, whole);
    if (result == REASSEMBLY_DONE) {
        assert_memory_equal(header->data, "head", 4);
        buf_free(header);
    }
    return result;
}

static void test_orders(void **state)
{
    (void)state;
    reset();
    /* All 720 orders of six fragments. */
    for (int n = 0; n < 720; n++) {
        int order[6] = { 0, 1, 2, 3, 4, 5 }, rest = n;
        for (int i = 5; i > 0; i--) {
            int k = rest % (i + 1), t = order[i];
            rest /= i + 1;
            order[i] = order[k];
            order[k] = t;
        }
        struct buf *whole = NULL;
        for (int i = 0; i < 6; i++) {
            enum reassembly_result result =
                add(1, (uint32_t)order[i] * 16, order[i] == 5 ? 3 : 16, order[i] < 5, &whole);
            assert_int_equal(result, i < 5 ? REASSEMBLY_HELD : REASSEMBLY_DONE);
        }
        check_whole(whole, 83);
    }
    assert_int_equal(r.completed, 720);
    nothing_left();
}

static void test_hostile(void **state)
{
    struct buf *whole;
    (void)state;
    reset();
    /*
     * An overlap discards the packet. The fragments after it begin another packet, which never becomes
     * complete.
     */
    static const struct {
        uint32_t offset;
        size_t len;
        bool more;
    } second[] = {
        { 8, 16, true }, { 0, 8, true }, { 16, 16, true }, { 8, 100, false }, { 0, 200, true },
    };
    for (uint32_t i = 0; i < ARRAY_SIZE(second); i++) {
        assert_int_equal(add(i, 8, 16, true, &whole), REASSEMBLY_HELD);
        enum reassembly_result result = add(i, second[i].offset, second[i].len, second[i].more, &whole);
        bool duplicate = second[i].offset == 8 && second[i].len == 16,
             beside = second[i].offset == 0 && second[i].len == 8;
        assert_int_equal(result, duplicate || beside ? REASSEMBLY_HELD : REASSEMBLY_REFUSED);
    }
    reset();
    /*
     * Two last fragments; a last fragment before one that is there; a fragment beyond 65535; a length that is
     * no multiple of eight; an empty fragment.
     */
    assert_int_equal(add(1, 80, 8, false, &whole), REASSEMBLY_HELD);
    assert_int_equal(add(1, 160, 8, false, &whole), REASSEMBLY_REFUSED);
    assert_int_equal(add(1, 80, 8, true, &whole), REASSEMBLY_HELD);
    assert_int_equal(add(1, 40, 8, false, &whole), REASSEMBLY_REFUSED);
    assert_int_equal(add(2, 65528, 8, false, &whole), REASSEMBLY_REFUSED);
    assert_int_equal(add(2, 65528, 7, false, &whole), REASSEMBLY_HELD);
    assert_int_equal(add(3, 0, 9, true, &whole), REASSEMBLY_REFUSED);
    assert_int_equal(add(4, 0, 0, true, &whole), REASSEMBLY_REFUSED);
    assert_int_equal(add(5, 80, 8, false, &whole), REASSEMBLY_HELD);
    assert_int_equal(add(5, 88, 8, true, &whole), REASSEMBLY_REFUSED);
    nothing_left();
}

static void test_bounds(void **state)
{
    struct buf *whole;
    (void)state;
    reset();
    for (uint32_t id = 0; id < 1000; id++)
        add(id, 8, 8, true, &whole);
    assert_int_equal(r.count, REASSEMBLY_PACKETS_MAX);
    assert_int_equal(r.evicted, 1000 - REASSEMBLY_PACKETS_MAX);
    reset();
    for (uint32_t i = 0; i < REASSEMBLY_FRAGMENTS_MAX; i++)
        assert_int_equal(add(1, 8 + i * 16, 8, true, &whole), REASSEMBLY_HELD);
    assert_int_equal(add(1, 60000, 8, true, &whole), REASSEMBLY_REFUSED);
    assert_int_equal(r.fragments, 0);
    for (uint32_t id = 0; id < 100; id++)
        for (uint32_t i = 0; i < 60; i++) {
            add(id, 8 + i * 16, 8, true, &whole);
            assert_true(r.fragments <= REASSEMBLY_FRAGMENTS_TOTAL);
        }
    nothing_left();
}

/* Fragments of eight bytes, each of which came in a large piece of memory. Full ones are not copied. */
static void test_pinned(void **state)
{
    struct reassembly_key key = { .id = 1 };
    struct buf *header, *whole;
    struct buf_stats stats;
    (void)state;
    reset();
    for (uint32_t i = 0; i < REASSEMBLY_FRAGMENTS_TOTAL; i++) {
        struct buf *b = buf_alloc(65536);
        buf_truncate(b, 8);
        key.id = i / 32;
        assert_int_equal(reassembly_add(&r, &key, 8 + i % 32 * 16, true, buf_copy("head", 4), b, SECONDS(1),
                                        &header, &whole),
                         REASSEMBLY_HELD);
    }
    buf_get_stats(&stats);
    assert_int_equal(r.fragments, REASSEMBLY_FRAGMENTS_TOTAL);
    assert_int_equal(stats.pages, stats.heap_pieces);
    assert_true(stats.heap_bytes < (size_t)REASSEMBLY_FRAGMENTS_TOTAL * 200);
    reset();
    struct buf *full = buf_alloc(1480);
    key.id = 1;
    assert_int_equal(reassembly_add(&r, &key, 1480, true, buf_copy("head", 4), full, 0, &header, &whole),
                     REASSEMBLY_HELD);
    buf_get_stats(&stats);
    assert_int_equal(stats.heap_bytes, 0);
    nothing_left();
}

static void test_expiry(void **state)
{
    struct buf *whole, *first;
    (void)state;
    reset();
    assert_int_equal(reassembly_next(&r), OS_NEVER);
    add(10, 0, 8, true, &whole);
    add(20, 8, 8, true, &whole);
    assert_int_equal(reassembly_next(&r), SECONDS(40));
    assert_false(reassembly_expire(&r, SECONDS(40) - 1, &first));
    assert_true(reassembly_expire(&r, SECONDS(40), &first));
    assert_int_equal(buf_len(first), 12);
    buf_free(first);
    assert_false(reassembly_expire(&r, SECONDS(49), &first));
    assert_true(reassembly_expire(&r, SECONDS(51), &first));
    assert_null(first);
    nothing_left();
}

/*
 * Compare random fragments of one packet with a map of its bytes. The packet is complete exactly when the map
 * is.
 */
static void test_against_naive(void **state)
{
    (void)state;
    reset();
    srand(7);
    unsigned whole_ones = 0;
    for (int round = 0; round < 3000; round++) {
        bool map[128] = { false }, dead = false;
        size_t end = 0;
        reset();
        for (int i = 0; i < 40 && !dead; i++) {
            uint32_t offset = (uint32_t)(rand() % 8) * 8;
            size_t len = rand() % 16 == 0 ? 16 : 8;
            bool more = offset + len < 64 || rand() % 4 != 0;
            bool overlap = false, all = true;
            for (size_t k = offset; k < offset + len; k++)
                overlap |= map[k];
            struct buf *whole = NULL;
            enum reassembly_result result = add(1, offset, len, more, &whole);
            if (result == REASSEMBLY_REFUSED) {
                dead = true;
                continue;
            }
            if (overlap)
                continue; /* it is a duplicate of a fragment that is held */
            for (size_t k = offset; k < offset + len; k++)
                map[k] = true;
            end = more ? end : offset + len;
            for (size_t k = 0; k < end; k++)
                all &= map[k];
            assert_int_equal(result == REASSEMBLY_DONE, end > 0 && all);
            if (result == REASSEMBLY_DONE) {
                check_whole(whole, end);
                whole_ones++;
                dead = true;
            }
        }
    }
    assert_true(whole_ones > 10);
    nothing_left();
}

/* The vectors of the reference implementation: the bytes 0, 1, 2 … under the key 0 … 15. */
static void test_siphash(void **state)
{
    static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    uint8_t in[16];
    (void)state;
    for (uint8_t i = 0; i < 16; i++)
        in[i] = i;
    assert_true(siphash_bytes(key, in, 0) == 0x726fdb47dd0e0e31);
    assert_true(siphash_bytes(key, in, 1) == 0x74f839c593dc67fd);
    assert_true(siphash_bytes(key, in, 8) == 0x93f5f5799a932462);
    assert_true(siphash_bytes(key, in, 15) == 0xa129ca6149be45e5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),  cmocka_unit_test(test_hostile), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_pinned),  cmocka_unit_test(test_expiry),  cmocka_unit_test(test_against_naive),
        cmocka_unit_test(test_siphash),
    };
    return cmocka_run_group_tests_name("reassembly", tests, NULL, NULL);
}
