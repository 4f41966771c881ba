#include "movie/controller/movie_reviews.h"

#include "base/arena.h"

static enum status check_deployed(const struct movie_controller *self, struct call *call)
{
    return self->reviews.ops != NULL
               ? STATUS_OK
               : call_fail(call, STATUS_UNAVAILABLE, "there is no review service here");
}

/* What is written must be of a movie that there is. */
static enum status check_subject(struct movie_controller *self, struct call *call,
                                 const struct review_key *key)
{
    enum status status = check_deployed(self, call);
    if (status == STATUS_OK) {
        status = metadata_id_validate(call, key->record.id);
    }
    return status == STATUS_OK ? movie_controller_check_movie(self, call, key->record.id) : status;
}

enum status movie_reviews_put(struct movie_controller *self, struct call *call,
                              const struct review *review, struct review *ret_stored,
                              bool *ret_changed)
{
    enum status status = review_validate(call, review);
    if (status == STATUS_OK) {
        status = check_subject(self, call, &review->key);
    }
    return status == STATUS_OK
               ? self->reviews.ops->put(self->reviews.state, call, review, ret_stored, ret_changed)
               : status;
}

enum status movie_reviews_delete(struct movie_controller *self, struct call *call,
                                 const struct review_key *key)
{
    enum status status = review_key_validate(call, key);
    if (status == STATUS_OK) {
        status = check_deployed(self, call);
    }
    return status == STATUS_OK ? self->reviews.ops->remove(self->reviews.state, call, key) : status;
}

enum status movie_reviews_get(struct movie_controller *self, struct call *call,
                              const struct review_key *key, struct review *ret_review)
{
    enum status status = review_key_validate(call, key);
    if (status == STATUS_OK) {
        status = check_deployed(self, call);
    }
    return status == STATUS_OK ? self->reviews.ops->get(self->reviews.state, call, key, ret_review)
                               : status;
}

static enum status check_page_size(struct call *call, int32_t page_size)
{
    return page_size >= 0 && page_size <= REVIEW_PAGE_SIZE_MAX
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                           REVIEW_PAGE_SIZE_MAX);
}

enum status movie_reviews_list(struct movie_controller *self, struct call *call,
                               const struct review_query *query, int32_t page_size,
                               struct text page_token, struct review_gateway_page *ret_page)
{
    enum status status = record_key_validate(call, query->record);
    if (status == STATUS_OK && query->viewer.length > 0) {
        status = rating_user_validate(call, query->viewer);
    }
    if (status == STATUS_OK) {
        status = check_page_size(call, page_size);
    }
    if (status == STATUS_OK) {
        status = check_deployed(self, call);
    }
    return status == STATUS_OK ? self->reviews.ops->list(self->reviews.state, call, query,
                                                         page_size, page_token, ret_page)
                               : status;
}

/* Titles of a page, of which every movie is asked for once. */
struct titling {
    struct movie_review *reviews;
    size_t count;
    struct text *ids;
    size_t id_count;
};

static bool gather_ids(struct call *call, struct titling *titling)
{
    titling->ids = arena_calloc(call->arena, titling->count + 1, sizeof(*titling->ids));
    for (size_t i = 0; i < titling->count && titling->ids != NULL; i++) {
        const struct record_key *record = &titling->reviews[i].review.key.record;
        if (record->type == RECORD_TYPE_MOVIE) {
            titling->ids[titling->id_count++] = record->id;
        }
    }
    return titling->ids != NULL;
}

/* The entries come in the order of the ids, but some may be missing. */
static void set_titles(const struct titling *titling, const struct metadata *entries, size_t count)
{
    size_t next = 0;
    for (size_t i = 0; i < titling->count && next < count; i++) {
        struct movie_review *review = &titling->reviews[i];
        const struct record_key *record = &review->review.key.record;
        if (record->type == RECORD_TYPE_MOVIE && text_equal(record->id, entries[next].id)) {
            review->title = entries[next].title;
            review->year = entries[next].year;
            next++;
        }
    }
}

/* Metadata's failure is noted in the page. */
static enum status add_titles(struct movie_controller *self, struct call *call,
                              struct titling *titling, bool *ret_is_without)
{
    struct metadata *entries;
    size_t count;
    struct call metadata_call = call_within(call, movie_controller_rating_timeout_ms(call));
    if (!gather_ids(call, titling)) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    if (titling->id_count == 0) {
        return STATUS_OK;
    }
    enum status status = self->metadata.ops->get_all(
        self->metadata.state, &metadata_call, titling->ids, titling->id_count, &entries, &count);
    if (status == STATUS_OK) {
        set_titles(titling, entries, count);
    } else {
        *ret_is_without = true;
    }
    return call_check(call);
}

enum status movie_reviews_list_user(struct movie_controller *self, struct call *call,
                                    struct text user_id, int32_t page_size, struct text page_token,
                                    struct movie_review_page *ret_page)
{
    struct review_gateway_page page;
    enum status status = rating_user_validate(call, user_id);
    if (status == STATUS_OK) {
        status = check_page_size(call, page_size);
    }
    if (status == STATUS_OK) {
        status = check_deployed(self, call);
    }
    if (status == STATUS_OK) {
        status = self->reviews.ops->list_user(self->reviews.state, call, user_id, page_size,
                                              page_token, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct titling titling = {.count = page.count};
    titling.reviews = arena_calloc(call->arena, page.count + 1, sizeof(*titling.reviews));
    if (titling.reviews == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the reply would be too large");
    }
    for (size_t i = 0; i < page.count; i++) {
        titling.reviews[i].review = page.reviews[i];
    }
    bool is_without = false;
    status = add_titles(self, call, &titling, &is_without);
    if (status == STATUS_OK) {
        *ret_page = (struct movie_review_page){titling.reviews, page.count, page.next_page_token,
                                               is_without};
    }
    return status;
}

enum status movie_reviews_like(struct movie_controller *self, struct call *call,
                               const struct review_key *key, uint64_t *ret_count)
{
    enum status status = review_key_validate(call, key);
    if (status == STATUS_OK) {
        status = check_subject(self, call, key);
    }
    return status == STATUS_OK
               ? self->reviews.ops->put_like(self->reviews.state, call, key, ret_count)
               : status;
}

enum status movie_reviews_unlike(struct movie_controller *self, struct call *call,
                                 const struct review_key *key, uint64_t *ret_count)
{
    enum status status = review_key_validate(call, key);
    if (status == STATUS_OK) {
        status = check_deployed(self, call);
    }
    return status == STATUS_OK
               ? self->reviews.ops->remove_like(self->reviews.state, call, key, ret_count)
               : status;
}

static enum status check_review_like(const struct movie_controller *self, struct call *call,
                                     const struct review_like *like)
{
    enum status status = review_like_validate(call, like);
    return status == STATUS_OK ? check_deployed(self, call) : status;
}

enum status movie_reviews_like_review(struct movie_controller *self, struct call *call,
                                      const struct review_like *like, uint64_t *ret_count)
{
    enum status status = check_review_like(self, call, like);
    return status == STATUS_OK
               ? self->reviews.ops->put_review_like(self->reviews.state, call, like, ret_count)
               : status;
}

enum status movie_reviews_unlike_review(struct movie_controller *self, struct call *call,
                                        const struct review_like *like, uint64_t *ret_count)
{
    enum status status = check_review_like(self, call, like);
    return status == STATUS_OK
               ? self->reviews.ops->remove_review_like(self->reviews.state, call, like, ret_count)
               : status;
}

void movie_reviews_read_reactions(struct movie_controller *self, struct call *call,
                                  struct text movie_id, struct text user_id,
                                  struct movie_reactions *ret_reactions)
{
    struct movie_reactions reactions = {.state = MOVIE_REACTIONS_KNOWN};
    const struct review_key key = {.record = {RECORD_TYPE_MOVIE, movie_id}, .user = user_id};
    enum status status = check_deployed(self, call);
    if (status == STATUS_OK) {
        status =
            self->reviews.ops->get_reactions(self->reviews.state, call, &key, &reactions.counts);
    }
    if (status != STATUS_OK) {
        reactions.state = MOVIE_REACTIONS_UNAVAILABLE;
        reactions.reason = movie_controller_reason(call, status);
    }
    *ret_reactions = reactions;
}
