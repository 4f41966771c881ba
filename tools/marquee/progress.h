/* progress.h: a bar on standard error while something long runs; on no terminal, nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *errors;
    const char *label;
    uint64_t total; /* of what is `done`; 0: not known */
    /* private */
    int64_t started_ns;
    int64_t next_ns;
    bool is_shown;
};

void progress_init(struct progress *progress, FILE *errors, const char *label, uint64_t total);

/* Draws at most ten times a second: the bar, what is counted with its rate, and the time that is
 * left. done: of the total. */
void progress_update(struct progress *progress, uint64_t done, uint64_t count);

/* Takes the bar away. */
void progress_end(struct progress *progress);

/* Seconds since the beginning. */
double progress_seconds(const struct progress *progress);
