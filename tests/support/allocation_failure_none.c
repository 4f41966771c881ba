#include "support/allocation_failure.h"

bool allocation_failure_is_kept(void)
{
    return false;
}

void allocation_failure_arm(uint64_t nth, bool for_good)
{
    (void)nth;
    (void)for_good;
}

bool allocation_failure_disarm(void)
{
    return false;
}

int64_t allocation_failure_live_blocks(void)
{
    return 0;
}
