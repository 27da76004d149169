/*
 * The platform: what the runtime asks of whatever it runs on. Every folder under platform/ is one
 * implementation of this header, and the program is linked with exactly one. Nothing here is for applications
 * or libraries; devices may use it. test/platform/conformance.c holds each platform to what is said here.
 *
 * The runtime is single-threaded. Unless a function says otherwise it may be called on a fiber and on the
 * scheduler's stack alike, and does not suspend.
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
 * Of the program: the platform calls it once, when memory, clocks and console work, on the stack that
 * becomes the scheduler's. The arguments are as those of C's main: argv[0] is the program's name,
 * argv[argc] is NULL, and the texts may be written to and live as long as the program. A platform that is
 * given one text cuts it into words itself. When it returns, the platform ends the program and makes known
 * the result, which is the program's exit status: 0 is success, and at most 255.
 */
int program_main(int argc, char *argv[]);

/* Called by os_run before the first fiber runs, and after the last has ended. A program may do it again. */
err platform_start(void);
void platform_end(void);

/*
 * End the program at once, because something is wrong in it: write "panic: " and the reason to
 * PLATFORM_LOG, and leave what the platform has for finding out (a core file, registers, a backtrace), and
 * a status that no program_main returns. The reason is one line, without its end.
 */
_Noreturn void platform_panic(const char *reason);

/* clocks */

/* Nanoseconds since an arbitrary point; does not go back between platform_start and platform_end. */
os_time platform_monotonic(void);

/* Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds; may jump. */
os_time platform_wall(void);

/* waiting */

/*
 * Wait until a source of this platform has something, the program is asked to stop (os_stop), or the
 * monotonic time `deadline` comes, whichever is first; then raise the sources that have something. OS_NEVER
 * is no deadline, and one in the past means: look, without waiting. May return early for no reason. Called
 * by the loop only, on the scheduler's stack.
 */
void platform_wait(os_time deadline);

/*
 * A source is whatever outside the program may end a wait: a descriptor, an interrupt, an event channel, a
 * queue of a device. Its driver has the struct, zeroed before first use, and makes the source known to the
 * platform in the platform's own way; platform_wait raises it. These three are the runtime's, in
 * runtime/source.c.
 */
struct platform_source {
    bool (*ready)(void *ctx); /* NULL: nobody watches */
    void *ctx;
    OS_LIST_NODE(struct platform_source) raised; /* in the list of those that were raised */
};

/*
 * Have ready(ctx) called on the scheduler's stack whenever the source was raised, and once soon after this
 * call. It takes what there is and returns false, or as much as is fair and returns true to be called again
 * in the next turn. It may free the source if it then returns false. NULL ends it.
 */
void platform_source_watch(struct platform_source *source, bool (*ready)(void *ctx), void *ctx);

/*
 * The source has something: its watcher is called after this wait, once, however often it was raised. Nothing
 * happens when nobody watches. For the program's own thread: an interrupt handler leaves a note that
 * platform_wait reads.
 */
void platform_source_raise(struct platform_source *source);

/*
 * os_wait in a queue that something outside will wake: while somebody waits here or watches a source, waiting
 * without a deadline is no deadlock.
 */
err platform_source_wait(struct os_waitq *queue);

/* console */

enum platform_stream {
    PLATFORM_OUT, /* what the program says */
    PLATFORM_LOG, /* what is said about it; the same place where there is but one */
};

/* Write all of it, waiting for the host where that is slow; what cannot be written is dropped. */
void platform_console_write(enum platform_stream stream, const void *data, size_t len);

/*
 * Suspend the calling fiber until there is input, then read up to `size` bytes of it.
 * ERR_END at its end, ERR_IO, and the caller's own ERR_CANCELLED or ERR_TIMEOUT.
 */
err platform_console_read(void *out, size_t size, size_t *len);

/* Whether the stream is a terminal that wants colours. */
bool platform_console_colour(enum platform_stream stream);

/* devices */

/*
 * Find the device of a kind ("network", "block", ...) that whoever started the program gave it under this
 * name. What it is known by, to the platform's drivers of that kind, is in *handle: an open descriptor on
 * linux, which the caller then closes. ERR_NOT_FOUND when none was given, ERR_INVALID when what was given is
 * not there.
 */
err platform_device(const char *kind, const char *name, intptr_t *handle);

/* memory */

#define PLATFORM_PAGE 4096

/*
 * `size` bytes, a multiple of PLATFORM_PAGE, that begin on a page and read as zero. NULL: no memory. This
 * is what the pool of buffers lies in, and the heap where the platform brings its own.
 */
void *platform_pages_alloc(size_t size);

/* Give back all of one allocation. */
void platform_pages_free(void *pages, size_t size);

/*
 * Memory for one fiber's stack: `size` bytes, a multiple of PLATFORM_PAGE, which
 * read as zero and take no memory before they are touched, where the platform can do that.
 * `*guarded` tells whether running below the result faults; when it does not, the runtime
 * keeps a canary there. NULL: no memory. It is never given back, only trimmed and reused.
 */
void *platform_stack_alloc(size_t size, bool *guarded);

/* The contents are not needed any more; the memory behind them may go. */
void platform_stack_trim(void *stack, size_t size);

/* the rest */

/* Random bytes fit for keys; ERR_IO when there is no source. */
err platform_entropy(void *out, size_t len);

/*
 * The arguments that make this run happen again, step by step, such as "--seed=7"; NULL where a run
 * depends on more than its arguments. Where it is not NULL the runtime looks at no clock but this platform's.
 */
const char *platform_replay(void);

/*
 * Of the runtime, for the platform's handler of memory faults: a line for the log when `address`
 * is where the running fiber's stack overflows to; returns its length, 0 when it is not.
 */
size_t runtime_explain_fault(const void *address, char *text, size_t size);

#endif
