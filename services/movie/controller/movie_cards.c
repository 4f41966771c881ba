#include "movie/controller/movie_cards.h"

#include "base/arena.h"
#include "loop/fiber.h"

/* Both sides of one list. */
struct completion {
    struct movie_controller *self;
    struct movie_cards *list;
    const struct text *ids;
    struct call metadata_call;
    struct call rating_call;
    struct metadata *entries;
    size_t entry_count;
    struct rating_views views;
    enum status metadata_status;
    enum status rating_status;
};

static void fetch_metadata(void *argument)
{
    struct completion *completion = argument;
    const struct metadata_gateway *gateway = &completion->self->metadata;
    completion->metadata_status = gateway->ops->get_all(
        gateway->state, &completion->metadata_call, completion->ids, completion->list->count,
        &completion->entries, &completion->entry_count);
}

static void fetch_ratings(void *argument)
{
    struct completion *completion = argument;
    const struct rating_gateway *gateway = &completion->self->rating;
    completion->rating_status =
        gateway->ops->get_aggregates(gateway->state, &completion->rating_call, completion->ids,
                                     completion->list->count, &completion->views);
}

static void rate(struct movie_card *card, const struct rating_views *views, size_t index)
{
    const struct rating_view *view = &views->views[index];
    if (view->no_votes) {
        card->rating_state = MOVIE_NO_VOTES;
        return;
    }
    card->rating_state = MOVIE_RATED;
    card->mean = view->mean;
    card->votes = view->count;
    card->score = views->scores != NULL ? views->scores[index] : 0;
}

static void take_ratings(struct completion *completion)
{
    struct movie_cards *list = completion->list;
    if (completion->rating_status != STATUS_OK) {
        list->rating_reason =
            movie_controller_reason(&completion->rating_call, completion->rating_status);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (completion->rating_status == STATUS_OK) {
            rate(&list->cards[i], &completion->views, i);
        } else {
            list->cards[i].rating_state = MOVIE_RATING_UNAVAILABLE;
        }
    }
    list->parameters = completion->views.parameters;
}

/* The entries come in the order asked, without those that are not there. */
static void take_metadata(struct completion *completion)
{
    struct movie_cards *list = completion->list;
    size_t next = 0;
    list->is_without_titles = completion->metadata_status != STATUS_OK;
    for (size_t i = 0; i < list->count && next < completion->entry_count; i++) {
        const struct metadata *entry = &completion->entries[next];
        if (text_equal(entry->id, list->cards[i].id)) {
            movie_card_describe(&list->cards[i], entry);
            next++;
        }
    }
}

static enum status begin(struct movie_controller *self, struct call *call, struct movie_cards *list,
                         struct completion *completion)
{
    int64_t timeout_ms = movie_controller_rating_timeout_ms(call);
    struct text *ids = arena_calloc(call->arena, list->count, sizeof(*ids));
    CHECK(list->count <= MOVIE_CARDS_MAX);
    if (ids == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < list->count; i++) {
        ids[i] = list->cards[i].id;
    }
    *completion = (struct completion){.self = self, .list = list, .ids = ids};
    completion->metadata_call = call_within(call, timeout_ms);
    completion->rating_call = call_within(call, timeout_ms);
    return STATUS_OK;
}

enum status movie_cards_add_ratings(struct movie_controller *self, struct call *call,
                                    struct movie_cards *list)
{
    struct completion completion;
    enum status status = begin(self, call, list, &completion);
    if (status != STATUS_OK || list->count == 0) {
        return status;
    }
    fetch_ratings(&completion);
    take_ratings(&completion);
    return call_check(call);
}

enum status movie_cards_complete(struct movie_controller *self, struct call *call,
                                 struct movie_cards *list)
{
    struct completion completion;
    enum status status = begin(self, call, list, &completion);
    if (status != STATUS_OK || list->count == 0) {
        return status;
    }
    fiber_run_both(fetch_metadata, fetch_ratings, &completion);
    take_ratings(&completion);
    if (completion.metadata_status != STATUS_OK) {
        completion.entry_count = 0;
    }
    take_metadata(&completion);
    return call_check(call);
}
