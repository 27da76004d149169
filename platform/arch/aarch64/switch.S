/*
 * Fiber contexts on AArch64, AAPCS64: x19 to x30 and d8 to d15 are preserved.
 *
 * The switch leaves by `br`, not `ret`: the return address belongs to another fiber's
 * call and the return stack would predict it wrongly. For that reason this file carries
 * no BTI property, which turns branch target checks off for the program: a return site
 * is no landing pad. FPCR belongs to the program and is not switched.
 */
    .text

    .globl  arch_fiber_switch
    .hidden arch_fiber_switch
    .type   arch_fiber_switch, %function
    .balign 32
arch_fiber_switch: /* x0: from, x1: to */
    .cfi_startproc
    sub     sp, sp, #160
    .cfi_adjust_cfa_offset 160
    stp     x19, x20, [sp, #0]
    .cfi_rel_offset x19, 0
    .cfi_rel_offset x20, 8
    stp     x21, x22, [sp, #16]
    .cfi_rel_offset x21, 16
    .cfi_rel_offset x22, 24
    stp     x23, x24, [sp, #32]
    .cfi_rel_offset x23, 32
    .cfi_rel_offset x24, 40
    stp     x25, x26, [sp, #48]
    .cfi_rel_offset x25, 48
    .cfi_rel_offset x26, 56
    stp     x27, x28, [sp, #64]
    .cfi_rel_offset x27, 64
    .cfi_rel_offset x28, 72
    stp     x29, x30, [sp, #80]
    .cfi_rel_offset x29, 80
    .cfi_rel_offset x30, 88
    stp     d8, d9, [sp, #96]
    stp     d10, d11, [sp, #112]
    stp     d12, d13, [sp, #128]
    stp     d14, d15, [sp, #144]
    mov     x9, sp
    ldr     x10, [x1]
    str     x9, [x0]
    mov     sp, x10
    ldp     d14, d15, [sp, #144]
    ldp     d12, d13, [sp, #128]
    ldp     d10, d11, [sp, #112]
    ldp     d8, d9, [sp, #96]
    ldp     x29, x30, [sp, #80]
    ldp     x27, x28, [sp, #64]
    ldp     x25, x26, [sp, #48]
    ldp     x23, x24, [sp, #32]
    ldp     x21, x22, [sp, #16]
    ldp     x19, x20, [sp, #0]
    add     sp, sp, #160
    .cfi_adjust_cfa_offset -160
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    br      x30
    .cfi_endproc
    .size   arch_fiber_switch, . - arch_fiber_switch

    /* Where a new context begins. The return address is undefined: backtraces end here. */
    .type   arch_fiber_start, %function
    .balign 16
arch_fiber_start: /* x19: start, x20: arg */
    .cfi_startproc
    .cfi_undefined x30
    nop /* entered behind it: unwinders look up the byte before a return address */
    mov     x0, x20
    blr     x19
    brk     #1
    .cfi_endproc
    .size   arch_fiber_start, . - arch_fiber_start

    .globl  arch_fiber_prepare
    .hidden arch_fiber_prepare
    .type   arch_fiber_prepare, %function
    .balign 16
arch_fiber_prepare: /* x0: fiber, x1: stack, x2: top, x3: start, x4: arg */
    .cfi_startproc
    and     x2, x2, #-16
    sub     x2, x2, #160
    stp     x3, x4, [x2, #0]
    adr     x9, arch_fiber_start + 4
    stp     xzr, x9, [x2, #80]
    str     x2, [x0]
    ret
    .cfi_endproc
    .size   arch_fiber_prepare, . - arch_fiber_prepare

    .section .note.GNU-stack, "", %progbits
