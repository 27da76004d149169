/*
 * Tests os_fail_all, which ends the waits of fibers on an object that is closed. Each test frees the queue,
 * or the object with it, in the turn in which a fiber's wait ended. A fiber that still touches it is then a
 * failure under ASan.
 */
#include "test/support/test.h"

#include <stdlib.h>

/* An object that fibers wait on and that a test frees under them. */
struct object {
    struct os_waitq queue;
    int uses;
};

struct user {
    struct object *object;
    os_time when; /* 0 means no limit */
    err result;
    bool done;
};

/* Touch the object after the wait, unless it was closed, as a module's operation does. */
static err uses(void *arg)
{
    struct user *u = arg;
    u->result = u->when != 0 ? os_wait_until(&u->object->queue, u->when) : os_wait(&u->object->queue);
    if (u->result != ERR_CLOSED)
        u->object->uses++;
    u->done = true;
    return OK;
}

static struct object *object_new(void)
{
    struct object *object = calloc(1, sizeof *object);
    if (object == NULL)
        abort();
    return object;
}

static size_t close_object(struct object *object)
{
    size_t n = os_fail_all(&object->queue, ERR_CLOSED);
    memset(object, 0xa5, sizeof *object);
    free(object);
    return n;
}

static void start(struct user *users, struct os_fiber **fibers, size_t count, struct object *object)
{
    for (size_t i = 0; i < count; i++) {
        users[i] = (struct user){ .object = object, .when = users[i].when };
        CHECK_EQUAL(os_spawn(&fibers[i], uses, &users[i]), OK);
    }
    CHECK_EQUAL(os_yield(), OK);
}

FIBER_TEST(who_waits)
{
    struct object *object = object_new();
    struct user u[3] = { 0 };
    struct os_fiber *f[3];
    start(u, f, 3, object);
    CHECK_EQUAL(close_object(object), 3);
    for (int i = 0; i < 3; i++)
        CHECK(!u[i].done); /* never within the call */
    for (int i = 0; i < 3; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(u[i].result, ERR_CLOSED);
    }
    return OK;
}

FIBER_TEST(who_was_woken_and_has_not_run)
{
    struct object *object = object_new();
    struct user u[4] = { 0 };
    struct os_fiber *f[4];
    start(u, f, 4, object);
    /* One has run, one was woken, two wait. */
    CHECK(os_wake_one(&object->queue));
    TRY(os_yield());
    CHECK(os_wake_one(&object->queue));
    CHECK_EQUAL(close_object(object), 3);
    for (int i = 0; i < 4; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(u[i].result, i == 0 ? OK : ERR_CLOSED);
    }
    object = object_new();
    start(u, f, 4, object);
    CHECK_EQUAL(os_wake_all(&object->queue), 4);
    CHECK(!os_has_waiters(&object->queue));
    CHECK_EQUAL(close_object(object), 4);
    for (int i = 0; i < 4; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(u[i].result, ERR_CLOSED);
    }
    return OK;
}

/* The closing decides the result. The fiber's next wait reports the cancellation. */
FIBER_TEST(who_was_cancelled_and_has_not_run)
{
    struct user u[3] = { 0 };
    struct os_fiber *f[3];
    for (int cancelled = 0; cancelled < 3; cancelled++) {
        struct object *object = object_new();
        start(u, f, 3, object);
        os_cancel(f[cancelled]);
        CHECK_EQUAL(close_object(object), 3);
        for (int i = 0; i < 3; i++) {
            TRY(os_join(f[i]));
            CHECK_EQUAL(u[i].result, ERR_CLOSED);
        }
    }
    return OK;
}

struct closer {
    struct object *object;
    os_time when;
};

static err closes(void *arg)
{
    struct closer *c = arg;
    TRY(os_sleep_until(c->when));
    CHECK_EQUAL(close_object(c->object), 2);
    return OK;
}

/* The timers of the closer, of a wait's limit and of a deadline fire together. The closer runs first. */
FIBER_TEST(whose_time_came_in_the_same_turn)
{
    struct closer c = { object_new(), os_now() + MILLISECONDS(2) };
    struct user u[2] = { { .when = c.when }, { .when = c.when } };
    struct os_fiber *closer, *f[2];
    TRY(os_spawn(&closer, closes, &c));
    TRY(os_yield());
    start(u, f, 2, c.object);
    TRY(os_join(closer));
    for (int i = 0; i < 2; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(u[i].result, ERR_CLOSED);
    }
    return OK;
}

static err uses_late(void *arg)
{
    OS_DEADLINE(1)
    {
        IGNORE(uses(arg));
    }
    return OK;
}

/* A fiber that may not wait lets others run before it gets its error. They may close the object. */
FIBER_TEST(who_may_not_wait_at_all)
{
    struct object *object = object_new();
    struct user u[2] = { { .object = object }, { .object = object } };
    struct os_fiber *f[2];
    TRY(os_spawn(&f[0], uses, &u[0]));
    os_cancel(f[0]);
    TRY(os_spawn(&f[1], uses_late, &u[1]));
    TRY(os_yield());
    CHECK(!u[0].done && !u[1].done && !os_has_waiters(&object->queue));
    CHECK_EQUAL(close_object(object), 2);
    for (int i = 0; i < 2; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(u[i].result, ERR_CLOSED);
    }
    object = object_new();
    u[0] = (struct user){ .object = object };
    TRY(os_spawn(&f[0], uses, &u[0]));
    os_cancel(f[0]);
    TRY(os_join(f[0]));
    CHECK_EQUAL(u[0].result, ERR_CANCELLED);
    CHECK_EQUAL(object->uses, 1);
    CHECK_EQUAL(close_object(object), 0);
    return OK;
}

/* Fibers of before the closing keep their error, and are told apart from those after it. */
FIBER_TEST(a_queue_that_is_used_again)
{
    struct object object = { 0 };
    struct user before[2] = { 0 }, after = { 0 };
    struct os_fiber *f[3];
    start(before, f, 2, &object);
    CHECK(os_wake_one(&object.queue));
    CHECK_EQUAL(os_fail_all(&object.queue, ERR_CLOSED), 2);
    CHECK_EQUAL(os_fail_all(&object.queue, ERR_RESET), 0);
    start(&after, &f[2], 1, &object);
    CHECK(before[0].done && before[1].done && !after.done);
    CHECK(os_wake_one(&object.queue));
    CHECK(!os_wake_one(&object.queue));
    for (int i = 0; i < 3; i++)
        TRY(os_join(f[i]));
    CHECK_EQUAL(before[0].result, ERR_CLOSED);
    CHECK_EQUAL(before[1].result, ERR_CLOSED);
    CHECK_EQUAL(after.result, OK);
    CHECK_EQUAL(object.uses, 1);
    return OK;
}

struct order {
    struct os_waitq *queue;
    int *next, place;
};

static err takes_a_place(void *arg)
{
    struct order *o = arg;
    IGNORE(os_wait(o->queue));
    o->place = (*o->next)++;
    return OK;
}

/* Fibers run in the order in which they were woken, cancelled or failed. The others keep their order. */
FIBER_TEST(the_order_of_running)
{
    struct os_waitq queue = { 0 };
    int next = 0;
    struct order o[5];
    struct os_fiber *f[5];
    static const int expected[5] = { 1, 2, 3, 0, 4 };
    for (int i = 0; i < 5; i++) {
        o[i] = (struct order){ &queue, &next, -1 };
        TRY(os_spawn(&f[i], takes_a_place, &o[i]));
    }
    TRY(os_yield());
    os_cancel(f[3]);
    CHECK(os_wake_one(&queue));
    CHECK(os_wake_one(&queue));
    CHECK_EQUAL(os_fail_all(&queue, ERR_CLOSED), 5);
    for (int i = 0; i < 5; i++) {
        TRY(os_join(f[i]));
        CHECK_EQUAL(o[i].place, expected[i]);
    }
    return OK;
}

struct transfer {
    struct os_mailbox *box;
    void *item;
    err result;
};

static err takes(void *arg)
{
    struct transfer *t = arg;
    t->result = os_mailbox_take(t->box, &t->item);
    return OK;
}

static err puts_item(void *arg)
{
    struct transfer *t = arg;
    t->result = os_mailbox_put(t->box, t->item);
    return OK;
}

static void close_box(struct os_mailbox *box)
{
    os_mailbox_close(box);
    memset(box, 0xa5, sizeof *box);
    free(box);
}

/* A fiber that was handed an item has it, whatever happens to the mailbox. The others get the error. */
FIBER_TEST(mailboxes)
{
    static char item;
    struct os_fiber *f[3];
    struct os_mailbox *box = malloc(sizeof *box);
    if (box == NULL)
        return ERR_NO_MEMORY;
    os_mailbox_init(box, NULL, 0);
    struct transfer readers[3] = { { .box = box }, { .box = box }, { .box = box } };
    for (int i = 0; i < 3; i++)
        TRY(os_spawn(&f[i], takes, &readers[i]));
    TRY(os_yield());
    CHECK_EQUAL(os_mailbox_try_put(box, &item), OK);
    os_cancel(f[1]);
    close_box(box);
    for (int i = 0; i < 3; i++)
        TRY(os_join(f[i]));
    CHECK_EQUAL(readers[0].result, OK);
    CHECK(readers[0].item == &item);
    CHECK_EQUAL(readers[1].result, ERR_CANCELLED);
    CHECK_EQUAL(readers[2].result, ERR_CLOSED);

    box = malloc(sizeof *box);
    if (box == NULL)
        return ERR_NO_MEMORY;
    os_mailbox_init(box, NULL, 0);
    struct transfer writers[2] = { { box, &item, OK }, { box, &item, OK } };
    void *taken = NULL;
    for (int i = 0; i < 2; i++)
        TRY(os_spawn(&f[i], puts_item, &writers[i]));
    TRY(os_yield());
    CHECK_EQUAL(os_mailbox_try_take(box, &taken), OK);
    close_box(box);
    for (int i = 0; i < 2; i++)
        TRY(os_join(f[i]));
    CHECK(taken == &item);
    CHECK_EQUAL(writers[0].result, OK);
    CHECK_EQUAL(writers[1].result, ERR_CLOSED);
    return OK;
}

static err awaits(void *arg)
{
    return os_promise_await(arg, NULL);
}

/* Fibers that await a promise do not touch it when they run, so it may be freed as soon as it is settled. */
FIBER_TEST(promises)
{
    struct os_promise *promise = calloc(1, sizeof *promise);
    struct os_fiber *f[3];
    if (promise == NULL)
        return ERR_NO_MEMORY;
    for (int i = 0; i < 3; i++)
        TRY(os_spawn(&f[i], awaits, promise));
    os_cancel(f[2]); /* before it has begun to wait */
    TRY(os_yield());
    os_cancel(f[0]);
    os_promise_fail(promise, ERR_IO);
    memset(promise, 0xa5, sizeof *promise);
    free(promise);
    CHECK_EQUAL(os_join(f[0]), ERR_CANCELLED);
    CHECK_EQUAL(os_join(f[1]), ERR_IO);
    CHECK_EQUAL(os_join(f[2]), ERR_CANCELLED);
    return OK;
}

enum { OBJECTS = 3, USERS = 8, STEPS = 4000 };

/* The result that the test expects for each user. */
struct model {
    struct object *objects[OBJECTS];
    struct user users[USERS];
    struct os_fiber *fibers[USERS];
    bool waits[USERS], cancelled[USERS];
    err expected[USERS]; /* for those that no longer wait */
    uint32_t random;
};

static uint32_t below(struct model *m, uint32_t bound)
{
    m->random = m->random * 1664525 + 1013904223;
    return (m->random >> 16) % bound;
}

static void step(struct model *m)
{
    size_t at = below(m, OBJECTS), user = below(m, USERS);
    struct object *object = m->objects[at];
    switch (below(m, 8)) {
    case 0:
    case 1:
        if (!m->cancelled[user]) {
            os_cancel(m->fibers[user]);
            m->cancelled[user] = true;
            if (m->waits[user])
                m->expected[user] = ERR_CANCELLED;
            m->waits[user] = false;
        }
        break;
    case 2:
        close_object(object);
        for (size_t i = 0; i < USERS; i++)
            if (m->users[i].object == object) {
                m->expected[i] = ERR_CLOSED;
                m->waits[i] = false;
            }
        m->objects[at] = object_new();
        break;
    case 3:
        os_wake_all(&object->queue);
        for (size_t i = 0; i < USERS; i++)
            if (m->users[i].object == object && m->waits[i])
                m->waits[i] = false;
        break;
    default: break;
    }
}

/* Any order of waking, cancelling and closing between two runs of the fibers. */
FIBER_TEST(at_random)
{
    struct model m = { .random = 1 };
    for (size_t i = 0; i < OBJECTS; i++)
        m.objects[i] = object_new();
    for (int n = 0; n < STEPS; n++) {
        for (size_t i = 0; i < USERS; i++) {
            m.users[i] = (struct user){ .object = m.objects[below(&m, OBJECTS)] };
            TRY(os_spawn(&m.fibers[i], uses, &m.users[i]));
            m.waits[i] = true;
            m.cancelled[i] = false;
            m.expected[i] = OK;
        }
        TRY(os_yield());
        for (uint32_t steps = below(&m, 6); steps > 0; steps--)
            step(&m);
        TRY(os_yield());
        for (size_t i = 0; i < USERS; i++)
            if (m.waits[i])
                CHECK(!m.users[i].done);
        for (size_t i = 0; i < OBJECTS; i++)
            os_wake_all(&m.objects[i]->queue);
        for (size_t i = 0; i < USERS; i++) {
            TRY(os_join(m.fibers[i]));
            CHECK_EQUAL(m.users[i].result, m.expected[i]);
        }
    }
    for (size_t i = 0; i < OBJECTS; i++)
        free(m.objects[i]);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits),
        cmocka_unit_test(who_was_woken_and_has_not_run),
        cmocka_unit_test(who_was_cancelled_and_has_not_run),
        cmocka_unit_test(whose_time_came_in_the_same_turn),
        cmocka_unit_test(who_may_not_wait_at_all),
        cmocka_unit_test(a_queue_that_is_used_again),
        cmocka_unit_test(the_order_of_running),
        cmocka_unit_test(mailboxes),
        cmocka_unit_test(promises),
        cmocka_unit_test(at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
