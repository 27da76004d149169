/* Queues of packets within limits of each, of all, and of the memory that they hold. */
#include "test/support/test.h"

#include <base/waiting/waiting.h>

struct neighbour {
    struct buf *packets[4];
    uint8_t count;
};

static struct waiting_queue queue_of(struct neighbour *n)
{
    return (struct waiting_queue){ n->packets, &n->count };
}

/* A full packet whose first byte is `name`. */
static struct buf *packet(uint8_t name)
{
    struct buf *b = buf_alloc(2000);

    assert_non_null(b);
    b->data[0] = name;
    return b;
}

static void holds(struct waiting *all, const struct waiting_most *most, struct neighbour *n, uint8_t name,
                  err expected, size_t expected_dropped)
{
    size_t dropped = 99;

    assert_int_equal(waiting_hold(all, most, queue_of(n), packet(name), &dropped), expected);
    assert_int_equal(dropped, expected_dropped);
}

static void nothing_left(const struct waiting *all)
{
    struct buf_stats stats;

    assert_int_equal(all->count, 0);
    assert_int_equal(all->pinned, 0);
    buf_get_stats(&stats);
    assert_int_equal(stats.views, 0);
}

static void test_each(void **state)
{
    const struct waiting_most most = { 2, 100, 1 << 20 };
    struct waiting all = { 0 };
    struct neighbour a = { .count = 0 };
    struct buf *out[4];

    (void)state;
    holds(&all, &most, &a, 1, OK, 0);
    holds(&all, &most, &a, 2, OK, 0);
    holds(&all, &most, &a, 3, OK, 1);
    assert_int_equal(all.count, 2);
    assert_int_equal(waiting_take(&all, queue_of(&a), out), 2);
    assert_int_equal(a.count, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(out[i]->data[0], 2 + i);
        buf_free(out[i]);
    }
    nothing_left(&all);
}

static void test_all(void **state)
{
    const struct waiting_most most = { 4, 3, 1 << 20 };
    struct waiting all = { 0 };
    struct neighbour a = { .count = 0 }, b = { .count = 0 };

    (void)state;
    for (uint8_t i = 0; i < 3; i++)
        holds(&all, &most, &a, i, OK, 0);
    holds(&all, &most, &b, 9, ERR_NO_SPACE, 1);
    holds(&all, &most, &a, 3, OK, 1);
    assert_int_equal(a.packets[0]->data[0], 1);
    waiting_drop(&all, queue_of(&a), 2);
    assert_int_equal(a.packets[0]->data[0], 3);
    holds(&all, &most, &b, 9, OK, 0);
    waiting_drop(&all, queue_of(&a), a.count);
    waiting_drop(&all, queue_of(&b), b.count);
    nothing_left(&all);
}

/* A packet of another's memory makes its own queue's older ones go, and waits only when that is enough. */
static void test_memory(void **state)
{
    struct buf *b = packet(0);
    size_t one = buf_pinned(b);
    const struct waiting_most most = { 4, 100, 2 * one };
    struct waiting all = { 0 };
    struct neighbour a = { .count = 0 }, other = { .count = 0 };

    (void)state;
    buf_free(b);
    holds(&all, &most, &a, 1, OK, 0);
    holds(&all, &most, &other, 2, OK, 0);
    holds(&all, &most, &a, 3, OK, 1);
    waiting_drop(&all, queue_of(&other), 1);
    holds(&all, &most, &a, 4, OK, 0);
    holds(&all, &most, &other, 5, ERR_NO_SPACE, 1);
    assert_int_equal(all.pinned, 2 * one);
    waiting_drop(&all, queue_of(&a), a.count);
    nothing_left(&all);
}

/* A few bytes that lie in a page are copied out of it. */
static void test_small(void **state)
{
    const struct waiting_most most = { 4, 100, 1000 };
    struct waiting all = { 0 };
    struct neighbour a = { .count = 0 };
    struct buf *page = packet(1);
    size_t dropped;

    (void)state;
    assert_int_equal(waiting_hold(&all, &most, queue_of(&a), buf_slice(page, 0, 40), &dropped), OK);
    assert_true(all.pinned < 500);
    buf_free(page);
    waiting_drop(&all, queue_of(&a), 1);
    nothing_left(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
