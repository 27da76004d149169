/*
 * PCLOCK: the wall clock. Monotonic time and sleep are the runtime's (os_now, os_sleep).
 *
 * M_now(clock): nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. May
 *   jump either way when the host's clock is set. Does not suspend or fail.
 */
#ifndef MIRAGE_SIG_PCLOCK_H
#define MIRAGE_SIG_PCLOCK_H

#define PCLOCK(M) \
    DEVICE(M);    \
    int64_t M##_now(struct M *clock)

#endif
