#include "support/allocation_count.h"

bool allocation_count_is_kept(void)
{
    return false;
}

uint64_t allocation_count(void)
{
    return 0;
}

uint64_t allocation_count_for_dates(int64_t start_ms)
{
    (void)start_ms;
    return 0;
}
