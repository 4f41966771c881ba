/* A batch within the writer's transaction: sorted by key, so that pages are visited once each. */
#include "rating/repository/lmdb_rating_private.h"

/* Where a batch stands. */
struct progress {
    struct lmdb_rating_job *job;
    MDB_cursor *votes;
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

static struct text vote_key(const struct lmdb_rating_job *job,
                            const struct lmdb_rating_entry *entry)
{
    return text_of_bytes(job->bytes + entry->vote_key, entry->key_length);
}

static struct same_key find_same_key(const struct lmdb_rating_job *job, size_t first)
{
    const struct lmdb_rating_order *order = job->votes;
    struct same_key same = {.first = first, .entry = &job->entries[order[first].entry]};
    same.key = vote_key(job, same.entry);
    for (same.end = first + 1; same.end < job->entry_count; same.end++) {
        if (!text_equal(vote_key(job, &job->entries[order[same.end].entry]), same.key)) {
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
        const struct lmdb_rating_entry *entry = &job->entries[index];
        const struct rating_change change = {
            .kind = entry->is_delete ? RATING_DELETE : RATING_PUT,
            .hundredths = entry->hundredths,
            .has_time = entry->has_time,
            .time_ms = entry->time_ms,
        };
        job->outcomes[index] = (uint8_t)vote_state_change(&state, &change, job->now_ms);
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

static int apply_same_key(struct progress *progress, const struct same_key *same)
{
    struct vote_state before;
    struct vote_state after;
    int code = write_vote(progress, same, &before, &after);
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
    lmdb_rating_job_sort(job, job->votes, job->entry_count, false);
    int code = 0;
    for (size_t i = 0; i < job->entry_count && code == 0;) {
        struct same_key same = find_same_key(job, i);
        code = apply_same_key(progress, &same);
        i = same.end;
    }
    return code == 0 ? lmdb_rating_aggregate_flush(&progress->aggregate) : code;
}

static int apply_changes(struct lmdb_store *store, struct lmdb_rating_job *job)
{
    if (job->entry_count == 0) {
        return 0;
    }
    MDB_txn *txn = lmdb_store_write_txn(store);
    struct progress progress = {.job = job};
    int code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_VOTES), &progress.votes);
    if (code != 0) {
        return code;
    }
    code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_AGGREGATES),
                           &progress.aggregate.cursor);
    if (code == 0) {
        code = apply_votes(&progress);
        mdb_cursor_close(progress.aggregate.cursor);
    }
    mdb_cursor_close(progress.votes);
    return code == 0 ? lmdb_rating_apply_user_votes(store, job, progress.user_vote_count) : code;
}

static int put_letters(struct lmdb_store *store, const struct lmdb_rating_job *job)
{
    int code = 0;
    for (size_t i = 0; i < job->letter_count && code == 0; i++) {
        const struct lmdb_rating_letter *letter = &job->letters[i];
        MDB_val key = {.mv_size = letter->key_length, .mv_data = job->bytes + letter->key};
        MDB_val value = {.mv_size = letter->value_length, .mv_data = job->bytes + letter->value};
        code = mdb_put(lmdb_store_write_txn(store), lmdb_store_map(store, LMDB_RATING_DEAD_LETTERS),
                       &key, &value, 0);
    }
    return code;
}

/* Compares before anything is changed, so that a refusal leaves the group's transaction as it was.
 */
static enum status check_position(struct lmdb_store *store, struct lmdb_rating_job *job,
                                  struct store_error *error)
{
    MDB_val key = {.mv_size = job->position_key_length, .mv_data = job->position_key};
    MDB_val value;
    int64_t stored = 0;
    int code = mdb_get(lmdb_store_write_txn(store), lmdb_store_map(store, LMDB_RATING_POSITIONS),
                       &key, &value);
    if (code == 0 && !rating_codec_decode_position(lmdb_rating_text(value), &stored)) {
        code = MDB_CORRUPTED;
    }
    if (code != 0 && code != MDB_NOTFOUND) {
        return lmdb_store_fail(store, error, code, "reading a position");
    }
    return stored == job->from_offset
               ? STATUS_OK
               : store_fail(error, STATUS_ABORTED, "the partition has been ingested by another",
                            "the position is %lld, not %lld", (long long)stored,
                            (long long)job->from_offset);
}

static int put_position(struct lmdb_store *store, struct lmdb_rating_job *job)
{
    char bytes[RATING_POSITION_VALUE_BYTES];
    MDB_val key = {.mv_size = job->position_key_length, .mv_data = job->position_key};
    MDB_val value = {.mv_size = sizeof(bytes), .mv_data = bytes};
    rating_codec_encode_position(job->next_offset, bytes);
    return mdb_put(lmdb_store_write_txn(store), lmdb_store_map(store, LMDB_RATING_POSITIONS), &key,
                   &value, 0);
}

enum status lmdb_rating_apply(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct lmdb_rating_job *job = CONTAINER_OF(base, struct lmdb_rating_job, job);
    struct lmdb_store *store = state;
    if (job->has_position) {
        enum status status = check_position(store, job, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    int code = apply_changes(store, job);
    code = code == 0 ? put_letters(store, job) : code;
    code = code == 0 && job->has_position ? put_position(store, job) : code;
    return code == 0 ? STATUS_OK : lmdb_store_fail(store, error, code, "writing votes");
}
