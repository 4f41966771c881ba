#include "review/controller/review_controller.h"

#include "base/arena.h"
#include "base/clock.h"
#include "review/controller/review_page_token.h"

static enum status not_found(struct call *call, const struct review_key *key)
{
    return call_fail(call, STATUS_NOT_FOUND, "user '%.*s' has not reviewed %s '%.*s'",
                     TEXT_ARGUMENTS(key->user), record_type_name(key->record.type),
                     TEXT_ARGUMENTS(key->record.id));
}

enum status review_controller_put(struct review_controller *self, struct call *call,
                                  const struct review *review, struct review *ret_stored,
                                  bool *ret_changed)
{
    const struct review_repository *repository = &self->repository;
    int64_t now_ms = clock_wall_ms();
    bool is_dated = review->created_ms != 0;
    enum status status = review_validate(call, review);
    if (status == STATUS_OK && (review->created_ms < 0 || review->created_ms > now_ms)) {
        status = call_fail(call, STATUS_INVALID_ARGUMENT,
                           "a review's time is of 1970 or later, and not yet to come");
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct review written = *review;
    written.created_ms = is_dated ? review->created_ms : now_ms;
    bool is_changed = false;
    status =
        repository->ops->put(repository->state, call, &written, is_dated, ret_stored, &is_changed);
    if (status == STATUS_OK && is_dated && !is_changed) { /* perhaps other words stand */
        status = repository->ops->get(repository->state, call, &review->key, ret_stored);
    }
    if (status == STATUS_OK) {
        *ret_changed = is_changed;
    }
    return status == STATUS_NOT_FOUND ? not_found(call, &review->key) : status;
}

enum status review_controller_delete(struct review_controller *self, struct call *call,
                                     const struct review_key *key)
{
    enum status status = review_key_validate(call, key);
    if (status == STATUS_OK) {
        status = self->repository.ops->remove(self->repository.state, call, key);
    }
    return status == STATUS_NOT_FOUND ? not_found(call, key) : status;
}

enum status review_controller_get(struct review_controller *self, struct call *call,
                                  const struct review_key *key, struct review *ret_review)
{
    enum status status = review_key_validate(call, key);
    if (status == STATUS_OK) {
        status = self->repository.ops->get(self->repository.state, call, key, ret_review);
    }
    return status == STATUS_NOT_FOUND ? not_found(call, key) : status;
}

static enum status check_page_size(struct call *call, int32_t page_size, size_t *ret_wanted)
{
    if (page_size < 0 || page_size > REVIEW_PAGE_SIZE_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         REVIEW_PAGE_SIZE_MAX);
    }
    *ret_wanted = page_size > 0 ? (size_t)page_size : REVIEW_PAGE_SIZE_DEFAULT;
    return STATUS_OK;
}

/* A page in the making. */
struct gathering {
    /* The list: of a record, or, without a query, of a user. */
    const struct review_query *query;
    struct text user;
    const struct review *after; /* the place behind which it goes on; NULL: its beginning */
    size_t wanted;
    struct review *reviews;
    size_t count;
    size_t bytes;
    bool more; /* there is another page */
};

static enum status list_some(struct review_controller *self, struct call *call,
                             const struct gathering *gathering, size_t limit,
                             struct review **ret_reviews, size_t *ret_count)
{
    const struct review_repository *repository = &self->repository;
    return gathering->query != NULL
               ? repository->ops->list_of_record(repository->state, call, gathering->query,
                                                 gathering->after, limit, ret_reviews, ret_count)
               : repository->ops->list_of_user(repository->state, call, gathering->user,
                                               gathering->after, limit, ret_reviews, ret_count);
}

/* false: the page is full without it. */
static bool add(struct gathering *gathering, const struct review *review)
{
    size_t bytes = review_bytes(review);
    bool is_too_much = gathering->count > 0 && gathering->bytes + bytes > REVIEW_REPLY_BYTES_MAX;
    if (gathering->count == gathering->wanted || is_too_much) {
        gathering->more = true;
        return false;
    }
    gathering->reviews[gathering->count++] = *review;
    gathering->bytes += bytes;
    return true;
}

/* Asks for little at a time: a page that is full early must not have been read whole. */
static enum status gather(struct review_controller *self, struct call *call,
                          struct gathering *gathering)
{
    gathering->reviews = arena_calloc(call->arena, gathering->wanted, sizeof(*gathering->reviews));
    if (gathering->reviews == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (;;) {
        struct review *reviews;
        size_t count;
        /* One more than wanted tells whether there is another page. */
        size_t limit = gathering->wanted - gathering->count + 1;
        limit = limit < REVIEW_LIST_MAX ? limit : REVIEW_LIST_MAX;
        enum status status = list_some(self, call, gathering, limit, &reviews, &count);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            if (!add(gathering, &reviews[i])) {
                return STATUS_OK;
            }
        }
        if (count < limit) {
            return STATUS_OK;
        }
        gathering->after = &reviews[count - 1];
    }
}

enum status review_controller_list(struct review_controller *self, struct call *call,
                                   const struct review_query *query, int32_t page_size,
                                   struct text page_token, struct review_page *ret_page)
{
    struct gathering gathering = {.query = query};
    struct review after;
    struct text token = TEXT("");
    enum status status = record_key_validate(call, query->record);
    if (status == STATUS_OK && query->viewer.length > 0) {
        status = rating_user_validate(call, query->viewer);
    }
    if (status == STATUS_OK) {
        status = check_page_size(call, page_size, &gathering.wanted);
    }
    if (status == STATUS_OK && page_token.length > 0) {
        status = review_record_token_read(call, query->order, page_token, &after);
        gathering.after = &after;
    }
    if (status == STATUS_OK) {
        status = gather(self, call, &gathering);
    }
    if (status == STATUS_OK && gathering.more) {
        status = review_record_token_write(call, query->order,
                                           &gathering.reviews[gathering.count - 1], &token);
    }
    if (status == STATUS_OK) {
        *ret_page = (struct review_page){gathering.reviews, gathering.count, token};
    }
    return status;
}

enum status review_controller_list_user(struct review_controller *self, struct call *call,
                                        struct text user, int32_t page_size, struct text page_token,
                                        struct review_page *ret_page)
{
    struct gathering gathering = {.user = user};
    struct like place;
    struct review after;
    struct text token = TEXT("");
    enum status status = rating_user_validate(call, user);
    if (status == STATUS_OK) {
        status = check_page_size(call, page_size, &gathering.wanted);
    }
    if (status == STATUS_OK && page_token.length > 0) {
        status = review_user_token_read(call, page_token, &place);
        after = (struct review){.key = place.key, .created_ms = place.time_ms};
        gathering.after = &after;
    }
    if (status == STATUS_OK) {
        status = gather(self, call, &gathering);
    }
    if (status == STATUS_OK && gathering.more) {
        const struct review *last = &gathering.reviews[gathering.count - 1];
        status = review_user_token_write(call, last->key.record, last->created_ms, &token);
    }
    if (status == STATUS_OK) {
        *ret_page = (struct review_page){gathering.reviews, gathering.count, token};
    }
    return status;
}

enum status review_controller_put_like(struct review_controller *self, struct call *call,
                                       const struct review_key *key, uint64_t *ret_count)
{
    enum status status = review_key_validate(call, key);
    if (status != STATUS_OK) {
        return status;
    }
    const struct like like = {.key = *key, .time_ms = clock_wall_ms()};
    return self->repository.ops->put_like(self->repository.state, call, &like, ret_count);
}

enum status review_controller_delete_like(struct review_controller *self, struct call *call,
                                          const struct review_key *key, uint64_t *ret_count)
{
    enum status status = review_key_validate(call, key);
    return status == STATUS_OK
               ? self->repository.ops->remove_like(self->repository.state, call, key, ret_count)
               : status;
}

enum status review_controller_like_review(struct review_controller *self, struct call *call,
                                          const struct review_like *like, uint64_t *ret_count)
{
    struct review_like now = *like;
    now.time_ms = clock_wall_ms();
    enum status status = review_like_validate(call, like);
    if (status == STATUS_OK) {
        status =
            self->repository.ops->put_review_like(self->repository.state, call, &now, ret_count);
    }
    return status == STATUS_NOT_FOUND ? not_found(call, &like->review) : status;
}

enum status review_controller_unlike_review(struct review_controller *self, struct call *call,
                                            const struct review_like *like, uint64_t *ret_count)
{
    enum status status = review_like_validate(call, like);
    return status == STATUS_OK ? self->repository.ops->remove_review_like(self->repository.state,
                                                                          call, like, ret_count)
                               : status;
}

enum status review_controller_list_likes(struct review_controller *self, struct call *call,
                                         struct text user, int32_t page_size,
                                         struct text page_token, struct like_page *ret_page)
{
    size_t wanted = 0;
    struct like after;
    struct like *likes = NULL;
    size_t count = 0;
    struct text token = TEXT("");
    enum status status = rating_user_validate(call, user);
    if (status == STATUS_OK) {
        status = check_page_size(call, page_size, &wanted);
    }
    if (status == STATUS_OK && page_token.length > 0) {
        status = review_user_token_read(call, page_token, &after);
    }
    if (status == STATUS_OK) {
        status = self->repository.ops->list_likes(self->repository.state, call, user,
                                                  page_token.length > 0 ? &after : NULL, wanted + 1,
                                                  &likes, &count);
    }
    if (status == STATUS_OK && count > wanted) {
        count = wanted;
        status = review_user_token_write(call, likes[wanted - 1].key.record,
                                         likes[wanted - 1].time_ms, &token);
    }
    if (status == STATUS_OK) {
        *ret_page = (struct like_page){likes, count, token};
    }
    return status;
}

enum status review_controller_get_reactions(struct review_controller *self, struct call *call,
                                            const struct review_key *key,
                                            struct review_reactions *ret_reactions)
{
    enum status status = key->user.length > 0 ? review_key_validate(call, key)
                                              : record_key_validate(call, key->record);
    return status == STATUS_OK ? self->repository.ops->get_reactions(self->repository.state, call,
                                                                     key, ret_reactions)
                               : status;
}
