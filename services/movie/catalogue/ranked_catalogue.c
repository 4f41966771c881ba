/* The catalogue's life, and its answers. */
#include "movie/catalogue/ranked_catalogue.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "movie/catalogue/ranked_catalogue_private.h"
#include "telemetry/telemetry.h"

/* Both feeds, and a question that takes much looking beside them. */
enum { THREADS = 3 };

#define MINIMUM_VOTES_AT_FIRST 25 /* until the rating service tells its parameters */

_Static_assert((int)MOVIE_BY_SCORE == (int)RANK_BY_SCORE &&
                   (int)MOVIE_BY_MEAN == (int)RANK_BY_MEAN &&
                   (int)MOVIE_BY_VOTES == (int)RANK_BY_VOTES &&
                   (int)MOVIE_BY_YEAR == (int)RANK_BY_YEAR,
               "the orders are the index's");

enum status ranked_catalogue_create(struct call *call,
                                    const struct ranked_catalogue_options *options,
                                    struct ranked_catalogue **ret_catalogue)
{
    struct ranked_catalogue *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the lists of movies");
    }
    self->options = *options;
    if (self->options.movies_max == 0) {
        self->options.movies_max = RANKED_CATALOGUE_MOVIES_DEFAULT;
    }
    const struct rank_options index = {
        .orders =
            1U << RANK_BY_SCORE | 1U << RANK_BY_MEAN | 1U << RANK_BY_VOTES | 1U << RANK_BY_YEAR,
        .listed_parts = RANK_FACTS,
        .entries_max = self->options.movies_max,
        .parameters = rank_parameters_make(MINIMUM_VOTES_AT_FIRST, RANK_MEAN_WITHOUT_VOTES),
    };
    enum status status = rank_index_create(&index, &self->index);
    if (status == STATUS_OK) {
        status = catalogue_cards_create(&self->cards);
    }
    if (status == STATUS_OK) {
        status = worker_pool_create("catalogue", THREADS, RANKED_CATALOGUE_QUESTIONS_MAX,
                                    &self->workers);
    }
    if (status != STATUS_OK) {
        ranked_catalogue_destroy(self);
        return call_fail(call, status, "no memory for the lists of movies");
    }
    *ret_catalogue = self;
    return STATUS_OK;
}

void ranked_catalogue_destroy(struct ranked_catalogue *catalogue)
{
    if (catalogue == NULL) {
        return;
    }
    worker_pool_destroy(catalogue->workers);
    catalogue_cards_destroy(catalogue->cards);
    rank_index_destroy(catalogue->index);
    free(catalogue);
}

enum status ranked_catalogue_start(struct ranked_catalogue *catalogue)
{
    const struct catalogue_follower_options metadata = ranked_catalogue_metadata_feed(catalogue);
    const struct catalogue_follower_options rating = ranked_catalogue_rating_feed(catalogue);
    enum status status = catalogue_follower_start(&catalogue->metadata, &metadata);
    return status == STATUS_OK ? catalogue_follower_start(&catalogue->rating, &rating) : status;
}

void ranked_catalogue_stop(struct ranked_catalogue *catalogue)
{
    if (catalogue != NULL) {
        catalogue_follower_stop(&catalogue->metadata);
        catalogue_follower_stop(&catalogue->rating);
    }
}

/* Answering */

static enum status check_filled(struct ranked_catalogue *self, struct call *call)
{
    return catalogue_follower_is_filled(&self->metadata)
               ? STATUS_OK
               : call_fail(call, STATUS_UNAVAILABLE,
                           "the lists of movies are being made: %zu so far",
                           catalogue_cards_count(self->cards));
}

static struct movie_list_age age_of(const struct ranked_catalogue *self)
{
    struct movie_list_age age = {.metadata_ms = catalogue_follower_age_ms(&self->metadata)};
    if (catalogue_follower_is_filled(&self->rating)) {
        age.rating_ms = catalogue_follower_age_ms(&self->rating);
    } else {
        age.rating_reason = TEXT("the ratings have not been had yet");
    }
    return age;
}

/* A page of the index, for worker_call(). */
struct listing {
    struct ranked_catalogue *self;
    struct call *call;
    const struct rank_query *query;
    struct rank_page page;
    enum status status;
};

static void list_thoroughly(void *argument)
{
    struct listing *listing = argument;
    listing->status = rank_list(listing->self->index, listing->call, listing->query, RANK_ON_WORKER,
                                &listing->page);
}

static enum status list_rows(struct ranked_catalogue *self, struct call *call,
                             const struct rank_query *query, struct rank_page *ret_page)
{
    struct listing listing = {.self = self, .call = call, .query = query};
    enum status status = rank_list(self->index, call, query, RANK_ON_LOOP, &listing.page);
    if (status == STATUS_OK && !listing.page.finished) {
        status = worker_call(self->workers, call, list_thoroughly, &listing);
        status = status == STATUS_OK ? listing.status : status;
    }
    if (status == STATUS_OK) {
        *ret_page = listing.page;
    }
    return status;
}

static void rate(struct movie_card *card, const struct rank_row *row, bool has_ratings,
                 bool has_parameters)
{
    if (row->count == 0) {
        card->rating_state = has_ratings ? MOVIE_NO_VOTES : MOVIE_RATING_UNAVAILABLE;
        return;
    }
    card->rating_state = MOVIE_RATED;
    card->mean = row->mean;
    card->votes = row->count < UINT32_MAX ? (uint32_t)row->count : UINT32_MAX;
    card->score = has_parameters ? row->score : 0;
}

/* A movie that has just been removed is left out. */
static enum status make_cards(struct ranked_catalogue *self, struct call *call,
                              const struct rank_page *page, bool has_ratings,
                              struct movie_list *list)
{
    bool has_parameters = atomic_load(&self->has_parameters);
    list->cards = arena_calloc(call->arena, page->count, sizeof(*list->cards));
    enum status status = list->cards != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < page->count && status == STATUS_OK; i++) {
        struct movie_card *card = &list->cards[list->count];
        *card = (struct movie_card){.id = page->rows[i].id};
        status = catalogue_cards_describe(self->cards, call->arena, card);
        if (status == STATUS_OK) {
            rate(card, &page->rows[i], has_ratings, has_parameters);
            list->count++;
        } else if (status == STATUS_NOT_FOUND) {
            status = STATUS_OK;
        }
    }
    return status;
}

static bool write_parameters(struct ranked_catalogue *self, struct arena *arena,
                             const struct rank_parameters *parameters,
                             struct movie_score_parameters *ret_parameters)
{
    if (!atomic_load(&self->has_parameters)) {
        return true;
    }
    *ret_parameters =
        (struct movie_score_parameters){.formula = parameters->formula,
                                        .minimum_votes = parameters->minimum_votes,
                                        .mean = parameters->mean,
                                        .version = arena_copy(arena, text_of(parameters->version))};
    return ret_parameters->version.data != NULL;
}

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

static enum status list(void *state, struct call *call, const struct movie_list_query *query,
                        struct movie_list *ret_list)
{
    struct ranked_catalogue *self = state;
    struct rank_page page;
    struct movie_list list = {.age = age_of(self)};
    const struct rank_query rows = {.order = (enum rank_order)query->order,
                                    .minimum_votes = query->minimum_votes,
                                    .year_from = query->year_from,
                                    .year_to = query->year_to,
                                    .genre = query->genre,
                                    .page_size = query->page_size,
                                    .page_token = query->page_token};
    enum status status = check_filled(self, call);
    if (status == STATUS_OK) {
        status = list_rows(self, call, &rows, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    list.next_page_token = page.next_page_token;
    if (make_cards(self, call, &page, list.age.rating_reason.length == 0, &list) != STATUS_OK ||
        !write_parameters(self, call->arena, &page.parameters, &list.parameters)) {
        return no_room(call);
    }
    *ret_list = list;
    return STATUS_OK;
}

static enum status list_genres(void *state, struct call *call, struct movie_genres *ret_genres)
{
    struct ranked_catalogue *self = state;
    struct rank_genre *found;
    size_t count;
    enum status status = check_filled(self, call);
    if (status == STATUS_OK) {
        status = rank_list_genres(self->index, call, &found, &count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct movie_genre *genres = arena_calloc(call->arena, count, sizeof(*genres));
    if (genres == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < count; i++) {
        genres[i] = (struct movie_genre){found[i].name, found[i].entries};
    }
    *ret_genres = (struct movie_genres){genres, count, age_of(self)};
    return STATUS_OK;
}

static const struct movie_catalogue_ops ops = {.list = list, .list_genres = list_genres};

struct movie_catalogue ranked_catalogue_port(struct ranked_catalogue *catalogue)
{
    return (struct movie_catalogue){&ops, catalogue};
}
