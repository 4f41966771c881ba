#include "support/in_fiber.h"

#include <stdlib.h>

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

void in_fiber_with(fiber_fn run, size_t bytes)
{
    void *argument = calloc(1, bytes);
    CHECK(argument != NULL);
    in_fiber(run, argument);
    free(argument);
}
