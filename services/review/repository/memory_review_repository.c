#include "review/repository/memory_review_repository.h"

#include <stdlib.h>

#include "review/repository/memory_review_private.h"

/* A review with its texts. */
enum { REVIEW_ARENA_BYTES_MAX = 64 * 1024 };

struct kept_review *memory_review_find(const struct memory_review_repository *self,
                                       const struct review_key *key)
{
    struct memory_review_key bytes = memory_review_key_of(key);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->reviews, memory_review_key_text(&bytes));
    return entry != NULL ? *(struct kept_review *const *)entry->value : NULL;
}

/* NULL: it is not liked. */
static const struct like *find_like(const struct memory_review_repository *self,
                                    const struct review_key *key)
{
    struct memory_review_key bytes = memory_review_key_of(key);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->likes, memory_review_key_text(&bytes));
    return entry != NULL ? entry->value : NULL;
}

static struct kept_counts counts_of(const struct memory_review_repository *self,
                                    struct record_key record)
{
    struct memory_review_key bytes = memory_review_key_of_record(record);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->counts, memory_review_key_text(&bytes));
    return entry != NULL ? *(const struct kept_counts *)entry->value : (struct kept_counts){0, 0};
}

static void set_counts(struct memory_review_repository *self, struct record_key record,
                       struct kept_counts counts)
{
    struct memory_review_key bytes = memory_review_key_of_record(record);
    if (counts.reviews > 0 || counts.likes > 0) {
        ordered_map_put(self->counts, memory_review_key_text(&bytes), &counts, sizeof(counts));
    } else {
        ordered_map_remove(self->counts, memory_review_key_text(&bytes));
    }
}

/* Puts the review in, or in the place of its earlier version, of the same times of creation. */
static void index_review(struct memory_review_repository *self, struct kept_review *kept)
{
    const struct review *review = &kept->review;
    struct memory_review_key key = memory_review_key_of(&review->key);
    struct memory_review_key in_record =
        memory_review_key_in_record(&review->key, review->created_ms);
    struct memory_review_key in_user = memory_review_key_in_user(&review->key, review->created_ms);
    struct memory_review_key in_likes = memory_review_key_in_likes(review);
    ordered_map_put(self->reviews, memory_review_key_text(&key), &kept,
                    sizeof(struct kept_review *));
    ordered_map_put(self->of_record, memory_review_key_text(&in_record), &kept,
                    sizeof(struct kept_review *));
    ordered_map_put(self->of_user, memory_review_key_text(&in_user), &kept,
                    sizeof(struct kept_review *));
    ordered_map_put(self->by_likes, memory_review_key_text(&in_likes), &kept,
                    sizeof(struct kept_review *));
}

static void forget_review(struct memory_review_repository *self, const struct review *review)
{
    struct memory_review_key key = memory_review_key_of(&review->key);
    struct memory_review_key in_record =
        memory_review_key_in_record(&review->key, review->created_ms);
    struct memory_review_key in_user = memory_review_key_in_user(&review->key, review->created_ms);
    struct memory_review_key in_likes = memory_review_key_in_likes(review);
    memory_review_forget_likes(self, &review->key);
    ordered_map_remove(self->by_likes, memory_review_key_text(&in_likes));
    ordered_map_remove(self->reviews, memory_review_key_text(&key));
    ordered_map_remove(self->of_record, memory_review_key_text(&in_record));
    ordered_map_remove(self->of_user, memory_review_key_text(&in_user));
}

static void free_review(struct kept_review *kept)
{
    if (kept != NULL) {
        arena_deinit(&kept->arena);
        free(kept);
    }
}

/* NULL: no memory. */
static struct kept_review *make_review(const struct review *review)
{
    struct kept_review *kept = calloc(1, sizeof(*kept));
    if (kept == NULL) {
        return NULL;
    }
    arena_init(&kept->arena, REVIEW_ARENA_BYTES_MAX);
    if (review_copy(&kept->arena, review, &kept->review) != STATUS_OK) {
        free_review(kept);
        return NULL;
    }
    return kept;
}

static bool is_later(const struct review *review, int64_t time_ms)
{
    return review->created_ms > time_ms || review->edited_ms > time_ms;
}

/* With the lock. Returns what is to be freed: the earlier one, or the new one when it says nothing
 * new or yields. *ret_stored: its times and likes. */
static struct kept_review *replace(struct memory_review_repository *self, struct kept_review *kept,
                                   bool yields, struct review *ret_stored)
{
    struct kept_review *earlier = memory_review_find(self, &kept->review.key);
    struct review *review = &kept->review;
    review->edited_ms = 0;
    review->like_count = 0;
    review->liked = false;
    if (earlier == NULL) {
        struct kept_counts counts = counts_of(self, review->key.record);
        counts.reviews++;
        set_counts(self, review->key.record, counts);
    } else if ((yields && is_later(&earlier->review, review->created_ms)) ||
               (text_equal(earlier->review.text, review->text) &&
                earlier->review.spoiler == review->spoiler)) {
        *ret_stored = earlier->review;
        return kept;
    } else {
        review->like_count = earlier->review.like_count;
        int64_t created_ms = earlier->review.created_ms;
        review->edited_ms = review->created_ms > created_ms ? review->created_ms : created_ms;
        review->created_ms = created_ms;
    }
    index_review(self, kept);
    *ret_stored = *review;
    return earlier;
}

static enum status put(void *state, struct call *call, const struct review *review, bool yields,
                       struct review *ret_stored, bool *ret_changed)
{
    struct memory_review_repository *self = state;
    struct review stored;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    struct kept_review *kept = make_review(review);
    if (kept == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the review");
    }
    pthread_mutex_lock(&self->lock);
    struct kept_review *left = replace(self, kept, yields, &stored);
    pthread_mutex_unlock(&self->lock);
    *ret_changed = left != kept;
    if (*ret_changed || !yields) {
        stored.key = review->key;
        stored.text = review->text;
        *ret_stored = stored;
    }
    free_review(left);
    return STATUS_OK;
}

static enum status remove_review(void *state, struct call *call, const struct review_key *key)
{
    struct memory_review_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    struct kept_review *kept = memory_review_find(self, key);
    if (kept != NULL) {
        struct kept_counts counts = counts_of(self, key->record);
        counts.reviews--;
        set_counts(self, key->record, counts);
        forget_review(self, &kept->review);
    }
    pthread_mutex_unlock(&self->lock);
    status = kept != NULL ? STATUS_OK : STATUS_NOT_FOUND;
    free_review(kept);
    return status;
}

static enum status get(void *state, struct call *call, const struct review_key *key,
                       struct review *ret_review)
{
    struct memory_review_repository *self = state;
    enum status status = STATUS_NOT_FOUND;
    pthread_mutex_lock(&self->lock);
    const struct kept_review *kept = memory_review_find(self, key);
    if (kept != NULL) {
        status = review_copy(call->arena, &kept->review, ret_review);
    }
    pthread_mutex_unlock(&self->lock);
    return status == STATUS_RESOURCE_EXHAUSTED ? call_fail(call, status, "the answer is too large")
                                               : status;
}

/* With the lock. */
static void add_like(struct memory_review_repository *self, const struct like *like)
{
    struct memory_review_key key = memory_review_key_of(&like->key);
    struct memory_review_key in_user = memory_review_key_in_user(&like->key, like->time_ms);
    const struct like kept = {.time_ms = like->time_ms};
    struct kept_counts counts = counts_of(self, like->key.record);
    counts.likes++;
    ordered_map_put(self->likes, memory_review_key_text(&key), &kept, sizeof(kept));
    ordered_map_put(self->likes_of_user, memory_review_key_text(&in_user), "", 0);
    set_counts(self, like->key.record, counts);
}

static enum status put_like(void *state, struct call *call, const struct like *like,
                            uint64_t *ret_count)
{
    struct memory_review_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    if (find_like(self, &like->key) == NULL) {
        add_like(self, like);
    }
    *ret_count = counts_of(self, like->key.record).likes;
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}

/* With the lock. */
static void take_like(struct memory_review_repository *self, const struct review_key *key,
                      int64_t time_ms)
{
    struct memory_review_key bytes = memory_review_key_of(key);
    struct memory_review_key in_user = memory_review_key_in_user(key, time_ms);
    struct kept_counts counts = counts_of(self, key->record);
    counts.likes--;
    ordered_map_remove(self->likes, memory_review_key_text(&bytes));
    ordered_map_remove(self->likes_of_user, memory_review_key_text(&in_user));
    set_counts(self, key->record, counts);
}

static enum status remove_like(void *state, struct call *call, const struct review_key *key,
                               uint64_t *ret_count)
{
    struct memory_review_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    const struct like *like = find_like(self, key);
    if (like != NULL) {
        take_like(self, key, like->time_ms);
    }
    *ret_count = counts_of(self, key->record).likes;
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}

static enum status get_reactions(void *state, struct call *call, const struct review_key *key,
                                 struct review_reactions *ret_reactions)
{
    struct memory_review_repository *self = state;
    (void)call;
    pthread_mutex_lock(&self->lock);
    struct kept_counts counts = counts_of(self, key->record);
    *ret_reactions = (struct review_reactions){
        .like_count = counts.likes,
        .review_count = counts.reviews,
        .liked = find_like(self, key) != NULL,
        .reviewed = memory_review_find(self, key) != NULL,
    };
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}

static void close_repository(void *state)
{
    struct memory_review_repository *self = state;
    const struct ordered_map_entry *entry = ordered_map_seek(self->reviews, TEXT(""));
    for (; entry != NULL; entry = ordered_map_next(entry)) {
        free_review(*(struct kept_review *const *)entry->value);
    }
    ordered_map_destroy(self->reviews);
    ordered_map_destroy(self->of_record);
    ordered_map_destroy(self->of_user);
    ordered_map_destroy(self->by_likes);
    ordered_map_destroy(self->likes);
    ordered_map_destroy(self->likes_of_user);
    ordered_map_destroy(self->counts);
    ordered_map_destroy(self->review_likes);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct review_repository_ops memory_ops = {
    .put = put,
    .remove = remove_review,
    .get = get,
    .list_of_record = memory_review_list_of_record,
    .list_of_user = memory_review_list_of_user,
    .put_like = put_like,
    .remove_like = remove_like,
    .list_likes = memory_review_list_likes,
    .put_review_like = memory_review_put_review_like,
    .remove_review_like = memory_review_remove_review_like,
    .get_reactions = get_reactions,
    .close = close_repository,
};

enum status memory_review_repository_open(struct call *call,
                                          struct review_repository *ret_repository)
{
    struct memory_review_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->reviews = ordered_map_create();
    self->of_record = ordered_map_create();
    self->of_user = ordered_map_create();
    self->by_likes = ordered_map_create();
    self->likes = ordered_map_create();
    self->likes_of_user = ordered_map_create();
    self->counts = ordered_map_create();
    self->review_likes = ordered_map_create();
    *ret_repository = (struct review_repository){.ops = &memory_ops, .state = self};
    return STATUS_OK;
}
