/* What is done with the feeds: each page becomes changes of the index and of the cards, on a thread
 * of the catalogue. */
#include "base/arena.h"
#include "movie/catalogue/ranked_catalogue_private.h"

/* A page, for worker_call(). */
struct application {
    struct ranked_catalogue *self;
    struct rank_change *changes;
    size_t count;
    const struct metadata_feed_entry *entries; /* of the metadata feed; NULL: of the other */
    const struct movie_score_parameters *parameters;
    enum status status;
};

static enum status no_memory(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the lists of movies");
}

/* One by one, so that what is there already is kept up to date when there is no room for more. */
static void apply_what_fits(struct application *application)
{
    struct ranked_catalogue *self = application->self;
    for (size_t i = 0; i < application->count; i++) {
        status_ignore(rank_apply(self->index, &application->changes[i], 1)); /* it is said below */
    }
    if (!atomic_exchange(&self->is_full, true)) {
        log_write(self->options.log, LOG_ERROR,
                  "there is no room for all movies in the lists; some are left out",
                  LOG_FIELDS(log_integer("movies", (int64_t)self->options.movies_max)));
    }
}

/* A card is there before its movie is listed, and goes after it. */
static void apply(void *argument)
{
    struct application *application = argument;
    struct ranked_catalogue *self = application->self;
    const struct metadata_feed_entry *entries = application->entries;
    for (size_t i = 0; entries != NULL && i < application->count; i++) {
        if (!entries[i].is_removed) {
            catalogue_cards_put(self->cards, &entries[i].metadata);
        }
    }
    if (rank_apply(self->index, application->changes, application->count) != STATUS_OK) {
        apply_what_fits(application);
    }
    for (size_t i = 0; entries != NULL && i < application->count; i++) {
        if (entries[i].is_removed) {
            catalogue_cards_remove(self->cards, entries[i].id);
        }
    }
}

/* The lists stay as they are meanwhile. */
static void resort(void *argument)
{
    struct application *application = argument;
    struct rank_parameters parameters;
    if (!rank_parameters_parse(application->parameters->version, &parameters)) {
        application->status = STATUS_INTERNAL;
        return;
    }
    application->status = rank_resort(application->self->index, &parameters);
}

/* Metadata */

static void begin_metadata(void *state)
{
    struct ranked_catalogue *self = state;
    rank_begin_refill(self->index, RANK_FACTS);
    catalogue_cards_begin_refill(self->cards);
}

static void end_metadata(void *state)
{
    struct ranked_catalogue *self = state;
    rank_end_refill(self->index, RANK_FACTS);
    catalogue_cards_end_refill(self->cards);
}

static int32_t year_of(const struct metadata *metadata)
{
    return metadata->year > 0 && metadata->year <= INT16_MAX ? metadata->year : 0;
}

static enum status take_metadata(struct ranked_catalogue *self, struct call *call,
                                 const struct metadata_feed *feed, struct catalogue_step *step)
{
    struct application application = {.self = self, .entries = feed->entries};
    application.changes = arena_calloc(call->arena, feed->count, sizeof(*application.changes));
    if (application.changes == NULL) {
        return no_memory(call);
    }
    for (size_t i = 0; i < feed->count; i++) {
        const struct metadata_feed_entry *entry = &feed->entries[i];
        if (entry->id.length == 0 || entry->id.length > RANK_ID_BYTES_MAX) {
            return call_fail(call, STATUS_INTERNAL, "the feed has an id that is none");
        }
        application.changes[application.count++] =
            (struct rank_change){.id = entry->id,
                                 .part = RANK_FACTS,
                                 .removed = entry->is_removed,
                                 .year = year_of(&entry->metadata),
                                 .genres = entry->metadata.genres,
                                 .genre_count = entry->metadata.genre_count};
    }
    *step = (struct catalogue_step){.next_page_token = feed->next_page_token,
                                    .sequence = feed->sequence,
                                    .more = feed->more,
                                    .count = feed->count};
    return feed->count > 0 ? worker_call(self->workers, call, apply, &application) : STATUS_OK;
}

static enum status fill_metadata(void *state, struct call *call, struct text page_token,
                                 struct catalogue_step *ret_step)
{
    struct ranked_catalogue *self = state;
    const struct metadata_feed_gateway *gateway = &self->options.metadata;
    struct metadata_feed feed;
    enum status status =
        gateway->ops->list(gateway->state, call, CATALOGUE_PAGE_SIZE, page_token, &feed);
    return status == STATUS_OK ? take_metadata(self, call, &feed, ret_step) : status;
}

static enum status follow_metadata(void *state, struct call *call, int64_t sequence,
                                   struct catalogue_step *ret_step)
{
    struct ranked_catalogue *self = state;
    const struct metadata_feed_gateway *gateway = &self->options.metadata;
    struct metadata_feed feed;
    enum status status = gateway->ops->changes(gateway->state, call, sequence, CATALOGUE_PAGE_SIZE,
                                               CATALOGUE_WAIT_MS, &feed);
    return status == STATUS_OK ? take_metadata(self, call, &feed, ret_step) : status;
}

struct catalogue_follower_options ranked_catalogue_metadata_feed(struct ranked_catalogue *self)
{
    return (struct catalogue_follower_options){.log = self->options.log,
                                               .service = "metadata",
                                               .begin = begin_metadata,
                                               .end = end_metadata,
                                               .fill = fill_metadata,
                                               .follow = follow_metadata,
                                               .state = self};
}

/* Ratings */

static void begin_ratings(void *state)
{
    struct ranked_catalogue *self = state;
    rank_begin_refill(self->index, RANK_VOTES);
}

static void end_ratings(void *state)
{
    struct ranked_catalogue *self = state;
    rank_end_refill(self->index, RANK_VOTES);
}

static enum status take_parameters(struct ranked_catalogue *self, struct call *call,
                                   const struct movie_score_parameters *parameters)
{
    struct application application = {.self = self, .parameters = parameters};
    if (parameters->version.length == 0) {
        return STATUS_OK;
    }
    enum status status = worker_call(self->workers, call, resort, &application);
    if (status == STATUS_OK && application.status != STATUS_OK) {
        status = call_fail(call, application.status, "the lists cannot be sorted by these scores");
    }
    if (status == STATUS_OK) {
        atomic_store(&self->has_parameters, true);
    }
    return status;
}

static enum status take_ratings(struct ranked_catalogue *self, struct call *call,
                                const struct rating_feed *feed, struct catalogue_step *step)
{
    struct application application = {.self = self};
    application.changes = arena_calloc(call->arena, feed->count, sizeof(*application.changes));
    if (application.changes == NULL) {
        return no_memory(call);
    }
    for (size_t i = 0; i < feed->count; i++) {
        const struct rating_feed_entry *entry = &feed->entries[i];
        if (entry->movie_id.length == 0 || entry->movie_id.length > RANK_ID_BYTES_MAX) {
            return call_fail(call, STATUS_INTERNAL, "the feed has an id that is none");
        }
        application.changes[application.count++] =
            (struct rank_change){.id = entry->movie_id,
                                 .part = RANK_VOTES,
                                 .count = entry->count,
                                 .sum_hundredths = entry->sum_hundredths};
    }
    *step = (struct catalogue_step){.next_page_token = feed->next_page_token,
                                    .sequence = feed->sequence,
                                    .more = feed->more,
                                    .count = feed->count};
    enum status status =
        feed->count > 0 ? worker_call(self->workers, call, apply, &application) : STATUS_OK;
    return status == STATUS_OK ? take_parameters(self, call, &feed->parameters) : status;
}

static enum status fill_ratings(void *state, struct call *call, struct text page_token,
                                struct catalogue_step *ret_step)
{
    struct ranked_catalogue *self = state;
    const struct rating_feed_gateway *gateway = &self->options.rating;
    struct rating_feed feed;
    enum status status =
        gateway->ops->list(gateway->state, call, CATALOGUE_PAGE_SIZE, page_token, &feed);
    return status == STATUS_OK ? take_ratings(self, call, &feed, ret_step) : status;
}

static enum status follow_ratings(void *state, struct call *call, int64_t sequence,
                                  struct catalogue_step *ret_step)
{
    struct ranked_catalogue *self = state;
    const struct rating_feed_gateway *gateway = &self->options.rating;
    struct rating_feed feed;
    enum status status = gateway->ops->changes(gateway->state, call, sequence, CATALOGUE_PAGE_SIZE,
                                               CATALOGUE_WAIT_MS, &feed);
    return status == STATUS_OK ? take_ratings(self, call, &feed, ret_step) : status;
}

struct catalogue_follower_options ranked_catalogue_rating_feed(struct ranked_catalogue *self)
{
    return (struct catalogue_follower_options){.log = self->options.log,
                                               .service = "rating",
                                               .begin = begin_ratings,
                                               .end = end_ratings,
                                               .fill = fill_ratings,
                                               .follow = follow_ratings,
                                               .state = self};
}
