#include <stdio.h>

#include "base/clock.h"
#include "metadata/repository/indexed_metadata_private.h"
#include "telemetry/telemetry.h"

enum { LABEL_BYTES = 48 };

#define US_PER_S 1e6

/* Upper bounds of the bins but the last. */
static const int64_t bounds_us[INDEX_TIME_BINS - 1] = {50,   100,  250,   500,  1000,
                                                       2500, 5000, 10000, 50000};

void index_count_question(struct indexed_metadata_search *self, int64_t duration_ns)
{
    int64_t us = duration_ns / (CLOCK_NS_PER_MS / 1000);
    size_t bin = 0;
    while (bin < INDEX_TIME_BINS - 1 && us > bounds_us[bin]) {
        bin++;
    }
    atomic_fetch_add_explicit(&self->counters.question_bins[bin], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&self->counters.question_us, (uint64_t)us, memory_order_relaxed);
}

static double value_of(const _Atomic uint64_t *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_value(struct telemetry_page *page, const char *name, const char *kind,
                        const char *help, const _Atomic uint64_t *counter)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value_of(counter));
}

/* Its count is the number of questions. */
static void write_questions(struct telemetry_page *page, const struct index_counters *counters)
{
    double count = 0;
    telemetry_write_family(page, "marquee_search_question_seconds", "histogram",
                           "Questions to the search index, and how long each took.");
    for (size_t i = 0; i < INDEX_TIME_BINS; i++) {
        char label[LABEL_BYTES] = "le=\"+Inf\"";
        if (i < INDEX_TIME_BINS - 1) {
            (void)snprintf(label, sizeof(label), "le=\"%g\"", /* fits */
                           (double)bounds_us[i] / US_PER_S);
        }
        count += value_of(&counters->question_bins[i]);
        telemetry_write_sample(page, "marquee_search_question_seconds_bucket", label, count);
    }
    telemetry_write_sample(page, "marquee_search_question_seconds_sum", "",
                           value_of(&counters->question_us) / US_PER_S);
    telemetry_write_sample(page, "marquee_search_question_seconds_count", "", count);
}

void indexed_metadata_search_write_metrics(void *search, struct telemetry_page *page)
{
    const struct indexed_metadata_search *self = search;
    const struct index_counters *counters = &self->counters;
    write_value(page, "marquee_search_documents", "gauge", "Movies in the search index.",
                &counters->documents);
    write_value(page, "marquee_search_delta_documents", "gauge",
                "Of these, in the segment of what has changed.", &counters->delta_documents);
    telemetry_write_family(page, "marquee_search_rebuilds_total", "counter",
                           "Segments of the search index that were made: of what has changed, and "
                           "of everything.");
    telemetry_write_sample(page, "marquee_search_rebuilds_total", "segment=\"delta\"",
                           value_of(&counters->rebuilds));
    telemetry_write_sample(page, "marquee_search_rebuilds_total", "segment=\"main\"",
                           value_of(&counters->merges));
    write_value(page, "marquee_search_failures_total", "counter",
                "Attempts to follow the store, or to make a segment, that failed.",
                &counters->failures);
    write_questions(page, counters);
}
