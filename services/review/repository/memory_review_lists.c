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

/* With the lock. */
static enum status copy_reviews(struct call *call, const struct ordered_map *map,
                                struct text prefix, struct text place, size_t limit,
                                struct review *reviews, size_t *ret_count)
{
    size_t count = 0;
    const struct ordered_map_entry *entry = first_behind(map, place);
    for (; entry != NULL && count < limit && text_starts_with(entry->key, prefix);
         entry = ordered_map_next(entry)) {
        const struct kept_review *kept = *(struct kept_review *const *)entry->value;
        if (review_copy(call->arena, &kept->review, &reviews[count++]) != STATUS_OK) {
            return fail_room(call);
        }
    }
    *ret_count = count;
    return STATUS_OK;
}

static enum status list_reviews(struct memory_review_repository *self, struct call *call,
                                const struct ordered_map *map, const struct memory_review_key *list,
                                const struct memory_review_key *place, size_t limit,
                                struct review **ret_reviews, size_t *ret_count)
{
    CHECK(limit <= REVIEW_LIST_MAX);
    struct review *reviews = arena_calloc(call->arena, limit + 1, sizeof(*reviews));
    if (reviews == NULL) {
        return fail_room(call);
    }
    pthread_mutex_lock(&self->lock);
    enum status status = copy_reviews(call, map, memory_review_key_text(list),
                                      memory_review_key_text(place), limit, reviews, ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_reviews = reviews;
    }
    return status;
}

enum status memory_review_list_of_record(void *state, struct call *call, struct record_key record,
                                         const struct review *after, size_t limit,
                                         struct review **ret_reviews, size_t *ret_count)
{
    struct memory_review_repository *self = state;
    struct memory_review_key list = memory_review_key_of_record(record);
    struct memory_review_key place = list;
    if (after != NULL) {
        const struct review_key key = {.record = record, .user = after->key.user};
        place = memory_review_key_in_record(&key, after->created_ms);
    }
    return list_reviews(self, call, self->of_record, &list, &place, limit, ret_reviews, ret_count);
}

enum status memory_review_list_of_user(void *state, struct call *call, struct text user,
                                       const struct review *after, size_t limit,
                                       struct review **ret_reviews, size_t *ret_count)
{
    struct memory_review_repository *self = state;
    struct memory_review_key list = memory_review_key_of_user(user);
    struct memory_review_key place = list;
    if (after != NULL) {
        const struct review_key key = {.record = after->key.record, .user = user};
        place = memory_review_key_in_user(&key, after->created_ms);
    }
    return list_reviews(self, call, self->of_user, &list, &place, limit, ret_reviews, ret_count);
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
