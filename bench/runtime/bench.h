/* One row of the table: the time of one operation in nanoseconds, ours and a peer's. */
#ifndef BENCH_RUNTIME_BENCH_H
#define BENCH_RUNTIME_BENCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Processor time of this process. */
double bench_seconds(void);

/* Bytes of this process that are in memory, and of its page tables. */
size_t bench_memory(void);

/* Each returns nanoseconds an operation, of `n` operations; _memory bytes a fiber, of `n`. */
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
