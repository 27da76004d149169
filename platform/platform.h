/*
 * The platform: what the runtime asks of whatever it runs on. Every folder under
 * platform/ is one implementation of this header, and the generated program is linked
 * with exactly one. Nothing here is for applications or libraries.
 *
 * The runtime is single-threaded. Unless a function says otherwise it may be called
 * on a fiber and on the scheduler's stack alike, and does not suspend.
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>
#include <mirage/time.h>

/* Called by os_run before the first fiber runs, and after the last has ended. */
err platform_start(void);
void platform_end(void);

/* clocks */

/* Nanoseconds since an arbitrary point; never goes back. */
os_time platform_monotonic(void);

/* Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds; may jump. */
os_time platform_wall(void);

/* waiting */

/*
 * Wait until a device has something, the program is asked to stop, or the monotonic
 * time `deadline` comes, whichever is first, and dispatch to the devices: their
 * callbacks run here. A deadline in the past means: look, without waiting. May return
 * early for no reason. Called on the scheduler's stack only.
 */
void platform_wait(os_time deadline);

/* Whether some device is armed that could end a wait without a deadline. */
bool platform_can_wake(void);

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

/* memory */

/*
 * Memory for one fiber's stack: `size` bytes, a multiple of PLATFORM_STACK_UNIT, which
 * read as zero and take no memory before they are touched, where the platform can do that.
 * `*guarded` tells whether running below the result faults; when it does not, the runtime
 * keeps a canary there. NULL: no memory. It is never given back, only trimmed and reused.
 */
#define PLATFORM_STACK_UNIT 4096
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

/* End the program at once with this status; 0 is success. */
_Noreturn void platform_exit(int status);

/*
 * Of the runtime, for the platform's handler of memory faults: a line for the log when `address`
 * is where the running fiber's stack overflows to; returns its length, 0 when it is not.
 */
size_t runtime_explain_fault(const void *address, char *text, size_t size);

#endif
