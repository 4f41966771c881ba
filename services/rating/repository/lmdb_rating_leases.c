/* Leases: who has which name until when. */
#include <stdlib.h>

#include "base/clock.h"
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_retention.h"

struct lease_job {
    struct group_commit_job job;
    int64_t ttl_ms;
    bool held;
    size_t name_length;
    size_t owner_length;
    char name[RATING_REPOSITORY_NAME_BYTES_MAX];
    char owner[RATING_REPOSITORY_NAME_BYTES_MAX];
};

/* *ret_stored: there is one; *ret_free: the job's owner may take it. */
static int read_lease(MDB_txn *txn, MDB_dbi leases, const struct lease_job *job, int64_t now_ms,
                      bool *ret_stored, bool *ret_free)
{
    MDB_val key = lmdb_rating_value(text_of_bytes(job->name, job->name_length));
    MDB_val value;
    int64_t until_ms;
    struct text holder;
    int code = mdb_get(txn, leases, &key, &value);
    *ret_stored = code == 0;
    *ret_free = true;
    if (code != 0) {
        return code == MDB_NOTFOUND ? 0 : code;
    }
    if (!rating_codec_decode_lease(lmdb_rating_text(value), &until_ms, &holder)) {
        return MDB_CORRUPTED;
    }
    *ret_free = rating_lease_is_free(holder, until_ms, text_of_bytes(job->owner, job->owner_length),
                                     now_ms);
    return 0;
}

static int hold(struct lmdb_store *store, struct lease_job *job)
{
    MDB_txn *txn = lmdb_store_write_txn(store);
    MDB_dbi leases = lmdb_store_map(store, LMDB_RATING_LEASES);
    MDB_val key = lmdb_rating_value(text_of_bytes(job->name, job->name_length));
    char bytes[RATING_LEASE_VALUE_BYTES_MAX];
    int64_t now_ms = clock_wall_ms();
    bool stored;
    bool is_free;
    int code = read_lease(txn, leases, job, now_ms, &stored, &is_free);
    job->held = code == 0 && is_free && job->ttl_ms > 0;
    if (code != 0 || !is_free) {
        return code;
    }
    if (!job->held) {
        return stored ? mdb_del(txn, leases, &key, NULL) : 0;
    }
    MDB_val value = {.mv_data = bytes};
    value.mv_size = rating_codec_encode_lease(rating_time_after(now_ms, job->ttl_ms),
                                              text_of_bytes(job->owner, job->owner_length), bytes);
    return mdb_put(txn, leases, &key, &value, 0);
}

static enum status apply_lease(struct group_commit_job *base, void *state,
                               struct store_error *error)
{
    int code = hold(state, CONTAINER_OF(base, struct lease_job, job));
    return code == 0 ? STATUS_OK : lmdb_store_fail(state, error, code, "taking a lease");
}

static void release_lease(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct lease_job, job));
}

enum status lmdb_rating_hold_lease(void *state, struct call *call, struct text name,
                                   struct text owner, int64_t ttl_ms, bool *ret_held)
{
    const struct lmdb_rating_repository *self = state;
    enum status status = rating_key_check_lease(call, name, owner);
    if (status != STATUS_OK) {
        return status;
    }
    struct lease_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for a lease");
    }
    job->job = (struct group_commit_job){
        .apply = apply_lease, .release = release_lease, .bytes = sizeof(*job)};
    job->ttl_ms = ttl_ms;
    job->name_length = name.length;
    job->owner_length = owner.length;
    memcpy(job->name, name.data, name.length);
    memcpy(job->owner, owner.data, owner.length);
    status = group_commit_run(lmdb_store_writer(self->store), call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    *ret_held = job->held;
    release_lease(&job->job);
    return STATUS_OK;
}
