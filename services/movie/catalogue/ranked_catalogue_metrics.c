/* What the catalogue tells of itself. */
#include "movie/catalogue/ranked_catalogue_private.h"
#include "telemetry/telemetry.h"

enum { MS_PER_S = 1000 };

static void write_figure(struct telemetry_page *page, const char *name, const char *kind,
                         const char *help, double value)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value);
}

/* Of both feeds. */
static void write_pair(struct telemetry_page *page, const char *name, const char *kind,
                       const char *help, double metadata, double rating)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "feed=\"metadata\"", metadata);
    telemetry_write_sample(page, name, "feed=\"rating\"", rating);
}

static double age_of(const struct catalogue_follower *follower)
{
    return catalogue_follower_is_filled(follower)
               ? (double)catalogue_follower_age_ms(follower) / MS_PER_S
               : 0;
}

void ranked_catalogue_write_metrics(void *catalogue, struct telemetry_page *page)
{
    struct ranked_catalogue *self = catalogue;
    const struct rank_stats stats = rank_index_stats(self->index);
    write_figure(page, "marquee_catalogue_movies", "gauge", "Movies in the lists.",
                 (double)stats.listed);
    write_figure(page, "marquee_catalogue_full", "gauge",
                 "Whether movies were left out for want of room.",
                 atomic_load(&self->is_full) ? 1 : 0);
    write_figure(page, "marquee_catalogue_resorts_total", "counter",
                 "How often the lists were sorted anew by other score parameters.",
                 (double)stats.resorts);
    write_pair(page, "marquee_catalogue_filled", "gauge", "Whether the copy was ever complete.",
               catalogue_follower_is_filled(&self->metadata) ? 1 : 0,
               catalogue_follower_is_filled(&self->rating) ? 1 : 0);
    write_pair(page, "marquee_catalogue_age_seconds", "gauge",
               "Every change that was acknowledged so long ago is in the lists.",
               age_of(&self->metadata), age_of(&self->rating));
    write_pair(page, "marquee_catalogue_listings_total", "counter",
               "How often everything was listed from its beginning.",
               (double)atomic_load(&self->metadata.listings),
               (double)atomic_load(&self->rating.listings));
    write_pair(page, "marquee_catalogue_failures_total", "counter",
               "Questions to the feed that failed.", (double)atomic_load(&self->metadata.failures),
               (double)atomic_load(&self->rating.failures));
}
