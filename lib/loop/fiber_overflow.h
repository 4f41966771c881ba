/* fiber_overflow.h: the line that says why a process died of a fiber's stack overflow.
 * fiber_overflow.c, or fiber_overflow_none.c in builds with sanitizers, which say it themselves. */
#pragma once

enum { FIBER_OVERFLOW_STACK_BYTES = 32 * 1024 };

/* Has SIGSEGV handled on [stack, stack + FIBER_OVERFLOW_STACK_BYTES) when this thread raises it.
 * A handler that the process has already is left in place. */
void fiber_overflow_watch(void *stack);

/* On the same thread, before the stack is freed. */
void fiber_overflow_forget(void);
