/* postgres_backoff.h: how long a server that could not be reached is left alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { POSTGRES_BACKOFF_MS_MIN = 20, POSTGRES_BACKOFF_MS_MAX = 1000 };

/* Zeroed: nothing has failed yet. One thread at a time. */
struct postgres_backoff {
    unsigned failures; /* in a row */
    int64_t until_ns;  /* on clock_monotonic_ns() */
};

/* Whether it may be tried now. */
bool postgres_backoff_is_over(const struct postgres_backoff *backoff);

/* The next try is due after twice the time, and a random part of it. */
void postgres_backoff_note_failure(struct postgres_backoff *backoff);
void postgres_backoff_note_success(struct postgres_backoff *backoff);
