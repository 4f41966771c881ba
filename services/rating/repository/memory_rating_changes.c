/* The change log: each record is a chunk of its own, under its sequence. */
#include "rating/repository/memory_rating_private.h"
#include "rating/repository/rating_change_chunk.h"
#include "rating/repository/rating_page.h"

static struct text encode_sequence(int64_t sequence, char key[static RATING_SEQUENCE_KEY_BYTES])
{
    rating_key_encode_sequence(sequence, key);
    return text_of_bytes(key, RATING_SEQUENCE_KEY_BYTES);
}

void memory_rating_log(struct memory_rating_repository *self, int64_t now_ms,
                       const struct rating_source *source, int64_t offset,
                       const struct vote_key *vote, const struct vote_state *state)
{
    char value[RATING_CHUNK_BYTES_MAX];
    char key[RATING_SEQUENCE_KEY_BYTES];
    char vote_key[RATING_VOTE_KEY_BYTES_MAX];
    struct rating_chunk_record record = {.kind = RATING_RECORD_DEAD_LETTER, .offset = offset};
    if (vote != NULL) {
        record.kind = state->deleted ? RATING_RECORD_DELETE : RATING_RECORD_PUT;
        record.vote_key = text_of_bytes(vote_key, rating_key_encode_vote(vote, vote_key));
        record.hundredths = state->hundredths;
        record.time_ms = state->time_ms;
    }
    const struct rating_chunk_head head = {.time_ms = now_ms, .source = *source, .count = 1};
    char *end = rating_chunk_put_record(rating_chunk_put_head(value, &head), &record);
    self->last_sequence++;
    ordered_map_put(self->changes, encode_sequence(self->last_sequence, key), value,
                    (size_t)(end - value));
}

static enum status copy_change(struct call *call, const struct ordered_map_entry *entry,
                               struct rating_change_record *ret_record)
{
    struct rating_chunk_reader reader;
    struct rating_change_record record;
    int64_t sequence;
    CHECK(rating_key_decode_sequence(entry->key, &sequence) &&
          rating_chunk_open(text_of_bytes(entry->value, entry->value_size), sequence, &reader) &&
          rating_chunk_next(&reader, &record));
    return rating_page_copy_change(call, &record, ret_record);
}

static enum status list_locked(struct memory_rating_repository *self, struct call *call,
                               int64_t after, size_t limit, struct rating_change_record *records,
                               size_t *ret_count)
{
    if (after < self->trimmed || after > self->last_sequence) {
        return rating_page_fail_range(call);
    }
    char key[RATING_SEQUENCE_KEY_BYTES];
    enum status status = STATUS_OK;
    size_t count = 0;
    const struct ordered_map_entry *entry =
        memory_rating_seek_after(self->changes, encode_sequence(after, key));
    while (entry != NULL && count < limit && status == STATUS_OK) {
        status = copy_change(call, entry, &records[count++]);
        entry = ordered_map_next(entry);
    }
    if (status == STATUS_OK) {
        *ret_count = count;
    }
    return status;
}

enum status memory_rating_list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                       struct rating_change_record **ret_records, size_t *ret_count)
{
    struct memory_rating_repository *self = state;
    struct rating_change_record *records = rating_page_alloc(call, limit, sizeof(*records));
    if (records == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    pthread_mutex_lock(&self->lock);
    enum status status = list_locked(self, call, after, limit, records, ret_count);
    pthread_mutex_unlock(&self->lock);
    if (status == STATUS_OK) {
        *ret_records = records;
    }
    return status;
}

enum status memory_rating_get_change_range(void *state, struct call *call,
                                           struct rating_change_range *ret_range)
{
    (void)call;
    struct memory_rating_repository *self = state;
    pthread_mutex_lock(&self->lock);
    *ret_range =
        (struct rating_change_range){.first = self->trimmed + 1, .last = self->last_sequence};
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}

enum status memory_rating_await_change(void *state, struct call *call, int64_t after)
{
    struct memory_rating_repository *self = state;
    return rating_watch_wait(self->watch, call, after);
}

enum status memory_rating_trim_changes(void *state, struct call *call, int64_t through)
{
    struct memory_rating_repository *self = state;
    enum status status = call_check(call);
    if (status != STATUS_OK) {
        return status;
    }
    char key[RATING_SEQUENCE_KEY_BYTES];
    pthread_mutex_lock(&self->lock);
    while (self->trimmed < through && self->trimmed < self->last_sequence) {
        self->trimmed++;
        ordered_map_remove(self->changes, encode_sequence(self->trimmed, key));
    }
    pthread_mutex_unlock(&self->lock);
    return STATUS_OK;
}
