/* clock.h: the two clocks and the text of a time.
 *
 * Timeouts and deadlines use the monotonic clock, in nanoseconds; dates that are kept or shown use
 * the wall clock, in milliseconds since 1970-01-01T00:00:00Z. */
#pragma once

#include <stdint.h>

#include "base/text.h"

#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_S INT64_C(1000000000)

/* "2026-02-03T04:05:06.789Z" and its NUL. */
enum { CLOCK_TIME_TEXT_BYTES = 32 };

int64_t clock_monotonic_ns(void);
int64_t clock_wall_ms(void);

/* RFC 3339 in UTC; the fraction is left out when it is zero. Years 0000 to 9999; outside, the
 * nearest. Returns the text in `buffer`. */
struct text clock_format(int64_t wall_ms, char buffer[static CLOCK_TIME_TEXT_BYTES]);

/* RFC 3339 with any offset; digits past milliseconds are dropped, a leap second counts as :59.
 * false: not a time; *ret_wall_ms is untouched. */
MUST_USE bool clock_parse(struct text text, int64_t *ret_wall_ms);
