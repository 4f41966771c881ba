/* fiber_valgrind.h: tells valgrind which memory is a stack. fiber_valgrind.c where its header was
 * found at build time, else fiber_valgrind_none.c. */
#pragma once

#include <stddef.h>

/* Returns the id for fiber_valgrind_forget(). */
unsigned fiber_valgrind_register(void *stack, size_t bytes);
void fiber_valgrind_forget(unsigned id);
