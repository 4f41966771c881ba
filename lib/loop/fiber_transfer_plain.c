#include "loop/fiber_switch.h"
#include "loop/fiber_transfer.h"

void fiber_context_init(struct fiber_context *context, void *stack, size_t stack_bytes)
{
    context->stack = stack;
    context->stack_bytes = stack_bytes;
}

void fiber_context_deinit(struct fiber_context *context)
{
    (void)context;
}

void fiber_context_init_loop(struct fiber_context *loop_context)
{
    (void)loop_context;
}

void fiber_transfer(struct fiber_context *from, struct fiber_context *to)
{
    fiber_switch(&from->suspended, to->suspended);
}

void fiber_transfer_last(struct fiber_context *from, struct fiber_context *to)
{
    fiber_switch(&from->suspended, to->suspended);
}

void fiber_transfer_arrive(struct fiber_context *self, struct fiber_context *from)
{
    (void)self;
    (void)from;
}
