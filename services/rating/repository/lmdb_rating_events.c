/* Events that were taken: each id once within the window, by provider. */
#include "rating/repository/lmdb_rating_private.h"

struct taking {
    struct lmdb_rating_job *job;
    MDB_cursor *events;
    MDB_cursor *expiries;
};

static int put_expiry(MDB_cursor *expiries, const struct rating_expiry *expiry, MDB_val value)
{
    char bytes[RATING_EXPIRY_KEY_BYTES_MAX];
    MDB_val key = {.mv_size = rating_key_encode_expiry(expiry, bytes), .mv_data = bytes};
    return mdb_cursor_put(expiries, &key, &value, 0);
}

int lmdb_rating_note_tombstone(MDB_cursor *expiries, struct text key, int64_t time_ms,
                               int64_t taken_ms)
{
    char bytes[RATING_TIME_VALUE_BYTES];
    const struct rating_expiry expiry = {
        .kind = RATING_EXPIRY_TOMBSTONE, .taken_ms = taken_ms, .key = key};
    rating_codec_encode_time(time_ms, bytes);
    return put_expiry(expiries, &expiry, (MDB_val){.mv_size = sizeof(bytes), .mv_data = bytes});
}

/* The id was taken before the window: it is taken again. */
static int take_again(struct taking *taking, struct text event, int64_t taken_ms, MDB_val value)
{
    char bytes[RATING_EXPIRY_KEY_BYTES_MAX];
    const struct rating_expiry expiry = {
        .kind = RATING_EXPIRY_EVENT, .taken_ms = taken_ms, .key = event};
    MDB_val key = lmdb_rating_value(event);
    int code = mdb_cursor_put(taking->events, &key, &value, MDB_CURRENT);
    if (code == 0) {
        MDB_val found;
        key = (MDB_val){.mv_size = rating_key_encode_expiry(&expiry, bytes), .mv_data = bytes};
        code = mdb_cursor_get(taking->expiries, &key, &found, MDB_SET);
    }
    return code == 0 ? mdb_cursor_del(taking->expiries, 0) : code;
}

/* *ret_taken: it is taken now; false when it was within the window. */
static int take_event(struct taking *taking, struct text event, bool *ret_taken)
{
    const struct rating_expiry expiry = {
        .kind = RATING_EXPIRY_EVENT, .taken_ms = taking->job->now_ms, .key = event};
    char bytes[RATING_TIME_VALUE_BYTES];
    rating_codec_encode_time(expiry.taken_ms, bytes);
    MDB_val key = lmdb_rating_value(event);
    const MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    MDB_val stored = value;
    int code = mdb_cursor_put(taking->events, &key, &stored, MDB_NOOVERWRITE);
    if (code == MDB_KEYEXIST) {
        int64_t taken_ms;
        if (!rating_codec_decode_time(lmdb_rating_text(stored), &taken_ms)) {
            return MDB_CORRUPTED;
        }
        if (expiry.taken_ms - taken_ms < taking->job->event_id_window_ms) {
            *ret_taken = false;
            return 0;
        }
        code = take_again(taking, event, taken_ms, value);
    }
    *ret_taken = true;
    return code == 0 ? put_expiry(taking->expiries, &expiry, (MDB_val){.mv_size = 0}) : code;
}

static int take_sorted(struct taking *taking)
{
    struct lmdb_rating_job *job = taking->job;
    struct text event = TEXT("");
    int code = 0;
    for (size_t i = 0; i < job->event_count && code == 0; i++) {
        struct text next = lmdb_rating_job_key(job, &job->events[i], LMDB_RATING_BY_EVENT);
        bool taken = false;
        lmdb_rating_job_prefetch(job, job->events, job->event_count, i);
        if (i == 0 || !text_equal(event, next)) {
            code = take_event(taking, next, &taken);
        }
        if (!taken) {
            job->outcomes[job->events[i].entry] = RATING_DUPLICATE;
        }
        event = next;
    }
    return code;
}

static void list_events(struct lmdb_rating_job *job)
{
    size_t count = 0;
    for (size_t i = 0; i < job->entry_count; i++) {
        if (job->entries[i].event_key_length > 0) {
            job->events[count++] = (struct lmdb_rating_order){.entry = (uint32_t)i};
        }
    }
    lmdb_rating_job_sort(job, job->events, job->votes, count, LMDB_RATING_BY_EVENT);
}

int lmdb_rating_take_events(struct lmdb_store *store, struct lmdb_rating_job *job)
{
    if (job->event_count == 0) {
        return 0;
    }
    struct taking taking = {.job = job};
    MDB_txn *txn = lmdb_store_write_txn(store);
    list_events(job);
    int code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_EVENTS), &taking.events);
    if (code == 0) {
        code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_EXPIRIES), &taking.expiries);
    }
    code = code == 0 ? take_sorted(&taking) : code;
    mdb_cursor_close(taking.events); /* NULL is accepted */
    mdb_cursor_close(taking.expiries);
    return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
}
