#include "movie/controller/movie_controller.h"

#include "base/clock.h"
#include "loop/fiber.h"

/* Both sides of one request for details. */
struct details_fetch {
    struct movie_controller *self;
    struct text movie_id;
    struct call metadata_call;
    struct call rating_call;
    struct cancellation rating_unwanted;
    struct cancel_hook parent_hook;
    struct metadata metadata;
    struct rating_view rating;
    enum status metadata_status;
    enum status rating_status;
};

static void fetch_metadata(void *argument)
{
    struct details_fetch *fetch = argument;
    const struct metadata_gateway *gateway = &fetch->self->metadata;
    fetch->metadata_status =
        gateway->ops->get(gateway->state, &fetch->metadata_call, fetch->movie_id, &fetch->metadata);
    if (fetch->metadata_status != STATUS_OK) {
        cancellation_request(&fetch->rating_unwanted);
    }
}

static void fetch_rating(void *argument)
{
    struct details_fetch *fetch = argument;
    const struct rating_gateway *gateway = &fetch->self->rating;
    const struct record_key record = {.type = RECORD_TYPE_MOVIE, .id = fetch->movie_id};
    fetch->rating_status =
        gateway->ops->get_aggregate(gateway->state, &fetch->rating_call, record, &fetch->rating);
}

static void on_parent_cancelled(struct cancel_hook *hook)
{
    struct details_fetch *fetch = CONTAINER_OF(hook, struct details_fetch, parent_hook);
    cancellation_request(&fetch->rating_unwanted);
}

static int64_t rating_timeout_ms(const struct call *call)
{
    int64_t left_ms = call_remaining_ns(call) / CLOCK_NS_PER_MS;
    int64_t most_ms = left_ms - left_ms / 4;
    return most_ms < 1 ? 1 : most_ms < MOVIE_RATING_TIMEOUT_MS ? most_ms : MOVIE_RATING_TIMEOUT_MS;
}

/* The rating is given up when the metadata turns out not to be there, or nobody wants the details.
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
    fetch->rating_call = call_within(call, rating_timeout_ms(call));
    fetch->rating_call.cancellation = &fetch->rating_unwanted;
    fiber_run_both(fetch_metadata, fetch_rating, fetch);
    cancellation_remove_hook(&fetch->parent_hook);
}

static void view_rating(const struct details_fetch *fetch, struct movie_details *details)
{
    if (fetch->rating_status == STATUS_OK) {
        details->rating_state = fetch->rating.no_votes ? MOVIE_NO_VOTES : MOVIE_RATED;
        details->rating = fetch->rating.mean;
        details->rating_count = fetch->rating.count;
        details->rating_source = fetch->rating.source;
        details->rating_age_ms = fetch->rating.age_ms;
    } else if (fetch->rating_status == STATUS_NOT_FOUND) {
        details->rating_state = MOVIE_NO_VOTES;
    } else {
        details->rating_state = MOVIE_RATING_UNAVAILABLE;
        struct text reason = fetch->rating_call.error.message;
        details->rating_reason =
            reason.length > 0 ? reason : text_of(status_name(fetch->rating_status));
    }
}

enum status movie_controller_get_details(struct movie_controller *self, struct call *call,
                                         struct text movie_id, struct movie_details *ret_details)
{
    struct details_fetch fetch = {.self = self, .movie_id = movie_id};
    enum status status = metadata_id_validate(call, movie_id);
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
    *ret_details = details;
    return STATUS_OK;
}
