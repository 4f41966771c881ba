#include "rating/repository/rating_codec.h"

enum { FLAG_DELETED = 1 };

static char *put_number(char *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (char)(value >> (i * 8) & 0xff);
    }
    return at + bytes;
}

static uint64_t take_number(const char **at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)(unsigned char)(*at)[i] << (i * 8);
    }
    *at += bytes;
    return value;
}

void rating_codec_encode_vote(const struct vote_state *state,
                              char value[static RATING_VOTE_VALUE_BYTES])
{
    char *at = put_number(value, (uint64_t)state->hundredths, 2);
    at = put_number(at, state->deleted ? FLAG_DELETED : 0, 1);
    at = put_number(at, 0, 1);
    (void)put_number(at, (uint64_t)state->time_ms, 8); /* the end is known */
}

bool rating_codec_decode_vote(struct text value, struct vote_state *ret_state)
{
    if (value.length != RATING_VOTE_VALUE_BYTES) {
        return false;
    }
    const char *at = value.data;
    struct vote_state state = {.exists = true, .hundredths = (int32_t)take_number(&at, 2)};
    state.deleted = (take_number(&at, 1) & FLAG_DELETED) != 0;
    at++;
    state.time_ms = (int64_t)take_number(&at, 8);
    if (state.hundredths > RATING_HUNDREDTHS_MAX) {
        return false;
    }
    *ret_state = state;
    return true;
}

void rating_codec_encode_aggregate(const struct rating_aggregate *aggregate,
                                   char value[static RATING_AGGREGATE_VALUE_BYTES])
{
    char *at = put_number(value, aggregate->count, 8);
    at = put_number(at, aggregate->sum_hundredths, 8);
    for (unsigned i = 0; i < RATING_BIN_COUNT; i++) {
        at = put_number(at, aggregate->histogram[i], 4);
    }
}

bool rating_codec_decode_aggregate(struct text value, struct rating_aggregate *ret_aggregate)
{
    if (value.length != RATING_AGGREGATE_VALUE_BYTES) {
        return false;
    }
    const char *at = value.data;
    ret_aggregate->count = take_number(&at, 8);
    ret_aggregate->sum_hundredths = take_number(&at, 8);
    for (unsigned i = 0; i < RATING_BIN_COUNT; i++) {
        ret_aggregate->histogram[i] = (uint32_t)take_number(&at, 4);
    }
    return true;
}

static char *put_text(char *at, struct text text)
{
    if (text.length > 0) {
        memcpy(at, text.data, text.length);
    }
    return at + text.length;
}

void rating_codec_encode_position(const struct rating_position *position,
                                  char value[static RATING_POSITION_VALUE_BYTES])
{
    char *at = put_number(value, (uint64_t)position->next_offset, 8);
    (void)put_number(at, (uint64_t)position->epoch, 8); /* the end is known */
}

bool rating_codec_decode_position(struct text value, struct rating_position *position)
{
    if (value.length != RATING_POSITION_VALUE_BYTES) {
        return false;
    }
    const char *at = value.data;
    position->next_offset = (int64_t)take_number(&at, 8);
    position->epoch = (int64_t)take_number(&at, 8);
    return true;
}

void rating_codec_encode_time(int64_t time_ms, char value[static RATING_TIME_VALUE_BYTES])
{
    (void)put_number(value, (uint64_t)time_ms, RATING_TIME_VALUE_BYTES); /* the end is known */
}

bool rating_codec_decode_time(struct text value, int64_t *ret_time_ms)
{
    if (value.length != RATING_TIME_VALUE_BYTES) {
        return false;
    }
    const char *at = value.data;
    *ret_time_ms = (int64_t)take_number(&at, RATING_TIME_VALUE_BYTES);
    return true;
}

size_t rating_codec_encode_lease(int64_t until_ms, struct text owner,
                                 char value[static RATING_LEASE_VALUE_BYTES_MAX])
{
    return (size_t)(put_text(put_number(value, (uint64_t)until_ms, 8), owner) - value);
}

bool rating_codec_decode_lease(struct text value, int64_t *ret_until_ms, struct text *ret_owner)
{
    if (value.length < RATING_TIME_VALUE_BYTES) {
        return false;
    }
    const char *at = value.data;
    *ret_until_ms = (int64_t)take_number(&at, RATING_TIME_VALUE_BYTES);
    *ret_owner = text_slice(value, RATING_TIME_VALUE_BYTES, value.length);
    return true;
}

size_t rating_codec_dead_letter_bytes(const struct rating_dead_letter *letter)
{
    return RATING_DEAD_LETTER_VALUE_BYTES_MIN + letter->reason.length + letter->payload.length;
}

void rating_codec_encode_dead_letter(const struct rating_dead_letter *letter, char *value)
{
    char *at = put_number(value, (uint64_t)letter->time_ms, 8);
    at = put_number(at, letter->reason.length, 4);
    at = put_text(at, letter->reason);
    (void)put_text(at, letter->payload); /* the end is known */
}

bool rating_codec_decode_dead_letter(struct text value, struct rating_dead_letter *letter)
{
    if (value.length < RATING_DEAD_LETTER_VALUE_BYTES_MIN) {
        return false;
    }
    const char *at = value.data;
    letter->time_ms = (int64_t)take_number(&at, 8);
    size_t reason_end = RATING_DEAD_LETTER_VALUE_BYTES_MIN + (size_t)take_number(&at, 4);
    if (reason_end > value.length) {
        return false;
    }
    letter->reason = text_slice(value, RATING_DEAD_LETTER_VALUE_BYTES_MIN, reason_end);
    letter->payload = text_slice(value, reason_end, value.length);
    return true;
}
