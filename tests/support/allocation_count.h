/* allocation_count.h: how often this thread has asked the heap for memory. Linked into a test, it
 * stands before the C library's own functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether it is counted: not under sanitizers, which bring a heap of their own. */
bool allocation_count_is_kept(void);

uint64_t allocation_count(void);

/* What HTTP/2 replies since `start_ms` (wall clock, before the first of them) may have taken in
 * steady state: their "date" header changes once a second, and until HPACK's table (RFC 7541
 * section 4) is full of dates, each new one is an entry of it, in the encoder and in the
 * decoder. */
uint64_t allocation_count_for_dates(int64_t start_ms);
