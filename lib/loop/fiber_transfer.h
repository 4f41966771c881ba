/* fiber_transfer.h: fiber_switch() and what sanitizers must be told about it. One of
 * fiber_transfer_{plain,address,thread}.c. */
#pragma once

#include <stddef.h>

/* The two sides of a switch: a fiber, and the loop's own stack. */
struct fiber_context {
    void *suspended; /* for fiber_switch() */
    const void *stack;
    size_t stack_bytes;
    void *shadow; /* the sanitizer's own notion of it */
};

/* context->suspended is set already; its stack is known to nobody yet. */
void fiber_context_init(struct fiber_context *context, void *stack, size_t stack_bytes);

/* Before its stack is unmapped. */
void fiber_context_deinit(struct fiber_context *context);

/* The loop's own stack, on the thread that runs the loop. */
void fiber_context_init_loop(struct fiber_context *loop_context);

/* Suspends `from`, which runs, and resumes `to`. Returns when `from` is resumed, by `to`. */
void fiber_transfer(struct fiber_context *from, struct fiber_context *to);

/* The same at the end of a fiber's function: nothing of its frames is kept. */
void fiber_transfer_last(struct fiber_context *from, struct fiber_context *to);

/* First of all on a new stack: `self` was resumed by `from`. */
void fiber_transfer_arrive(struct fiber_context *self, struct fiber_context *from);
