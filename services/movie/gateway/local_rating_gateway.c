#include "movie/gateway/local_rating_gateway.h"

#include "base/arena.h"
#include "base/clock.h"
#include "telemetry/telemetry.h"

/* Answering */

int64_t local_rating_gateway_as_of_ms(const struct local_rating_gateway *self)
{
    return atomic_load_explicit(&self->as_of_ms, memory_order_acquire);
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view)
{
    struct local_rating_gateway *self = state;
    struct rating_aggregate aggregate;
    int64_t as_of_ms = local_rating_gateway_as_of_ms(self);
    if (as_of_ms == 0) {
        return call_fail(call, STATUS_UNAVAILABLE,
                         "the local copy of ratings has not been filled yet");
    }
    int64_t age_ms = clock_wall_ms() - as_of_ms;
    struct rating_view view = {.source = MOVIE_RATING_LOCAL, .age_ms = age_ms > 0 ? age_ms : 0};
    switch (rating_copy_get(self->copy, record, &aggregate)) {
    case RATING_COPY_RATED:
        view.mean = rating_aggregate_mean(&aggregate);
        view.count = (uint32_t)aggregate.count;
        break;
    case RATING_COPY_NO_VOTES:
        view.no_votes = true;
        break;
    case RATING_COPY_UNKNOWN:
        return call_fail(call, STATUS_UNAVAILABLE, "the local copy of ratings is full");
    }
    *ret_view = view;
    return STATUS_OK;
}

static enum status get_aggregates(void *state, struct call *call, const struct text *movie_ids,
                                  size_t count, struct rating_views *ret_views)
{
    enum status status = STATUS_OK;
    struct rating_view *views = arena_calloc(call->arena, count, sizeof(*views));
    if (views == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct record_key record = {RECORD_TYPE_MOVIE, movie_ids[i]};
        status = get_aggregate(state, call, record, &views[i]);
    }
    if (status == STATUS_OK) {
        *ret_views = (struct rating_views){.views = views};
    }
    return status;
}

static const struct rating_gateway_ops ops = {.get_aggregate = get_aggregate,
                                              .get_aggregates = get_aggregates};

static void forget_marks(struct rating_marks *marks)
{
    marks->complete = -1;
    marks->current_ms = 0;
    marks->target_count = 0;
}

struct rating_gateway local_rating_gateway(struct local_rating_gateway *self,
                                           struct rating_copy *copy)
{
    self->copy = copy;
    forget_marks(&self->waiting);
    forget_marks(&self->next);
    return (struct rating_gateway){&ops, self};
}

/* Following */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool local_rating_gateway_take(void *state, struct call *call, const struct eventlog_record *record)
{
    struct local_rating_gateway *self = state;
    struct rating_aggregate_event event;
    if (rating_aggregate_event_decode(call, record->value, &event) != STATUS_OK) {
        atomic_fetch_add_explicit(&self->passed_over, 1, memory_order_relaxed);
        return false;
    }
    bool is_news = true;
    switch (event.kind) {
    case RATING_EVENT_AGGREGATE:
        is_news = rating_copy_put(self->copy, &event);
        break;
    case RATING_EVENT_CURRENT:
        self->next.current_ms = later(self->next.current_ms, event.time_ms);
        break;
    case RATING_EVENT_COMPLETE:
        self->next.complete = later(self->next.complete, event.sequence);
        break;
    }
    atomic_fetch_add_explicit(is_news ? &self->taken : &self->passed_over, 1, memory_order_relaxed);
    return true;
}

static bool is_empty(const struct rating_marks *marks)
{
    return marks->complete < 0 && marks->current_ms == 0;
}

/* A partition that is another's now, or has been taken since, does not hold it up. */
static bool has_come_to(const struct rating_marks *marks, const struct eventlog_lag *lags,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < marks->target_count; k++) {
            if (marks->targets[k].partition == lags[i].partition &&
                lags[i].next_offset < marks->targets[k].end_offset) {
                return false;
            }
        }
    }
    return true;
}

static void hold_marks(struct local_rating_gateway *self)
{
    if (self->waiting.complete >= 0) {
        rating_copy_complete(self->copy, self->waiting.complete);
        self->is_complete = true;
    }
    if (self->is_complete) {
        int64_t as_of_ms = later(self->waiting.current_ms, local_rating_gateway_as_of_ms(self));
        atomic_store_explicit(&self->as_of_ms, as_of_ms, memory_order_release);
    }
    forget_marks(&self->waiting);
}

void local_rating_gateway_look(void *state, const struct eventlog_lag *lags, size_t count)
{
    struct local_rating_gateway *self = state;
    if (!is_empty(&self->waiting) && has_come_to(&self->waiting, lags, count)) {
        hold_marks(self);
    }
    if (is_empty(&self->waiting) && !is_empty(&self->next)) {
        self->waiting = self->next;
        memcpy(self->waiting.targets, lags, count * sizeof(*lags));
        self->waiting.target_count = count;
        forget_marks(&self->next);
        if (has_come_to(&self->waiting, lags, count)) {
            hold_marks(self);
        }
    }
}

void local_rating_gateway_restart(void *state)
{
    struct local_rating_gateway *self = state;
    forget_marks(&self->waiting);
    forget_marks(&self->next);
    self->is_complete = false;
    atomic_store_explicit(&self->as_of_ms, 0, memory_order_release);
    rating_copy_clear(self->copy); /* sequences of another database may be lower */
}

/* Telling */

static void write_figure(struct telemetry_page *page, const char *name, const char *kind,
                         const char *help, double value)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value);
}

void local_rating_gateway_write_metrics(void *state, struct telemetry_page *page)
{
    const struct local_rating_gateway *self = state;
    int64_t as_of_ms = local_rating_gateway_as_of_ms(self);
    int64_t age_ms = as_of_ms > 0 ? clock_wall_ms() - as_of_ms : 0;
    write_figure(page, "marquee_rating_copy_filled", "gauge",
                 "Whether the local copy of ratings has been filled.", as_of_ms > 0 ? 1 : 0);
    write_figure(page, "marquee_rating_copy_age_seconds", "gauge",
                 "How long ago everything that had been acknowledged was in the copy.",
                 age_ms > 0 ? (double)age_ms / 1000 : 0);
    write_figure(page, "marquee_rating_copy_records", "gauge", "Records in the copy.",
                 (double)rating_copy_count(self->copy));
    write_figure(page, "marquee_rating_copy_full", "gauge",
                 "Whether a record was refused for want of room.",
                 rating_copy_is_full(self->copy) ? 1 : 0);
    write_figure(page, "marquee_rating_copy_events_total", "counter", "Events taken.",
                 (double)atomic_load_explicit(&self->taken, memory_order_relaxed));
    write_figure(page, "marquee_rating_copy_events_passed_over_total", "counter",
                 "Events that were no news, or could not be read.",
                 (double)atomic_load_explicit(&self->passed_over, memory_order_relaxed));
}
