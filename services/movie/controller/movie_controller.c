#include "movie/controller/movie_controller.h"

#include "base/clock.h"
#include "loop/fiber.h"
#include "movie/controller/movie_reviews.h"

/* All sides of one request for details. */
struct details_fetch {
    struct movie_controller *self;
    const struct movie_details_query *query;
    struct call metadata_call;
    struct call rating_call;
    struct call own_call;
    struct call reactions_call;
    struct cancellation rating_unwanted;
    struct cancel_hook parent_hook;
    struct metadata metadata;
    struct rating_view rating;
    struct movie_summary summary; /* where it is asked for, and rating_status is OK */
    bool has_summary;
    struct movie_own own;
    struct movie_reactions reactions;
    enum status metadata_status;
    enum status rating_status;
    enum status own_status;
};

static void fetch_metadata(void *argument)
{
    struct details_fetch *fetch = argument;
    const struct metadata_gateway *gateway = &fetch->self->metadata;
    fetch->metadata_status = gateway->ops->get(gateway->state, &fetch->metadata_call,
                                               fetch->query->movie_id, &fetch->metadata);
    if (fetch->metadata_status != STATUS_OK) {
        cancellation_request(&fetch->rating_unwanted);
    }
}

static void fetch_view(struct details_fetch *fetch)
{
    const struct rating_gateway *gateway = &fetch->self->rating;
    const struct record_key record = {.type = RECORD_TYPE_MOVIE, .id = fetch->query->movie_id};
    fetch->rating_status =
        gateway->ops->get_aggregate(gateway->state, &fetch->rating_call, record, &fetch->rating);
}

/* The summary is asked for in place of the mean. */
static void fetch_summary(struct details_fetch *fetch)
{
    const struct rating_votes *votes = &fetch->self->votes;
    fetch->rating_status = votes->ops->get_summary(votes->state, &fetch->rating_call,
                                                   fetch->query->movie_id, &fetch->summary);
    if (fetch->rating_status == STATUS_OK) {
        fetch->has_summary = true;
        fetch->rating =
            (struct rating_view){.mean = fetch->summary.mean, .count = fetch->summary.count};
    } else if (fetch->rating_status == STATUS_UNAVAILABLE && fetch->self->is_rating_kept) {
        call_clear_error(&fetch->rating_call);
        fetch_view(fetch);
    }
}

static void fetch_rating(void *argument)
{
    struct details_fetch *fetch = argument;
    if (fetch->query->is_full) {
        fetch_summary(fetch);
    } else {
        fetch_view(fetch);
    }
}

static void fetch_own(void *argument)
{
    struct details_fetch *fetch = argument;
    const struct rating_votes *votes = &fetch->self->votes;
    fetch->own_status =
        votes->ops->get_own(votes->state, &fetch->own_call, fetch->query->user_id,
                            fetch->query->movie_id, fetch->query->wants_held, &fetch->own);
}

/* All that the rating service is asked. */
static void fetch_from_rating(void *argument)
{
    struct details_fetch *fetch = argument;
    if (fetch->query->user_id.length > 0) {
        fiber_run_both(fetch_rating, fetch_own, fetch);
    } else {
        fetch_rating(fetch);
    }
}

static void fetch_reactions(void *argument)
{
    struct details_fetch *fetch = argument;
    movie_reviews_read_reactions(fetch->self, &fetch->reactions_call, fetch->query->movie_id,
                                 fetch->query->user_id, &fetch->reactions);
}

/* All that the details can do without. */
static void fetch_beside_metadata(void *argument)
{
    struct details_fetch *fetch = argument;
    if (fetch->query->is_full && fetch->self->reviews.ops != NULL) {
        fiber_run_both(fetch_from_rating, fetch_reactions, fetch);
    } else {
        fetch_from_rating(fetch);
    }
}

static void on_parent_cancelled(struct cancel_hook *hook)
{
    struct details_fetch *fetch = CONTAINER_OF(hook, struct details_fetch, parent_hook);
    cancellation_request(&fetch->rating_unwanted);
}

int64_t movie_controller_rating_timeout_ms(const struct call *call)
{
    int64_t left_ms = call_remaining_ns(call) / CLOCK_NS_PER_MS;
    int64_t most_ms = left_ms - left_ms / 4;
    return most_ms < 1 ? 1 : most_ms < MOVIE_RATING_TIMEOUT_MS ? most_ms : MOVIE_RATING_TIMEOUT_MS;
}

/* The rest is given up when the metadata turns out not to be there, or nobody wants the details.
 */
static void run_fetch(struct details_fetch *fetch, struct call *call)
{
    cancellation_init(&fetch->rating_unwanted);
    list_init(&fetch->parent_hook.link);
    fetch->parent_hook.notify = on_parent_cancelled;
    if (call->cancellation != NULL) {
        cancellation_add_hook(call->cancellation, &fetch->parent_hook);
    }
    fetch->metadata_call = call_within(call, 0);
    fetch->rating_call = call_within(call, movie_controller_rating_timeout_ms(call));
    fetch->rating_call.cancellation = &fetch->rating_unwanted;
    fetch->own_call = fetch->rating_call;
    fetch->reactions_call = fetch->rating_call;
    fiber_run_both(fetch_metadata, fetch_beside_metadata, fetch);
    cancellation_remove_hook(&fetch->parent_hook);
}

struct text movie_controller_reason(const struct call *rating_call, enum status status)
{
    struct text reason = rating_call->error.message;
    return reason.length > 0 ? reason : text_of(status_name(status));
}

enum status movie_controller_check_movie(struct movie_controller *self, struct call *call,
                                         struct text movie_id)
{
    struct metadata metadata;
    struct call metadata_call = call_within(call, movie_controller_rating_timeout_ms(call));
    enum status status =
        self->metadata.ops->get(self->metadata.state, &metadata_call, movie_id, &metadata);
    if (status == STATUS_NOT_FOUND) {
        call->error = metadata_call.error;
        return status;
    }
    return call_check(call);
}

static void view_own(const struct details_fetch *fetch, struct movie_details *details)
{
    details->is_own_wanted = fetch->query->user_id.length > 0;
    if (fetch->own_status == STATUS_OK) {
        details->own = fetch->own;
        details->own_state = fetch->own.is_counted ? MOVIE_RATED : MOVIE_NO_VOTES;
    } else {
        details->own_state =
            fetch->own_status == STATUS_NOT_FOUND ? MOVIE_NO_VOTES : MOVIE_RATING_UNAVAILABLE;
    }
}

static void view_rating(const struct details_fetch *fetch, struct movie_details *details)
{
    if (fetch->rating_status == STATUS_OK) {
        details->rating_state = fetch->rating.no_votes ? MOVIE_NO_VOTES : MOVIE_RATED;
        details->rating = fetch->rating.mean;
        details->rating_count = fetch->rating.count;
        details->rating_source = fetch->rating.source;
        details->rating_age_ms = fetch->rating.age_ms;
        details->has_summary = fetch->has_summary;
        details->summary = fetch->summary;
    } else if (fetch->rating_status == STATUS_NOT_FOUND) {
        details->rating_state = MOVIE_NO_VOTES;
    } else {
        details->rating_state = MOVIE_RATING_UNAVAILABLE;
        details->rating_reason = movie_controller_reason(&fetch->rating_call, fetch->rating_status);
    }
}

enum status movie_controller_get_details(struct movie_controller *self, struct call *call,
                                         const struct movie_details_query *query,
                                         struct movie_details *ret_details)
{
    struct details_fetch fetch = {.self = self, .query = query};
    enum status status = metadata_id_validate(call, query->movie_id);
    if (status == STATUS_OK && query->user_id.length > 0) {
        status = rating_user_validate(call, query->user_id);
    }
    if (status == STATUS_OK) {
        status = call_check(call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    run_fetch(&fetch, call);
    if (fetch.metadata_status != STATUS_OK) {
        call->error = fetch.metadata_call.error;
        return fetch.metadata_status;
    }
    status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    struct movie_details details = {.metadata = fetch.metadata};
    view_rating(&fetch, &details);
    view_own(&fetch, &details);
    details.reactions = fetch.reactions;
    *ret_details = details;
    return STATUS_OK;
}
