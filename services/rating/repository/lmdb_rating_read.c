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

/* LMDB's codes. */
static int read_aggregates(struct lmdb_store *store, MDB_txn *txn,
                           struct rating_stored_aggregate *aggregates, size_t count)
{
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        MDB_val key = lmdb_rating_value(
            text_of_bytes(bytes, rating_key_encode_record(aggregates[i].record, bytes)));
        MDB_val value;
        aggregates[i].aggregate = (struct rating_aggregate){.count = 0};
        code = mdb_get(txn, lmdb_store_map(store, LMDB_RATING_AGGREGATES), &key, &value);
        if (code == 0 && !decode_aggregate(lmdb_rating_text(value), &aggregates[i].aggregate)) {
            code = MDB_CORRUPTED;
        }
        code = code == MDB_NOTFOUND ? 0 : code;
    }
    return code;
}

enum status lmdb_rating_get_aggregates(void *state, struct call *call,
                                       struct rating_stored_aggregate *aggregates, size_t count)
{
    const struct lmdb_rating_repository *self = state;
    struct lmdb_reader *reader;
    enum status status = rating_key_check_records(call, aggregates, count);
    if (status == STATUS_OK) {
        status = lmdb_store_read_begin(self->store, call, &reader);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int code = read_aggregates(self->store, reader->txn, aggregates, count);
    lmdb_store_read_end(self->store, reader);
    return code == 0 ? STATUS_OK
                     : lmdb_store_fail_call(self->store, call, code, "reading aggregates");
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
