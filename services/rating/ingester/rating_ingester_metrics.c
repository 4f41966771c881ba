#include <stdio.h>

#include "rating/ingester/rating_ingester_private.h"
#include "telemetry/telemetry.h"

enum { LABEL_BYTES = 32 };

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          const _Atomic uint64_t *value)
{
    telemetry_write_family(page, name, "counter", help);
    telemetry_write_sample(page, name, "",
                           (double)atomic_load_explicit(value, memory_order_relaxed));
}

void rating_ingester_write_metrics(void *state, struct telemetry_page *page)
{
    const struct rating_ingester *self = state;
    struct text reason;
    write_counter(page, "marquee_ingested_events_total", "Rating events applied.", &self->applied);
    write_counter(page, "marquee_dead_letters_total", "Rating events set aside, with their reason.",
                  &self->set_aside);
    telemetry_write_family(page, "marquee_ingestion_up", "gauge",
                           "Whether ingestion goes on (1) or has stopped for good (0).");
    telemetry_write_sample(page, "marquee_ingestion_up", "",
                           rating_ingester_is_running(self, &reason) ? 1 : 0);
    telemetry_write_family(page, "marquee_consumer_lag_events", "gauge",
                           "Events of owned partitions that are not applied yet.");
    for (int partition = 0; partition < RATING_INGESTER_PARTITIONS_MAX; partition++) {
        int64_t lag = atomic_load_explicit(&self->lags[partition], memory_order_relaxed);
        char label[LABEL_BYTES];
        if (lag > 0) {
            (void)snprintf(label, sizeof(label), "partition=\"%d\"", partition); /* fits */
            telemetry_write_sample(page, "marquee_consumer_lag_events", label, (double)(lag - 1));
        }
    }
}
