/* x86-64 for <platform/arch.h>. */
#ifndef PLATFORM_ARCH_X86_64_CPU_H
#define PLATFORM_ARCH_X86_64_CPU_H

/* Only the stack pointer: the preserved registers lie on the stack, from there on. */
struct arch_fiber {
    void *sp;
};

static inline uint64_t arch_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

#endif
