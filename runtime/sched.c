/*
 * The scheduler. A turn of the loop fires the timers that are due, runs the ready fibers, and looks at the
 * devices. Fibers that become ready while a round of fibers runs form the next round. A turn has as many
 * rounds as fit in TURN_SWITCHES and TURN_TIME, so that fibers which hand things to each other do not pay for
 * a system call at each step.
 *
 * A fiber that suspends switches directly to the next fiber of the round. It switches to the scheduler's
 * stack only when the turn is over.
 */
#include "runtime.h"

#include <stdarg.h>
#include <stdio.h>

LOG_SOURCE(os);

#define TURN_SWITCHES 64
#define TURN_TIME MICROSECONDS(50)
#define TURN_MEASURED MILLISECONDS(1)

struct runtime runtime = {
    .current = &runtime.loop,
    .ready_tail = &runtime.ready,
    .turn_length = UINT64_MAX,
    .log_limit = LOG_LIMIT,
    .log_due = OS_NEVER,
    .loop = { .guarded = true, .deadline = OS_NEVER },
};

_Noreturn void runtime_panic(const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    platform_panic(reason);
}

/* switching */

static void check_canary(const struct os_fiber *fiber)
{
#ifdef NDEBUG
    (void)fiber;
#else
    if (unlikely(!fiber->guarded) && *(uint64_t *)fiber->stack != FIBER_CANARY) {
        char name[FIBER_NAME_SIZE];
        runtime_panic("fiber %s overran its stack of %zu bytes", fiber_name(fiber, name), fiber->stack_size);
    }
#endif
}

/* ASan tells the stack that we came from. It matters only for the loop's stack, which nobody else knows. */
void fiber_arrived(struct os_fiber *fiber)
{
#if RUNTIME_ASAN
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(fiber->fake_stack, &bottom, &size);
    if (runtime.previous == &runtime.loop) {
        runtime.loop.stack = (void *)bottom;
        runtime.loop.stack_size = size;
    }
#endif
    fiber->state = FIBER_RUNNING;
}

static inline void switch_to(struct os_fiber *from, struct os_fiber *to, bool for_good)
{
    check_canary(from);
    runtime.current = to;
    runtime.switches++;
#if RUNTIME_ASAN
    runtime.previous = from;
    __sanitizer_start_switch_fiber(for_good ? NULL : &from->fake_stack, to->stack, to->stack_size);
#else
    (void)for_good;
#endif
    arch_fiber_switch(&from->context, &to->context);
    fiber_arrived(from);
}

/* Reading the processor's counter costs as much as a switch, so it is not read at each of them. */
static inline bool turn_is_over(void)
{
    return runtime.turn_budget == 0 ||
           (runtime.turn_budget % 8 == 0 && arch_ticks() - runtime.turn_began > runtime.turn_length);
}

/* Returns what runs next: a fiber of this round, one of a new round if the turn may go on, or the loop. */
static inline struct os_fiber *next_to_run(void)
{
    struct os_fiber *fiber = runtime.round;
    if (fiber == NULL) {
        if (runtime.ready == NULL || turn_is_over())
            return &runtime.loop;
        fiber = runtime.ready;
        runtime.ready = NULL;
        runtime.ready_tail = &runtime.ready;
    }
    runtime.round = fiber->next_ready;
    if (runtime.turn_budget > 0)
        runtime.turn_budget--;
    return fiber;
}

static inline __attribute__((always_inline)) void suspend(struct os_fiber *self)
{
    struct os_fiber *next = next_to_run();
    if (likely(next != self))
        switch_to(self, next, false);
    else
        self->state = FIBER_RUNNING;
}

_Noreturn void fiber_leave(struct os_fiber *fiber)
{
    fiber->state = FIBER_ENDED;
    if (fiber->detached || fiber->group != NULL)
        fiber_free(fiber);
    switch_to(fiber, next_to_run(), true);
    runtime_panic("a fiber that has ended was switched to");
}

/* ready and waiting */

void fiber_make_ready(struct os_fiber *fiber)
{
    fiber->state = FIBER_READY;
    fiber->next_ready = NULL;
    *runtime.ready_tail = fiber;
    runtime.ready_tail = &fiber->next_ready;
}

/*
 * A queue is one list: first the waiters whose wait has ended but whose fibers have not run, then,
 * from `head` on, those that wait. So waking the first moves `head`, and nothing else.
 */
static void waitq_push(struct os_waitq *queue, struct os_waiter *waiter)
{
    waiter->queue = queue;
    waiter->next = NULL;
    waiter->prev = queue->tail;
    if (queue->tail != NULL)
        queue->tail->next = waiter;
    queue->tail = waiter;
    if (queue->head == NULL)
        queue->head = waiter;
}

/* Put a waiter among those whose wait has ended. */
static void waitq_push_ended(struct os_waitq *queue, struct os_waiter *waiter)
{
    struct os_waiter *next = queue->head, *prev = next != NULL ? next->prev : queue->tail;
    waiter->queue = queue;
    waiter->next = next;
    waiter->prev = prev;
    if (prev != NULL)
        prev->next = waiter;
    if (next != NULL)
        next->prev = waiter;
    else
        queue->tail = waiter;
}

/* Take a waiter out of the list. For one that still waits, the caller moves `head` when it is the first. */
static inline void waitq_unlink(struct os_waitq *queue, struct os_waiter *waiter)
{
    if (waiter->prev != NULL)
        waiter->prev->next = waiter->next;
    if (waiter->next != NULL)
        waiter->next->prev = waiter->prev;
    else
        queue->tail = waiter->prev;
    waiter->queue = NULL;
}

static void end_wait(struct os_waiter *waiter, err result)
{
    waiter->result = result;
    fiber_make_ready(container_of(waiter, struct os_fiber, waiter));
}

struct os_waiter *waitq_pop(struct os_waitq *queue, err result)
{
    struct os_waiter *waiter = queue->head;
    if (waiter == NULL)
        return NULL;
    queue->head = waiter->next;
    waitq_unlink(queue, waiter);
    end_wait(waiter, result);
    return waiter;
}

bool waitq_wake(struct os_waitq *queue, err result)
{
    struct os_waiter *waiter = queue->head;
    if (waiter == NULL)
        return false;
    queue->head = waiter->next;
    end_wait(waiter, result);
    return true;
}

size_t waitq_fail(struct os_waitq *queue, err error)
{
    size_t n = 0;
    while (waitq_wake(queue, error))
        continue;
    for (struct os_waiter *waiter = queue->tail; waiter != NULL; waiter = waiter->prev, n++) {
        waiter->result = error;
        waiter->queue = NULL;
    }
    queue->tail = NULL;
    return n;
}

/* End a wait from outside: the fiber goes on with `result`. */
static void interrupt(struct os_fiber *fiber, err result)
{
    struct os_waitq *queue = fiber->waiter.queue;
    if (queue != NULL) {
        if (queue->head == &fiber->waiter)
            queue->head = fiber->waiter.next;
        waitq_unlink(queue, &fiber->waiter);
        if (fiber->waiter.stays)
            waitq_push_ended(queue, &fiber->waiter);
    }
    end_wait(&fiber->waiter, result);
}

void fiber_timed_out(void *arg)
{
    struct os_fiber *fiber = arg;
    if (fiber->state == FIBER_WAITING)
        interrupt(fiber, ERR_TIMEOUT);
}

/* Whether the running code may suspend. When it may not, a debug build aborts. */
static bool may_suspend(struct os_fiber *self, const char *doing)
{
    (void)doing;
    if (unlikely(self == &runtime.loop)) {
#ifndef NDEBUG
        runtime_panic("%s on the scheduler's stack: callbacks and main must not suspend", doing);
#endif
        return false;
    }
    if (unlikely(self->no_suspend > 0)) {
#ifndef NDEBUG
        runtime_panic("%s within os_no_suspend of %s:%d", doing, self->no_suspend_file,
                      self->no_suspend_line);
#endif
    }
    return true;
}

static err why_stop(const struct os_fiber *self, os_time now)
{
    if (unlikely(self->cancelled) && self->shields == 0)
        return ERR_CANCELLED;
    if (unlikely(self->deadline <= now))
        return ERR_TIMEOUT;
    return OK;
}

err fiber_yield(const char *doing)
{
    struct os_fiber *self = runtime.current;
    if (!may_suspend(self, doing))
        return ERR_INVALID;
    fiber_make_ready(self);
    suspend(self);
    return why_stop(self, runtime.now);
}

/*
 * A wait that ends before it begins. Other fibers run all the same, so that a loop which ignores errors
 * starves nobody. They may close the queue meanwhile.
 */
static __attribute__((noinline)) err refuse_wait(struct os_fiber *self, struct os_waitq *queue, err why)
{
    self->waiter.result = why;
    self->waiter.queue = NULL;
    if (queue != NULL)
        waitq_push_ended(queue, &self->waiter);
    fiber_make_ready(self);
    suspend(self);
    if (self->waiter.queue != NULL)
        waitq_unlink(queue, &self->waiter);
    return self->waiter.result;
}

static inline __attribute__((always_inline)) err wait_in(struct os_waitq *queue, os_time when, bool stays,
                                                         const char *doing)
{
    struct os_fiber *self = runtime.current;
    if (!may_suspend(self, doing))
        return ERR_INVALID;
    err stop = why_stop(self, runtime.now);
    if (unlikely(stop != OK || when <= runtime.now))
        return refuse_wait(self, stays ? queue : NULL, stop != OK ? stop : ERR_TIMEOUT);
    if (self->deadline < when)
        when = self->deadline;
    if (when != OS_NEVER)
        timer_set_reserved(&self->timer, when);
    self->waiter.queue = NULL;
    self->waiter.stays = stays;
    if (queue != NULL)
        waitq_push(queue, &self->waiter);
    self->doing = doing;
    self->state = FIBER_WAITING;
    suspend(self);
    if (self->timer.slot != 0)
        timer_remove(&self->timer);
    if (stays && self->waiter.queue != NULL)
        waitq_unlink(queue, &self->waiter);
    return self->waiter.result;
}

err fiber_wait(struct os_waitq *queue, os_time when, const char *doing)
{
    err result = wait_in(queue, when, false, doing);
    assert(runtime.current->waiter.queue == NULL);
    return result;
}

err fiber_wait_closable(struct os_waitq *queue, os_time when, const char *doing)
{
    return wait_in(queue, when, true, doing);
}

err os_check(void)
{
    const struct os_fiber *self = runtime.current;
    return why_stop(self, self->deadline != OS_NEVER ? os_now() : 0);
}

void os_cancel(struct os_fiber *fiber)
{
    if (fiber->state == FIBER_ENDED || fiber->cancelled)
        return;
    fiber->cancelled = true;
    if (fiber->state == FIBER_WAITING && fiber->shields == 0)
        interrupt(fiber, ERR_CANCELLED);
}

/* the loop */

os_time os_now(void)
{
    return platform_monotonic();
}

os_time os_loop_now(void)
{
    if (unlikely(runtime.now == 0))
        runtime.now = platform_monotonic();
    return runtime.now;
}

/* Whether no timer is set, except the one that limits the end of the program. */
static bool no_timers(void)
{
    return runtime.heap_count == (runtime.grace.slot != 0);
}

/*
 * Measure how many ticks of the processor a turn may take, when the counter and the clock have run for a
 * millisecond. Until then a turn ends by its switches alone, as it always does in a run that can be repeated.
 * A reading does not count when somebody else had the processor between the two.
 */
static void measure_turn(void)
{
    if (platform_replay() != NULL)
        return;
    os_time now = platform_monotonic();
    uint64_t ticks = arch_ticks();
    if (platform_monotonic() - now > TURN_MEASURED / 16)
        return;
    os_time elapsed = now - runtime.first_time;
    if (runtime.first_time == 0) {
        runtime.first_time = now;
        runtime.first_ticks = ticks;
    } else if (elapsed >= TURN_MEASURED) {
        runtime.turn_length = (ticks - runtime.first_ticks) / (uint64_t)(elapsed / TURN_TIME) + 1;
    }
}

/* One turn of the loop. Returns false when nothing can ever happen again. */
static bool turn(void)
{
    runtime.loops++;
    runtime.now = platform_monotonic();
    timer_run(runtime.now);
    runtime.turn_budget = TURN_SWITCHES;
    runtime.turn_began = arch_ticks();
    if (unlikely(runtime.turn_length == UINT64_MAX))
        measure_turn();
    struct os_fiber *fiber = next_to_run();
    if (fiber != &runtime.loop)
        switch_to(&runtime.loop, fiber, false);
    if (unlikely(runtime.first_ended && (runtime.first != NULL || runtime.fibers == 0)))
        return true;
    os_time deadline = OS_NEVER;
    if (runtime.ready != NULL || runtime.raised.first != NULL || fiber_trim_pool()) {
        deadline = 0;
    } else if (unlikely(no_timers()) && runtime.armed == 0) {
        return false;
    } else {
        deadline = buf_trim_pool(runtime.now);
        if (runtime.heap_count > 0 && runtime.heap[0].when < deadline)
            deadline = runtime.heap[0].when;
    }
    if (unlikely(runtime.log_due < deadline))
        deadline = log_tell_due(runtime.now) < deadline ? runtime.log_due : deadline;
    platform_wait(deadline);
    runtime.log_limits = true;
    source_run();
    return true;
}

static void log_fiber(void *ctx, const struct os_fiber_info *info)
{
    (void)ctx;
    if (info->name != NULL)
        log_always(LOG_LEVEL_ERROR, "  %s: %s%s", info->name, info->doing,
                   info->cancelled ? ", cancelled" : "");
    else
        log_always(LOG_LEVEL_ERROR, "  fiber at %p: %s%s", (void *)(uintptr_t)info->entry, info->doing,
                   info->cancelled ? ", cancelled" : "");
}

static void grace_over(void *arg)
{
    (void)arg;
    runtime.grace_over = true;
}

static void begin_grace(void)
{
    runtime.grace.fire = grace_over;
    /* Without memory for a timer there is no grace. */
    if (os_timer_set(&runtime.grace, os_now() + OS_GRACE) != OK)
        runtime.grace_over = true;
}

void os_stop(err result)
{
    if (runtime.stopping)
        return;
    runtime.stopping = true;
    runtime.stop_result = result;
    if (runtime.first == NULL)
        return;
    begin_grace();
    if (!runtime.first_ended)
        os_cancel(runtime.first);
}

/* Abandon the fibers that have not ended in time. Their stacks stay as they are. */
static void abandon_all(void)
{
    if (runtime.fibers == 0)
        return;
    log_always(LOG_LEVEL_WARNING, "%zu fibers did not end in time:", runtime.fibers);
    os_each_fiber(log_fiber, NULL);
    while (runtime.all.first != NULL) {
        struct os_fiber *fiber = runtime.all.first;
        if (fiber->timer.slot != 0)
            timer_remove(&fiber->timer);
        if (fiber->stack == runtime.first_stack)
            runtime.first_stack = NULL;
        fiber_forget(fiber);
    }
    runtime.round = NULL;
    runtime.ready = NULL;
    runtime.ready_tail = &runtime.ready;
}

static void cancel_all(void)
{
    for (struct os_fiber *f = runtime.all.first; f != NULL; f = f->all.next)
        os_cancel(f);
}

err os_run(os_entry entry, void *arg)
{
    err result;
    assert(runtime.current == &runtime.loop && runtime.first == NULL);
    TRY(platform_start());
    log_begin_run();
    runtime.now = platform_monotonic();
    runtime.first_ended = false;
    runtime.stopping = false;
    runtime.grace_over = false;
    result = fiber_new(&runtime.first, entry, arg, "main", true);
    if (result != OK)
        goto out;

    while (!runtime.first_ended && !runtime.grace_over) {
        if (turn())
            continue;
        if (runtime.stopping)
            break;
        const char *replay = platform_replay();
        log_always(LOG_LEVEL_ERROR, "deadlock%s%s: every fiber waits and nothing can wake one:",
                   replay != NULL ? " with " : "", replay != NULL ? replay : "");
        os_each_fiber(log_fiber, NULL);
        os_stop(ERR_DEADLOCK);
    }
    if (runtime.first_ended) {
        result = runtime.first->result;
        fiber_free(runtime.first);
    } else {
        result = ERR_TIMEOUT;
    }
    runtime.first = NULL;
    if (runtime.stopping)
        result = runtime.stop_result;

    cancel_all();
    if (runtime.fibers > 0 && !runtime.grace_over)
        begin_grace();
    while (runtime.fibers > 0 && !runtime.grace_over) {
        /* Cancel the fibers that were spawned meanwhile, too. */
        if (!turn())
            break;
        cancel_all();
    }
    os_timer_stop(&runtime.grace);
    abandon_all();
out:
    log_end_run();
    platform_end();
    return result;
}

err os_entropy(void *out, size_t len)
{
    return platform_entropy(out, len);
}
