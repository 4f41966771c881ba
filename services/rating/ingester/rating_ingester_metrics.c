#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"
#include "telemetry/telemetry.h"

enum { LABEL_BYTES = 48, NAME_BYTES = 80 };

#define MS_PER_S 1e3
#define US_PER_S 1e6

const int64_t rating_ingester_size_bounds[INGEST_HISTOGRAM_BINS - 1] = {1,    10,    100,   500,
                                                                        1000, 10000, 50000, 100000};
const int64_t rating_ingester_time_bounds_us[INGEST_HISTOGRAM_BINS - 1] = {
    1000, 2500, 5000, 10000, 50000, 100000, 500000, 2500000};

static void add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

static void observe(struct ingest_histogram *histogram, const int64_t *bounds, int64_t value)
{
    size_t bin = 0;
    while (bin < INGEST_HISTOGRAM_BINS - 1 && value > bounds[bin]) {
        bin++;
    }
    add(&histogram->bins[bin], 1);
    add(&histogram->sum, (uint64_t)value);
}

void rating_ingester_count(struct rating_ingester *self, const struct rating_batch *changes,
                           int64_t apply_ns)
{
    struct ingest_counters *counters = &self->counters;
    uint64_t by_outcome[RATING_OUTCOME_COUNT] = {0};
    for (size_t i = 0; i < changes->change_count; i++) {
        by_outcome[changes->outcomes[i]]++;
    }
    add(&counters->events, changes->change_count);
    add(&counters->stale, by_outcome[RATING_STALE]);
    add(&counters->absent, by_outcome[RATING_ABSENT]);
    add(&counters->duplicates, by_outcome[RATING_DUPLICATE]);
    add(&counters->dead_letters, changes->dead_letter_count);
    observe(&counters->batch_events, rating_ingester_size_bounds,
            (int64_t)(changes->change_count + changes->dead_letter_count));
    observe(&counters->apply_us, rating_ingester_time_bounds_us,
            apply_ns / (CLOCK_NS_PER_MS / 1000));
}

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          const _Atomic uint64_t *value)
{
    telemetry_write_family(page, name, "counter", help);
    telemetry_write_sample(page, name, "",
                           (double)atomic_load_explicit(value, memory_order_relaxed));
}

/* unit: what a value is divided by. */
static void write_histogram(struct telemetry_page *page, const char *name, const char *help,
                            const struct ingest_histogram *histogram, const int64_t *bounds,
                            double unit)
{
    char sample[NAME_BYTES];
    char label[LABEL_BYTES];
    uint64_t count = 0;
    telemetry_write_family(page, name, "histogram", help);
    (void)snprintf(sample, sizeof(sample), "%s_bucket", name); /* fits, as all below */
    for (size_t i = 0; i < INGEST_HISTOGRAM_BINS; i++) {
        count += atomic_load_explicit(&histogram->bins[i], memory_order_relaxed);
        if (i < INGEST_HISTOGRAM_BINS - 1) {
            (void)snprintf(label, sizeof(label), "le=\"%g\"", (double)bounds[i] / unit);
        } else {
            (void)snprintf(label, sizeof(label), "le=\"+Inf\"");
        }
        telemetry_write_sample(page, sample, label, (double)count);
    }
    (void)snprintf(sample, sizeof(sample), "%s_sum", name);
    telemetry_write_sample(page, sample, "",
                           (double)atomic_load_explicit(&histogram->sum, memory_order_relaxed) /
                               unit);
    (void)snprintf(sample, sizeof(sample), "%s_count", name);
    telemetry_write_sample(page, sample, "", (double)count);
}

static void write_counters(struct telemetry_page *page, const struct ingest_counters *counters)
{
    write_counter(page, "marquee_ingested_events_total",
                  "Rating events taken into the store, whatever they changed.", &counters->events);
    write_counter(page, "marquee_ingested_stale_events_total",
                  "Of these, older than the vote or deletion that stands.", &counters->stale);
    write_counter(page, "marquee_ingested_absent_events_total",
                  "Of these, deletions of what was not there.", &counters->absent);
    write_counter(page, "marquee_ingested_duplicate_events_total",
                  "Of these, of an eventId that was taken before.", &counters->duplicates);
    write_counter(page, "marquee_dead_letters_total", "Rating events set aside, with their reason.",
                  &counters->dead_letters);
    write_counter(page, "marquee_ingestion_refused_total",
                  "Batches refused because another instance has claimed the partition.",
                  &counters->refused);
    write_counter(page, "marquee_ingestion_abandoned_events_total",
                  "Events given up with --delivery at-most-once.", &counters->abandoned);
    write_histogram(page, "marquee_ingestion_batch_events", "Events of one batch.",
                    &counters->batch_events, rating_ingester_size_bounds, 1);
    write_histogram(page, "marquee_ingestion_apply_seconds",
                    "From a decoded batch to one that is durable.", &counters->apply_us,
                    rating_ingester_time_bounds_us, US_PER_S);
}

static void write_lag(struct telemetry_page *page, const struct rating_ingester *self)
{
    char label[LABEL_BYTES];
    telemetry_write_family(page, "marquee_consumer_lag_events", "gauge",
                           "Events of owned partitions that are not applied yet.");
    for (int partition = 0; partition < RATING_INGESTER_PARTITIONS_MAX; partition++) {
        int64_t lag = atomic_load_explicit(&self->partitions[partition].lag, memory_order_relaxed);
        if (lag > 0) {
            (void)snprintf(label, sizeof(label), "partition=\"%d\"", partition); /* fits */
            telemetry_write_sample(page, "marquee_consumer_lag_events", label, (double)(lag - 1));
        }
    }
}

/* Nothing of a partition that waits and of which nothing was applied yet. */
static void write_behind(struct telemetry_page *page, const struct rating_ingester *self)
{
    char label[LABEL_BYTES];
    int64_t now_ms = clock_wall_ms();
    telemetry_write_family(page, "marquee_consumer_behind_seconds", "gauge",
                           "Age of the last applied event of an owned partition; 0 without lag.");
    for (int partition = 0; partition < RATING_INGESTER_PARTITIONS_MAX; partition++) {
        const struct ingest_partition *own = &self->partitions[partition];
        int64_t lag = atomic_load_explicit(&own->lag, memory_order_relaxed);
        int64_t time_ms = atomic_load_explicit(&own->applied_time_ms, memory_order_relaxed);
        if (lag == 1 || (lag > 1 && time_ms > 0)) {
            double behind_ms = lag > 1 && now_ms > time_ms ? (double)(now_ms - time_ms) : 0;
            (void)snprintf(label, sizeof(label), "partition=\"%d\"", partition); /* fits */
            telemetry_write_sample(page, "marquee_consumer_behind_seconds", label,
                                   behind_ms / MS_PER_S);
        }
    }
}

void rating_ingester_write_metrics(void *state, struct telemetry_page *page)
{
    const struct rating_ingester *self = state;
    struct text reason;
    enum status status;
    int64_t waiting_ms = 0;
    write_counters(page, &self->counters);
    telemetry_write_family(page, "marquee_ingestion_up", "gauge",
                           "Whether ingestion goes on (1) or has stopped for good (0).");
    telemetry_write_sample(page, "marquee_ingestion_up", "",
                           rating_ingester_is_running(self, &reason) ? 1 : 0);
    bool waits = rating_ingester_is_waiting(self, &status, &waiting_ms);
    telemetry_write_family(page, "marquee_ingestion_waiting_seconds", "gauge",
                           "How long a batch has been waiting for the store; 0: none is.");
    telemetry_write_sample(page, "marquee_ingestion_waiting_seconds", "",
                           waits ? (double)waiting_ms / MS_PER_S : 0);
    write_lag(page, self);
    write_behind(page, self);
}
