/*
 * What fibers wait on: time, queues, mutexes, mailboxes and promises. A waker hands a fiber what it waits
 * for, in the fiber's waiter. So a fiber that is cancelled after its wake has what it asked for, a fiber that
 * is cancelled before has taken nothing, and no third fiber can take it in between.
 */
#include "runtime.h"

err os_yield(void)
{
    return fiber_yield("os_yield");
}

void os_sleep(os_time duration)
{
    if (duration <= 0) {
        IGNORE(fiber_yield("os_sleep"));
        return;
    }
    os_time now = os_now();
    IGNORE(os_sleep_until(duration < OS_NEVER - now ? now + duration : OS_NEVER));
}

err os_sleep_until(os_time when)
{
    err error = fiber_wait(NULL, when, "os_sleep");
    if (error == ERR_TIMEOUT && runtime.current->deadline >= when)
        error = OK;
    return error;
}

/* scopes */

struct os_shield os_shield_begin(void)
{
    struct os_fiber *self = os_self();
    struct os_shield shield = { self, OS_NEVER, false };
    if (self != NULL) {
        shield.outer = self->deadline;
        self->deadline = OS_NEVER;
        self->shields++;
    }
    return shield;
}

void os_shield_end(struct os_shield *shield)
{
    if (shield->fiber == NULL)
        return;
    assert(shield->fiber == runtime.current);
    shield->fiber->deadline = shield->outer;
    shield->fiber->shields--;
}

struct os_deadline os_deadline_begin(os_time when)
{
    struct os_fiber *self = os_self();
    struct os_deadline deadline = { self, OS_NEVER, false };
    if (self != NULL) {
        deadline.outer = self->deadline;
        if (when < self->deadline)
            self->deadline = when;
    }
    return deadline;
}

void os_deadline_end(struct os_deadline *deadline)
{
    if (deadline->fiber == NULL)
        return;
    assert(deadline->fiber == runtime.current);
    deadline->fiber->deadline = deadline->outer;
}

struct os_no_suspend_scope os_no_suspend_begin(const char *file, int line)
{
    struct os_fiber *self = os_self();
    if (self != NULL && self->no_suspend++ == 0) {
        self->no_suspend_file = file;
        self->no_suspend_line = line;
    }
    return (struct os_no_suspend_scope){ self, false };
}

void os_no_suspend_end(struct os_no_suspend_scope *scope)
{
    if (scope->fiber != NULL)
        scope->fiber->no_suspend--;
}

/* queues */

err os_wait(struct os_waitq *queue)
{
    return fiber_wait_closable(queue, OS_NEVER, "os_wait");
}

err os_wait_until(struct os_waitq *queue, os_time when)
{
    return fiber_wait_closable(queue, when, "os_wait_until");
}

bool os_wake_one(struct os_waitq *queue)
{
    return waitq_wake(queue, OK);
}

size_t os_wake_all(struct os_waitq *queue)
{
    size_t n = 0;
    while (waitq_wake(queue, OK))
        n++;
    return n;
}

size_t os_fail_all(struct os_waitq *queue, err error)
{
    assert(error != OK);
    return waitq_fail(queue, error);
}

/* mutexes */

err os_mutex_lock(struct os_mutex *mutex)
{
    assert(runtime.current != &runtime.loop && mutex->owner != runtime.current);
    if (os_mutex_try_lock(mutex))
        return OK;
    return fiber_wait(&mutex->waiters, OS_NEVER, "os_mutex_lock");
}

bool os_mutex_try_lock(struct os_mutex *mutex)
{
    if (mutex->owner != NULL)
        return false;
    mutex->owner = runtime.current;
    return true;
}

void os_mutex_unlock(struct os_mutex *mutex)
{
    assert(mutex->owner == runtime.current);
    struct os_waiter *heir = waitq_pop(&mutex->waiters, OK);
    mutex->owner = heir != NULL ? container_of(heir, struct os_fiber, waiter) : NULL;
}

/* mailboxes: readers wait only when the box is empty, writers only when it is full */

void os_mailbox_init(struct os_mailbox *box, void **slots, size_t capacity)
{
    *box = (struct os_mailbox){ .slots = slots, .capacity = capacity };
}

static void push(struct os_mailbox *box, void *item)
{
    size_t at = box->head + box->count++;
    box->slots[at < box->capacity ? at : at - box->capacity] = item;
}

err os_mailbox_try_put(struct os_mailbox *box, void *item)
{
    if (box->closed)
        return ERR_CLOSED;
    struct os_waiter *reader = waitq_pop(&box->readers, OK);
    if (reader != NULL) {
        reader->value = item;
        return OK;
    }
    if (box->count == box->capacity)
        return ERR_AGAIN;
    push(box, item);
    return OK;
}

err os_mailbox_put(struct os_mailbox *box, void *item)
{
    err error = os_mailbox_try_put(box, item);
    if (error != ERR_AGAIN)
        return error;
    runtime.current->waiter.value = item;
    return fiber_wait(&box->writers, OS_NEVER, "os_mailbox_put");
}

err os_mailbox_try_take(struct os_mailbox *box, void **out)
{
    if (box->count > 0) {
        *out = box->slots[box->head];
        box->head = box->head + 1 < box->capacity ? box->head + 1 : 0;
        box->count--;
        struct os_waiter *writer = waitq_pop(&box->writers, OK);
        if (writer != NULL)
            push(box, writer->value);
        return OK;
    }
    struct os_waiter *writer = waitq_pop(&box->writers, OK);
    if (writer != NULL) {
        *out = writer->value;
        return OK;
    }
    return box->closed ? ERR_CLOSED : ERR_AGAIN;
}

err os_mailbox_take(struct os_mailbox *box, void **out)
{
    err error = os_mailbox_try_take(box, out);
    if (error != ERR_AGAIN)
        return error;
    error = fiber_wait(&box->readers, OS_NEVER, "os_mailbox_take");
    if (error == OK)
        *out = runtime.current->waiter.value;
    return error;
}

void os_mailbox_close(struct os_mailbox *box)
{
    box->closed = true;
    os_fail_all(&box->readers, ERR_CLOSED);
    os_fail_all(&box->writers, ERR_CLOSED);
}

/* promises: the waiters get the value with the wake, since the promise may be gone when they run */

static void settle(struct os_promise *promise, err error, void *value)
{
    struct os_waiter *waiter;
    if (promise->resolved)
        return;
    promise->resolved = true;
    promise->error = error;
    promise->value = value;
    while ((waiter = waitq_pop(&promise->waiters, error)) != NULL)
        waiter->value = value;
}

void os_promise_resolve(struct os_promise *promise, void *value)
{
    settle(promise, OK, value);
}

void os_promise_fail(struct os_promise *promise, err error)
{
    assert(error != OK);
    settle(promise, error, NULL);
}

err os_promise_await(struct os_promise *promise, void **out)
{
    err error = promise->error;
    void *value = promise->value;
    if (!promise->resolved) {
        error = fiber_wait(&promise->waiters, OS_NEVER, "os_promise_await");
        value = runtime.current->waiter.value;
    }
    if (error == OK && out != NULL)
        *out = value;
    return error;
}
