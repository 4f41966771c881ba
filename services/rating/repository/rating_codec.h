/* rating_codec.h: the values under which ratings are kept in a store: fixed sizes, little-endian,
 * so that they are replaced in place and a file can be moved to another machine. */
#pragma once

#include "rating/model/vote_state.h"
#include "rating/repository/rating_repository.h"

enum {
    RATING_VOTE_VALUE_BYTES = 12,                                /* hundredths, flags, 0, time */
    RATING_AGGREGATE_VALUE_BYTES = 8 + 8 + 4 * RATING_BIN_COUNT, /* count, sum, histogram */
    RATING_POSITION_VALUE_BYTES = 8 + 8,                         /* offset, epoch */
    RATING_TIME_VALUE_BYTES = 8,
    RATING_LEASE_VALUE_BYTES_MAX = 8 + RATING_REPOSITORY_NAME_BYTES_MAX, /* until when; owner */
    RATING_DEAD_LETTER_VALUE_BYTES_MIN = 8 + 4, /* time, the reason's length; reason, payload */
};

void rating_codec_encode_vote(const struct vote_state *state,
                              char value[static RATING_VOTE_VALUE_BYTES]);
void rating_codec_encode_aggregate(const struct rating_aggregate *aggregate,
                                   char value[static RATING_AGGREGATE_VALUE_BYTES]);

/* The topic and the partition are its key. */
void rating_codec_encode_position(const struct rating_position *position,
                                  char value[static RATING_POSITION_VALUE_BYTES]);
void rating_codec_encode_time(int64_t time_ms, char value[static RATING_TIME_VALUE_BYTES]);

/* Returns the value's length. */
size_t rating_codec_encode_lease(int64_t until_ms, struct text owner,
                                 char value[static RATING_LEASE_VALUE_BYTES_MAX]);

/* value: rating_codec_dead_letter_bytes() of room. */
size_t rating_codec_dead_letter_bytes(const struct rating_dead_letter *letter);
void rating_codec_encode_dead_letter(const struct rating_dead_letter *letter, char *value);

/* false: malformed, so the store is damaged. */
MUST_USE bool rating_codec_decode_vote(struct text value, struct vote_state *ret_state);
MUST_USE bool rating_codec_decode_aggregate(struct text value,
                                            struct rating_aggregate *ret_aggregate);
/* Writes the offset and the epoch. */
MUST_USE bool rating_codec_decode_position(struct text value, struct rating_position *position);
MUST_USE bool rating_codec_decode_time(struct text value, int64_t *ret_time_ms);
MUST_USE bool rating_codec_decode_lease(struct text value, int64_t *ret_until_ms,
                                        struct text *ret_owner);

/* Writes time, reason and payload, the texts borrowed from the value. */
MUST_USE bool rating_codec_decode_dead_letter(struct text value, struct rating_dead_letter *letter);
