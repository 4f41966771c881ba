/* Listing all votes and all aggregates, page by page. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_page.h"

static enum status take_vote(void *page, struct call *call, size_t index, struct text key,
                             struct text value, bool *ret_ok)
{
    struct rating_stored_vote *votes = page;
    struct vote_key parts;
    struct vote_state state;
    *ret_ok = rating_key_decode_vote(key, &parts) && rating_codec_decode_vote(value, &state);
    return *ret_ok ? rating_page_copy_stored_vote(call, &parts, &state, &votes[index])
                   : STATUS_DATA_LOSS;
}

enum status lmdb_rating_list_votes(void *state, struct call *call, const struct vote_key *after,
                                   size_t limit, struct rating_stored_vote **ret_votes,
                                   size_t *ret_count)
{
    const struct lmdb_rating_repository *self = state;
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    enum status status = after != NULL ? rating_key_check_vote(call, after) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_stored_vote *votes = rating_page_alloc(call, limit, sizeof(*votes));
    if (votes == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    const struct lmdb_rating_walk walk = {
        .map = LMDB_RATING_VOTES,
        .after = text_of_bytes(bytes, after != NULL ? rating_key_encode_vote(after, bytes) : 0),
        .limit = limit,
        .what = "listing votes",
        .take = take_vote,
        .page = votes,
    };
    status = lmdb_rating_walk(self->store, call, &walk, ret_count);
    if (status == STATUS_OK) {
        *ret_votes = votes;
    }
    return status;
}

static enum status take_aggregate(void *page, struct call *call, size_t index, struct text key,
                                  struct text value, bool *ret_ok)
{
    struct rating_stored_aggregate *aggregates = page;
    struct record_key record;
    *ret_ok = rating_key_decode_record(key, &record) &&
              rating_codec_decode_aggregate(value, &aggregates[index].aggregate);
    return *ret_ok ? rating_page_copy_record(call, record, &aggregates[index].record)
                   : STATUS_DATA_LOSS;
}

enum status lmdb_rating_list_aggregates(void *state, struct call *call,
                                        const struct record_key *after, size_t limit,
                                        struct rating_stored_aggregate **ret_aggregates,
                                        size_t *ret_count)
{
    const struct lmdb_rating_repository *self = state;
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    enum status status = after != NULL ? rating_key_check_record(call, *after) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_stored_aggregate *aggregates =
        rating_page_alloc(call, limit, sizeof(*aggregates));
    if (aggregates == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    const struct lmdb_rating_walk walk = {
        .map = LMDB_RATING_AGGREGATES,
        .after = text_of_bytes(bytes, after != NULL ? rating_key_encode_record(*after, bytes) : 0),
        .limit = limit,
        .what = "listing aggregates",
        .take = take_aggregate,
        .page = aggregates,
    };
    status = lmdb_rating_walk(self->store, call, &walk, ret_count);
    if (status == STATUS_OK) {
        *ret_aggregates = aggregates;
    }
    return status;
}
