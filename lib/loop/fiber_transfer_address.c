/* AddressSanitizer keeps a fake stack for each real one, LeakSanitizer looks for pointers on those
 * it knows. */
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#include "loop/fiber_switch.h"
#include "loop/fiber_transfer.h"

void fiber_context_init(struct fiber_context *context, void *stack, size_t stack_bytes)
{
    context->stack = stack;
    context->stack_bytes = stack_bytes;
    __lsan_register_root_region(stack, stack_bytes);
}

void fiber_context_deinit(struct fiber_context *context)
{
    __lsan_unregister_root_region(context->stack, context->stack_bytes);
    __asan_unpoison_memory_region(context->stack, context->stack_bytes);
}

void fiber_context_init_loop(struct fiber_context *loop_context)
{
    (void)loop_context; /* its bounds are learnt on arrival */
}

void fiber_transfer(struct fiber_context *from, struct fiber_context *to)
{
    __sanitizer_start_switch_fiber(&from->shadow, to->stack, to->stack_bytes);
    fiber_switch(&from->suspended, to->suspended);
    __sanitizer_finish_switch_fiber(from->shadow, &to->stack, &to->stack_bytes);
}

void fiber_transfer_last(struct fiber_context *from, struct fiber_context *to)
{
    __sanitizer_start_switch_fiber(NULL, to->stack, to->stack_bytes);
    fiber_switch(&from->suspended, to->suspended);
    __sanitizer_finish_switch_fiber(NULL, &to->stack, &to->stack_bytes);
}

void fiber_transfer_arrive(struct fiber_context *self, struct fiber_context *from)
{
    (void)self;
    __sanitizer_finish_switch_fiber(NULL, &from->stack, &from->stack_bytes);
}
