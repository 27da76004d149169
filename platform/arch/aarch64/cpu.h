/* AArch64 for <platform/arch.h>. */
#ifndef PLATFORM_ARCH_AARCH64_CPU_H
#define PLATFORM_ARCH_AARCH64_CPU_H

/* Only the stack pointer: the preserved registers lie on the stack, from there on. */
struct arch_fiber {
    void *sp;
};

static inline uint64_t arch_ticks(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

#endif
