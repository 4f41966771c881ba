/* System V ABI, x86-64: what a callee must keep (section 3.2.1) is pushed on the stack that is
 * left, so that its stack pointer is all there is to a suspended fiber. */

#define SAVED_BYTES 64 /* control words, r15 to r12, rbx, rbp, return address */

        .text
        .globl  fiber_switch
        .type   fiber_switch, @function
        .p2align 4
/* void fiber_switch(void **suspended (rdi), void *resumed (rsi)) */
fiber_switch:
        .cfi_startproc
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
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movq    %rsp, (%rdi)

        /* Both stacks look alike from here on, so the unwind table holds for the other, too. */
        movq    %rsi, %rsp
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
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
        ret
        .cfi_endproc
        .size   fiber_switch, . - fiber_switch

        .type   start, @function
        .p2align 4
/* Where a new fiber begins: entry in r12, its argument in r13. The outermost frame. */
start:
        .cfi_startproc
        .cfi_undefined %rip
        movq    %r13, %rdi
        xorl    %ebp, %ebp
        call    *%r12
        ud2
        .cfi_endproc
        .size   start, . - start

        .globl  fiber_switch_prepare
        .type   fiber_switch_prepare, @function
        .p2align 4
/* void *fiber_switch_prepare(void *stack (rdi), size_t bytes (rsi), entry (rdx), argument (rcx)) */
fiber_switch_prepare:
        .cfi_startproc
        leaq    -SAVED_BYTES(%rdi,%rsi), %rax
        stmxcsr (%rax)
        fnstcw  4(%rax)
        movq    $0, 8(%rax)             /* r15 */
        movq    $0, 16(%rax)            /* r14 */
        movq    %rcx, 24(%rax)          /* r13 */
        movq    %rdx, 32(%rax)          /* r12 */
        movq    $0, 40(%rax)            /* rbx */
        movq    $0, 48(%rax)            /* rbp */
        leaq    start(%rip), %rdx
        movq    %rdx, 56(%rax)
        ret
        .cfi_endproc
        .size   fiber_switch_prepare, . - fiber_switch_prepare

        .section .note.GNU-stack, "", @progbits
