/* latencies.h: what each of many calls took, for percentiles. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { LATENCIES_MAX = 4 * 1000 * 1000 };

struct latencies {
    int64_t *ns;
    size_t count;
};

/* Room for LATENCIES_MAX; more are left out. */
void latencies_init(struct latencies *self);
void latencies_deinit(struct latencies *self);

void latencies_add(struct latencies *self, int64_t ns);

/* share: 0 to 1. Sorts. In milliseconds; 0 when there is none. */
double latencies_percentile_ms(struct latencies *self, double share);
