#include "store/postgres_backoff.h"

#include "base/clock.h"
#include "base/random.h"

enum { DOUBLINGS_MAX = 6 }; /* then POSTGRES_BACKOFF_MS_MAX is passed */

bool postgres_backoff_is_over(const struct postgres_backoff *backoff)
{
    return backoff->failures == 0 || clock_monotonic_ns() >= backoff->until_ns;
}

void postgres_backoff_note_failure(struct postgres_backoff *backoff)
{
    unsigned doublings = backoff->failures < DOUBLINGS_MAX ? backoff->failures : DOUBLINGS_MAX;
    int64_t wait_ms = (int64_t)POSTGRES_BACKOFF_MS_MIN << doublings;
    wait_ms = wait_ms < POSTGRES_BACKOFF_MS_MAX ? wait_ms : POSTGRES_BACKOFF_MS_MAX;
    wait_ms = wait_ms / 2 + (int64_t)random_below((uint64_t)wait_ms / 2 + 1);
    backoff->failures++;
    backoff->until_ns = clock_monotonic_ns() + wait_ms * CLOCK_NS_PER_MS;
}

void postgres_backoff_note_success(struct postgres_backoff *backoff)
{
    *backoff = (struct postgres_backoff){.failures = 0};
}
