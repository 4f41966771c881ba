/* A stack is entered once by makecontext(), whose switch saves the signal mask by a system call;
 * from then on _setjmp() and _longjmp() do, which leave it alone. Compiled without _FORTIFY_SOURCE.
 */
#include "loop/fiber_switch.h"

#include <setjmp.h>
#include <stdint.h>
#include <ucontext.h>

#include "base/check.h"

struct first_entry {
    void (*entry)(void *argument);
    void *argument;
    void *suspended;
    ucontext_t preparer;
    ucontext_t fiber;
};

/* makecontext() passes ints only. */
static void enter(unsigned high, unsigned low)
{
    struct first_entry *first = (void *)((uintptr_t)high << 32 | low);
    void (*entry)(void *argument) = first->entry;
    void *argument = first->argument;
    jmp_buf here;
    if (_setjmp(here) == 0) {
        first->suspended = &here;
        CHECK(swapcontext(&first->fiber, &first->preparer) == 0);
    }
    /* `first` is gone: its frame returned long ago. */
    entry(argument);
}

void *fiber_switch_prepare(void *stack, size_t bytes, void (*entry)(void *argument), void *argument)
{
    struct first_entry first = {.entry = entry, .argument = argument};
    CHECK(getcontext(&first.fiber) == 0);
    first.fiber.uc_stack.ss_sp = stack;
    first.fiber.uc_stack.ss_size = bytes;
    uint64_t address = (uintptr_t)&first;
    makecontext(&first.fiber, (void (*)(void))enter, 2, (unsigned)(address >> 32),
                (unsigned)address);
    CHECK(swapcontext(&first.preparer, &first.fiber) == 0);
    return first.suspended;
}

void fiber_switch(void **suspended, void *resumed)
{
    jmp_buf here;
    if (_setjmp(here) == 0) {
        *suspended = &here;
        _longjmp(*(jmp_buf *)resumed, 1);
    }
}
