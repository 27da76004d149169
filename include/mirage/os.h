/*
 * The runtime: cooperative fibers and what they wait on. There is one scheduler
 * and no preemption: between two operations marked IO nothing else runs.
 *
 * Cancellation. os_cancel() marks a fiber; from then on every operation that would
 * suspend it returns ERR_CANCELLED (after letting others run), so that a fiber
 * leaves by its ordinary error paths and its cleanups run. Cleanups that must
 * suspend do so within OS_SHIELD. A deadline (OS_DEADLINE) does the same with
 * ERR_TIMEOUT for the block it covers.
 *
 * Callbacks of timers and devices run on the scheduler's stack and must not
 * suspend; debug builds abort when something does.
 */
#ifndef MIRAGE_OS_H
#define MIRAGE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>
#include <mirage/list.h>
#include <mirage/time.h>

#ifndef IO
#define IO
#endif

struct os_fiber;

/* Monotonic time since an arbitrary point before boot, read now. */
os_time os_now(void);

/* Monotonic time as of the beginning of this turn of the loop: cheap, up to a turn old. */
os_time os_loop_now(void);

/* fibers */

/* What a fiber runs; its result is what os_join returns. */
typedef err (*os_entry)(void *arg);

/*
 * Make a fiber that will run entry(arg), after what is ready now. `out` may be
 * NULL: the fiber is then detached, its result logged if it is an error other than
 * ERR_CANCELLED. Otherwise the caller must os_join or os_detach it. ERR_NO_MEMORY.
 */
err os_spawn(struct os_fiber **out, os_entry entry, void *arg);

/* os_spawn with the fiber's name, see os_set_name; the macro takes the entry's. */
err os_spawn_named(struct os_fiber **out, os_entry entry, void *arg, const char *name);
#define os_spawn(out, entry, arg) os_spawn_named(out, entry, arg, #entry)

/*
 * Wait until the fiber has ended, free it and return its result. When the caller is
 * cancelled or its deadline passes, the fiber is cancelled, waited for and freed
 * all the same, and the caller's error is returned.
 */
IO err os_join(struct os_fiber *fiber);

/* Give up the right to join: the fiber frees itself when it ends. */
void os_detach(struct os_fiber *fiber);

/* Cancel a fiber that has not been joined. Cancelling twice, or one that has ended, does nothing. */
void os_cancel(struct os_fiber *fiber);

/* The running fiber; NULL on the scheduler's stack. */
struct os_fiber *os_self(void);

/* A name for logs, debuggers and `os_each_fiber`; must outlive the fiber. */
void os_set_name(struct os_fiber *fiber, const char *name);

struct os_fiber_info {
    const char *name;  /* NULL: none */
    const char *doing; /* "ready", "running", "ended", or what it waits in: "os_mailbox_take" */
    os_entry entry;
    bool cancelled;
};

/* Call visit for each fiber that has not been freed, oldest first. */
void os_each_fiber(void (*visit)(void *ctx, const struct os_fiber_info *info), void *ctx);

/*
 * Bytes of stack for every fiber but the first, which has at least 1 MiB; rounded up to
 * pages; untouched pages cost nothing. ERR_BUSY once a fiber was spawned, ERR_RANGE below 4 KiB.
 */
err os_set_stack_size(size_t bytes);

/* OK, or why the calling fiber should stop: ERR_CANCELLED, ERR_TIMEOUT. */
err os_check(void);

/* Let the other ready fibers run; then as os_check. */
IO err os_yield(void);

/* Sleep; returns early only when cancelled or past a deadline, which os_check then tells. */
IO void os_sleep(os_time duration);

/* Sleep until the given monotonic time; OK, or why it returned early. */
IO err os_sleep_until(os_time when);

/*
 * OS_SHIELD { … }: within the block cancellation and outer deadlines are held back,
 * for cleanups that suspend. Leave it by its end, `break`, `return` or `goto`.
 */
struct os_shield {
    struct os_fiber *fiber;
    os_time outer;
    bool done;
};
struct os_shield os_shield_begin(void);
void os_shield_end(struct os_shield *shield);
#define OS_SHIELD                                                                                 \
    for (struct os_shield __attribute__((cleanup(os_shield_end))) os_shield_ = os_shield_begin(); \
         !os_shield_.done; os_shield_.done = true)

/*
 * OS_DEADLINE(when) { … }: operations in the block that would suspend after the
 * monotonic time `when` return ERR_TIMEOUT. Deadlines nest; the earliest counts.
 */
struct os_deadline {
    struct os_fiber *fiber;
    os_time outer;
    bool done;
};
struct os_deadline os_deadline_begin(os_time when);
void os_deadline_end(struct os_deadline *deadline);
#define OS_DEADLINE(when)                                             \
    for (struct os_deadline __attribute__((cleanup(os_deadline_end))) \
         os_deadline_ = os_deadline_begin(when);                      \
         !os_deadline_.done; os_deadline_.done = true)

/* os_no_suspend { … }: a debug build aborts, naming the line, when something suspends in the block. */
struct os_no_suspend_scope {
    struct os_fiber *fiber;
    bool done;
};
struct os_no_suspend_scope os_no_suspend_begin(const char *file, int line);
void os_no_suspend_end(struct os_no_suspend_scope *scope);
#define os_no_suspend                                                           \
    for (struct os_no_suspend_scope __attribute__((cleanup(os_no_suspend_end))) \
         os_no_suspend_ = os_no_suspend_begin(__FILE__, __LINE__);              \
         !os_no_suspend_.done; os_no_suspend_.done = true)

/* timers */

/*
 * A timer calls fire(arg) on the scheduler's stack. Its memory is the owner's, zeroed
 * (OS_TIMER_INIT) before first use, and must stay while it is set.
 */
struct os_timer {
    os_time when;
    void (*fire)(void *arg);
    void *arg;
    size_t slot;    /* place in the runtime's heap, plus one; 0 when not set */
    uint64_t order; /* timers of the same `when` fire in the order of setting */
};
#define OS_TIMER_INIT(fire_, arg_)     \
    {                                  \
        .fire = (fire_), .arg = (arg_) \
    }

/* Set, or move, the timer to the monotonic time `when`. ERR_NO_MEMORY, and then it is not set. */
err os_timer_set(struct os_timer *timer, os_time when);

/* Does nothing when the timer is not set. */
void os_timer_stop(struct os_timer *timer);

static inline bool os_timer_is_set(const struct os_timer *timer)
{
    return timer->slot != 0;
}

/* waiting */

/*
 * A first-in first-out queue of waiting fibers; zeroed is empty. It also holds the fibers that
 * were woken from it and have not run yet, so that os_fail_all reaches them. Its memory must stay
 * until those have run, or until os_fail_all, whichever is first.
 */
struct os_waitq {
    struct os_waiter *head; /* the first that waits */
    struct os_waiter *tail; /* the last of all; those that were woken stand before `head` */
};

/* Suspend until woken; OK, ERR_CANCELLED, ERR_TIMEOUT, or what os_fail_all was given. */
IO err os_wait(struct os_waitq *queue);

/* As os_wait, and ERR_TIMEOUT at the monotonic time `when`. */
IO err os_wait_until(struct os_waitq *queue, os_time when);

/* Make the first waiter, or all, ready; they run later, never within the call. */
bool os_wake_one(struct os_waitq *queue);
size_t os_wake_all(struct os_waitq *queue);

/*
 * Close the queue: os_wait returns `error` to every fiber that waits in it, and to every fiber
 * whose wait has ended already, by a wake, a cancellation or a deadline, but who has not run yet.
 * None of them touches the queue any more, so that it may be freed, or used again, at once. Returns
 * how many fibers got the error.
 *
 * This is how an object is closed that others wait on. Give them an error that nothing else
 * gives, as ERR_CLOSED: whoever gets it from os_wait must not touch the object.
 */
size_t os_fail_all(struct os_waitq *queue, err error);

static inline bool os_has_waiters(const struct os_waitq *queue)
{
    return queue->head != NULL;
}

/* Zeroed is unlocked. Handed over in the order of asking. */
struct os_mutex {
    struct os_fiber *owner;
    struct os_waitq waiters;
};
IO err os_mutex_lock(struct os_mutex *mutex);
bool os_mutex_try_lock(struct os_mutex *mutex);
void os_mutex_unlock(struct os_mutex *mutex);

/*
 * A bounded queue of pointers whose slots are the caller's. Items are handed over in the
 * order of asking; with a capacity of 0 a writer waits for its reader. A reader or writer
 * that is cancelled after its item has been handed over gets OK.
 */
struct os_mailbox {
    void **slots;
    size_t capacity, head, count;
    bool closed;
    struct os_waitq readers, writers;
};
void os_mailbox_init(struct os_mailbox *box, void **slots, size_t capacity);
/* Waits for room. ERR_CLOSED after os_mailbox_close; the item is then still the caller's. */
IO err os_mailbox_put(struct os_mailbox *box, void *item);
/* Waits for an item. ERR_CLOSED when the box is closed and drained. */
IO err os_mailbox_take(struct os_mailbox *box, void **out);
/* ERR_AGAIN instead of waiting; may be called from callbacks. */
err os_mailbox_try_put(struct os_mailbox *box, void *item);
err os_mailbox_try_take(struct os_mailbox *box, void **out);
/*
 * Wakes everybody; what is inside can still be taken. Readers and writers whose item was handed
 * over keep their OK. The box may be freed at once: none of those who were woken touches it.
 */
void os_mailbox_close(struct os_mailbox *box);

/* A value that comes later, once; zeroed is unresolved. Any number may await it. */
struct os_promise {
    bool resolved;
    err error;
    void *value;
    struct os_waitq waiters;
};
/* The first call counts, later ones do nothing. May be called from callbacks. */
void os_promise_resolve(struct os_promise *promise, void *value);
void os_promise_fail(struct os_promise *promise, err error);
/* The value through `out` (which may be NULL), or the promise's error, or the caller's own. */
IO err os_promise_await(struct os_promise *promise, void **out);

/* groups */

/*
 * A group owns the fibers that are spawned in it. Its maker must end it with os_group_join,
 * os_group_pick or os_group_end, and none of its fibers outlives that call.
 */
struct os_group {
    OS_LIST(struct os_fiber) members; /* the runtime's */
    size_t count;                     /* still running */
    err first_error;                  /* of the first that failed */
    struct os_waitq changed;
    bool any_ended, cancelled;
    err picked; /* result of the first that ended */
    void *picked_arg;
};
void os_group_init(struct os_group *group);
/* A fiber spawned in a group that was cancelled begins cancelled. */
err os_group_spawn(struct os_group *group, os_entry entry, void *arg);
err os_group_spawn_named(struct os_group *group, os_entry entry, void *arg, const char *name);
#define os_group_spawn(group, entry, arg) os_group_spawn_named(group, entry, arg, #entry)
/* Ask all of them to stop, without waiting. */
void os_group_cancel(struct os_group *group);
/* Wait for all; the first error to happen cancels the rest and is returned. */
IO err os_group_join(struct os_group *group);
/*
 * Wait for the first to end, cancel and wait for the rest, and return the first's
 * result; `arg`, when not NULL, receives the argument that one was spawned with.
 * ERR_INVALID when nothing was ever spawned in the group.
 */
IO err os_group_pick(struct os_group *group, void **arg);
/* Cancel all and wait for them, shielded; for cleanup paths. */
IO void os_group_end(struct os_group *group);

/* the program */

/*
 * Run entry(arg) as the first fiber and the loop until that fiber ends; returns its
 * result. Remaining fibers are cancelled and given OS_GRACE to clean up. A fiber that has not
 * ended by then is abandoned where it stands, and logged. Called by main.c, not from a fiber.
 *
 * When every fiber waits, no timer is set and nothing outside can wake one, the fibers are
 * logged with what they wait in, the program is stopped, and the result is ERR_DEADLOCK.
 */
err os_run(os_entry entry, void *arg);

/*
 * End the program from anywhere: cancel the first fiber, so that it leaves by its cleanups,
 * within OS_GRACE. os_run then returns `result`, whatever that fiber returns. The first call
 * counts. The host's request to stop (SIGINT, SIGTERM, a shutdown event) is os_stop(OK).
 */
void os_stop(err result);
#define OS_GRACE SECONDS(5)

/* Fill `out` with bytes fit for keys, from the host or the processor. ERR_IO when there is no source. */
err os_entropy(void *out, size_t len);

/* How many fibers are alive, and the bytes they hold: for metrics and tests. */
struct os_stats {
    size_t fibers, fibers_peak;
    size_t stack_bytes; /* address space of all stacks, with guards */
    size_t pooled_stacks;
    size_t timers;
    uint64_t switches, loops;
};
void os_get_stats(struct os_stats *out);

/*
 * For tests, in builds without NDEBUG: the n-th allocation of the runtime from now on (1 is
 * the next one) fails, once; 0 turns it off. Buffers, spawns and timers each count one.
 * Returns how many were still to come before the call; 0 when it has happened.
 */
size_t os_fail_allocation_after(size_t n);

#endif
