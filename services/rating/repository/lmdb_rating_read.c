/* Point reads: on the loop's thread, in a pooled read transaction, microseconds each. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_page.h"

/* What is looked up, and where the decoded value goes. */
struct lookup {
    enum lmdb_rating_map map;
    struct text key;
    const char *what;
    bool (*decode)(struct text value, void *ret_decoded);
    void *ret_decoded;
};

static enum status look_up(struct lmdb_store *store, struct call *call, const struct lookup *lookup)
{
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val key = lmdb_rating_value(lookup->key);
    MDB_val value;
    int code = mdb_get(reader->txn, lmdb_store_map(store, lookup->map), &key, &value);
    if (code == 0 && !lookup->decode(lmdb_rating_text(value), lookup->ret_decoded)) {
        code = MDB_CORRUPTED;
    }
    lmdb_store_read_end(store, reader);
    if (code == MDB_NOTFOUND) {
        return STATUS_NOT_FOUND;
    }
    return code == 0 ? STATUS_OK : lmdb_store_fail_call(store, call, code, lookup->what);
}

static bool decode_aggregate(struct text value, void *ret_decoded)
{
    return rating_codec_decode_aggregate(value, ret_decoded);
}

static bool decode_vote(struct text value, void *ret_decoded)
{
    return rating_codec_decode_vote(value, ret_decoded);
}

static bool decode_position(struct text value, void *ret_decoded)
{
    return rating_codec_decode_position(value, ret_decoded);
}

enum status lmdb_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                      struct rating_aggregate *ret_aggregate)
{
    const struct vote_key parts = {.record = record};
    enum status status = rating_key_check_vote(call, &parts);
    if (status != STATUS_OK) {
        return status;
    }
    char bytes[RATING_RECORD_KEY_BYTES_MAX];
    const struct lookup lookup = {
        .map = LMDB_RATING_AGGREGATES,
        .key = text_of_bytes(bytes, rating_key_encode_record(record, bytes)),
        .what = "reading an aggregate",
        .decode = decode_aggregate,
        .ret_decoded = ret_aggregate,
    };
    return look_up(state, call, &lookup);
}

enum status lmdb_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                 struct vote *ret_vote)
{
    enum status status = rating_key_check_vote(call, key);
    if (status != STATUS_OK) {
        return status;
    }
    struct vote_state vote = {.exists = false};
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    const struct lookup lookup = {
        .map = LMDB_RATING_VOTES,
        .key = text_of_bytes(bytes, rating_key_encode_vote(key, bytes)),
        .what = "reading a vote",
        .decode = decode_vote,
        .ret_decoded = &vote,
    };
    status = look_up(state, call, &lookup);
    if (status != STATUS_OK) {
        return status;
    }
    return vote_state_counts(&vote) ? rating_page_copy_vote(call, key, &vote, ret_vote)
                                    : STATUS_NOT_FOUND;
}

enum status lmdb_rating_get_position(void *state, struct call *call, struct text topic,
                                     int32_t partition, int64_t *ret_next_offset)
{
    enum status status = rating_key_check_topic(call, topic);
    if (status != STATUS_OK) {
        return status;
    }
    char bytes[RATING_POSITION_KEY_BYTES_MAX];
    const struct lookup lookup = {
        .map = LMDB_RATING_POSITIONS,
        .key = text_of_bytes(bytes, rating_key_encode_position(topic, partition, bytes)),
        .what = "reading a position",
        .decode = decode_position,
        .ret_decoded = ret_next_offset,
    };
    return look_up(state, call, &lookup);
}
