/* Applying a batch, and the positions that guard it. */
#include "base/clock.h"
#include "rating/repository/memory_rating_private.h"
#include "rating/repository/rating_codec.h"

#include <stdlib.h>

/* Positions */

/* Zeroed where there is none. */
static struct rating_position find_position(struct memory_rating_repository *self,
                                            struct text topic, int32_t partition)
{
    char key[RATING_POSITION_KEY_BYTES_MAX];
    size_t length = rating_key_encode_position(topic, partition, key);
    const struct ordered_map_entry *entry =
        ordered_map_find(self->positions, text_of_bytes(key, length));
    struct rating_position position = {.next_offset = 0};
    if (entry != NULL) {
        position = *(const struct rating_position *)entry->value;
    }
    position.topic = topic;
    position.partition = partition;
    return position;
}

static void put_position(struct memory_rating_repository *self,
                         const struct rating_position *position)
{
    char key[RATING_POSITION_KEY_BYTES_MAX];
    size_t length = rating_key_encode_position(position->topic, position->partition, key);
    struct rating_position kept = *position;
    kept.topic = TEXT(""); /* the caller's; the key has it */
    ordered_map_put(self->positions, text_of_bytes(key, length), &kept, sizeof(kept));
}

enum status memory_rating_claim_position(void *state, struct call *call, struct text topic,
                                         int32_t partition, struct rating_position *ret_position)
{
    struct memory_rating_repository *self = state;
    enum status status = rating_key_check_topic(call, topic);
    if (status == STATUS_OK) {
        status = call_check(call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    pthread_mutex_lock(&self->lock);
    struct rating_position position = find_position(self, topic, partition);
    position.epoch++;
    put_position(self, &position);
    pthread_mutex_unlock(&self->lock);
    *ret_position = position;
    return STATUS_OK;
}

/* Votes */

struct vote_state memory_rating_find_vote(struct memory_rating_repository *self, struct text key)
{
    const struct ordered_map_entry *entry = ordered_map_find(self->votes, key);
    return entry != NULL ? *(const struct vote_state *)entry->value
                         : (struct vote_state){.exists = false};
}

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

static void update_user_votes(struct memory_rating_repository *self, const struct vote_key *vote,
                              const struct vote_state *after)
{
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_user_vote(vote, bytes));
    if (vote_state_counts(after)) {
        ordered_map_put(self->user_votes, key, NULL, 0);
    } else {
        ordered_map_remove(self->user_votes, key);
    }
}

static enum rating_outcome apply_change(struct memory_rating_repository *self,
                                        const struct rating_change *change,
                                        const struct rating_source *source, int64_t now_ms)
{
    if (change->event_id.length > 0 && !memory_rating_take_event(self, change, now_ms)) {
        return RATING_DUPLICATE;
    }
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_vote(&change->key, bytes));
    struct vote_state before = memory_rating_find_vote(self, key);
    struct vote_state after = before;
    enum rating_outcome outcome = vote_state_change(&after, change, now_ms);
    if (after.exists) {
        ordered_map_put(self->votes, key, &after, sizeof(after));
    }
    if (after.deleted && (!before.deleted || before.time_ms != after.time_ms)) {
        memory_rating_note_tombstone(self, key, after.time_ms, now_ms);
    }
    update_aggregate(self, change->key.record, &before, &after);
    update_user_votes(self, &change->key, &after);
    if (outcome == RATING_APPLIED) {
        memory_rating_log(self, now_ms, source, change->offset, &change->key, &after);
    }
    return outcome;
}

/* Dead letters */

static void settle(struct memory_rating_repository *self,
                   const struct rating_dead_letter_key *settled)
{
    char key[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    size_t length = rating_key_encode_dead_letter(settled, key);
    ordered_map_remove(self->dead_letters, text_of_bytes(key, length));
}

static void put_dead_letter(struct memory_rating_repository *self,
                            const struct rating_dead_letter *letter, int64_t now_ms)
{
    const struct rating_dead_letter_key parts = {letter->topic, letter->partition, letter->offset};
    const struct rating_source source = {letter->topic, letter->partition};
    char key[RATING_DEAD_LETTER_KEY_BYTES_MAX];
    size_t key_length = rating_key_encode_dead_letter(&parts, key);
    size_t length = rating_codec_dead_letter_bytes(letter);
    char *value = malloc(length);
    CHECK(value != NULL);
    rating_codec_encode_dead_letter(letter, value);
    ordered_map_put(self->dead_letters, text_of_bytes(key, key_length), value, length);
    free(value);
    memory_rating_log(self, now_ms, &source, letter->offset, NULL, NULL);
}

/* The batch */

/* Compares before anything is changed. */
static enum status check_position(struct memory_rating_repository *self, struct call *call,
                                  const struct rating_batch *batch)
{
    const struct rating_position *given = batch->position;
    struct rating_position stored = find_position(self, given->topic, given->partition);
    return stored.epoch == given->epoch && stored.next_offset == batch->from_offset
               ? STATUS_OK
               : call_fail(call, STATUS_ABORTED, "the partition was claimed by another");
}

static enum status apply_locked(struct memory_rating_repository *self, struct call *call,
                                const struct rating_batch *batch)
{
    static const struct rating_source direct = {.partition = 0};
    const struct rating_source *source = batch->source != NULL ? batch->source : &direct;
    if (batch->position != NULL) {
        enum status status = check_position(self, call, batch);
        if (status != STATUS_OK) {
            return status;
        }
    }
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < batch->change_count; i++) {
        enum rating_outcome outcome = apply_change(self, &batch->changes[i], source, now_ms);
        if (batch->outcomes != NULL) {
            batch->outcomes[i] = outcome;
        }
    }
    for (size_t i = 0; i < batch->settled_count; i++) {
        settle(self, &batch->settled[i]);
    }
    for (size_t i = 0; i < batch->dead_letter_count; i++) {
        put_dead_letter(self, &batch->dead_letters[i], now_ms);
    }
    if (batch->position != NULL) {
        put_position(self, batch->position);
    }
    return STATUS_OK;
}

enum status memory_rating_apply(void *state, struct call *call, const struct rating_batch *batch)
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
    int64_t last = self->last_sequence;
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        rating_watch_notify(self->watch, last);
    }
    return status;
}
