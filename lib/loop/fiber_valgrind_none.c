#include "loop/fiber_valgrind.h"

unsigned fiber_valgrind_register(void *stack, size_t bytes)
{
    (void)stack;
    (void)bytes;
    return 0;
}

void fiber_valgrind_forget(unsigned id)
{
    (void)id;
}
