/* Listing everything of a kind, page by page; and the dead letters. */
#include "rating/repository/memory_rating_private.h"
#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_page.h"

static enum status list_votes_locked(struct memory_rating_repository *self, struct call *call,
                                     struct text after, size_t limit,
                                     struct rating_stored_vote *votes, size_t *ret_count)
{
    size_t count = 0;
    enum status status = STATUS_OK;
    const struct ordered_map_entry *entry = memory_rating_seek_after(self->votes, after);
    while (entry != NULL && count < limit && status == STATUS_OK) {
        struct vote_key key;
        CHECK(rating_key_decode_vote(entry->key, &key));
        status = rating_page_copy_stored_vote(call, &key, entry->value, &votes[count++]);
        entry = ordered_map_next(entry);
    }
    if (status == STATUS_OK) {
        *ret_count = count;
    }
    return status;
}

enum status memory_rating_list_votes(void *state, struct call *call, const struct vote_key *after,
                                     size_t limit, struct rating_stored_vote **ret_votes,
                                     size_t *ret_count)
{
    struct memory_rating_repository *self = state;
    char key[RATING_VOTE_KEY_BYTES_MAX];
    enum status status = after != NULL ? rating_key_check_vote(call, after) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_stored_vote *votes = rating_page_alloc(call, limit, sizeof(*votes));
    if (votes == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    size_t length = after != NULL ? rating_key_encode_vote(after, key) : 0;
    pthread_mutex_lock(&self->lock);
    status = list_votes_locked(self, call, text_of_bytes(key, length), limit, votes, ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_votes = votes;
    }
    return status;
}

static enum status list_aggregates_locked(struct memory_rating_repository *self, struct call *call,
                                          struct text after, size_t limit,
                                          struct rating_stored_aggregate *aggregates,
                                          size_t *ret_count)
{
    size_t count = 0;
    enum status status = STATUS_OK;
    const struct ordered_map_entry *entry = memory_rating_seek_after(self->aggregates, after);
    while (entry != NULL && count < limit && status == STATUS_OK) {
        struct record_key record;
        CHECK(rating_key_decode_record(entry->key, &record));
        status = rating_page_copy_record(call, record, &aggregates[count].record);
        aggregates[count++].aggregate = *(const struct rating_aggregate *)entry->value;
        entry = ordered_map_next(entry);
    }
    if (status == STATUS_OK) {
        *ret_count = count;
    }
    return status;
}

enum status memory_rating_list_aggregates(void *state, struct call *call,
                                          const struct record_key *after, size_t limit,
                                          struct rating_stored_aggregate **ret_aggregates,
                                          size_t *ret_count)
{
    struct memory_rating_repository *self = state;
    char key[RATING_RECORD_KEY_BYTES_MAX];
    enum status status = after != NULL ? rating_key_check_record(call, *after) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_stored_aggregate *aggregates =
        rating_page_alloc(call, limit, sizeof(*aggregates));
    if (aggregates == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    size_t length = after != NULL ? rating_key_encode_record(*after, key) : 0;
    pthread_mutex_lock(&self->lock);
    status = list_aggregates_locked(self, call, text_of_bytes(key, length), limit, aggregates,
                                    ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_aggregates = aggregates;
    }
    return status;
}

/* Dead letters */

static enum status copy_dead_letter(struct call *call, const struct ordered_map_entry *entry,
                                    struct rating_dead_letter *ret_letter)
{
    struct rating_dead_letter_key key;
    struct rating_dead_letter letter;
    CHECK(rating_key_decode_dead_letter(entry->key, &key) &&
          rating_codec_decode_dead_letter(text_of_bytes(entry->value, entry->value_size), &letter));
    letter.topic = key.topic;
    letter.partition = key.partition;
    letter.offset = key.offset;
    return rating_page_copy_dead_letter(call, &letter, ret_letter);
}

enum status memory_rating_list_dead_letters(void *state, struct call *call,
                                            const struct rating_dead_letter_key *after,
                                            size_t limit, struct rating_dead_letter **ret_letters,
                                            size_t *ret_count)
{
    struct memory_rating_repository *self = state;
    enum status status = rating_key_check_topic(call, after != NULL ? after->topic : TEXT(""));
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_dead_letter *letters = rating_page_alloc(call, limit, sizeof(*letters));
    if (letters == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    char key[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    size_t length = after != NULL ? rating_key_encode_dead_letter(after, key) : 0;
    size_t count = 0;
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *entry =
        memory_rating_seek_after(self->dead_letters, text_of_bytes(key, length));
    while (entry != NULL && count < limit && status == STATUS_OK) {
        status = copy_dead_letter(call, entry, &letters[count++]);
        entry = ordered_map_next(entry);
    }
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_letters = letters;
        *ret_count = count;
    }
    return status;
}

enum status memory_rating_get_dead_letter(void *state, struct call *call,
                                          const struct rating_dead_letter_key *key,
                                          struct rating_dead_letter *ret_letter)
{
    struct memory_rating_repository *self = state;
    char bytes[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    enum status status = rating_key_check_topic(call, key->topic);
    if (status != STATUS_OK) {
        return status;
    }
    size_t length = rating_key_encode_dead_letter(key, bytes);
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->dead_letters, text_of_bytes(bytes, length));
    status = entry != NULL ? copy_dead_letter(call, entry, ret_letter) : STATUS_NOT_FOUND;
    pthread_mutex_unlock(&self->lock);
    return status;
}
