#include "movie/controller/movie_recommendations.h"

#include "base/arena.h"

_Static_assert((int)RECOMMENDATION_COUNT_MAX <= (int)MOVIE_CARDS_MAX,
               "what is recommended is a list");

static enum status no_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
}

/* Cards with ids; `match` is made of what is recommended. */
static enum status begin(struct call *call, const struct recommendation_list *recommended,
                         bool foretells, struct movie_recommendations *found)
{
    struct movie_cards *list = &found->list;
    list->count = recommended->count;
    list->cards = arena_calloc(call->arena, list->count, sizeof(*list->cards));
    if (list->cards == NULL) {
        return no_room(call);
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct recommendation *item = &recommended->items[i];
        list->cards[i].id = item->record_id;
        list->cards[i].because_of = item->because_of;
        list->cards[i].match = foretells
                                   ? (double)item->foretold_hundredths / RATING_HUNDREDTHS_PER_POINT
                                   : item->score;
    }
    found->votes = recommended->votes;
    found->model_age_ms = recommended->basis.age_ms;
    return STATUS_OK;
}

/* What people vote on may have been removed since. */
static void leave_out_missing(struct movie_cards *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->is_without_titles || list->cards[i].title.length > 0) {
            list->cards[kept++] = list->cards[i];
        }
    }
    list->count = kept;
}

/* The reasons that are different, of at most `list->count`. */
static size_t gather_reasons(const struct movie_cards *list, struct text *reasons)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t at = 0;
        while (at < count && !text_equal(reasons[at], list->cards[i].because_of)) {
            at++;
        }
        if (at == count && list->cards[i].because_of.length > 0) {
            reasons[count++] = list->cards[i].because_of;
        }
    }
    return count;
}

/* Without them the reasons are ids, which is said. */
static enum status add_titles_of_reasons(struct movie_controller *self, struct call *call,
                                         struct movie_cards *list)
{
    const struct metadata_gateway *gateway = &self->metadata;
    struct call asking = call_within(call, movie_controller_rating_timeout_ms(call));
    struct text *reasons = arena_calloc(call->arena, list->count, sizeof(*reasons));
    struct metadata *entries;
    size_t entry_count;
    if (reasons == NULL) {
        return no_room(call);
    }
    size_t count = gather_reasons(list, reasons);
    if (count == 0 || list->is_without_titles ||
        gateway->ops->get_all(gateway->state, &asking, reasons, count, &entries, &entry_count) !=
            STATUS_OK) {
        return call_check(call);
    }
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < entry_count; k++) {
            if (text_equal(entries[k].id, list->cards[i].because_of)) {
                list->cards[i].because_of_title = entries[k].title;
            }
        }
    }
    return STATUS_OK;
}

static enum status finish(struct movie_controller *self, struct call *call,
                          const struct recommendation_list *recommended, bool foretells,
                          struct movie_recommendations *ret_found)
{
    struct movie_recommendations found = {.votes = 0};
    enum status status = begin(call, recommended, foretells, &found);
    if (status == STATUS_OK) {
        status = movie_cards_complete(self, call, &found.list);
    }
    if (status == STATUS_OK) {
        leave_out_missing(&found.list);
        status = add_titles_of_reasons(self, call, &found.list);
    }
    if (status == STATUS_OK) {
        *ret_found = found;
    }
    return status;
}

/* Whether there is a service to ask at all. */
static enum status check_gateway(const struct movie_controller *self, struct call *call)
{
    return self->recommendations.ops != NULL
               ? STATUS_OK
               : call_fail(call, STATUS_UNAVAILABLE, "there is no recommendation service");
}

enum status movie_controller_list_similar(struct movie_controller *self, struct call *call,
                                          struct text movie_id, int32_t count,
                                          struct movie_recommendations *ret_found)
{
    const struct recommendation_gateway *gateway = &self->recommendations;
    struct recommendation_list recommended;
    size_t limit;
    enum status status = metadata_id_validate(call, movie_id);
    if (status == STATUS_OK) {
        status = recommendation_count_validate(call, count, &limit);
    }
    if (status == STATUS_OK) {
        status = check_gateway(self, call);
    }
    if (status == STATUS_OK) {
        status = gateway->ops->list_similar(gateway->state, call, movie_id, limit, &recommended);
    }
    return status == STATUS_OK ? finish(self, call, &recommended, false, ret_found) : status;
}

enum status movie_controller_list_recommended(struct movie_controller *self, struct call *call,
                                              struct text user_id, int32_t count,
                                              struct movie_recommendations *ret_found)
{
    const struct recommendation_gateway *gateway = &self->recommendations;
    struct recommendation_list recommended;
    size_t limit;
    enum status status = rating_user_validate(call, user_id);
    if (status == STATUS_OK) {
        status = recommendation_count_validate(call, count, &limit);
    }
    if (status == STATUS_OK) {
        status = check_gateway(self, call);
    }
    if (status == STATUS_OK) {
        status = gateway->ops->list_for_user(gateway->state, call, user_id, limit, &recommended);
    }
    return status == STATUS_OK ? finish(self, call, &recommended, true, ret_found) : status;
}
