/* fiber_switch.h: from one stack to another. fiber_switch_x86_64.S, or fiber_switch_portable.c for
 * other processors. */
#pragma once

#include <stddef.h>

/* Readies [stack, stack + bytes) to run entry(argument), which must not return.
 * stack + bytes is aligned to 16. Returns what fiber_switch() resumes. */
void *fiber_switch_prepare(void *stack, size_t bytes, void (*entry)(void *argument),
                           void *argument);

/* Leaves in *suspended what resumes this stack, and resumes another. Returns when it is resumed. */
void fiber_switch(void **suspended, void *resumed);
