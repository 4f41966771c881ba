#include "grpc/grpc_backoff.h"

int64_t grpc_backoff_ns(const struct grpc_backoff *backoff, unsigned failures, double fraction)
{
    double delay_ns = (double)backoff->first_ns;
    for (unsigned i = 1; i < failures && delay_ns < (double)backoff->most_ns; i++) {
        delay_ns *= backoff->factor;
    }
    if (delay_ns > (double)backoff->most_ns) {
        delay_ns = (double)backoff->most_ns;
    }
    return (int64_t)(delay_ns * (1.0 - backoff->jitter + 2.0 * backoff->jitter * fraction));
}
