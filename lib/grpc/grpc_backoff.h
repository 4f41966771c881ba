/* grpc_backoff.h: how long to wait before the next attempt. */
#pragma once

#include <stdint.h>

struct grpc_backoff {
    int64_t first_ns;
    int64_t most_ns;
    double factor;
    double jitter; /* 0.2: from 0.8 to 1.2 times as long */
};

/* The wait after `failures` (at least 1) failures in a row. fraction: random, in [0, 1). */
int64_t grpc_backoff_ns(const struct grpc_backoff *backoff, unsigned failures, double fraction);
