#include "latencies.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"

void latencies_init(struct latencies *self)
{
    self->count = 0;
    self->ns = malloc(LATENCIES_MAX * sizeof(self->ns[0]));
    CHECK(self->ns != NULL);
}

void latencies_deinit(struct latencies *self)
{
    free(self->ns);
}

void latencies_add(struct latencies *self, int64_t ns)
{
    if (self->count < LATENCIES_MAX) {
        self->ns[self->count++] = ns;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

double latencies_percentile_ms(struct latencies *self, double share)
{
    if (self->count == 0) {
        return 0;
    }
    qsort(self->ns, self->count, sizeof(self->ns[0]), compare);
    return (double)self->ns[(size_t)(share * (double)(self->count - 1))] / (double)CLOCK_NS_PER_MS;
}
