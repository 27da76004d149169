/*
 * The platform: the functions that the runtime needs from the machine or system that it runs on. Every folder
 * under platform/ implements this header, and a program is linked with exactly one platform. Devices may use
 * this header; applications and libraries may not. test/platform/conformance.c holds each platform to this
 * contract.
 *
 * The runtime is single-threaded. Unless a function says otherwise, it may be called on a fiber and on the
 * scheduler's stack, and does not suspend.
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>
#include <mirage/list.h>
#include <mirage/time.h>

struct os_waitq;

/* entering and ending */

/*
 * The program defines this function. The platform calls it once, when memory, clocks and console work, on the
 * stack that becomes the scheduler's. The arguments are those of C's main: argv[0] is the program's name,
 * argv[argc] is NULL, and the texts may be written to and are valid as long as the program runs. A platform
 * that is given one text cuts it into words itself. The result is the program's exit status, from 0 for
 * success to 255. When the function returns, the platform ends the program and makes the status known.
 */
int program_main(int argc, char *argv[]);

/*
 * os_run calls these before the first fiber runs, and after the last has ended. A program may run os_run
 * again.
 */
err platform_start(void);
void platform_end(void);

/*
 * End the program at once, because there is a mistake in it. Write "panic: " and the reason to PLATFORM_LOG,
 * leave what the platform has for finding the mistake (a core file, registers, a backtrace), and end with a
 * status that no program_main returns. The reason is one line, without its end.
 */
_Noreturn void platform_panic(const char *reason);

/* clocks */

/* Nanoseconds since an arbitrary point. This does not go back between platform_start and platform_end. */
os_time platform_monotonic(void);

/* Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. This may jump. */
os_time platform_wall(void);

/* waiting */

/*
 * Wait until a source of this platform has something, the program is asked to stop (os_stop), or the
 * monotonic time `deadline` comes. Then raise the sources that have something. OS_NEVER means that there is
 * no deadline. With a deadline in the past the function looks at the sources without waiting. It may return
 * early for no reason. Only the loop calls it, on the scheduler's stack.
 */
void platform_wait(os_time deadline);

/*
 * A source is something outside the program that may end a wait: a descriptor, an interrupt, an event
 * channel, a queue of a device. Its driver has the struct, zeroes it before first use, and makes the source
 * known to the platform in the platform's own way. platform_wait raises it. The next three functions are the
 * runtime's, in runtime/source.c.
 */
struct platform_source {
    bool (*ready)(void *ctx); /* NULL: nobody watches */
    void *ctx;
    OS_LIST_NODE(struct platform_source) raised; /* in the list of raised sources */
};

/*
 * Watch the source: ready(ctx) is called on the scheduler's stack whenever the source was raised, and once
 * soon after this call. It either takes everything that there is and returns false, or takes a fair part and
 * returns true to be called again in the next turn. It may free the source if it then returns false. NULL
 * ends the watch.
 */
void platform_source_watch(struct platform_source *source, bool (*ready)(void *ctx), void *ctx);

/*
 * Raise the source: it has something, and its watcher is called once after this wait, however often it was
 * raised. Nothing happens when nobody watches. Only the program's own thread may call this. An interrupt
 * handler leaves a note, which platform_wait reads.
 */
void platform_source_raise(struct platform_source *source);

/*
 * The same as os_wait, in a queue that something outside will wake. While a fiber waits here or watches a
 * source, waiting without a deadline is no deadlock.
 */
err platform_source_wait(struct os_waitq *queue);

/* console */

enum platform_stream {
    PLATFORM_OUT, /* the program's output */
    PLATFORM_LOG, /* messages about the program; the same place where there is only one */
};

/*
 * Write all of it. Between platform_start and platform_end this never waits for whoever reads it, since that
 * would stop the loop: what does not fit into a bounded queue is dropped, counted, and told when there is
 * room again. Before platform_start the program's output waits as long as it takes. Elsewhere a wait is no
 * longer than a second in all. Bytes that cannot be written are dropped. On sim, where time passes only in
 * the loop's wait, every write waits as long as it takes.
 */
void platform_console_write(enum platform_stream stream, const void *data, size_t len);

/*
 * Wait until what is queued was written, but no longer than a second. platform_end and platform_panic call
 * it.
 */
void platform_console_flush(void);

/*
 * Suspend the calling fiber until there is input, then read up to `size` bytes of it. ERR_END at the end of
 * the input, ERR_IO, and the caller's own ERR_CANCELLED or ERR_TIMEOUT.
 */
err platform_console_read(void *out, size_t size, size_t *len);

/* Whether the stream is a terminal that wants colours. */
bool platform_console_colour(enum platform_stream stream);

/* devices */

/*
 * Find a device of this kind ("network", "block", ...) that the program was given under this name when it was
 * started. *handle identifies the device to the platform's drivers of that kind. On linux it is an open
 * descriptor, which the caller then closes. ERR_NOT_FOUND when no such device was given, ERR_INVALID when it
 * was given but does not exist.
 */
err platform_device(const char *kind, const char *name, intptr_t *handle);

/* memory */

#define PLATFORM_PAGE 4096

/*
 * `size` bytes, a multiple of PLATFORM_PAGE, that begin on a page and read as zero. NULL: there is no memory.
 * The pool of buffers is made of these pages, and so is the heap where the platform brings its own.
 */
void *platform_pages_alloc(size_t size);

/* Free all of one allocation. */
void platform_pages_free(void *pages, size_t size);

/*
 * Whole pages of one or several allocations, which lie side by side and whose contents nobody needs: take
 * back the memory behind them where the platform can do that. They stay allocated, and when they are touched
 * again they read as anything.
 */
void platform_pages_trim(void *pages, size_t size);

/* The program's heap has much that is free: give back what memory of it can be given back. */
void platform_heap_trim(void);

/*
 * How far below a guarded stack an access faults. What is compiled with -fstack-clash-protection touches each
 * page of its stack, so a page is enough. Clang before 18 does not have this for AArch64, and there the guard
 * is larger than locals are likely to be.
 */
#if defined __clang__ && defined __aarch64__ && __clang_major__ < 18
#define PLATFORM_GUARD ((size_t)257 * PLATFORM_PAGE)
#else
#define PLATFORM_GUARD ((size_t)PLATFORM_PAGE)
#endif

/*
 * Memory for one fiber's stack: `size` bytes, a multiple of PLATFORM_PAGE, which read as zero. Where the
 * platform can do that, they take no memory before they are touched. `*guarded` says whether an access to the
 * PLATFORM_GUARD bytes below the result faults. When it does not, the runtime keeps a canary there. NULL:
 * there is no memory. A stack is never freed, only trimmed and reused.
 */
void *platform_stack_alloc(size_t size, bool *guarded);

/* The contents of these bytes are not needed any more, and the platform may free the memory behind them. */
void platform_stack_trim(void *stack, size_t size);

/* the rest */

/* Random bytes that are good enough for keys. ERR_IO when there is no source. */
err platform_entropy(void *out, size_t len);

/*
 * The arguments that repeat this run step by step, such as "--seed=7", or NULL where a run depends on more
 * than its arguments. Where it is not NULL the runtime reads only this platform's clocks.
 */
const char *platform_replay(void);

/*
 * The runtime defines this for the platform's handler of memory faults. When `address` is where the running
 * fiber's stack overflows to, it writes a line for the log and returns its length. Otherwise it returns 0.
 */
size_t runtime_explain_fault(const void *address, char *text, size_t size);

#endif
