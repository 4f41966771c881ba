/* Forgetting event ids and tombstones whose time is over, the oldest first. */
#include <stdlib.h>

#include "base/clock.h"
#include "rating/repository/lmdb_rating_private.h"

/* Entries that one transaction looks at, so that writers wait only shortly. */
enum { EXPIRE_ENTRIES_MAX = 10000 };

struct expire_job {
    struct group_commit_job job;
    struct rating_retention retention;
    int64_t now_ms;
    size_t limit;
    size_t looked; /* at so many entries */
    size_t count;  /* that were forgotten */
    bool finished; /* else more are due */
};

struct expiring {
    struct lmdb_store *store;
    MDB_txn *txn;
    MDB_cursor *expiries;
    struct expire_job *job;
};

static int forget_event(struct expiring *expiring, struct text event)
{
    MDB_val key = lmdb_rating_value(event);
    int code =
        mdb_del(expiring->txn, lmdb_store_map(expiring->store, LMDB_RATING_EVENTS), &key, NULL);
    expiring->job->count += code == 0 ? 1 : 0;
    return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
}

/* A later change may have taken the tombstone's place: that stays. */
static int forget_tombstone(struct expiring *expiring, struct text vote, MDB_val noted)
{
    MDB_dbi votes = lmdb_store_map(expiring->store, LMDB_RATING_VOTES);
    MDB_val key = lmdb_rating_value(vote);
    MDB_val value;
    struct vote_state state;
    int64_t time_ms;
    int code = mdb_get(expiring->txn, votes, &key, &value);
    if (code != 0) {
        return code == MDB_NOTFOUND ? 0 : code;
    }
    if (!rating_codec_decode_vote(lmdb_rating_text(value), &state) ||
        !rating_codec_decode_time(lmdb_rating_text(noted), &time_ms)) {
        return MDB_CORRUPTED;
    }
    if (!state.deleted || state.time_ms != time_ms) {
        return 0;
    }
    expiring->job->count++;
    return mdb_del(expiring->txn, votes, &key, NULL);
}

/* The oldest of a kind. *ret_due: there was one, and it is gone. */
static int expire_oldest(struct expiring *expiring, enum rating_expiry_kind kind, int64_t due_ms,
                         bool *ret_due)
{
    const struct rating_expiry start = {.kind = kind, .taken_ms = INT64_MIN};
    char bytes[RATING_EXPIRY_KEY_BYTES_MAX];
    char copy[RATING_EXPIRY_KEY_BYTES_MAX];
    struct rating_expiry expiry;
    MDB_val key = {.mv_size = rating_key_encode_expiry(&start, bytes), .mv_data = bytes};
    MDB_val value;
    *ret_due = false;
    int code = mdb_cursor_get(expiring->expiries, &key, &value, MDB_SET_RANGE);
    if (code != 0) {
        return code == MDB_NOTFOUND ? 0 : code;
    }
    if (key.mv_size > sizeof(copy) || !rating_key_decode_expiry(lmdb_rating_text(key), &expiry)) {
        return MDB_CORRUPTED;
    }
    if (expiry.kind != kind || expiry.taken_ms > due_ms) {
        return 0;
    }
    memcpy(copy, expiry.key.data, expiry.key.length); /* the pages may move under a change */
    expiry.key.data = copy;
    code = kind == RATING_EXPIRY_EVENT ? forget_event(expiring, expiry.key)
                                       : forget_tombstone(expiring, expiry.key, value);
    *ret_due = code == 0;
    return code == 0 ? mdb_cursor_del(expiring->expiries, 0) : code;
}

static int expire_due(struct expiring *expiring)
{
    static const enum rating_expiry_kind kinds[] = {RATING_EXPIRY_EVENT, RATING_EXPIRY_TOMBSTONE};
    struct expire_job *job = expiring->job;
    const int64_t due_ms[] = {job->now_ms - job->retention.event_id_window_ms,
                              job->now_ms - job->retention.tombstone_retention_ms};
    size_t kind = 0;
    int code = 0;
    while (code == 0 && kind < ARRAY_LENGTH(kinds) && job->count < job->limit &&
           job->looked < EXPIRE_ENTRIES_MAX) {
        bool due;
        code = expire_oldest(expiring, kinds[kind], due_ms[kind], &due);
        job->looked++;
        kind += due ? 0 : 1;
    }
    job->finished = kind == ARRAY_LENGTH(kinds) || job->count == job->limit;
    return code;
}

static enum status apply_expire(struct group_commit_job *base, void *state,
                                struct store_error *error)
{
    struct expire_job *job = CONTAINER_OF(base, struct expire_job, job);
    struct expiring expiring = {.store = state, .job = job};
    expiring.txn = lmdb_store_write_txn(state);
    job->looked = 0; /* not of an earlier try */
    job->count = 0;
    int code = mdb_cursor_open(expiring.txn, lmdb_store_map(state, LMDB_RATING_EXPIRIES),
                               &expiring.expiries);
    code = code == 0 ? expire_due(&expiring) : code;
    mdb_cursor_close(expiring.expiries); /* NULL is accepted */
    return code == 0 ? STATUS_OK : lmdb_store_fail(state, error, code, "expiring");
}

static void release_expire(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct expire_job, job));
}

enum status lmdb_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count)
{
    const struct lmdb_rating_repository *self = state;
    size_t count = 0;
    bool finished = false;
    while (!finished) {
        struct expire_job *job = calloc(1, sizeof(*job));
        if (job == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to expire");
        }
        job->job = (struct group_commit_job){
            .apply = apply_expire, .release = release_expire, .bytes = sizeof(*job)};
        job->retention = self->retention;
        job->now_ms = clock_wall_ms();
        job->limit = limit - count;
        enum status status = group_commit_run(lmdb_store_writer(self->store), call, &job->job);
        if (status != STATUS_OK) {
            return status;
        }
        count += job->count;
        finished = job->finished;
        release_expire(&job->job);
    }
    *ret_count = count;
    return STATUS_OK;
}
