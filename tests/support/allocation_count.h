/* allocation_count.h: how often this thread has asked the heap for memory. Linked into a test, it
 * stands before the C library's own functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether it is counted: not under sanitizers, which bring a heap of their own. */
bool allocation_count_is_kept(void);

uint64_t allocation_count(void);
