/* A row of the table: the time of one operation in nanoseconds, of this runtime and of a peer. */
#ifndef BENCH_RUNTIME_BENCH_H
#define BENCH_RUNTIME_BENCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The processor time of this process in seconds. */
double bench_seconds(void);

/* The resident bytes of this process and of its page tables. */
size_t bench_memory(void);

/*
 * Each performs `n` operations and returns nanoseconds for one. The functions named _memory return bytes a
 * fiber.
 */
double boost_context_switch(size_t n);
double boost_fiber_yield(size_t n);
double boost_fiber_spawn(size_t n);
double boost_fiber_channel(size_t n);
double boost_fiber_memory(size_t n);
double pth_yield_switch(size_t n);
double pth_spawn_join(size_t n);
double uv_timers(size_t n);

#ifdef __cplusplus
}
#endif

#endif
