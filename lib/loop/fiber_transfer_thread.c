/* ThreadSanitizer takes a fiber for a thread, and a switch for a hand-over between two. */
#include <sanitizer/tsan_interface.h>

#include "loop/fiber_switch.h"
#include "loop/fiber_transfer.h"

void fiber_context_init(struct fiber_context *context, void *stack, size_t stack_bytes)
{
    context->stack = stack;
    context->stack_bytes = stack_bytes;
    context->shadow = __tsan_create_fiber(0);
}

void fiber_context_deinit(struct fiber_context *context)
{
    __tsan_destroy_fiber(context->shadow);
}

void fiber_context_init_loop(struct fiber_context *loop_context)
{
    loop_context->shadow = __tsan_get_current_fiber();
}

void fiber_transfer(struct fiber_context *from, struct fiber_context *to)
{
    __tsan_switch_to_fiber(to->shadow, 0);
    fiber_switch(&from->suspended, to->suspended);
}

void fiber_transfer_last(struct fiber_context *from, struct fiber_context *to)
{
    fiber_transfer(from, to);
}

void fiber_transfer_arrive(struct fiber_context *self, struct fiber_context *from)
{
    (void)self;
    (void)from;
}
