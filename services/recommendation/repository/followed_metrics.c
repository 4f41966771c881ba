/* What followed recommendations tell of themselves. */
#include "base/clock.h"
#include "recommendation/repository/followed_private.h"
#include "telemetry/telemetry.h"

static void write_figure(struct telemetry_page *page, const char *name, const char *kind,
                         const char *help, double value)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value);
}

static void write_counts(struct telemetry_page *page, struct followed_counts *counts)
{
    write_figure(page, "marquee_recommendation_connected", "gauge",
                 "Whether the last question to the rating service was answered.",
                 atomic_load(&counts->connected) ? 1 : 0);
    write_figure(page, "marquee_recommendation_changes_total", "counter", "Changes of votes taken.",
                 (double)atomic_load(&counts->changes));
    write_figure(page, "marquee_recommendation_models_total", "counter",
                 "Models made from all votes.", (double)atomic_load(&counts->models));
    write_figure(page, "marquee_recommendation_failures_total", "counter",
                 "Questions to the rating service that failed.",
                 (double)atomic_load(&counts->failures));
    write_figure(page, "marquee_recommendation_refused_votes_total", "counter",
                 "Votes that the model had no room for.", (double)atomic_load(&counts->refused));
    write_figure(page, "marquee_recommendation_kept_timestamp_seconds", "gauge",
                 "When the model was written to its file; 0: not since the start.",
                 (double)atomic_load(&counts->kept_ms) / 1000);
}

void followed_recommendations_write_metrics(void *followed, struct telemetry_page *page)
{
    struct followed_recommendations *self = followed;
    struct followed_model *held = followed_current(self);
    struct recommend_counts counts = {.votes = 0};
    int64_t age_ms = 0;
    if (held != NULL) {
        counts = recommend_model_counts(held->model);
        age_ms = clock_wall_ms() - atomic_load(&held->as_of_ms);
    }
    write_figure(page, "marquee_recommendation_ready", "gauge", "Whether there is a model.",
                 held != NULL ? 1 : 0);
    write_figure(page, "marquee_recommendation_age_seconds", "gauge",
                 "How long ago every vote that had been acknowledged was in the model.",
                 age_ms > 0 ? (double)age_ms / 1000 : 0);
    write_figure(page, "marquee_recommendation_votes", "gauge", "Votes in the model.",
                 (double)counts.votes);
    write_figure(page, "marquee_recommendation_users", "gauge", "Users ever seen in the model.",
                 counts.users);
    write_figure(page, "marquee_recommendation_records", "gauge", "Records ever seen in the model.",
                 counts.items);
    write_figure(page, "marquee_recommendation_waiting", "gauge",
                 "Records whose neighbours are to be computed anew.", counts.waiting);
    write_counts(page, &self->counts);
    followed_model_release(held);
}
