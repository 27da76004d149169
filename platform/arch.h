/*
 * The processor: what the runtime asks of it. platform/arch/<cpu>/ has one implementation each: cpu.h with
 * the types and what is inlined, and assembly, or C where the processor has no stack pointer to switch.
 */
#ifndef PLATFORM_ARCH_H
#define PLATFORM_ARCH_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <platform/arch/x86_64/cpu.h>
#elif defined(__aarch64__)
#include <platform/arch/aarch64/cpu.h>
#else
#error "platform/arch/ has no folder for this processor: write its cpu.h, and name it here"
#endif

/*
 * cpu.h defines
 *
 *     struct arch_fiber { ... };
 *         A context while it does not run. It lies in the fiber and is copied by nobody. A context that is
 *         all zero can be saved to: that of the stack that the program was entered on.
 *
 *     static inline uint64_t arch_ticks(void);
 *         A counter that runs evenly with time and costs a few nanoseconds to read. How fast it runs is for
 *         the reader to measure. It is 0 for ever where the processor has none.
 */

/*
 * Make `fiber` the context that will call start(arg), which must not return, on the stack from `stack` up
 * to `top`, which need not be aligned.
 */
void arch_fiber_prepare(struct arch_fiber *fiber, void *stack, void *top, void (*start)(void *arg),
                        void *arg);

/*
 * Save the running context to `from`, and go on in `to`. The registers that the calling convention preserves
 * are preserved; the floating-point control registers and errno are common to all fibers.
 */
void arch_fiber_switch(struct arch_fiber *from, const struct arch_fiber *to);

#endif
