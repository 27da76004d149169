/*
 * The processor: the functions that the runtime needs from it. Each platform/arch/<cpu>/ is one
 * implementation: cpu.h with the types and the inline functions, and assembly, or C where the processor has
 * no stack pointer to switch.
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
 *         A context while it does not run. It lies in the fiber and is never copied. A context that is all
 *         zero can be saved to. It is used for the stack on which the program was entered.
 *
 *     static inline uint64_t arch_ticks(void);
 *         A counter that runs evenly with time and costs a few nanoseconds to read. The caller measures its
 *         frequency. It is always 0 where the processor has no such counter.
 */

/*
 * Make `fiber` the context that will call start(arg), which must not return, on the stack from `stack` up to
 * `top`. `top` need not be aligned.
 */
void arch_fiber_prepare(struct arch_fiber *fiber, void *stack, void *top, void (*start)(void *arg),
                        void *arg);

/*
 * Save the running context to `from`, and continue `to`, which is another one. The registers that the
 * calling convention preserves are preserved. The floating-point control registers and errno are common to
 * all fibers.
 */
void arch_fiber_switch(struct arch_fiber *from, const struct arch_fiber *to);

#endif
