/* A batch within the writer's transaction: sorted by key, so that pages are visited once each. */
#include "rating/repository/lmdb_rating_private.h"

/* Where a batch stands. */
struct progress {
    struct lmdb_store *store;
    struct lmdb_rating_job *job;
    MDB_cursor *votes;
    MDB_cursor *expiries; /* NULL until there is a tombstone */
    struct lmdb_rating_aggregate aggregate;
    size_t user_vote_count;
};

/* Changes of one key, in the order in which they were given: places [first, end) of job->votes. */
struct same_key {
    size_t first;
    size_t end;
    const struct lmdb_rating_entry *entry; /* the first */
    struct text key;
};

static struct same_key find_same_key(const struct lmdb_rating_job *job, size_t first)
{
    const struct lmdb_rating_order *order = job->votes;
    struct same_key same = {.first = first, .entry = &job->entries[order[first].entry]};
    same.key = lmdb_rating_job_key(job, &order[first], LMDB_RATING_BY_VOTE);
    for (same.end = first + 1; same.end < job->entry_count; same.end++) {
        if (!text_equal(lmdb_rating_job_key(job, &order[same.end], LMDB_RATING_BY_VOTE),
                        same.key)) {
            break;
        }
    }
    return same;
}

/* What the changes make of what stands. */
static struct vote_state run_changes(struct lmdb_rating_job *job, const struct same_key *same,
                                     struct vote_state state)
{
    for (size_t i = same->first; i < same->end; i++) {
        uint32_t index = job->votes[i].entry;
        struct lmdb_rating_entry *entry = &job->entries[index];
        if (job->outcomes[index] == RATING_DUPLICATE) {
            continue;
        }
        const struct rating_change change = {
            .kind = entry->is_delete ? RATING_DELETE : RATING_PUT,
            .hundredths = entry->hundredths,
            .has_time = entry->has_time,
            .skip_unchanged = entry->skip_unchanged,
            .time_ms = entry->time_ms,
        };
        job->outcomes[index] = (uint8_t)vote_state_change(&state, &change, job->now_ms);
        if (!entry->has_time) {
            entry->time_ms = state.time_ms; /* for the change log */
        }
    }
    return state;
}

static int replace_vote(struct progress *progress, const struct same_key *same, MDB_val stored,
                        struct vote_state *ret_before, struct vote_state *ret_after)
{
    char bytes[RATING_VOTE_VALUE_BYTES];
    MDB_val key = lmdb_rating_value(same->key);
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    if (!rating_codec_decode_vote(lmdb_rating_text(stored), ret_before)) {
        return MDB_CORRUPTED;
    }
    *ret_after = run_changes(progress->job, same, *ret_before);
    rating_codec_encode_vote(ret_after, bytes);
    if (memcmp(bytes, stored.mv_data, sizeof(bytes)) == 0) {
        return 0; /* stale, or the same again: the page is left alone */
    }
    return mdb_cursor_put(progress->votes, &key, &value, MDB_CURRENT);
}

/* One walk down the tree in either case: put as if nothing stood there, and where something does,
 * the cursor is at it. */
static int write_vote(struct progress *progress, const struct same_key *same,
                      struct vote_state *ret_before, struct vote_state *ret_after)
{
    char bytes[RATING_VOTE_VALUE_BYTES];
    MDB_val key = lmdb_rating_value(same->key);
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    int code;

    *ret_before = (struct vote_state){.exists = false};
    *ret_after = run_changes(progress->job, same, *ret_before);
    if (ret_after->exists) {
        rating_codec_encode_vote(ret_after, bytes);
        code = mdb_cursor_put(progress->votes, &key, &value, MDB_NOOVERWRITE);
        return code == MDB_KEYEXIST ? replace_vote(progress, same, value, ret_before, ret_after)
                                    : code;
    }
    code = mdb_cursor_get(progress->votes, &key, &value, MDB_SET);
    if (code == MDB_NOTFOUND) {
        return 0;
    }
    return code == 0 ? replace_vote(progress, same, value, ret_before, ret_after) : code;
}

/* A tombstone that is new, or of another time. */
static int note_tombstone(struct progress *progress, const struct same_key *same,
                          const struct vote_state *before, const struct vote_state *after)
{
    if (!after->deleted || (before->deleted && before->time_ms == after->time_ms)) {
        return 0;
    }
    int code = 0;
    if (progress->expiries == NULL) {
        code = mdb_cursor_open(lmdb_store_write_txn(progress->store),
                               lmdb_store_map(progress->store, LMDB_RATING_EXPIRIES),
                               &progress->expiries);
    }
    return code == 0 ? lmdb_rating_note_tombstone(progress->expiries, same->key, after->time_ms,
                                                  progress->job->now_ms)
                     : code;
}

static int apply_same_key(struct progress *progress, const struct same_key *same)
{
    struct vote_state before;
    struct vote_state after;
    int code = write_vote(progress, same, &before, &after);
    code = code == 0 ? note_tombstone(progress, same, &before, &after) : code;
    if (code != 0) {
        return code;
    }
    if (vote_state_counts(&before) != vote_state_counts(&after)) {
        progress->job->user_votes[progress->user_vote_count++] = (struct lmdb_rating_order){
            .entry = progress->job->votes[same->first].entry,
            .adds = vote_state_counts(&after),
        };
    }
    struct text record = text_slice(same->key, 0, same->entry->record_length);
    return lmdb_rating_aggregate_change(&progress->aggregate, record, &before, &after);
}

static int apply_votes(struct progress *progress)
{
    struct lmdb_rating_job *job = progress->job;
    for (size_t i = 0; i < job->entry_count; i++) {
        job->votes[i] = (struct lmdb_rating_order){.entry = (uint32_t)i};
    }
    lmdb_rating_job_sort(job, job->votes, job->user_votes, job->entry_count, LMDB_RATING_BY_VOTE);
    int code = 0;
    for (size_t i = 0; i < job->entry_count && code == 0;) {
        lmdb_rating_job_prefetch(job, job->votes, job->entry_count, i);
        struct same_key same = find_same_key(job, i);
        code = apply_same_key(progress, &same);
        i = same.end;
    }
    return code == 0 ? lmdb_rating_aggregate_flush(&progress->aggregate) : code;
}

static int open_cursors(struct progress *progress)
{
    struct lmdb_store *store = progress->store;
    MDB_txn *txn = lmdb_store_write_txn(store);
    int code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_VOTES), &progress->votes);
    return code == 0 ? mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_AGGREGATES),
                                       &progress->aggregate.cursor)
                     : code;
}

static void close_cursors(struct progress *progress)
{
    mdb_cursor_close(progress->votes); /* NULL is accepted */
    mdb_cursor_close(progress->aggregate.cursor);
    mdb_cursor_close(progress->expiries);
}

static int apply_changes(struct lmdb_store *store, struct lmdb_rating_job *job)
{
    if (job->entry_count == 0) {
        return 0;
    }
    struct progress progress = {.store = store, .job = job};
    int code = open_cursors(&progress);
    code = code == 0 ? apply_votes(&progress) : code;
    close_cursors(&progress);
    return code == 0 ? lmdb_rating_apply_user_votes(store, job, progress.user_vote_count) : code;
}

enum status lmdb_rating_apply(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct lmdb_rating_job *job = CONTAINER_OF(base, struct lmdb_rating_job, job);
    struct lmdb_store *store = state;
    if (job->has_position) {
        enum status status = lmdb_rating_check_position(store, job, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    memset(job->outcomes, RATING_APPLIED, job->entry_count); /* not those of an earlier try */
    int code = lmdb_rating_take_events(store, job);
    code = code == 0 ? apply_changes(store, job) : code;
    code = code == 0 ? lmdb_rating_apply_letters(store, job) : code;
    code = code == 0 ? lmdb_rating_log_changes(store, job) : code;
    code = code == 0 && job->has_position ? lmdb_rating_move_position(store, job) : code;
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "writing votes");
}
