/* allocation_failure.h: a heap that runs out when it is told to. Linked into a test, it stands
 * before the C library's own functions, also under AddressSanitizer; libraries are served by it
 * too.
 *
 * It fails for the calling thread only, so that a test's loop is one story. Stacks of fibers count
 * as allocations. What is freed is overwritten. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether it stands there: not under ThreadSanitizer. */
bool allocation_failure_is_kept(void);

/* Has the n-th allocation from now on fail (1: the next), and all after it if `for_good`. */
void allocation_failure_arm(uint64_t nth, bool for_good);

/* No more failures. true: there was one. */
bool allocation_failure_disarm(void);

/* Blocks that all threads have taken and not freed. */
int64_t allocation_failure_live_blocks(void);
