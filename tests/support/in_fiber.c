#include "support/in_fiber.h"

static bool is_empty(void *argument)
{
    return fiber_count(argument) == 0;
}

void in_fiber(fiber_fn run, void *argument)
{
    struct loop *loop;
    CHECK(loop_create(&loop) == STATUS_OK);
    CHECK(fiber_start(loop, run, argument) == STATUS_OK);
    loop_run_until(loop, is_empty, loop);
    loop_destroy(loop);
}
