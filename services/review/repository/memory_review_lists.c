/* Pages, in the order of their keys. */
#include "review/repository/memory_review_private.h"

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

/* The first entry behind the place, which is one itself or how those of the list begin. NULL: the
 * list has no more. */
static const struct ordered_map_entry *first_behind(const struct ordered_map *map,
                                                    struct text place)
{
    const struct ordered_map_entry *entry = ordered_map_seek(map, place);
    return entry != NULL && text_equal(entry->key, place) ? ordered_map_next(entry) : entry;
}

/* A list, and where in it a page begins. */
struct place {
    const struct ordered_map *map;
    struct memory_review_key list;
    struct memory_review_key after;
    struct text viewer; /* empty: nobody's likes are told */
};

static bool likes(const struct memory_review_repository *self, struct text viewer,
                  const struct review_key *review)
{
    struct memory_review_key key = memory_review_key_of_review_like(review, viewer);
    return viewer.length > 0 &&
           ordered_map_find(self->review_likes, memory_review_key_text(&key)) != NULL;
}

/* With the lock. */
static enum status copy_reviews(const struct memory_review_repository *self, struct call *call,
                                const struct place *place, size_t limit, struct review *reviews,
                                size_t *ret_count)
{
    size_t count = 0;
    const struct ordered_map_entry *entry =
        first_behind(place->map, memory_review_key_text(&place->after));
    for (; entry != NULL && count < limit &&
           text_starts_with(entry->key, memory_review_key_text(&place->list));
         entry = ordered_map_next(entry)) {
        const struct kept_review *kept = *(struct kept_review *const *)entry->value;
        struct review *review = &reviews[count++];
        if (review_copy(call->arena, &kept->review, review) != STATUS_OK) {
            return fail_room(call);
        }
        review->liked = likes(self, place->viewer, &review->key);
    }
    *ret_count = count;
    return STATUS_OK;
}

static enum status list_reviews(struct memory_review_repository *self, struct call *call,
                                const struct place *place, size_t limit,
                                struct review **ret_reviews, size_t *ret_count)
{
    CHECK(limit <= REVIEW_LIST_MAX);
    struct review *reviews = arena_calloc(call->arena, limit + 1, sizeof(*reviews));
    if (reviews == NULL) {
        return fail_room(call);
    }
    pthread_mutex_lock(&self->lock);
    enum status status = copy_reviews(self, call, place, limit, reviews, ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_reviews = reviews;
    }
    return status;
}

enum status memory_review_list_of_record(void *state, struct call *call,
                                         const struct review_query *query,
                                         const struct review *after, size_t limit,
                                         struct review **ret_reviews, size_t *ret_count)
{
    struct memory_review_repository *self = state;
    bool is_by_likes = query->order == REVIEW_ORDER_MOST_LIKED;
    struct place place = {.map = is_by_likes ? self->by_likes : self->of_record,
                          .list = memory_review_key_of_record(query->record),
                          .viewer = query->viewer};
    place.after = place.list;
    if (after != NULL) {
        const struct review shown = {.key = {query->record, after->key.user},
                                     .created_ms = after->created_ms,
                                     .like_count = after->like_count};
        place.after = is_by_likes ? memory_review_key_in_likes(&shown)
                                  : memory_review_key_in_record(&shown.key, shown.created_ms);
    }
    return list_reviews(self, call, &place, limit, ret_reviews, ret_count);
}

enum status memory_review_list_of_user(void *state, struct call *call, struct text user,
                                       const struct review *after, size_t limit,
                                       struct review **ret_reviews, size_t *ret_count)
{
    struct memory_review_repository *self = state;
    struct place place = {.map = self->of_user, .list = memory_review_key_of_user(user)};
    place.after = place.list;
    if (after != NULL) {
        const struct review_key key = {.record = after->key.record, .user = user};
        place.after = memory_review_key_in_user(&key, after->created_ms);
    }
    return list_reviews(self, call, &place, limit, ret_reviews, ret_count);
}

/* With the lock. */
static enum status copy_likes(const struct memory_review_repository *self, struct call *call,
                              struct text user, const struct memory_review_key *place, size_t limit,
                              struct like *likes, size_t *ret_count)
{
    size_t count = 0;
    struct memory_review_key list = memory_review_key_of_user(user);
    const struct ordered_map_entry *entry =
        first_behind(self->likes_of_user, memory_review_key_text(place));
    for (; entry != NULL && count < limit &&
           text_starts_with(entry->key, memory_review_key_text(&list));
         entry = ordered_map_next(entry)) {
        const struct like like = memory_review_key_read_like(entry->key, user);
        if (like_copy(call->arena, &like, &likes[count++]) != STATUS_OK) {
            return fail_room(call);
        }
    }
    *ret_count = count;
    return STATUS_OK;
}

enum status memory_review_list_likes(void *state, struct call *call, struct text user,
                                     const struct like *after, size_t limit,
                                     struct like **ret_likes, size_t *ret_count)
{
    struct memory_review_repository *self = state;
    struct memory_review_key place = memory_review_key_of_user(user);
    CHECK(limit <= LIKE_LIST_MAX);
    struct like *likes = arena_calloc(call->arena, limit + 1, sizeof(*likes));
    if (likes == NULL) {
        return fail_room(call);
    }
    if (after != NULL) {
        const struct review_key key = {.record = after->key.record, .user = user};
        place = memory_review_key_in_user(&key, after->time_ms);
    }
    pthread_mutex_lock(&self->lock);
    enum status status = copy_likes(self, call, user, &place, limit, likes, ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_likes = likes;
    }
    return status;
}
