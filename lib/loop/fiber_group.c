#include "loop/fiber_private.h"
#include "loop/loop.h"

void fiber_group_init(struct fiber_group *group)
{
    group->running = 0;
    fiber_wait_init(&group->drained);
}

enum status fiber_group_start(struct fiber_group *group, fiber_fn run, void *argument)
{
    CHECK(fiber_current() != NULL);
    enum status status = fiber_start_member(loop_current(), run, argument, group);
    if (status == STATUS_OK) {
        group->running++;
    }
    return status;
}

void fiber_group_leave(struct fiber_group *group)
{
    group->running--;
    if (group->running == 0) {
        fiber_wait_signal(&group->drained);
    }
}

/* The signal may be an earlier one, from a time when the group was empty before. */
void fiber_group_join(struct fiber_group *group)
{
    while (group->running > 0) {
        CHECK(fiber_wait(NULL, &group->drained) == STATUS_OK);
    }
}

void fiber_run_both(fiber_fn first, fiber_fn second, void *argument)
{
    struct fiber_group group;
    fiber_group_init(&group);
    bool together = fiber_group_start(&group, second, argument) == STATUS_OK;
    first(argument);
    if (!together) {
        second(argument);
    }
    fiber_group_join(&group);
}
