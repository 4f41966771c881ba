#include "loop/fiber_valgrind.h"

#include <valgrind/valgrind.h>

unsigned fiber_valgrind_register(void *stack, size_t bytes)
{
    return VALGRIND_STACK_REGISTER(stack, (char *)stack + bytes - 1);
}

void fiber_valgrind_forget(unsigned id)
{
    VALGRIND_STACK_DEREGISTER(id);
}
