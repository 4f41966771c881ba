/* Likes of reviews: with the count in the review, and its place in the order by likes. */
#include "review/repository/memory_review_private.h"

/* With the lock. */
static void set_count(struct memory_review_repository *self, struct kept_review *kept,
                      uint64_t count)
{
    struct memory_review_key place = memory_review_key_in_likes(&kept->review);
    ordered_map_remove(self->by_likes, memory_review_key_text(&place));
    kept->review.like_count = count;
    place = memory_review_key_in_likes(&kept->review);
    ordered_map_put(self->by_likes, memory_review_key_text(&place), &kept,
                    sizeof(struct kept_review *));
}

void memory_review_forget_likes(struct memory_review_repository *self,
                                const struct review_key *review)
{
    struct memory_review_key all = memory_review_key_of_review_like(review, TEXT(""));
    for (;;) {
        const struct ordered_map_entry *entry =
            ordered_map_seek(self->review_likes, memory_review_key_text(&all));
        if (entry == NULL || !text_starts_with(entry->key, memory_review_key_text(&all))) {
            return;
        }
        ordered_map_remove(self->review_likes, entry->key);
    }
}

/* *ret_count: how many like the review from now on. STATUS_NOT_FOUND: there is no such review. */
static enum status set_liked(struct memory_review_repository *self, struct call *call,
                             const struct review_like *like, bool is_liked, uint64_t *ret_count)
{
    struct memory_review_key key = memory_review_key_of_review_like(&like->review, like->user);
    struct text bytes = memory_review_key_text(&key);
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    struct kept_review *kept = memory_review_find(self, &like->review);
    bool was_liked = ordered_map_find(self->review_likes, bytes) != NULL;
    if (kept != NULL && is_liked && !was_liked) {
        ordered_map_put(self->review_likes, bytes, "", 0);
        set_count(self, kept, kept->review.like_count + 1);
    } else if (kept != NULL && !is_liked && was_liked) {
        ordered_map_remove(self->review_likes, bytes);
        set_count(self, kept, kept->review.like_count - 1);
    }
    if (kept != NULL) {
        *ret_count = kept->review.like_count;
    }
    pthread_mutex_unlock(&self->lock);
    return kept != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status memory_review_put_review_like(void *state, struct call *call,
                                          const struct review_like *like, uint64_t *ret_count)
{
    return set_liked(state, call, like, true, ret_count);
}

enum status memory_review_remove_review_like(void *state, struct call *call,
                                             const struct review_like *like, uint64_t *ret_count)
{
    enum status status = set_liked(state, call, like, false, ret_count);
    if (status == STATUS_NOT_FOUND) {
        *ret_count = 0;
        return STATUS_OK;
    }
    return status;
}
