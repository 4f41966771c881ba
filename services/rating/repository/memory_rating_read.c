/* Looking things up and listing them. */
#include "rating/repository/memory_rating_private.h"
#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_page.h"

/* NULL: nobody has voted. Locked. */
static const struct rating_aggregate *find_aggregate(const struct memory_rating_repository *self,
                                                     struct record_key record)
{
    char key[RATING_RECORD_KEY_BYTES_MAX];
    size_t length = rating_key_encode_record(record, key);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->aggregates, text_of_bytes(key, length));
    return entry != NULL ? entry->value : NULL;
}

enum status memory_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                        struct rating_aggregate *ret_aggregate)
{
    struct memory_rating_repository *self = state;
    enum status status = rating_key_check_record(call, record);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    const struct rating_aggregate *found = find_aggregate(self, record);
    if (found != NULL) {
        *ret_aggregate = *found;
    }
    pthread_mutex_unlock(&self->lock);
    return found != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status memory_rating_get_aggregates(void *state, struct call *call,
                                         struct rating_stored_aggregate *aggregates, size_t count)
{
    struct memory_rating_repository *self = state;
    enum status status = rating_key_check_records(call, aggregates, count);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < count; i++) {
        const struct rating_aggregate *found = find_aggregate(self, aggregates[i].record);
        aggregates[i].aggregate = found != NULL ? *found : (struct rating_aggregate){.count = 0};
    }
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}

enum status memory_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                   struct vote *ret_vote)
{
    struct memory_rating_repository *self = state;
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    enum status status = rating_key_check_vote(call, key);
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    struct vote_state vote =
        memory_rating_find_vote(self, text_of_bytes(bytes, rating_key_encode_vote(key, bytes)));
    pthread_mutex_unlock(&self->lock);
    return vote_state_counts(&vote) ? rating_page_copy_vote(call, key, &vote, ret_vote)
                                    : STATUS_NOT_FOUND;
}

const struct ordered_map_entry *memory_rating_seek_after(const struct ordered_map *map,
                                                         struct text key)
{
    const struct ordered_map_entry *entry = ordered_map_seek(map, key);
    return entry != NULL && text_equal(entry->key, key) ? ordered_map_next(entry) : entry;
}

static enum status list_user_votes_locked(struct memory_rating_repository *self, struct call *call,
                                          struct text from, struct text prefix, size_t limit,
                                          struct vote *votes, size_t *ret_count)
{
    size_t count = 0;
    const struct ordered_map_entry *entry = memory_rating_seek_after(self->user_votes, from);
    while (entry != NULL && count < limit && text_starts_with(entry->key, prefix)) {
        struct vote_key key;
        char bytes[RATING_VOTE_KEY_BYTES_MAX];
        CHECK(rating_key_decode_user_vote(entry->key, &key));
        struct vote_state vote = memory_rating_find_vote(
            self, text_of_bytes(bytes, rating_key_encode_vote(&key, bytes)));
        enum status status = rating_page_copy_vote(call, &key, &vote, &votes[count]);
        if (status != STATUS_OK) {
            return status;
        }
        count++;
        entry = ordered_map_next(entry);
    }
    *ret_count = count;
    return STATUS_OK;
}

enum status memory_rating_list_user_votes(void *state, struct call *call, struct text user,
                                          const struct vote_key *after, size_t limit,
                                          struct vote **ret_votes, size_t *ret_count)
{
    struct memory_rating_repository *self = state;
    struct vote_key start = after != NULL ? *after : (struct vote_key){.user = user};
    start.user = user;
    enum status status = rating_key_check_vote(call, &start);
    if (status != STATUS_OK) {
        return status;
    }
    struct vote *votes = rating_page_alloc(call, limit, sizeof(*votes));
    if (votes == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    char key[RATING_VOTE_KEY_BYTES_MAX];
    struct text from = text_of_bytes(key, rating_key_encode_user_vote(&start, key));
    struct text prefix = text_slice(from, 0, user.length + 1);
    pthread_mutex_lock(&self->lock);
    status = list_user_votes_locked(self, call, after != NULL ? from : prefix, prefix, limit, votes,
                                    ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_votes = votes;
    }
    return status;
}

enum status memory_rating_get_position(void *state, struct call *call, struct text topic,
                                       int32_t partition, int64_t *ret_next_offset)
{
    struct memory_rating_repository *self = state;
    char key[RATING_POSITION_KEY_BYTES_MAX];
    enum status status = rating_key_check_topic(call, topic);
    if (status != STATUS_OK) {
        return status;
    }
    size_t length = rating_key_encode_position(topic, partition, key);
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->positions, text_of_bytes(key, length));
    if (entry != NULL) {
        *ret_next_offset = ((const struct rating_position *)entry->value)->next_offset;
    }
    pthread_mutex_unlock(&self->lock);
    return entry != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}
