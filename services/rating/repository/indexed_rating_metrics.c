#include <stdio.h>

#include "rating/repository/indexed_rating_private.h"
#include "telemetry/telemetry.h"

enum { LABEL_BYTES = 48 };

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          const _Atomic uint64_t *count)
{
    telemetry_write_family(page, name, "counter", help);
    telemetry_write_sample(page, name, "", (double)atomic_load(count));
}

static void write_by_type(struct telemetry_page *page, const char *name, const char *kind,
                          const char *help, const double values[static RANKING_TYPES])
{
    telemetry_write_family(page, name, kind, help);
    for (unsigned i = 0; i < RANKING_TYPES; i++) {
        char label[LABEL_BYTES];
        (void)snprintf(label, sizeof(label), "type=\"%s\"", /* fits */
                       record_type_name(ranking_record_type(i)));
        telemetry_write_sample(page, name, label, values[i]);
    }
}

void indexed_rating_ranking_write_metrics(void *ranking, struct telemetry_page *page)
{
    const struct indexed_rating_ranking *self = ranking;
    double records[RANKING_TYPES];
    double means[RANKING_TYPES];
    double bytes[RANKING_TYPES];
    double resorts[RANKING_TYPES];
    for (unsigned i = 0; i < RANKING_TYPES; i++) {
        const struct rank_stats stats = rank_index_stats(self->indexes[i]);
        records[i] = (double)stats.listed;
        bytes[i] = (double)stats.bytes;
        resorts[i] = (double)stats.resorts;
        means[i] = rank_index_parameters(self->indexes[i]).mean;
    }
    write_by_type(page, "marquee_rating_ranked_records", "gauge", "Records in the ranking.",
                  records);
    write_by_type(page, "marquee_rating_ranking_bytes", "gauge", "Memory of the ranking.", bytes);
    write_by_type(page, "marquee_rating_score_mean", "gauge",
                  "The mean of all votes by which scores are weighted, in points.", means);
    write_by_type(page, "marquee_rating_ranking_sorts_total", "counter",
                  "Times that the ranking was sorted by another mean.", resorts);
    write_counter(page, "marquee_rating_ranking_builds_total",
                  "Times that all aggregates were read into the ranking.", &self->builds);
    write_counter(page, "marquee_rating_ranking_failures_total",
                  "Turns in which the ranking could not follow the store.", &self->failures);
    write_counter(page, "marquee_rating_long_lists_total",
                  "Lists that were too long to make on a loop.", &self->long_lists);
    telemetry_write_family(page, "marquee_rating_ranking_sequence", "gauge",
                           "The last change of the store that the ranking has.");
    telemetry_write_sample(page, "marquee_rating_ranking_sequence", "",
                           (double)atomic_load(&self->sequence));
}
