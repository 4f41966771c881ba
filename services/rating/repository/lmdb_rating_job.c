/* A batch of changes as one flat allocation. */
#include <stdlib.h>

#include "base/clock.h"
#include "rating/repository/lmdb_rating_private.h"

/* What is still free of an allocation. */
struct room {
    char *base;
    size_t used;
};

static void *take(struct room *room, size_t count, size_t size)
{
    size_t start = (room->used + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    room->used = start + count * size;
    return room->base != NULL ? room->base + start : NULL;
}

static struct rating_dead_letter_key letter_key(const struct rating_dead_letter *letter)
{
    return (struct rating_dead_letter_key){letter->topic, letter->partition, letter->offset};
}

static size_t event_bytes(const struct rating_change *change)
{
    return change->event_id.length > 0 ? change->key.provider.length + 1 + change->event_id.length
                                       : 0;
}

static size_t count_events(const struct rating_batch *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->change_count; i++) {
        count += batch->changes[i].event_id.length > 0 ? 1 : 0;
    }
    return count;
}

static size_t encoded_bytes(const struct rating_batch *batch)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->change_count; i++) {
        bytes +=
            2 * rating_key_vote_bytes(&batch->changes[i].key) + event_bytes(&batch->changes[i]);
    }
    for (size_t i = 0; i < batch->dead_letter_count; i++) {
        bytes += RATING_DEAD_LETTER_KEY_BYTES_MAX +
                 rating_codec_dead_letter_bytes(&batch->dead_letters[i]);
    }
    bytes += batch->settled_count * RATING_DEAD_LETTER_KEY_BYTES_MAX;
    return bytes + (batch->source != NULL ? batch->source->topic.length : 0);
}

/* Divides the room; with base NULL only measures. */
static void lay_out(struct room *room, const struct rating_batch *batch, size_t bytes,
                    struct lmdb_rating_job *ret_job)
{
    (void)take(room, 1, sizeof(struct lmdb_rating_job)); /* the job itself */
    ret_job->entries = take(room, batch->change_count, sizeof(*ret_job->entries));
    ret_job->votes = take(room, batch->change_count, sizeof(*ret_job->votes));
    ret_job->user_votes = take(room, batch->change_count, sizeof(*ret_job->user_votes));
    ret_job->events = take(room, ret_job->event_count, sizeof(*ret_job->events));
    ret_job->letters = take(room, batch->dead_letter_count, sizeof(*ret_job->letters));
    ret_job->settled = take(room, batch->settled_count, sizeof(*ret_job->settled));
    ret_job->outcomes = take(room, batch->change_count, sizeof(*ret_job->outcomes));
    ret_job->bytes = take(room, bytes, 1);
}

static void release(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct lmdb_rating_job, job));
}

static size_t encode_change(struct lmdb_rating_job *job, size_t at, size_t index,
                            const struct rating_change *change)
{
    size_t length = rating_key_encode_vote(&change->key, job->bytes + at);
    job->entries[index] = (struct lmdb_rating_entry){
        .keys = (uint32_t)at,
        .key_length = (uint16_t)length,
        .record_length = (uint16_t)(1 + change->key.record.id.length),
        .is_delete = change->kind == RATING_DELETE,
        .has_time = change->has_time,
        .skip_unchanged = change->skip_unchanged,
        .hundredths = (int16_t)change->hundredths,
        .time_ms = change->time_ms,
        .offset = change->offset,
    };
    at += length;
    at += rating_key_encode_user_vote(&change->key, job->bytes + at);
    if (change->event_id.length > 0) {
        struct lmdb_rating_entry *entry = &job->entries[index];
        length = rating_key_encode_event(change->key.provider, change->event_id, job->bytes + at);
        entry->event_key_length = (uint16_t)length;
        at += length;
    }
    return at;
}

static size_t encode_letter(struct lmdb_rating_job *job, size_t at, size_t index,
                            const struct rating_dead_letter *letter)
{
    const struct rating_dead_letter_key key = letter_key(letter);
    size_t key_length = rating_key_encode_dead_letter(&key, job->bytes + at);
    size_t value_length = rating_codec_dead_letter_bytes(letter);
    rating_codec_encode_dead_letter(letter, job->bytes + at + key_length);
    job->letters[index] = (struct lmdb_rating_letter){
        .key = (uint32_t)at,
        .key_length = (uint16_t)key_length,
        .value = (uint32_t)(at + key_length),
        .value_length = (uint32_t)value_length,
        .topic_length = (uint16_t)letter->topic.length,
        .partition = letter->partition,
        .offset = letter->offset,
    };
    return at + key_length + value_length;
}

static size_t encode_settled(struct lmdb_rating_job *job, size_t at, size_t index,
                             const struct rating_dead_letter_key *key)
{
    size_t length = rating_key_encode_dead_letter(key, job->bytes + at);
    job->settled[index] =
        (struct lmdb_rating_settled){.key = (uint32_t)at, .key_length = (uint16_t)length};
    return at + length;
}

static size_t encode_source(struct lmdb_rating_job *job, size_t at,
                            const struct rating_source *source)
{
    if (source == NULL || source->topic.length == 0) {
        return at; /* direct */
    }
    memcpy(job->bytes + at, source->topic.data, source->topic.length);
    job->source = (struct rating_source){
        .topic = text_of_bytes(job->bytes + at, source->topic.length),
        .partition = source->partition,
    };
    return at + source->topic.length;
}

static void encode_position(struct lmdb_rating_job *job, const struct rating_batch *batch)
{
    job->has_position = batch->position != NULL;
    if (job->has_position) {
        job->from_offset = batch->from_offset;
        job->position.next_offset = batch->position->next_offset;
        job->position.epoch = batch->position->epoch;
        job->position_key_length = rating_key_encode_position(
            batch->position->topic, batch->position->partition, job->position_key);
    }
}

static void encode(struct lmdb_rating_job *job, const struct rating_batch *batch)
{
    size_t at = 0;
    for (size_t i = 0; i < batch->change_count; i++) {
        at = encode_change(job, at, i, &batch->changes[i]);
    }
    for (size_t i = 0; i < batch->dead_letter_count; i++) {
        at = encode_letter(job, at, i, &batch->dead_letters[i]);
    }
    for (size_t i = 0; i < batch->settled_count; i++) {
        at = encode_settled(job, at, i, &batch->settled[i]);
    }
    (void)encode_source(job, at, batch->source); /* the last */
    encode_position(job, batch);
}

struct lmdb_rating_job *lmdb_rating_job_create(const struct rating_batch *batch)
{
    size_t bytes = encoded_bytes(batch);
    struct lmdb_rating_job parts = {
        .now_ms = clock_wall_ms(),
        .entry_count = batch->change_count,
        .event_count = count_events(batch),
        .letter_count = batch->dead_letter_count,
        .settled_count = batch->settled_count,
        .job = {.apply = lmdb_rating_apply, .release = release},
    };
    struct room room = {.base = NULL};
    lay_out(&room, batch, bytes, &parts);
    parts.job.bytes = room.used;
    /* Past the limit of offsets it is also past what may wait: refused by its size. */
    if (bytes > UINT32_MAX) {
        return NULL;
    }
    room = (struct room){.base = malloc(room.used)};
    if (room.base == NULL) {
        return NULL;
    }
    lay_out(&room, batch, bytes, &parts);
    struct lmdb_rating_job *job = (struct lmdb_rating_job *)(void *)room.base;
    *job = parts;
    encode(job, batch);
    return job;
}
