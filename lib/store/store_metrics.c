#include "store/store_metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "telemetry/telemetry.h"

enum { LABEL_BYTES = 32 };

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          double value)
{
    telemetry_write_family(page, name, "counter", help);
    telemetry_write_sample(page, name, "", value);
}

/* Bin i counts the commits of over 2^(i-1) to 2^i jobs. */
static void write_sizes(struct telemetry_page *page, const struct group_commit_stats *stats)
{
    uint64_t count = 0;
    char label[LABEL_BYTES];
    telemetry_write_family(page, "marquee_store_commit_jobs", "histogram",
                           "Writes that were made durable by one commit.");
    for (unsigned bin = 0; bin + 1 < GROUP_COMMIT_SIZE_BINS; bin++) {
        count += stats->sizes[bin];
        (void)snprintf(label, sizeof(label), "le=\"%" PRIu64 "\"", /* fits */
                       UINT64_C(1) << bin);
        telemetry_write_sample(page, "marquee_store_commit_jobs_bucket", label, (double)count);
    }
    count += stats->sizes[GROUP_COMMIT_SIZE_BINS - 1];
    telemetry_write_sample(page, "marquee_store_commit_jobs_bucket", "le=\"+Inf\"", (double)count);
    telemetry_write_sample(page, "marquee_store_commit_jobs_sum", "", (double)stats->jobs);
    telemetry_write_sample(page, "marquee_store_commit_jobs_count", "", (double)count);
}

void store_metrics_write(void *group, struct telemetry_page *page)
{
    struct group_commit_stats stats;
    group_commit_read_stats(group, &stats);
    write_counter(page, "marquee_store_commits_total", "Transactions made durable.",
                  (double)stats.commits);
    write_sizes(page, &stats);
    write_counter(page, "marquee_store_commit_seconds_total",
                  "From begin to durable, all together.", (double)stats.commit_ns_sum * 1e-9);
    write_counter(page, "marquee_store_aborts_total", "Transactions taken back.",
                  (double)stats.aborts);
    write_counter(page, "marquee_store_dropped_total", "Writes given up before they began.",
                  (double)stats.dropped);
    write_counter(page, "marquee_store_refused_total", "Writes refused because too many waited.",
                  (double)stats.refused);
    write_counter(page, "marquee_store_syncs_failed_total",
                  "Syncs of a relaxed store that failed: tried again a second later.",
                  (double)stats.syncs_failed);
}
