/* Point reads of votes and aggregates: on the loop's thread, in a pooled read transaction,
 * microseconds each. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_page.h"

static bool decode_aggregate(struct text value, void *ret_decoded)
{
    return rating_codec_decode_aggregate(value, ret_decoded);
}

static bool decode_vote(struct text value, void *ret_decoded)
{
    return rating_codec_decode_vote(value, ret_decoded);
}

enum status lmdb_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                      struct rating_aggregate *ret_aggregate)
{
    const struct lmdb_rating_repository *self = state;
    enum status status = rating_key_check_record(call, record);
    if (status != STATUS_OK) {
        return status;
    }
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    const struct lmdb_rating_lookup lookup = {
        .map = LMDB_RATING_AGGREGATES,
        .key = text_of_bytes(bytes, rating_key_encode_record(record, bytes)),
        .what = "reading an aggregate",
        .decode = decode_aggregate,
        .ret_decoded = ret_aggregate,
    };
    return lmdb_rating_look_up(self->store, call, &lookup);
}

enum status lmdb_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                 struct vote *ret_vote)
{
    const struct lmdb_rating_repository *self = state;
    enum status status = rating_key_check_vote(call, key);
    if (status != STATUS_OK) {
        return status;
    }
    struct vote_state vote = {.exists = false};
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    const struct lmdb_rating_lookup lookup = {
        .map = LMDB_RATING_VOTES,
        .key = text_of_bytes(bytes, rating_key_encode_vote(key, bytes)),
        .what = "reading a vote",
        .decode = decode_vote,
        .ret_decoded = &vote,
    };
    status = lmdb_rating_look_up(self->store, call, &lookup);
    if (status != STATUS_OK) {
        return status;
    }
    return vote_state_counts(&vote) ? rating_page_copy_vote(call, key, &vote, ret_vote)
                                    : STATUS_NOT_FOUND;
}
