/* rating_key.h: the keys under which ratings are kept, so that byte order is the order of pages.
 *
 *   vote         type id NUL provider NUL user      record by record
 *   user's vote  user NUL type id NUL provider      the same parts, user by user
 *   record       type id                            what a vote's key starts with
 *   position     topic NUL partition
 *   dead letter  topic NUL partition offset
 *   event        provider NUL event id
 *   expiry       kind time key                      the key of an event or a tombstone's vote
 *   sequence     number                             of a record of the change log
 *
 * The type is a byte, numbers are big-endian with the sign bit turned. No text has a NUL in it, and
 * NUL sorts before everything, so a text sorts before those that it starts. */
#pragma once

#include "rating/repository/rating_repository.h"

enum {
    RATING_RECORD_KEY_BYTES_MAX = 1 + RATING_RECORD_BYTES_MAX,
    RATING_VOTE_KEY_BYTES_MAX =
        RATING_RECORD_KEY_BYTES_MAX + 1 + RATING_PROVIDER_BYTES_MAX + 1 + RATING_USER_BYTES_MAX,
    RATING_POSITION_KEY_BYTES_MAX = RATING_TOPIC_BYTES_MAX + 1 + 4,
    RATING_DEAD_LETTER_KEY_BYTES_MAX = RATING_POSITION_KEY_BYTES_MAX + 8,
    RATING_EVENT_KEY_BYTES_MAX = RATING_PROVIDER_BYTES_MAX + 1 + RATING_EVENT_ID_BYTES_MAX,
    RATING_EXPIRY_HEAD_BYTES = 1 + 8,
    RATING_EXPIRY_KEY_BYTES_MAX = RATING_EXPIRY_HEAD_BYTES + RATING_VOTE_KEY_BYTES_MAX,
    RATING_SEQUENCE_KEY_BYTES = 8,
};

/* What is forgotten after a while. The numbers are kept in stores. */
enum rating_expiry_kind { RATING_EXPIRY_EVENT = 1, RATING_EXPIRY_TOMBSTONE = 2 };

struct rating_expiry {
    enum rating_expiry_kind kind;
    int64_t taken_ms; /* since when it is kept */
    struct text key;
};

/* STATUS_INVALID_ARGUMENT: a part is longer than its limit or has a NUL in it. */
MUST_USE enum status rating_key_check_vote(struct call *call, const struct vote_key *key);
MUST_USE enum status rating_key_check_record(struct call *call, struct record_key record);
MUST_USE enum status rating_key_check_records(struct call *call,
                                              const struct rating_stored_aggregate *aggregates,
                                              size_t count);
MUST_USE enum status rating_key_check_topic(struct call *call, struct text topic);
MUST_USE enum status rating_key_check_batch(struct call *call, const struct rating_batch *batch);
MUST_USE enum status rating_key_check_lease(struct call *call, struct text name, struct text owner);

/* Each writes a key that was checked and returns its length. A vote's and a user's vote's key are
 * of the same length. */
size_t rating_key_encode_record(struct record_key record,
                                char key[static RATING_RECORD_KEY_BYTES_MAX]);
size_t rating_key_encode_vote(const struct vote_key *vote, char *key);
size_t rating_key_encode_user_vote(const struct vote_key *vote, char *key);
size_t rating_key_vote_bytes(const struct vote_key *vote);
size_t rating_key_encode_position(struct text topic, int32_t partition,
                                  char key[static RATING_POSITION_KEY_BYTES_MAX]);
size_t rating_key_encode_dead_letter(const struct rating_dead_letter_key *letter, char *key);
size_t rating_key_encode_event(struct text provider, struct text event_id, char *key);
size_t rating_key_encode_expiry(const struct rating_expiry *expiry, char *key);
void rating_key_encode_sequence(int64_t sequence, char key[static RATING_SEQUENCE_KEY_BYTES]);

/* The parts, borrowed from the bytes. false: malformed, so the store is damaged. */
MUST_USE bool rating_key_decode_vote(struct text key, struct vote_key *ret_vote);
MUST_USE bool rating_key_decode_user_vote(struct text key, struct vote_key *ret_vote);
MUST_USE bool rating_key_decode_record(struct text key, struct record_key *ret_record);
MUST_USE bool rating_key_decode_dead_letter(struct text key,
                                            struct rating_dead_letter_key *ret_letter);
MUST_USE bool rating_key_decode_expiry(struct text key, struct rating_expiry *ret_expiry);
MUST_USE bool rating_key_decode_sequence(struct text key, int64_t *ret_sequence);
