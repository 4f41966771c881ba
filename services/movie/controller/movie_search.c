#include "movie/controller/movie_search.h"

#include "base/arena.h"

_Static_assert((int)METADATA_MATCHES_MAX <= (int)MOVIE_CARDS_MAX, "what is found is a list");

enum status movie_controller_search(struct movie_controller *self, struct call *call,
                                    struct text query, int32_t limit, struct movie_cards *ret_list)
{
    struct movie_match *matches;
    struct movie_cards list = {.count = 0};
    if (limit < 0 || limit > METADATA_MATCHES_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         METADATA_MATCHES_MAX);
    }
    enum status status = self->metadata.ops->search(self->metadata.state, call, query,
                                                    (size_t)limit, &matches, &list.count);
    if (status != STATUS_OK) {
        return status;
    }
    list.cards = arena_calloc(call->arena, list.count, sizeof(*list.cards));
    if (list.cards == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < list.count; i++) {
        movie_card_describe(&list.cards[i], &matches[i].metadata);
        list.cards[i].match = matches[i].score;
    }
    status = movie_cards_add_ratings(self, call, &list);
    if (status == STATUS_OK) {
        *ret_list = list;
    }
    return status;
}

enum status movie_controller_look_up(struct movie_controller *self, struct call *call,
                                     const struct movie_lookup *lookups, size_t count,
                                     struct movie_found **ret_found)
{
    if (count > MOVIE_LOOKUP_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d queries at once",
                         MOVIE_LOOKUP_MAX);
    }
    return self->metadata.ops->look_up(self->metadata.state, call, lookups, count, ret_found);
}
