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

static const enum rating_expiry_kind kinds[] = {RATING_EXPIRY_EVENT, RATING_EXPIRY_TOMBSTONE};

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

/* When things of a kind are due: those that were taken by then. */
static int64_t due_ms_of(const struct expire_job *job, enum rating_expiry_kind kind)
{
    return job->now_ms - (kind == RATING_EXPIRY_EVENT ? job->retention.event_id_window_ms
                                                      : job->retention.tombstone_retention_ms);
}

/* The oldest of a kind, when it is due; what is found is borrowed from the transaction. */
static int find_oldest_due(MDB_cursor *expiries, enum rating_expiry_kind kind, int64_t due_ms,
                           struct rating_expiry *ret_expiry, MDB_val *ret_value, bool *ret_due)
{
    const struct rating_expiry start = {.kind = kind, .taken_ms = INT64_MIN};
    char bytes[RATING_EXPIRY_KEY_BYTES_MAX];
    MDB_val key = {.mv_size = rating_key_encode_expiry(&start, bytes), .mv_data = bytes};
    *ret_due = false;
    int code = mdb_cursor_get(expiries, &key, ret_value, MDB_SET_RANGE);
    if (code != 0) {
        return code == MDB_NOTFOUND ? 0 : code;
    }
    if (key.mv_size > RATING_EXPIRY_KEY_BYTES_MAX ||
        !rating_key_decode_expiry(lmdb_rating_text(key), ret_expiry)) {
        return MDB_CORRUPTED;
    }
    *ret_due = ret_expiry->kind == kind && ret_expiry->taken_ms <= due_ms;
    return 0;
}

/* *ret_due: there was one, and it is gone. */
static int expire_oldest(struct expiring *expiring, enum rating_expiry_kind kind, int64_t due_ms,
                         bool *ret_due)
{
    char copy[RATING_EXPIRY_KEY_BYTES_MAX];
    struct rating_expiry expiry;
    MDB_val value;
    int code = find_oldest_due(expiring->expiries, kind, due_ms, &expiry, &value, ret_due);
    if (code != 0 || !*ret_due) {
        return code;
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
    struct expire_job *job = expiring->job;
    size_t kind = 0;
    int code = 0;
    while (code == 0 && kind < ARRAY_LENGTH(kinds) && job->count < job->limit &&
           job->looked < EXPIRE_ENTRIES_MAX) {
        bool due;
        code = expire_oldest(expiring, kinds[kind], due_ms_of(job, kinds[kind]), &due);
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

/* Looks by a read whether there is anything to do: a store at rest is not written to. */
static enum status look_for_due(struct lmdb_store *store, struct call *call,
                                const struct expire_job *job, bool *ret_due)
{
    struct lmdb_reader *reader;
    MDB_cursor *expiries = NULL;
    *ret_due = false;
    enum status status = lmdb_store_read_begin(store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    int code = mdb_cursor_open(reader->txn, lmdb_store_map(store, LMDB_RATING_EXPIRIES), &expiries);
    for (size_t i = 0; i < ARRAY_LENGTH(kinds) && code == 0 && !*ret_due; i++) {
        struct rating_expiry expiry;
        MDB_val value;
        code =
            find_oldest_due(expiries, kinds[i], due_ms_of(job, kinds[i]), &expiry, &value, ret_due);
    }
    mdb_cursor_close(expiries); /* NULL is accepted */
    lmdb_store_read_end(store, reader);
    return code == 0 ? STATUS_OK : lmdb_store_fail_call(store, call, code, "expiring");
}

/* One transaction's share. *ret_finished: no more are due, or the limit is reached. */
static enum status expire_some(const struct lmdb_rating_repository *self, struct call *call,
                               size_t limit, size_t *count, bool *ret_finished)
{
    bool due;
    struct expire_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to expire");
    }
    job->job = (struct group_commit_job){
        .apply = apply_expire, .release = release_expire, .bytes = sizeof(*job)};
    job->retention = self->retention;
    job->now_ms = clock_wall_ms();
    job->limit = limit - *count;
    enum status status = look_for_due(self->store, call, job, &due);
    *ret_finished = !due;
    if (status != STATUS_OK || !due) {
        release_expire(&job->job);
        return status;
    }
    status = group_commit_run(lmdb_store_writer(self->store), call, &job->job);
    if (status != STATUS_OK) {
        return status;
    }
    *count += job->count;
    *ret_finished = job->finished;
    release_expire(&job->job);
    return STATUS_OK;
}

enum status lmdb_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count)
{
    enum status status = call_check(call); /* what is only read would not look */
    size_t count = 0;
    bool finished = false;
    while (status == STATUS_OK && !finished) {
        status = expire_some(state, call, limit, &count, &finished);
    }
    if (status == STATUS_OK) {
        *ret_count = count;
    }
    return status;
}
