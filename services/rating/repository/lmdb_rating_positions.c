/* Where ingestion stands, and who may move it. */
#include <stdlib.h>

#include "rating/repository/lmdb_rating_private.h"

/* Zeroed where there is none. */
static int read_position(struct lmdb_store *store, struct text position_key,
                         struct rating_position *ret_position)
{
    MDB_val key = lmdb_rating_value(position_key);
    MDB_val value;
    *ret_position = (struct rating_position){.next_offset = 0};
    int code = mdb_get(lmdb_store_write_txn(store), lmdb_store_map(store, LMDB_RATING_POSITIONS),
                       &key, &value);
    if (code == MDB_NOTFOUND) {
        return 0;
    }
    if (code == 0 && !rating_codec_decode_position(lmdb_rating_text(value), ret_position)) {
        return MDB_CORRUPTED;
    }
    return code;
}

static int write_position(struct lmdb_store *store, struct text position_key,
                          const struct rating_position *position)
{
    char bytes[RATING_POSITION_VALUE_BYTES];
    MDB_val key = lmdb_rating_value(position_key);
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    rating_codec_encode_position(position, bytes);
    return mdb_put(lmdb_store_write_txn(store), lmdb_store_map(store, LMDB_RATING_POSITIONS), &key,
                   &value, 0);
}

enum status lmdb_rating_check_position(struct lmdb_store *store, struct lmdb_rating_job *job,
                                       struct store_error *error)
{
    struct rating_position stored;
    int code =
        read_position(store, text_of_bytes(job->position_key, job->position_key_length), &stored);
    if (code != 0) {
        return lmdb_store_fail(store, error, code, "reading a position");
    }
    if (stored.epoch == job->position.epoch && stored.next_offset == job->from_offset) {
        return STATUS_OK;
    }
    return store_fail(error, STATUS_ABORTED, "the partition was claimed by another",
                      "the position is %lld in epoch %lld, not %lld in epoch %lld",
                      (long long)stored.next_offset, (long long)stored.epoch,
                      (long long)job->from_offset, (long long)job->position.epoch);
}

int lmdb_rating_move_position(struct lmdb_store *store, struct lmdb_rating_job *job)
{
    return write_position(store, text_of_bytes(job->position_key, job->position_key_length),
                          &job->position);
}

/* Claiming */

struct claim_job {
    struct group_commit_job job;
    struct rating_position position; /* without its topic */
    size_t key_length;
    char key[RATING_POSITION_KEY_BYTES_MAX];
};

static enum status apply_claim(struct group_commit_job *base, void *state,
                               struct store_error *error)
{
    struct claim_job *job = CONTAINER_OF(base, struct claim_job, job);
    struct lmdb_store *store = state;
    const struct text key = text_of_bytes(job->key, job->key_length);
    int code = read_position(store, key, &job->position);
    if (code == 0) {
        job->position.epoch++;
        code = write_position(store, key, &job->position);
    }
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "claiming a partition");
}

static void release_claim(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct claim_job, job));
}

enum status lmdb_rating_claim_position(void *state, struct call *call, struct text topic,
                                       int32_t partition, struct rating_position *ret_position)
{
    const struct lmdb_rating_repository *self = state;
    enum status status = rating_key_check_topic(call, topic);
    if (status != STATUS_OK) {
        return status;
    }
    struct claim_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to claim a partition");
    }
    job->job = (struct group_commit_job){
        .apply = apply_claim, .release = release_claim, .bytes = sizeof(*job)};
    job->key_length = rating_key_encode_position(topic, partition, job->key);
    status = group_commit_run(lmdb_store_writer(self->store), call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    *ret_position = job->position;
    ret_position->topic = topic;
    ret_position->partition = partition;
    release_claim(&job->job);
    return STATUS_OK;
}

/* Reading */

static bool decode_position(struct text value, void *ret_decoded)
{
    return rating_codec_decode_position(value, ret_decoded);
}

enum status lmdb_rating_get_position(void *state, struct call *call, struct text topic,
                                     int32_t partition, int64_t *ret_next_offset)
{
    const struct lmdb_rating_repository *self = state;
    enum status status = rating_key_check_topic(call, topic);
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_position position;
    char bytes[RATING_POSITION_KEY_BYTES_MAX];
    const struct lmdb_rating_lookup lookup = {
        .map = LMDB_RATING_POSITIONS,
        .key = text_of_bytes(bytes, rating_key_encode_position(topic, partition, bytes)),
        .what = "reading a position",
        .decode = decode_position,
        .ret_decoded = &position,
    };
    status = lmdb_rating_look_up(self->store, call, &lookup);
    if (status == STATUS_OK) {
        *ret_next_offset = position.next_offset;
    }
    return status;
}
