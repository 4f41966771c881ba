#include "rating/repository/rating_key.h"

_Static_assert(RATING_EXPIRY_KEY_BYTES_MAX <= 511 && RATING_DEAD_LETTER_KEY_BYTES_MAX <= 511,
               "LMDB takes keys of at most 511 bytes");

static bool part_fits(struct text part, size_t bytes_max)
{
    return part.length <= bytes_max && text_find(part, 0, '\0') == part.length;
}

enum status rating_key_check_vote(struct call *call, const struct vote_key *key)
{
    return part_fits(key->record.id, RATING_RECORD_BYTES_MAX) &&
                   part_fits(key->provider, RATING_PROVIDER_BYTES_MAX) &&
                   part_fits(key->user, RATING_USER_BYTES_MAX)
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT,
                           "a record, provider or user id is too long or has a NUL in it");
}

enum status rating_key_check_record(struct call *call, struct record_key record)
{
    const struct vote_key parts = {.record = record};
    return rating_key_check_vote(call, &parts);
}

enum status rating_key_check_records(struct call *call,
                                     const struct rating_stored_aggregate *aggregates, size_t count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = rating_key_check_record(call, aggregates[i].record);
    }
    return status;
}

enum status rating_key_check_topic(struct call *call, struct text topic)
{
    return part_fits(topic, RATING_TOPIC_BYTES_MAX)
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT, "a topic is too long or has a NUL in it");
}

static enum status check_change(struct call *call, const struct rating_change *change)
{
    if (!part_fits(change->event_id, RATING_EVENT_ID_BYTES_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "an event id is too long or has a NUL in it");
    }
    return rating_key_check_vote(call, &change->key);
}

enum status rating_key_check_batch(struct call *call, const struct rating_batch *batch)
{
    CHECK(batch->change_count <= RATING_REPOSITORY_BATCH_MAX &&
          batch->dead_letter_count <= RATING_REPOSITORY_BATCH_MAX &&
          batch->settled_count <= RATING_REPOSITORY_BATCH_MAX);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->change_count && status == STATUS_OK; i++) {
        status = check_change(call, &batch->changes[i]);
    }
    for (size_t i = 0; i < batch->dead_letter_count && status == STATUS_OK; i++) {
        status = rating_key_check_topic(call, batch->dead_letters[i].topic);
    }
    for (size_t i = 0; i < batch->settled_count && status == STATUS_OK; i++) {
        status = rating_key_check_topic(call, batch->settled[i].topic);
    }
    if (status == STATUS_OK && batch->source != NULL) {
        status = rating_key_check_topic(call, batch->source->topic);
    }
    if (status == STATUS_OK && batch->position != NULL) {
        status = rating_key_check_topic(call, batch->position->topic);
    }
    return status;
}

enum status rating_key_check_lease(struct call *call, struct text name, struct text owner)
{
    return name.length > 0 && part_fits(name, RATING_REPOSITORY_NAME_BYTES_MAX) &&
                   owner.length > 0 && part_fits(owner, RATING_REPOSITORY_NAME_BYTES_MAX)
               ? STATUS_OK
               : call_fail(call, STATUS_INVALID_ARGUMENT,
                           "a lease's name or owner is empty, too long or has a NUL in it");
}

static char *put_text(char *at, struct text text)
{
    if (text.length > 0) {
        memcpy(at, text.data, text.length);
    }
    return at + text.length;
}

static char *put_byte(char *at, unsigned value)
{
    *at = (char)value;
    return at + 1;
}

static char *put_record(char *at, struct record_key record)
{
    return put_text(put_byte(at, record.type), record.id);
}

/* Big-endian with the sign bit turned: negative numbers sort first. */
static char *put_number(char *at, int64_t value, unsigned bytes)
{
    uint64_t bits = (uint64_t)value ^ (UINT64_C(1) << (bytes * 8 - 1));
    for (unsigned i = bytes; i-- > 0;) {
        at = put_byte(at, (unsigned)(bits >> (i * 8)) & 0xff);
    }
    return at;
}

/* The same way back; of 4 bytes, to be cut to int32_t. */
static int64_t take_number(const char *at, unsigned bytes)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < bytes; i++) {
        bits = bits << 8 | (unsigned char)at[i];
    }
    return (int64_t)(bits ^ (UINT64_C(1) << (bytes * 8 - 1)));
}

size_t rating_key_encode_record(struct record_key record,
                                char key[static RATING_RECORD_KEY_BYTES_MAX])
{
    return (size_t)(put_record(key, record) - key);
}

size_t rating_key_vote_bytes(const struct vote_key *vote)
{
    return 1 + vote->record.id.length + 1 + vote->provider.length + 1 + vote->user.length;
}

size_t rating_key_encode_vote(const struct vote_key *vote, char *key)
{
    char *at = put_byte(put_record(key, vote->record), 0);
    at = put_byte(put_text(at, vote->provider), 0);
    return (size_t)(put_text(at, vote->user) - key);
}

size_t rating_key_encode_user_vote(const struct vote_key *vote, char *key)
{
    char *at = put_byte(put_text(key, vote->user), 0);
    at = put_byte(put_record(at, vote->record), 0);
    return (size_t)(put_text(at, vote->provider) - key);
}

size_t rating_key_encode_position(struct text topic, int32_t partition,
                                  char key[static RATING_POSITION_KEY_BYTES_MAX])
{
    return (size_t)(put_number(put_byte(put_text(key, topic), 0), partition, 4) - key);
}

size_t rating_key_encode_dead_letter(const struct rating_dead_letter_key *letter, char *key)
{
    char *at = put_number(put_byte(put_text(key, letter->topic), 0), letter->partition, 4);
    return (size_t)(put_number(at, letter->offset, 8) - key);
}

size_t rating_key_encode_event(struct text provider, struct text event_id, char *key)
{
    return (size_t)(put_text(put_byte(put_text(key, provider), 0), event_id) - key);
}

size_t rating_key_encode_expiry(const struct rating_expiry *expiry, char *key)
{
    char *at = put_number(put_byte(key, expiry->kind), expiry->taken_ms, 8);
    return (size_t)(put_text(at, expiry->key) - key);
}

void rating_key_encode_sequence(int64_t sequence, char key[static RATING_SEQUENCE_KEY_BYTES])
{
    (void)put_number(key, sequence, RATING_SEQUENCE_KEY_BYTES); /* the end is known */
}

bool rating_key_decode_vote(struct text key, struct vote_key *ret_vote)
{
    size_t record_end = text_find(key, 1, '\0');
    if (record_end >= key.length) {
        return false;
    }
    size_t provider_end = text_find(key, record_end + 1, '\0');
    if (provider_end >= key.length) {
        return false;
    }
    *ret_vote = (struct vote_key){
        .record = {.type = (enum record_type)(unsigned char)key.data[0],
                   .id = text_slice(key, 1, record_end)},
        .provider = text_slice(key, record_end + 1, provider_end),
        .user = text_slice(key, provider_end + 1, key.length),
    };
    return true;
}

bool rating_key_decode_record(struct text key, struct record_key *ret_record)
{
    if (key.length == 0) {
        return false;
    }
    *ret_record = (struct record_key){.type = (enum record_type)(unsigned char)key.data[0],
                                      .id = text_slice(key, 1, key.length)};
    return true;
}

bool rating_key_decode_user_vote(struct text key, struct vote_key *ret_vote)
{
    size_t user_end = text_find(key, 0, '\0');
    size_t record_end = text_find(key, user_end + 2, '\0');
    if (user_end + 2 > key.length || record_end >= key.length) {
        return false;
    }
    *ret_vote = (struct vote_key){
        .user = text_slice(key, 0, user_end),
        .record = {.type = (enum record_type)(unsigned char)key.data[user_end + 1],
                   .id = text_slice(key, user_end + 2, record_end)},
        .provider = text_slice(key, record_end + 1, key.length),
    };
    return true;
}

bool rating_key_decode_dead_letter(struct text key, struct rating_dead_letter_key *ret_letter)
{
    size_t topic_end = text_find(key, 0, '\0');
    if (key.length != topic_end + 1 + 4 + 8) {
        return false;
    }
    *ret_letter = (struct rating_dead_letter_key){
        .topic = text_slice(key, 0, topic_end),
        .partition = (int32_t)take_number(key.data + topic_end + 1, 4),
        .offset = take_number(key.data + topic_end + 1 + 4, 8),
    };
    return true;
}

bool rating_key_decode_expiry(struct text key, struct rating_expiry *ret_expiry)
{
    if (key.length < RATING_EXPIRY_HEAD_BYTES) {
        return false;
    }
    *ret_expiry = (struct rating_expiry){
        .kind = (enum rating_expiry_kind)(unsigned char)key.data[0],
        .taken_ms = take_number(key.data + 1, 8),
        .key = text_slice(key, RATING_EXPIRY_HEAD_BYTES, key.length),
    };
    return true;
}

bool rating_key_decode_sequence(struct text key, int64_t *ret_sequence)
{
    if (key.length != RATING_SEQUENCE_KEY_BYTES) {
        return false;
    }
    *ret_sequence = take_number(key.data, RATING_SEQUENCE_KEY_BYTES);
    return true;
}
