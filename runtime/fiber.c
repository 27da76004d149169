/*
 * Fibers: making, ending, joining and cancelling them, and the pools of their stacks.
 *
 * A fiber's struct and its first frames share the top page of its stack. Free fibers stay in `pool`, linked
 * through their structs. Beyond POOL_WARM of them, a stack's memory is given back to the platform, and only
 * its address is kept, in `cold`.
 */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0
#define VALGRIND_MAKE_MEM_UNDEFINED(start, size) 0
#endif

LOG_SOURCE(os);

#define POOL_WARM 1024
#define TRIM_AT_ONCE 256

/* ASan makes frames several times as large. */
#define STACK_SIZE ((size_t)(RUNTIME_ASAN ? 256 : 64) << 10)
#define FIRST_STACK_SIZE ((size_t)1 << 20)

/*
 * Stacks are a multiple of pages apart, so the same frame of every fiber would fall on the same set of the
 * first-level cache. Therefore each stack begins some lines lower than the one before.
 */
#define COLOURS 16
#define COLOUR_STEP 64

/* ASan and Valgrind remember the frames of the fiber that had the stack before. */
static void forget_frames(void *stack, size_t size)
{
    ASAN_UNPOISON_MEMORY_REGION(stack, size);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(stack, size);
}

static struct os_fiber *fiber_place(void *stack, size_t size, bool guarded)
{
    size_t colour = runtime.colour++ % COLOURS * COLOUR_STEP;
    size_t room = (sizeof(struct os_fiber) + 63) & ~(size_t)63;
    struct os_fiber *fiber = (struct os_fiber *)((char *)stack + size - colour - room);
    fiber->stack = stack;
    fiber->stack_size = size;
    fiber->guarded = guarded;
#ifndef NDEBUG
    if (!guarded)
        *(uint64_t *)stack = FIBER_CANARY;
#endif
    return fiber;
}

const char *fiber_name(const struct os_fiber *fiber, char name[FIBER_NAME_SIZE])
{
    if (fiber->name != NULL)
        return fiber->name;
    snprintf(name, FIBER_NAME_SIZE, "of the function at %p", (void *)(uintptr_t)fiber->entry);
    return name;
}

static void *stack_new(size_t size, bool *guarded)
{
    char *stack = platform_stack_alloc(size, guarded);
    if (stack == NULL)
        return NULL;
    (void)VALGRIND_STACK_REGISTER(stack, stack + size);
    if (!*guarded)
        runtime.cold_unguarded = true;
    runtime.stacks++;
    runtime.stack_bytes += size + (*guarded ? PLATFORM_GUARD : 0);
    return stack;
}

/* Take a free fiber with its stack. NULL: no memory. */
static struct os_fiber *fiber_take(void)
{
    struct os_fiber *fiber = runtime.pool;
    if (likely(fiber != NULL)) {
        runtime.pool = fiber->next_ready;
        runtime.pool_count--;
        forget_frames(fiber->stack, (size_t)((char *)fiber - (char *)fiber->stack));
        return fiber;
    }
    if (runtime.stack_size == 0)
        runtime.stack_size = STACK_SIZE;
    if (runtime.cold_count > 0) {
        void *stack = runtime.cold[--runtime.cold_count];
        forget_frames(stack, runtime.stack_size);
        return fiber_place(stack, runtime.stack_size, !runtime.cold_unguarded);
    }
    bool guarded;
    void *stack = stack_new(runtime.stack_size, &guarded);
    return stack != NULL ? fiber_place(stack, runtime.stack_size, guarded) : NULL;
}

static struct os_fiber *fiber_take_first(void)
{
    size_t size = runtime.stack_size > FIRST_STACK_SIZE ? runtime.stack_size : FIRST_STACK_SIZE;
    bool guarded = true;
    if (runtime.first_stack == NULL) {
        runtime.first_stack = stack_new(size, &guarded);
        if (runtime.first_stack == NULL)
            return NULL;
    }
    forget_frames(runtime.first_stack, size);
    return fiber_place(runtime.first_stack, size, guarded);
}

static void fiber_main(void *arg)
{
    struct os_fiber *fiber = arg;
    fiber_arrived(fiber);
    err result = fiber->entry(fiber->arg);
    fiber->result = result;
    assert(fiber->shields == 0 && fiber->no_suspend == 0);
    if (fiber == runtime.first)
        runtime.first_ended = true;
    if (fiber->group != NULL) {
        group_member_ended(fiber);
    } else if (fiber->detached && result != OK && result != ERR_CANCELLED) {
        char name[FIBER_NAME_SIZE];
        log_error("fiber %s ended: %s", fiber_name(fiber, name), err_string(result));
    }
    while (waitq_pop(&fiber->joiners, OK) != NULL)
        ;
    fiber_leave(fiber);
}

err fiber_new(struct os_fiber **out, os_entry entry, void *arg, const char *name, bool first)
{
    if (allocation_fails())
        return ERR_NO_MEMORY;
    TRY(timer_reserve(runtime.fibers + 1, runtime.heap_loose));
    struct os_fiber *fiber = first ? fiber_take_first() : fiber_take();
    if (unlikely(fiber == NULL))
        return ERR_NO_MEMORY;

    void *stack = fiber->stack;
    size_t stack_size = fiber->stack_size;
    bool guarded = fiber->guarded;
    *fiber = (struct os_fiber){
        .guarded = guarded,
        .deadline = OS_NEVER,
        .timer = { .fire = fiber_timed_out, .arg = fiber },
        .entry = entry,
        .arg = arg,
        .name = name,
        .stack = stack,
        .stack_size = stack_size,
    };
    arch_fiber_prepare(&fiber->context, stack, fiber, fiber_main, fiber);
    os_list_append(&runtime.all, fiber, all);
    if (++runtime.fibers > runtime.fibers_peak)
        runtime.fibers_peak = runtime.fibers;
    fiber_make_ready(fiber);
    *out = fiber;
    return OK;
}

/* Take the fiber out of the list of all fibers. */
void fiber_forget(struct os_fiber *fiber)
{
    os_list_remove(&runtime.all, fiber, all);
    runtime.fibers--;
}

/* Free a fiber that has ended. It may still be running its last instructions on its stack. */
void fiber_free(struct os_fiber *fiber)
{
    fiber_forget(fiber);
    if (fiber->stack == runtime.first_stack)
        return;
    fiber->next_ready = runtime.pool;
    runtime.pool = fiber;
    runtime.pool_count++;
}

bool fiber_trim_pool(void)
{
    for (size_t n = 0; n < TRIM_AT_ONCE; n++) {
        if (likely(runtime.pool_count <= POOL_WARM))
            return false;
        if (runtime.cold_count == runtime.cold_room) {
            size_t room = runtime.cold_room < 1024 ? 1024 : runtime.cold_room * 2;
            void **cold = realloc(runtime.cold, room * sizeof *cold);
            if (cold == NULL)
                return false;
            runtime.cold = cold;
            runtime.cold_room = room;
        }
        struct os_fiber *fiber = runtime.pool;
        runtime.pool = fiber->next_ready;
        runtime.pool_count--;
        runtime.cold[runtime.cold_count++] = fiber->stack;
        platform_stack_trim(fiber->stack, fiber->stack_size);
    }
    return runtime.pool_count > POOL_WARM;
}

err(os_spawn)(struct os_fiber **out, os_entry entry, void *arg)
{
    return os_spawn_named(out, entry, arg, NULL);
}

err os_spawn_named(struct os_fiber **out, os_entry entry, void *arg, const char *name)
{
    struct os_fiber *fiber;
    TRY(fiber_new(&fiber, entry, arg, name, false));
    if (out != NULL)
        *out = fiber;
    else
        fiber->detached = true;
    return OK;
}

err os_join(struct os_fiber *fiber)
{
    err error = OK;
    assert(!fiber->detached && fiber != runtime.current);
    if (fiber->state != FIBER_ENDED && runtime.current == &runtime.loop)
        return ERR_INVALID;
    if (fiber->state != FIBER_ENDED) {
        error = fiber_wait(&fiber->joiners, OS_NEVER, "os_join");
        if (unlikely(error != OK) && fiber->state != FIBER_ENDED) {
            os_cancel(fiber);
            OS_SHIELD
            {
                IGNORE(fiber_wait(&fiber->joiners, OS_NEVER, "os_join"));
            }
        }
    }
    if (error == OK)
        error = fiber->result;
    fiber_free(fiber);
    return error;
}

void os_detach(struct os_fiber *fiber)
{
    assert(!fiber->detached && fiber->group == NULL);
    if (fiber->state == FIBER_ENDED)
        fiber_free(fiber);
    else
        fiber->detached = true;
}

struct os_fiber *os_self(void)
{
    struct os_fiber *fiber = runtime.current;
    return fiber != &runtime.loop ? fiber : NULL;
}

void os_set_name(struct os_fiber *fiber, const char *name)
{
    fiber->name = name;
}

void os_each_fiber(void (*visit)(void *ctx, const struct os_fiber_info *info), void *ctx)
{
    static const char *const states[] = { "ready", "running", NULL, "ended" };
    for (const struct os_fiber *f = runtime.all.first; f != NULL; f = f->all.next) {
        struct os_fiber_info info = { .name = f->name,
                                      .doing = f->state == FIBER_WAITING ? f->doing : states[f->state],
                                      .entry = f->entry,
                                      .cancelled = f->cancelled };
        visit(ctx, &info);
    }
}

size_t runtime_explain_fault(const void *address, char *text, size_t size)
{
    const struct os_fiber *fiber = os_self();
    uintptr_t at = (uintptr_t)address, end = fiber != NULL ? (uintptr_t)fiber->stack : 0;
    char name[FIBER_NAME_SIZE];
    if (at >= end || at < end - PLATFORM_GUARD)
        return 0;
    int len = snprintf(text, size, "fiber %s overflowed its stack of %zu bytes; see os_set_stack_size\n",
                       fiber_name(fiber, name), fiber->stack_size);
    return (size_t)len < size ? (size_t)len : size - 1;
}

err os_set_stack_size(size_t bytes)
{
    if (bytes < PLATFORM_PAGE || bytes > SIZE_MAX / 2)
        return ERR_RANGE;
    if (runtime.stack_size != 0)
        return ERR_BUSY;
    runtime.stack_size = (bytes + PLATFORM_PAGE - 1) / PLATFORM_PAGE * PLATFORM_PAGE;
    return OK;
}

void os_get_stats(struct os_stats *out)
{
    *out = (struct os_stats){
        .fibers = runtime.fibers,
        .fibers_peak = runtime.fibers_peak,
        .stack_bytes = runtime.stack_bytes,
        .pooled_stacks = runtime.pool_count + runtime.cold_count,
        .timers = runtime.heap_count,
        .switches = runtime.switches,
        .loops = runtime.loops,
    };
}

size_t os_fail_allocation_after(size_t n)
{
    size_t before = runtime.fail_after;
    runtime.fail_after = n;
    return before;
}
