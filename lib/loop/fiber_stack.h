/* fiber_stack.h: the memory of stacks, each with FIBER_GUARD_BYTES below it that may not be
 * touched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The lowest usable byte, of fiber_stack_bytes() zeroed ones. NULL: FIBER_COUNT_MAX are mapped in
 * this process, or no memory. From any thread. */
void *fiber_stack_map(void);
void fiber_stack_unmap(void *stack);

/* FIBER_STACK_BYTES, or a multiple of it in builds with sanitizers. */
size_t fiber_stack_bytes(void);

/* Whether the address is in the guard of this stack. Safe in a signal handler. */
bool fiber_stack_is_guard(const void *stack, const void *address);
