#include "movie/gateway/cached_rating_gateway.h"

#include "base/arena.h"
#include "base/clock.h"
#include "rating/model/rating_outbox_event.h"
#include "telemetry/telemetry.h"

static void add(_Atomic uint64_t *figure)
{
    atomic_fetch_add_explicit(figure, 1, memory_order_relaxed);
}

static enum status ask(struct cached_rating_gateway *self, struct call *call,
                       struct record_key record, struct rating_view *ret_view)
{
    return self->inner.ops->get_aggregate(self->inner.state, call, record, ret_view);
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view)
{
    struct cached_rating_gateway *self = state;
    int64_t now_ns = clock_monotonic_ns();
    if (record.id.length > RATING_RECORD_BYTES_MAX) {
        return ask(self, call, record, ret_view); /* it is refused there */
    }
    if (rating_cache_get(self->cache, record, now_ns, ret_view)) {
        add(&self->hits);
        return STATUS_OK;
    }
    add(&self->misses);
    uint64_t expected = rating_cache_expect(self->cache, record);
    struct rating_view view = {.no_votes = true};
    enum status status = ask(self, call, record, &view);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        rating_cache_fill(self->cache, record, expected, &view, now_ns);
    }
    if (status == STATUS_OK) {
        *ret_view = view;
    }
    return status;
}

/* The records that were not held, asked for together. */
struct misses {
    struct text *ids;
    uint64_t *expected;
    size_t *places; /* among all that are asked for */
    size_t count;
};

static enum status ask_all(struct cached_rating_gateway *self, struct call *call,
                           const struct misses *misses, struct rating_view *views)
{
    struct rating_views asked;
    int64_t now_ns = clock_monotonic_ns();
    enum status status = self->inner.ops->get_aggregates(self->inner.state, call, misses->ids,
                                                         misses->count, &asked);
    for (size_t i = 0; i < misses->count && status == STATUS_OK; i++) {
        const struct record_key record = {RECORD_TYPE_MOVIE, misses->ids[i]};
        if (record.id.length <= RATING_RECORD_BYTES_MAX) {
            rating_cache_fill(self->cache, record, misses->expected[i], &asked.views[i], now_ns);
        }
        views[misses->places[i]] = asked.views[i];
    }
    return status;
}

static enum status get_aggregates(void *state, struct call *call, const struct text *movie_ids,
                                  size_t count, struct rating_views *ret_views)
{
    struct cached_rating_gateway *self = state;
    int64_t now_ns = clock_monotonic_ns();
    struct rating_view *views = arena_calloc(call->arena, count, sizeof(*views));
    struct misses misses = {
        .ids = arena_calloc(call->arena, count, sizeof(*misses.ids)),
        .expected = arena_calloc(call->arena, count, sizeof(*misses.expected)),
        .places = arena_calloc(call->arena, count, sizeof(*misses.places)),
    };
    if (views == NULL || misses.ids == NULL || misses.expected == NULL || misses.places == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < count; i++) {
        const struct record_key record = {RECORD_TYPE_MOVIE, movie_ids[i]};
        bool fits = record.id.length <= RATING_RECORD_BYTES_MAX;
        if (fits && rating_cache_get(self->cache, record, now_ns, &views[i])) {
            add(&self->hits);
            continue;
        }
        add(&self->misses);
        misses.ids[misses.count] = movie_ids[i];
        misses.expected[misses.count] = fits ? rating_cache_expect(self->cache, record) : 0;
        misses.places[misses.count++] = i;
    }
    enum status status = misses.count > 0 ? ask_all(self, call, &misses, views) : STATUS_OK;
    if (status == STATUS_OK) {
        *ret_views = (struct rating_views){.views = views};
    }
    return status;
}

static const struct rating_gateway_ops ops = {.get_aggregate = get_aggregate,
                                              .get_aggregates = get_aggregates};

struct rating_gateway cached_rating_gateway(struct cached_rating_gateway *self)
{
    return (struct rating_gateway){&ops, self};
}

bool cached_rating_gateway_take(void *state, struct call *call,
                                const struct eventlog_record *record)
{
    struct cached_rating_gateway *self = state;
    struct rating_change_event event;
    if (rating_change_event_decode(call, record->value, &event) != STATUS_OK) {
        rating_cache_clear(self->cache); /* it may have been about any record */
        return false;
    }
    add(&self->notifications);
    if (event.all) {
        rating_cache_clear(self->cache);
    } else if (rating_cache_drop(self->cache, event.record)) {
        add(&self->drops);
    }
    return true;
}

void cached_rating_gateway_look(void *state, const struct eventlog_lag *lags, size_t count)
{
    (void)state; /* what comes late is covered by the greatest age */
    (void)lags;
    (void)count;
}

void cached_rating_gateway_restart(void *state)
{
    struct cached_rating_gateway *self = state;
    rating_cache_clear(self->cache);
}

static void write_counter(struct telemetry_page *page, const char *name, const char *help,
                          const _Atomic uint64_t *value)
{
    telemetry_write_family(page, name, "counter", help);
    telemetry_write_sample(page, name, "",
                           (double)atomic_load_explicit(value, memory_order_relaxed));
}

void cached_rating_gateway_write_metrics(void *state, struct telemetry_page *page)
{
    const struct cached_rating_gateway *self = state;
    write_counter(page, "marquee_rating_cache_hits_total", "Ratings answered from the cache.",
                  &self->hits);
    write_counter(page, "marquee_rating_cache_misses_total",
                  "Ratings that the rating service was asked for.", &self->misses);
    write_counter(page, "marquee_rating_cache_notifications_total",
                  "Notifications of changes received.", &self->notifications);
    write_counter(page, "marquee_rating_cache_drops_total",
                  "Cached ratings dropped for a notification.", &self->drops);
    telemetry_write_family(page, "marquee_rating_cache_records", "gauge", "Ratings in the cache.");
    telemetry_write_sample(page, "marquee_rating_cache_records", "",
                           (double)rating_cache_count(self->cache));
}
