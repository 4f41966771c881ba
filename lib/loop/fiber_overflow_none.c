#include "loop/fiber_overflow.h"

void fiber_overflow_watch(void *stack)
{
    (void)stack;
}

void fiber_overflow_forget(void)
{
}
