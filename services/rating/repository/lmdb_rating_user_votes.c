/* Which votes a user has: an index beside the votes, in the order of the user's pages. */
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_page.h"

static int write_index(MDB_cursor *cursor, struct lmdb_rating_job *job, size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        const struct lmdb_rating_entry *entry = &job->entries[job->user_votes[i].entry];
        lmdb_rating_job_prefetch(job, job->user_votes, count, i);
        MDB_val key = {.mv_size = entry->key_length,
                       .mv_data = job->bytes + entry->keys + entry->key_length};
        MDB_val value = {.mv_size = 0, .mv_data = job->bytes};
        if (job->user_votes[i].adds) {
            code = mdb_cursor_put(cursor, &key, &value, 0);
        } else {
            code = mdb_cursor_get(cursor, &key, &value, MDB_SET);
            code = code == 0 ? mdb_cursor_del(cursor, 0) : code;
        }
    }
    return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
}

int lmdb_rating_apply_user_votes(struct lmdb_store *store, struct lmdb_rating_job *job,
                                 size_t count)
{
    if (count == 0) {
        return 0;
    }
    MDB_cursor *cursor;
    int code = mdb_cursor_open(lmdb_store_write_txn(store),
                               lmdb_store_map(store, LMDB_RATING_USER_VOTES), &cursor);
    if (code != 0) {
        return code;
    }
    lmdb_rating_job_sort(job, job->user_votes, job->votes, count, LMDB_RATING_BY_USER);
    code = write_index(cursor, job, count);
    mdb_cursor_close(cursor);
    return code;
}

/* Listing */

struct page {
    struct lmdb_store *store;
    struct call *call;
    MDB_txn *txn;
    struct text prefix; /* of the user's keys */
    size_t limit;
    struct vote *votes;
    size_t count;
};

static enum status fail(struct page *page, int code)
{
    return lmdb_store_fail_call(page->store, page->call, code, "listing a user's votes");
}

static enum status add_vote(struct page *page, struct text user_key)
{
    struct vote_key key;
    struct vote_state vote;
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    if (user_key.length > sizeof(bytes) || !rating_key_decode_user_vote(user_key, &key)) {
        return fail(page, MDB_CORRUPTED);
    }
    MDB_val sought = {.mv_size = rating_key_encode_vote(&key, bytes), .mv_data = bytes};
    MDB_val value;
    int code = mdb_get(page->txn, lmdb_store_map(page->store, LMDB_RATING_VOTES), &sought, &value);
    if (code == MDB_NOTFOUND ||
        (code == 0 && !rating_codec_decode_vote(lmdb_rating_text(value), &vote))) {
        code = MDB_CORRUPTED;
    }
    return code == 0 ? rating_page_copy_vote(page->call, &key, &vote, &page->votes[page->count++])
                     : fail(page, code);
}

static enum status fill_page(struct page *page, MDB_cursor *cursor, struct text from)
{
    MDB_val key = lmdb_rating_value(from);
    MDB_val value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (code == 0 && text_equal(lmdb_rating_text(key), from)) {
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    enum status status = STATUS_OK;
    while (code == 0 && status == STATUS_OK && page->count < page->limit &&
           text_starts_with(lmdb_rating_text(key), page->prefix)) {
        status = add_vote(page, lmdb_rating_text(key));
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (status == STATUS_OK && code != 0 && code != MDB_NOTFOUND) {
        status = fail(page, code);
    }
    return status;
}

static enum status read_page(struct page *page, struct text from)
{
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(page->store, page->call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_cursor *cursor;
    page->txn = reader->txn;
    int code =
        mdb_cursor_open(reader->txn, lmdb_store_map(page->store, LMDB_RATING_USER_VOTES), &cursor);
    if (code == 0) {
        status = fill_page(page, cursor, from);
        mdb_cursor_close(cursor);
    } else {
        status = fail(page, code);
    }
    lmdb_store_read_end(page->store, reader);
    return status;
}

enum status lmdb_rating_list_user_votes(void *state, struct call *call, struct text user,
                                        const struct vote_key *after, size_t limit,
                                        struct vote **ret_votes, size_t *ret_count)
{
    struct vote_key start = after != NULL ? *after : (struct vote_key){.user = user};
    start.user = user;
    enum status status = rating_key_check_vote(call, &start);
    if (status != STATUS_OK) {
        return status;
    }
    char bytes[RATING_VOTE_KEY_BYTES_MAX];
    struct text key = text_of_bytes(bytes, rating_key_encode_user_vote(&start, bytes));
    const struct lmdb_rating_repository *self = state;
    struct page page = {.store = self->store, .call = call, .limit = limit};
    page.prefix = text_slice(key, 0, user.length + 1);
    page.votes = rating_page_alloc(call, limit, sizeof(*page.votes));
    if (page.votes == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    status = read_page(&page, after != NULL ? key : page.prefix);
    if (status == STATUS_OK) {
        *ret_votes = page.votes;
        *ret_count = page.count;
    }
    return status;
}
