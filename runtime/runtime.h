/* What the runtime's files share: its state, which is its only global variable, and the fiber. */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <assert.h>
#include <string.h>

#include <mirage/buf.h>
#include <mirage/log.h>
#include <mirage/metric.h>
#include <mirage/os.h>
#include <platform/arch.h>
#include <platform/platform.h>

#if defined(__SANITIZE_ADDRESS__)
#define RUNTIME_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RUNTIME_ASAN 1
#endif
#endif
#ifdef RUNTIME_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#else
#define RUNTIME_ASAN 0
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define __lsan_register_root_region(p, n) ((void)(p), (void)(n))
#define __lsan_unregister_root_region(p, n) ((void)(p), (void)(n))
#endif

/* The lines that may be logged within a second, unless --log says otherwise. */
#define LOG_LIMIT 20

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* The lowest word of a stack without a guard page. Debug builds check it at each switch. */
#define FIBER_CANARY UINT64_C(0x9e3779b97f4a7c15)

/* A fiber waits in one queue at a time, so its waiter lies in the fiber. */
struct os_waiter {
    struct os_waiter *next, *prev;
    struct os_waitq *queue; /* NULL when in none */
    void *value;            /* the item that it hands to its waker, or gets from it */
    err result;             /* of the wait */
    bool stays;             /* it stays in its queue from its wake until it runs */
};

enum fiber_state { FIBER_READY, FIBER_RUNNING, FIBER_WAITING, FIBER_ENDED };

/* A fiber. It lies at the top of its own stack, so that a sleeping fiber holds one page. */
struct os_fiber {
    struct arch_fiber context;
    struct os_fiber *next_ready;
    uint8_t state; /* enum fiber_state */
    bool cancelled;
    bool detached;
    bool guarded;        /* running over the end of the stack faults */
    uint16_t shields;    /* OS_SHIELD blocks it is in */
    uint16_t no_suspend; /* os_no_suspend blocks it is in */
    err result;
    os_time deadline;  /* the earliest of its OS_DEADLINE blocks */
    const char *doing; /* the operation it waits in */
    struct os_waiter waiter;
    struct os_timer timer; /* its place in the heap is reserved when it is spawned */
    OS_LIST_NODE(struct os_fiber) all;
    os_entry entry;
    void *arg;
    const char *name;
    struct os_waitq joiners;
    struct os_group *group;
    OS_LIST_NODE(struct os_fiber) member;
    const char *no_suspend_file;
    int no_suspend_line;
    void *stack; /* lowest address; for the loop under ASan, what ASan said */
    size_t stack_size;
    void *fake_stack; /* ASan's */
};

struct timer_entry {
    os_time when;
    struct os_timer *timer;
};

struct runtime {
    /* scheduler */
    struct os_fiber *current; /* &loop on the scheduler's stack */
    struct os_fiber *round;   /* the fibers of this round that have not run yet */
    struct os_fiber *ready, **ready_tail;
    size_t turn_budget;               /* switches before timers and devices are looked at again */
    uint64_t turn_began, turn_length; /* in ticks of the processor; UINT64_MAX: no bound, or not measured */
    uint64_t first_ticks;             /* what its counter and the clock told when measuring began */
    os_time first_time;
    os_time now; /* as of this turn */
    struct os_fiber loop;
    struct os_fiber *first; /* what os_run was called with, while it is alive */
    bool stopping, first_ended, grace_over;
    err stop_result;
    struct os_timer grace;
    struct os_fiber *previous; /* who switched to `current`; kept for ASan */

    /* sources */
    OS_LIST(struct platform_source) raised;
    size_t armed; /* watchers, and fibers in platform_source_wait */

    /* fibers */
    OS_LIST(struct os_fiber) all; /* that are alive, oldest first */
    size_t fibers, fibers_peak;
    uint64_t switches, loops;
    size_t stack_size;
    struct os_fiber *pool; /* free fibers on stacks that are still warm */
    size_t pool_count;
    void **cold; /* free stacks whose memory went back to the platform */
    size_t cold_count, cold_room;
    size_t stacks, stack_bytes, colour;
    bool cold_unguarded; /* some stacks of the platform have no guard */
    void *first_stack;

    /* timers */
    struct timer_entry *heap;
    size_t heap_count, heap_room;
    size_t heap_loose; /* set timers that are not a fiber's own */
    uint64_t timer_order;

    /* buffers */
    struct buf *free_views;
    struct buf_page *free_pages, *free_externs;
    struct buf_page *spare_pages;             /* free, and not needed since `trim_at` was set */
    struct buf_page *returned_pages;          /* free, without memory */
    os_time trim_at;                          /* when the spare pages are given back */
    struct buf_slab *slabs;                   /* all slabs; none is given back */
    struct buf *spare_views;                  /* free, to be sorted into their pages */
    OS_LIST(struct buf_view_page) view_pages; /* that have sorted views */
    size_t views_made;                        /* free and in use */
    os_time views_trim_at, heap_trim_at;      /* 0: there is little to give back */
    size_t heap_peak;                         /* of buf.heap_bytes, since the heap was trimmed */
    struct buf_stats buf;

    /* logs */
    char *log_spec;                 /* NULL: the default */
    struct log_source *log_sources; /* the sources that have a level */
    void (*log_sink)(void *ctx, enum log_level level, const char *line, size_t len);
    void *log_ctx;
    bool log_in_sink, log_colour;
    uint32_t log_limit, log_run;     /* lines within a second, 0: any; how often os_run began */
    bool log_limits;                 /* outsiders may have been heard, so that the limits hold */
    os_time log_paid[2];             /* as a site's, of all sites: [1] for debug messages */
    struct log_site *log_left;       /* sites that have left something out */
    os_time log_due;                 /* when those are looked at next; OS_NEVER: there are none */
    uint64_t log_left_out, log_told; /* messages; those that were told */
    os_time log_start;               /* 0: no line was written yet */

    OS_LIST(struct metric) metrics;
    struct arg_chunk *arg_chunks; /* what the arguments' lists lie in; never freed */

    size_t fail_after; /* os_fail_allocation_after */
};

extern struct runtime runtime __attribute__((visibility("hidden")));

/* Whether the fault that a test asked for strikes this allocation. */
static inline bool allocation_fails(void)
{
#ifdef NDEBUG
    return false;
#else
    return unlikely(runtime.fail_after) && --runtime.fail_after == 0;
#endif
}

/* sched.c */

/*
 * Suspend the running fiber in `queue` (NULL: none) until it is woken, or `when` comes
 * (ERR_TIMEOUT), or what os.h says of cancellation and deadlines. The result is the
 * waker's as soon as there is one: a wake is never lost to a later cancellation. `doing`
 * is the operation's name.
 *
 * fiber_wait is for a fiber that is handed what it waits for, and lets the queue be afterwards. Its waker
 * uses waitq_pop. fiber_wait_closable is for a fiber that touches the object behind the queue after its wait:
 * it stays in the queue from its wake until it runs, so that os_fail_all can still change its result. Its
 * waker uses waitq_wake.
 */
err fiber_wait(struct os_waitq *queue, os_time when, const char *doing);
err fiber_wait_closable(struct os_waitq *queue, os_time when, const char *doing);

/* Make the running fiber ready again, behind the others, and run those. Then returns as os_check. */
err fiber_yield(const char *doing);

/* Take the first waiter out of the queue and make its fiber ready; NULL when there is none. */
struct os_waiter *waitq_pop(struct os_waitq *queue, err result);

/* Make the first waiter's fiber ready. It stays in the queue until it runs. False when there is none. */
bool waitq_wake(struct os_waitq *queue, err result);

/* What os_fail_all does. */
size_t waitq_fail(struct os_waitq *queue, err error);

void fiber_make_ready(struct os_fiber *fiber);

/* Switch away from a fiber that has ended. */
_Noreturn void fiber_leave(struct os_fiber *fiber);

/* fiber_main calls it first, to tell ASan where it is. */
void fiber_arrived(struct os_fiber *fiber);

/* platform_panic with a reason in printf's format. */
_Noreturn void runtime_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The callback of every fiber's own timer: its wait has timed out. */
void fiber_timed_out(void *arg);

/* log.c */

/* Forget what the limits hold of the run before, whose clock may have been another. */
void log_begin_run(void);
/* Tell what was left out and is due. Returns when to call it again; OS_NEVER: nothing is left. */
os_time log_tell_due(os_time now);
/* Tell in one line what was left out and not told. */
void log_end_run(void);

/* fiber.c */
err fiber_new(struct os_fiber **out, os_entry entry, void *arg, const char *name, bool first);
void fiber_free(struct os_fiber *fiber);
/* Its name, which is its function's unless it was given another, or a text about the function in `name`. */
#define FIBER_NAME_SIZE 48
const char *fiber_name(const struct os_fiber *fiber, char name[FIBER_NAME_SIZE]);
void fiber_forget(struct os_fiber *fiber);
/* Give back the memory of some free stacks. Returns whether there are more. */
bool fiber_trim_pool(void);

/* group.c */
void group_member_ended(struct os_fiber *fiber);

/* buf_pool.c */

/*
 * Give back the memory of pages and views that were free for long, and of the heap after a burst. Returns
 * when to do it again: OS_NEVER when little is free, 0 when there is more to give back now.
 */
os_time buf_trim_pool(os_time now);

/* How long what is free is kept, at least. */
#define TRIM_PERIOD SECONDS(1)

/* Whether it is not yet `at`. Simulated time begins anew with each run. */
static inline bool trim_waits(os_time at, os_time now)
{
    return now < at && at - now <= TRIM_PERIOD;
}

/*
 * Called when much is free: whether that was so a period ago, too, so that it is time to give it back. If
 * not, `at` receives when to ask again. It is 0 at the beginning.
 */
static inline bool trim_is_due(os_time *at, os_time now)
{
    if (trim_waits(*at, now))
        return false;
    bool due = *at != 0;
    *at = due ? 0 : now + TRIM_PERIOD;
    return due;
}

/* buf_views.c */

/* The same, of views; they become pages of the pool. */
os_time buf_trim_views(os_time now);

/* source.c */

/* Call the watchers of what was raised. */
void source_run(void);

/* timer.c */

/* Make room in the heap for the timers of `fibers` fibers and `loose` other timers. */
err timer_reserve(size_t fibers, size_t loose);
void timer_set_reserved(struct os_timer *timer, os_time when);
void timer_remove(struct os_timer *timer);
/* Fire the timers that are due. */
void timer_run(os_time now);

#endif
