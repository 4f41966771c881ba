/* A batch with its texts as one flat allocation. */
#include <stdlib.h>

#include "base/clock.h"
#include "rating/repository/postgres_rating_private.h"

/* What is still free of an allocation; with base NULL it only measures. */
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

static char *take_bytes(struct room *room, size_t count)
{
    char *bytes = room->base != NULL ? room->base + room->used : NULL;
    room->used += count;
    return bytes;
}

static struct text copy_text(struct room *room, struct text text)
{
    char *bytes = take_bytes(room, text.length);
    if (bytes != NULL && text.length > 0) {
        memcpy(bytes, text.data, text.length);
    }
    return text_of_bytes(bytes, text.length);
}

/* The vote's parts lie within its encoded key. */
static struct vote_key key_within(const struct vote_key *given, const char *key)
{
    struct vote_key parts = *given;
    key += 1;
    parts.record.id = text_of_bytes(key, given->record.id.length);
    key += given->record.id.length + 1;
    parts.provider = text_of_bytes(key, given->provider.length);
    key += given->provider.length + 1;
    parts.user = text_of_bytes(key, given->user.length);
    return parts;
}

static void copy_changes(struct room *room, const struct rating_batch *batch, struct text *keys,
                         struct rating_change *changes)
{
    for (size_t i = 0; i < batch->change_count; i++) {
        size_t length = rating_key_vote_bytes(&batch->changes[i].key);
        char *key = take_bytes(room, length);
        struct text event_id = copy_text(room, batch->changes[i].event_id);
        if (key != NULL) {
            (void)rating_key_encode_vote(&batch->changes[i].key, key); /* as long as was said */
            keys[i] = text_of_bytes(key, length);
            changes[i] = batch->changes[i];
            changes[i].key = key_within(&batch->changes[i].key, key);
            changes[i].event_id = event_id;
        }
    }
}

static void copy_letters(struct room *room, const struct rating_batch *batch,
                         struct rating_dead_letter *letters, struct rating_dead_letter_key *settled)
{
    for (size_t i = 0; i < batch->dead_letter_count; i++) {
        struct rating_dead_letter letter = batch->dead_letters[i];
        letter.topic = copy_text(room, letter.topic);
        letter.reason = copy_text(room, letter.reason);
        letter.payload = copy_text(room, letter.payload);
        if (letters != NULL) {
            letters[i] = letter;
        }
    }
    for (size_t i = 0; i < batch->settled_count; i++) {
        struct rating_dead_letter_key key = batch->settled[i];
        key.topic = copy_text(room, key.topic);
        if (settled != NULL) {
            settled[i] = key;
        }
    }
}

/* Divides the room and fills it. */
static void lay_out(struct room *room, const struct rating_batch *batch,
                    struct postgres_rating_job *job)
{
    (void)take(room, 1, sizeof(*job)); /* the job itself */
    struct rating_change *changes = take(room, batch->change_count, sizeof(*changes));
    struct text *keys = take(room, batch->change_count, sizeof(*keys));
    struct rating_dead_letter *letters = take(room, batch->dead_letter_count, sizeof(*letters));
    struct rating_dead_letter_key *settled = take(room, batch->settled_count, sizeof(*settled));
    enum rating_outcome *outcomes = take(room, batch->change_count, sizeof(*outcomes));
    copy_changes(room, batch, keys, changes);
    copy_letters(room, batch, letters, settled);
    job->keys = keys;
    job->batch = *batch;
    job->batch.changes = changes;
    job->batch.dead_letters = letters;
    job->batch.settled = settled;
    job->batch.outcomes = outcomes;
    if (batch->source != NULL) {
        job->source = *batch->source;
        job->source.topic = copy_text(room, batch->source->topic);
    }
    if (batch->position != NULL) {
        job->position = *batch->position;
        job->position.topic = copy_text(room, batch->position->topic);
    }
}

static void release(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct postgres_rating_job, job));
}

struct postgres_rating_job *postgres_rating_job_create(const struct rating_batch *batch)
{
    struct postgres_rating_job parts = {.now_ms = clock_wall_ms()};
    struct room room = {.base = NULL};
    lay_out(&room, batch, &parts);
    parts.job = (struct group_commit_job){.apply = postgres_rating_job_apply, .release = release};
    parts.job.bytes = room.used;
    room = (struct room){.base = malloc(room.used)};
    if (room.base == NULL) {
        return NULL;
    }
    lay_out(&room, batch, &parts);
    struct postgres_rating_job *job = (struct postgres_rating_job *)(void *)room.base;
    *job = parts;
    /* Into the job itself, not into where it was made. */
    job->batch.source = batch->source != NULL ? &job->source : NULL;
    job->batch.position = batch->position != NULL ? &job->position : NULL;
    return job;
}
