/* Wait queues, mutexes, mailboxes, promises and groups. */
#include "test/support/test.h"

struct waiter {
    struct os_waitq *queue;
    os_time when;
    err result;
    bool done;
};

static err waits(void *arg)
{
    struct waiter *w = arg;
    w->result = w->when != 0 ? os_wait_until(w->queue, w->when) : os_wait(w->queue);
    w->done = true;
    return OK;
}

FIBER_TEST(queues_are_first_in_first_out)
{
    struct os_waitq queue = { 0 };
    struct waiter w[4] = {
        { .queue = &queue }, { .queue = &queue }, { .queue = &queue }, { .queue = &queue }
    };
    struct os_fiber *f[4];
    CHECK(!os_wake_one(&queue));
    CHECK_EQUAL(os_wake_all(&queue), 0);
    for (int i = 0; i < 4; i++)
        TRY(os_spawn(&f[i], waits, &w[i]));
    TRY(os_yield());
    CHECK(os_has_waiters(&queue));
    CHECK(os_wake_one(&queue));
    CHECK(!w[0].done); /* never within the call */
    TRY(os_yield());
    CHECK(w[0].done && !w[1].done);
    CHECK(os_wake_one(&queue));
    TRY(os_yield());
    CHECK(w[1].done && !w[2].done);
    CHECK_EQUAL(os_fail_all(&queue, ERR_RESET), 2);
    CHECK(!os_has_waiters(&queue));
    for (int i = 0; i < 4; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(w[i].result, i < 2 ? OK : ERR_RESET);
    }
    return OK;
}

FIBER_TEST(a_waiter_in_the_middle_can_leave)
{
    struct os_waitq queue = { 0 };
    struct waiter w[3] = { { .queue = &queue }, { .queue = &queue }, { .queue = &queue } };
    struct os_fiber *f[3];
    for (int order = 0; order < 3; order++) {
        for (int i = 0; i < 3; i++)
            TRY(os_spawn(&f[i], waits, &w[i]));
        TRY(os_yield());
        os_cancel(f[order]);
        CHECK_EQUAL(os_wake_all(&queue), 2);
        for (int i = 0; i < 3; i++) {
            TRY(os_join(f[i]));
            CHECK_EQUAL(w[i].result, i == order ? ERR_CANCELLED : OK);
        }
    }
    return OK;
}

FIBER_TEST(waits_end_at_their_time)
{
    struct os_waitq queue = { 0 };
    os_time start = os_now();
    CHECK_EQUAL(os_wait_until(&queue, start + MILLISECONDS(2)), ERR_TIMEOUT);
    CHECK(os_now() - start >= MILLISECONDS(2));
    CHECK(!os_has_waiters(&queue));
    CHECK_EQUAL(os_wait_until(&queue, start), ERR_TIMEOUT);
    OS_DEADLINE(os_now() + MILLISECONDS(1))
    {
        CHECK_EQUAL(os_wait_until(&queue, os_now() + HOURS(1)), ERR_TIMEOUT);
    }
    struct waiter w = { .queue = &queue, .when = os_now() + HOURS(1) };
    struct os_fiber *f;
    struct os_stats stats;
    TRY(os_spawn(&f, waits, &w));
    TRY(os_yield());
    os_get_stats(&stats);
    CHECK_EQUAL(stats.timers, 1);
    CHECK(os_wake_one(&queue));
    TRY(os_join(f));
    CHECK_EQUAL(w.result, OK);
    os_get_stats(&stats);
    CHECK_EQUAL(stats.timers, 0);
    return OK;
}

FIBER_TEST(a_wake_is_not_lost_to_a_later_cancellation)
{
    struct os_waitq queue = { 0 };
    struct waiter w = { .queue = &queue, .when = os_now() + MILLISECONDS(1) };
    struct os_fiber *f;
    TRY(os_spawn(&f, waits, &w));
    TRY(os_yield());
    CHECK(os_wake_one(&queue));
    os_cancel(f);
    while (os_now() < w.when)
        ;
    TRY(os_join(f));
    CHECK_EQUAL(w.result, OK);
    return OK;
}

static struct os_mutex mutex;
static int inside, passed;

static err locks(void *arg)
{
    (void)arg;
    TRY(os_mutex_lock(&mutex));
    CHECK_EQUAL(inside++, 0);
    IGNORE(os_yield());
    inside--;
    passed++;
    os_mutex_unlock(&mutex);
    return OK;
}

FIBER_TEST(mutexes_exclude)
{
    struct os_fiber *f[3];
    inside = passed = 0;
    CHECK_EQUAL(os_mutex_lock(&mutex), OK);
    CHECK(!os_mutex_try_lock(&mutex));
    for (int i = 0; i < 3; i++)
        TRY(os_spawn(&f[i], locks, NULL));
    TRY(os_yield());
    /*
     * One fiber is cancelled in the queue, and another after it was handed the lock. The second one has the
     * lock.
     */
    os_cancel(f[1]);
    os_mutex_unlock(&mutex);
    CHECK(!os_mutex_try_lock(&mutex));
    os_cancel(f[0]);
    CHECK_EQUAL(os_join(f[0]), OK);
    CHECK_EQUAL(os_join(f[1]), ERR_CANCELLED);
    CHECK_EQUAL(os_join(f[2]), OK);
    CHECK_EQUAL(passed, 2);
    CHECK(os_mutex_try_lock(&mutex));
    os_mutex_unlock(&mutex);
    OS_DEADLINE(1)
    {
        /* An operation that need not suspend does not fail. */
        CHECK_EQUAL(os_mutex_lock(&mutex), OK);
        os_mutex_unlock(&mutex);
    }
    return OK;
}

struct transfer {
    struct os_mailbox *box;
    void *item;
    err result;
    bool done;
};

static err puts_item(void *arg)
{
    struct transfer *t = arg;
    t->result = os_mailbox_put(t->box, t->item);
    t->done = true;
    return OK;
}

static err takes_item(void *arg)
{
    struct transfer *t = arg;
    t->result = os_mailbox_take(t->box, &t->item);
    t->done = true;
    return OK;
}

static char items[16];

FIBER_TEST(mailboxes_keep_the_order)
{
    void *slots[3], *item;
    struct os_mailbox box;
    struct os_fiber *f[4];
    struct transfer t[4];
    for (size_t capacity = 0; capacity <= 3; capacity++) {
        os_mailbox_init(&box, slots, capacity);
        CHECK_EQUAL(os_mailbox_try_take(&box, &item), ERR_AGAIN);
        for (size_t i = 0; i < capacity; i++)
            CHECK_EQUAL(os_mailbox_put(&box, &items[i]), OK);
        CHECK_EQUAL(os_mailbox_try_put(&box, NULL), ERR_AGAIN);
        for (size_t i = 0; i < 4; i++) {
            t[i] = (struct transfer){ &box, &items[capacity + i], OK, false };
            TRY(os_spawn(&f[i], puts_item, &t[i]));
        }
        TRY(os_yield());
        for (size_t i = 0; i < capacity + 4; i++) {
            CHECK_EQUAL(i % 2 ? os_mailbox_take(&box, &item) : os_mailbox_try_take(&box, &item), OK);
            CHECK(item == &items[i]);
        }
        CHECK_EQUAL(os_mailbox_try_take(&box, &item), ERR_AGAIN);
        for (size_t i = 0; i < 4; i++) {
            TRY(os_join(f[i]));
            CHECK_EQUAL(t[i].result, OK);
        }
        /* The other order: readers come first. */
        for (size_t i = 0; i < 4; i++) {
            t[i] = (struct transfer){ &box, NULL, OK, false };
            TRY(os_spawn(&f[i], takes_item, &t[i]));
        }
        TRY(os_yield());
        for (size_t i = 0; i < 4; i++)
            CHECK_EQUAL(os_mailbox_try_put(&box, &items[i]), OK);
        for (size_t i = 0; i < 4; i++) {
            TRY(os_join(f[i]));
            CHECK(t[i].item == &items[i]);
        }
    }
    return OK;
}

FIBER_TEST(mailboxes_lose_nothing_to_cancellation)
{
    void *slots[1], *item = NULL;
    struct os_mailbox box;
    struct os_fiber *f;
    os_mailbox_init(&box, slots, 1);
    struct transfer t = { &box, NULL, OK, false };
    /* A reader that is cancelled in the queue takes nothing. */
    TRY(os_spawn(&f, takes_item, &t));
    TRY(os_yield());
    os_cancel(f);
    CHECK_EQUAL(os_mailbox_try_put(&box, &items[0]), OK);
    TRY(os_join(f));
    CHECK_EQUAL(t.result, ERR_CANCELLED);
    CHECK(t.item == NULL);
    CHECK_EQUAL(os_mailbox_take(&box, &item), OK);
    CHECK(item == &items[0]);
    /* A reader that is cancelled after it was handed an item has the item. */
    TRY(os_spawn(&f, takes_item, &t));
    TRY(os_yield());
    CHECK_EQUAL(os_mailbox_try_put(&box, &items[1]), OK);
    os_cancel(f);
    TRY(os_join(f));
    CHECK_EQUAL(t.result, OK);
    CHECK(t.item == &items[1]);
    /* A writer that is cancelled in the queue keeps its item. One whose item was taken has put it. */
    CHECK_EQUAL(os_mailbox_put(&box, &items[2]), OK);
    t = (struct transfer){ &box, &items[3], OK, false };
    TRY(os_spawn(&f, puts_item, &t));
    TRY(os_yield());
    os_cancel(f);
    TRY(os_join(f));
    CHECK_EQUAL(t.result, ERR_CANCELLED);
    CHECK_EQUAL(box.count, 1);
    TRY(os_spawn(&f, puts_item, &t));
    TRY(os_yield());
    CHECK_EQUAL(os_mailbox_take(&box, &item), OK);
    os_cancel(f);
    TRY(os_join(f));
    CHECK_EQUAL(t.result, OK);
    CHECK_EQUAL(os_mailbox_take(&box, &item), OK);
    CHECK(item == &items[3]);
    /* Deadlines act in the same way. */
    OS_DEADLINE(os_now() + MILLISECONDS(1))
    {
        CHECK_EQUAL(os_mailbox_take(&box, &item), ERR_TIMEOUT);
    }
    CHECK(!os_has_waiters(&box.readers));
    return OK;
}

FIBER_TEST(closing_a_mailbox_wakes_everybody)
{
    void *slots[1], *item = NULL;
    struct os_mailbox box;
    struct os_fiber *f[2];
    os_mailbox_init(&box, slots, 1);
    struct transfer t[2] = { { &box, &items[1], OK, false }, { &box, NULL, OK, false } };
    CHECK_EQUAL(os_mailbox_put(&box, &items[0]), OK);
    TRY(os_spawn(&f[0], puts_item, &t[0]));
    TRY(os_yield());
    os_mailbox_close(&box);
    TRY(os_join(f[0]));
    CHECK_EQUAL(t[0].result, ERR_CLOSED);
    CHECK_EQUAL(os_mailbox_put(&box, NULL), ERR_CLOSED);
    CHECK_EQUAL(os_mailbox_try_put(&box, NULL), ERR_CLOSED);
    CHECK_EQUAL(os_mailbox_take(&box, &item), OK);
    CHECK(item == &items[0]);
    CHECK_EQUAL(os_mailbox_take(&box, &item), ERR_CLOSED);
    CHECK_EQUAL(os_mailbox_try_take(&box, &item), ERR_CLOSED);
    os_mailbox_init(&box, slots, 1);
    for (int i = 0; i < 2; i++) {
        t[i] = (struct transfer){ &box, NULL, OK, false };
        TRY(os_spawn(&f[i], takes_item, &t[i]));
    }
    TRY(os_yield());
    os_mailbox_close(&box);
    for (int i = 0; i < 2; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(t[i].result, ERR_CLOSED);
    }
    return OK;
}

struct await {
    struct os_promise *promise;
    void *value;
    err result;
};

static err awaits(void *arg)
{
    struct await *a = arg;
    a->result = os_promise_await(a->promise, &a->value);
    return OK;
}

FIBER_TEST(promises_reach_all)
{
    struct os_promise promise = { 0 };
    struct await a[3] = { { &promise, NULL, OK }, { &promise, NULL, OK }, { &promise, NULL, OK } };
    struct os_fiber *f[3];
    for (int i = 0; i < 3; i++)
        TRY(os_spawn(&f[i], awaits, &a[i]));
    TRY(os_yield());
    os_cancel(f[1]);
    os_promise_resolve(&promise, &items[0]);
    os_promise_resolve(&promise, &items[1]);
    os_promise_fail(&promise, ERR_IO);
    void *value = NULL;
    CHECK_EQUAL(os_promise_await(&promise, &value), OK);
    CHECK(value == &items[0]);
    CHECK_EQUAL(os_promise_await(&promise, NULL), OK);
    /* The promise is gone before its waiters run. */
    memset(&promise, 0xa5, sizeof promise);
    for (int i = 0; i < 3; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(a[i].result, i == 1 ? ERR_CANCELLED : OK);
        CHECK(a[i].value == (i == 1 ? NULL : &items[0]));
    }
    promise = (struct os_promise){ 0 };
    TRY(os_spawn(&f[0], awaits, &a[1]));
    TRY(os_yield());
    os_promise_fail(&promise, ERR_REFUSED);
    TRY(os_join(f[0]));
    CHECK_EQUAL(a[1].result, ERR_REFUSED);
    CHECK(a[1].value == NULL);
    CHECK_EQUAL(os_promise_await(&promise, NULL), ERR_REFUSED);
    return OK;
}

struct task {
    os_time sleep;
    err result, ended;
};

static err works(void *arg)
{
    struct task *t = arg;
    os_sleep(t->sleep);
    t->ended = os_check();
    return t->ended != OK ? t->ended : t->result;
}

FIBER_TEST(groups_join_all)
{
    struct os_group group;
    struct task t[3] = { { MILLISECONDS(1), OK, ERR_IO },
                         { 0, OK, ERR_IO },
                         { MILLISECONDS(2), OK, ERR_IO } };
    os_group_init(&group);
    CHECK_EQUAL(os_group_join(&group), OK); /* of none */
    for (int i = 0; i < 3; i++)
        TRY(os_group_spawn(&group, works, &t[i]));
    CHECK_EQUAL(group.count, 3);
    CHECK_EQUAL(os_group_join(&group), OK);
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(t[i].ended, OK);
    /* The first error ends the group, which can be used again. */
    t[0] = (struct task){ HOURS(1), OK, OK };
    t[1] = (struct task){ MILLISECONDS(1), ERR_RANGE, OK };
    t[2] = (struct task){ MILLISECONDS(50), ERR_FORMAT, OK };
    for (int i = 0; i < 3; i++)
        TRY(os_group_spawn(&group, works, &t[i]));
    CHECK_EQUAL(os_group_join(&group), ERR_RANGE);
    CHECK_EQUAL(t[0].ended, ERR_CANCELLED);
    CHECK_EQUAL(t[1].ended, OK);
    CHECK_EQUAL(t[2].ended, ERR_CANCELLED);
    return OK;
}

FIBER_TEST(groups_pick_the_first)
{
    struct os_group group;
    struct task t[3] = { { HOURS(1), OK, OK }, { MILLISECONDS(1), ERR_RANGE, OK }, { HOURS(2), OK, OK } };
    void *first = NULL;
    os_group_init(&group);
    CHECK_EQUAL(os_group_pick(&group, &first), ERR_INVALID);
    for (int i = 0; i < 3; i++)
        TRY(os_group_spawn(&group, works, &t[i]));
    CHECK_EQUAL(os_group_pick(&group, &first), ERR_RANGE);
    CHECK(first == &t[1]);
    CHECK_EQUAL(t[0].ended, ERR_CANCELLED);
    CHECK_EQUAL(t[2].ended, ERR_CANCELLED);
    /* Two fibers end in the same turn, before the pick. The first one counts. */
    t[0] = (struct task){ 0, ERR_IO, OK };
    t[1] = (struct task){ 0, OK, OK };
    TRY(os_group_spawn(&group, works, &t[0]));
    TRY(os_group_spawn(&group, works, &t[1]));
    TRY(os_yield());
    TRY(os_yield());
    CHECK_EQUAL(group.count, 0);
    CHECK_EQUAL(os_group_pick(&group, &first), ERR_IO);
    CHECK(first == &t[0]);
    return OK;
}

FIBER_TEST(groups_end_with_their_owner)
{
    struct os_group group;
    struct task t[2] = { { HOURS(1), OK, OK }, { HOURS(1), OK, OK } };
    os_group_init(&group);
    for (int pick = 0; pick < 2; pick++) {
        for (int i = 0; i < 2; i++)
            TRY(os_group_spawn(&group, works, &t[i]));
        OS_DEADLINE(os_now() + MILLISECONDS(1))
        {
            CHECK_EQUAL(pick ? os_group_pick(&group, NULL) : os_group_join(&group), ERR_TIMEOUT);
        }
        CHECK_EQUAL(group.count, 0);
        CHECK_EQUAL(t[0].ended, ERR_CANCELLED);
    }
    TRY(os_group_spawn(&group, works, &t[0]));
    os_group_cancel(&group);
    TRY(os_group_spawn(&group, works, &t[1])); /* begins cancelled */
    CHECK_EQUAL(os_group_join(&group), ERR_CANCELLED);
    TRY(os_group_spawn(&group, works, &t[0]));
    os_group_end(&group);
    os_group_end(&group);
    CHECK_EQUAL(group.count, 0);
    return OK;
}

static err owner(void *arg)
{
    struct os_group group;
    os_group_init(&group);
    TRY(os_group_spawn(&group, works, arg));
    TRY(os_group_spawn(&group, works, (struct task *)arg + 1));
    return os_group_join(&group);
}

FIBER_TEST(cancelling_the_owner_cancels_the_group)
{
    struct task t[2] = { { HOURS(1), OK, OK }, { HOURS(1), OK, OK } };
    struct os_fiber *f;
    TRY(os_spawn(&f, owner, t));
    TRY(os_yield());
    TRY(os_yield());
    os_cancel(f);
    CHECK_EQUAL(os_join(f), ERR_CANCELLED);
    CHECK_EQUAL(t[0].ended, ERR_CANCELLED);
    CHECK_EQUAL(t[1].ended, ERR_CANCELLED);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_are_first_in_first_out),
        cmocka_unit_test(a_waiter_in_the_middle_can_leave),
        cmocka_unit_test(waits_end_at_their_time),
        cmocka_unit_test(a_wake_is_not_lost_to_a_later_cancellation),
        cmocka_unit_test(mutexes_exclude),
        cmocka_unit_test(mailboxes_keep_the_order),
        cmocka_unit_test(mailboxes_lose_nothing_to_cancellation),
        cmocka_unit_test(closing_a_mailbox_wakes_everybody),
        cmocka_unit_test(promises_reach_all),
        cmocka_unit_test(groups_join_all),
        cmocka_unit_test(groups_pick_the_first),
        cmocka_unit_test(groups_end_with_their_owner),
        cmocka_unit_test(cancelling_the_owner_cancels_the_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
