/*
 * Fiber contexts on x86-64, System V calling convention.
 *
 * The switch leaves by `pop; jmp`, not `ret`: the return address belongs to another
 * fiber's call, so the processor's return stack would predict it wrongly each time
 * (2 ns against 9 to 16). For the same reason it is never inlined: each call must be
 * its own return site. The new stack pointer is loaded into another register first: a load
 * into %rsp itself, between the pushes and the pops, costs 1.5 ns.
 *
 * This file deliberately carries no IBT/SHSTK property: shadow stacks know nothing of
 * our switching, and a linker that misses the mark turns them off for the program.
 * MXCSR and the x87 control word are not switched: they belong to the program.
 */
    .text

    .globl  arch_fiber_switch
    .hidden arch_fiber_switch
    .type   arch_fiber_switch, @function
    .balign 32
arch_fiber_switch: /* rdi: from, rsi: to */
    .cfi_startproc
    movq    (%rsi), %rsi
    pushq   %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq   %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq   %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq   %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq   %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq    %rsp, (%rdi)
    movq    %rsi, %rsp
    popq    %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq    %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq    %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq    %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq    %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    popq    %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %rcx
    jmp     *%rcx
    .cfi_endproc
    .size   arch_fiber_switch, . - arch_fiber_switch

    /* Where a new context begins. The return address is undefined: backtraces end here. */
    .type   arch_fiber_start, @function
    .balign 16
arch_fiber_start: /* rbx: start, r12: arg, rsp: 16-byte aligned */
    .cfi_startproc
    .cfi_undefined %rip
    nop /* entered behind it: unwinders look up the byte before a return address */
    movq    %r12, %rdi
    callq   *%rbx
    ud2
    .cfi_endproc
    .size   arch_fiber_start, . - arch_fiber_start

    .globl  arch_fiber_prepare
    .hidden arch_fiber_prepare
    .type   arch_fiber_prepare, @function
    .balign 16
arch_fiber_prepare: /* rdi: fiber, rsi: stack, rdx: top, rcx: start, r8: arg */
    .cfi_startproc
    andq    $-16, %rdx
    leaq    arch_fiber_start+1(%rip), %rax
    movq    %rax, -8(%rdx)
    xorl    %eax, %eax
    movq    %rax, -16(%rdx) /* rbp */
    movq    %rcx, -24(%rdx) /* rbx */
    movq    %r8, -32(%rdx) /* r12 */
    movq    %rax, -40(%rdx)
    movq    %rax, -48(%rdx)
    movq    %rax, -56(%rdx)
    leaq    -56(%rdx), %rax
    movq    %rax, (%rdi)
    ret
    .cfi_endproc
    .size   arch_fiber_prepare, . - arch_fiber_prepare

    .section .note.GNU-stack, "", @progbits
