#include "base/clock.h"
#include "rating/relay/rating_relay_private.h"
#include "telemetry/telemetry.h"

static void write_figure(struct telemetry_page *page, const char *name, const char *kind,
                         const char *help, double value)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value);
}

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          const _Atomic uint64_t *value)
{
    write_figure(page, name, "counter", help,
                 (double)atomic_load_explicit(value, memory_order_relaxed));
}

void rating_relay_write_metrics(void *state, struct telemetry_page *page)
{
    const struct rating_relay *self = state;
    const struct relay_figures *figures = &self->figures;
    int64_t oldest_ms = atomic_load_explicit(&figures->oldest_ms, memory_order_relaxed);
    int64_t late_ms = oldest_ms > 0 ? clock_wall_ms() - oldest_ms : 0;
    write_figure(page, "marquee_relay_leader", "gauge", "Whether this instance relays changes.",
                 rating_relay_is_leader(self) ? 1 : 0);
    write_counter(page, "marquee_relayed_changes_total", "Notifications of changes sent.",
                  &figures->changes);
    write_counter(page, "marquee_relayed_aggregates_total", "Aggregates sent.",
                  &figures->aggregates);
    write_counter(page, "marquee_relayed_dead_letters_total", "Dead letters sent.",
                  &figures->letters);
    write_counter(page, "marquee_relay_transfers_total",
                  "Times that all aggregates have been sent.", &figures->transfers);
    write_counter(page, "marquee_relay_fenced_total",
                  "Times that another instance had claimed the relay's position.",
                  &figures->fenced);
    write_figure(page, "marquee_relay_lag_changes", "gauge",
                 "Of the leader: changes that are not relayed yet.",
                 (double)atomic_load_explicit(&figures->behind, memory_order_relaxed));
    write_figure(page, "marquee_relay_lag_seconds", "gauge",
                 "Of the leader: the age of the first change that is not relayed yet.",
                 late_ms > 0 ? (double)late_ms / 1000 : 0);
}
