/* The same keys as in the durable stores, over ordered maps: the order of pages is theirs. */
#include "rating/repository/memory_rating_repository.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "rating/repository/rating_key.h"
#include "rating/repository/rating_page.h"
#include "store/ordered_map.h"

struct memory_rating_repository {
    pthread_mutex_t lock; /* held for memory's time only */
    struct ordered_map *votes;
    struct ordered_map *user_votes; /* no values */
    struct ordered_map *aggregates;
    struct ordered_map *positions;
    struct ordered_map *dead_letters;
};

/* What a dead letter's value points to: its own copy of the texts. */
struct kept_letter {
    struct rating_dead_letter letter;
    char *bytes;
};

static struct vote_state find_vote(struct memory_rating_repository *self, struct text key)
{
    const struct ordered_map_entry *entry = ordered_map_find(self->votes, key);
    return entry != NULL ? *(const struct vote_state *)entry->value
                         : (struct vote_state){.exists = false};
}

static int64_t find_position(struct memory_rating_repository *self, struct text topic,
                             int32_t partition)
{
    char key[RATING_POSITION_KEY_BYTES_MAX];
    size_t length = rating_key_encode_position(topic, partition, key);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->positions, text_of_bytes(key, length));
    return entry != NULL ? *(const int64_t *)entry->value : 0;
}

/* Applying */

static void update_aggregate(struct memory_rating_repository *self, struct record_key record,
                             const struct vote_state *before, const struct vote_state *after)
{
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_record(record, bytes));
    const struct ordered_map_entry *entry = ordered_map_find(self->aggregates, key);
    struct rating_aggregate aggregate = {.count = 0};
    if (entry != NULL) {
        aggregate = *(const struct rating_aggregate *)entry->value;
    }
    if (vote_state_counts(before)) {
        rating_aggregate_subtract(&aggregate, before->hundredths);
    }
    if (vote_state_counts(after)) {
        rating_aggregate_add(&aggregate, after->hundredths);
    }
    if (aggregate.count > 0) {
        ordered_map_put(self->aggregates, key, &aggregate, sizeof(aggregate));
    } else {
        ordered_map_remove(self->aggregates, key);
    }
}

static enum rating_outcome apply_change(struct memory_rating_repository *self,
                                        const struct rating_change *change, int64_t now_ms)
{
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_vote(&change->key, bytes));
    struct vote_state before = find_vote(self, key);
    struct vote_state after = before;
    enum rating_outcome outcome = vote_state_change(&after, change, now_ms);

    if (after.exists) {
        ordered_map_put(self->votes, key, &after, sizeof(after));
    }
    update_aggregate(self, change->key.record, &before, &after);
    key.length = rating_key_encode_user_vote(&change->key, bytes);
    if (vote_state_counts(&after)) {
        ordered_map_put(self->user_votes, key, NULL, 0);
    } else {
        ordered_map_remove(self->user_votes, key);
    }
    return outcome;
}

static struct text keep(char **at, struct text text)
{
    char *start = *at;
    if (text.length > 0) {
        memcpy(start, text.data, text.length);
    }
    *at += text.length;
    return text_of_bytes(start, text.length);
}

static void put_dead_letter(struct memory_rating_repository *self,
                            const struct rating_dead_letter *letter)
{
    struct rating_dead_letter_key key = {letter->topic, letter->partition, letter->offset};
    char bytes[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    struct text encoded = text_of_bytes(bytes, rating_key_encode_dead_letter(&key, bytes));
    const struct ordered_map_entry *old = ordered_map_find(self->dead_letters, encoded);
    if (old != NULL) {
        free(((const struct kept_letter *)old->value)->bytes);
    }
    struct kept_letter kept = {.letter = *letter};
    kept.bytes = malloc(letter->topic.length + letter->reason.length + letter->payload.length + 1);
    CHECK(kept.bytes != NULL);
    char *at = kept.bytes;
    kept.letter.topic = keep(&at, letter->topic);
    kept.letter.reason = keep(&at, letter->reason);
    kept.letter.payload = keep(&at, letter->payload);
    ordered_map_put(self->dead_letters, encoded, &kept, sizeof(kept));
}

static void put_position(struct memory_rating_repository *self,
                         const struct rating_position *position)
{
    char key[RATING_POSITION_KEY_BYTES_MAX];
    size_t length = rating_key_encode_position(position->topic, position->partition, key);
    ordered_map_put(self->positions, text_of_bytes(key, length), &position->next_offset,
                    sizeof(position->next_offset));
}

static enum status apply_locked(struct memory_rating_repository *self, struct call *call,
                                const struct rating_batch *batch)
{
    const struct rating_position *position = batch->position;
    if (position != NULL &&
        find_position(self, position->topic, position->partition) != batch->from_offset) {
        return call_fail(call, STATUS_ABORTED, "the partition has been ingested by another");
    }
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < batch->change_count; i++) {
        enum rating_outcome outcome = apply_change(self, &batch->changes[i], now_ms);
        if (batch->outcomes != NULL) {
            batch->outcomes[i] = outcome;
        }
    }
    for (size_t i = 0; i < batch->dead_letter_count; i++) {
        put_dead_letter(self, &batch->dead_letters[i]);
    }
    if (position != NULL) {
        put_position(self, position);
    }
    return STATUS_OK;
}

static enum status apply(void *state, struct call *call, const struct rating_batch *batch)
{
    struct memory_rating_repository *self = state;
    enum status status = rating_key_check_batch(call, batch);
    if (status == STATUS_OK) {
        status = call_check(call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    status = apply_locked(self, call, batch);
    pthread_mutex_unlock(&self->lock);
    return status;
}

/* Reading */

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate)
{
    struct memory_rating_repository *self = state;
    const struct vote_key parts = {.record = record};
    enum status status = rating_key_check_vote(call, &parts);
    if (status != STATUS_OK) {
        return status;
    }
    char key[RATING_RECORD_KEY_BYTES_MAX];
    size_t length = rating_key_encode_record(record, key);
    pthread_mutex_lock(&self->lock);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->aggregates, text_of_bytes(key, length));
    if (entry != NULL) {
        *ret_aggregate = *(const struct rating_aggregate *)entry->value;
    }
    pthread_mutex_unlock(&self->lock);
    return entry != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status get_vote(void *state, struct call *call, const struct vote_key *key,
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
        find_vote(self, text_of_bytes(bytes, rating_key_encode_vote(key, bytes)));
    pthread_mutex_unlock(&self->lock);
    return vote_state_counts(&vote) ? rating_page_copy_vote(call, key, &vote, ret_vote)
                                    : STATUS_NOT_FOUND;
}

/* The entry behind `key`; at it, when `key` is only where a user's votes begin. */
static const struct ordered_map_entry *seek_after(const struct ordered_map *map, struct text key)
{
    const struct ordered_map_entry *entry = ordered_map_seek(map, key);
    return entry != NULL && text_equal(entry->key, key) ? ordered_map_next(entry) : entry;
}

static enum status list_votes_locked(struct memory_rating_repository *self, struct call *call,
                                     struct text from, struct text prefix, size_t limit,
                                     struct vote *votes, size_t *ret_count)
{
    size_t count = 0;
    const struct ordered_map_entry *entry = seek_after(self->user_votes, from);
    while (entry != NULL && count < limit && text_starts_with(entry->key, prefix)) {
        struct vote_key key;
        char bytes[RATING_VOTE_KEY_BYTES_MAX];
        CHECK(rating_key_decode_user_vote(entry->key, &key));
        struct vote_state vote =
            find_vote(self, text_of_bytes(bytes, rating_key_encode_vote(&key, bytes)));
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

static enum status list_user_votes(void *state, struct call *call, struct text user,
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
    status = list_votes_locked(self, call, after != NULL ? from : prefix, prefix, limit, votes,
                               ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_votes = votes;
    }
    return status;
}

static enum status get_position(void *state, struct call *call, struct text topic,
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
        *ret_next_offset = *(const int64_t *)entry->value;
    }
    pthread_mutex_unlock(&self->lock);
    return entry != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status list_dead_letters(void *state, struct call *call,
                                     const struct rating_dead_letter_key *after, size_t limit,
                                     struct rating_dead_letter **ret_letters, size_t *ret_count)
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
        seek_after(self->dead_letters, text_of_bytes(key, length));
    while (entry != NULL && count < limit && status == STATUS_OK) {
        const struct kept_letter *kept = entry->value;
        status = rating_page_copy_dead_letter(call, &kept->letter, &letters[count++]);
        entry = ordered_map_next(entry);
    }
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_letters = letters;
        *ret_count = count;
    }
    return status;
}

static void close_repository(void *state)
{
    struct memory_rating_repository *self = state;
    const struct ordered_map_entry *entry = ordered_map_seek(self->dead_letters, TEXT(""));
    for (; entry != NULL; entry = ordered_map_next(entry)) {
        free(((const struct kept_letter *)entry->value)->bytes);
    }
    ordered_map_destroy(self->votes);
    ordered_map_destroy(self->user_votes);
    ordered_map_destroy(self->aggregates);
    ordered_map_destroy(self->positions);
    ordered_map_destroy(self->dead_letters);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct rating_repository_ops memory_ops = {
    .apply = apply,
    .get_aggregate = get_aggregate,
    .get_vote = get_vote,
    .list_user_votes = list_user_votes,
    .get_position = get_position,
    .list_dead_letters = list_dead_letters,
    .close = close_repository,
};

enum status memory_rating_repository_open(struct call *call,
                                          struct rating_repository *ret_repository)
{
    struct memory_rating_repository *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the store");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->votes = ordered_map_create();
    self->user_votes = ordered_map_create();
    self->aggregates = ordered_map_create();
    self->positions = ordered_map_create();
    self->dead_letters = ordered_map_create();
    *ret_repository = (struct rating_repository){.ops = &memory_ops, .state = self};
    return STATUS_OK;
}
