/* Reading the change log, waiting for it and trimming it. */
#include <stdlib.h>

#include "base/arena.h"
#include "rating/repository/lmdb_rating_private.h"
#include "rating/repository/rating_change_chunk.h"
#include "rating/repository/rating_page.h"

/* Of one transaction of trimming, so that writers wait only shortly. */
enum { TRIM_CHUNKS_MAX = 4096 };

enum { LOOK_ARENA_BYTES = 16 * 1024 };

/* The range */

static int read_range(struct lmdb_store *store, MDB_txn *txn, struct rating_change_range *ret_range)
{
    MDB_dbi marks = lmdb_store_map(store, LMDB_RATING_MARKS);
    int64_t trimmed = 0;
    int64_t last = 0;
    int code = lmdb_rating_read_trimmed(txn, marks, &trimmed);
    if (code == 0) {
        code = lmdb_rating_last_sequence(txn, lmdb_store_map(store, LMDB_RATING_CHANGES), marks,
                                         &last);
    }
    *ret_range = (struct rating_change_range){.first = trimmed + 1, .last = last};
    return code;
}

enum status lmdb_rating_get_change_range(void *state, struct call *call,
                                         struct rating_change_range *ret_range)
{
    const struct lmdb_rating_repository *self = state;
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(self->store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    struct rating_change_range range;
    int code = read_range(self->store, reader->txn, &range);
    lmdb_store_read_end(self->store, reader);
    if (code != 0) {
        return lmdb_store_fail_call(self->store, call, code, "reading the change log");
    }
    *ret_range = range;
    return STATUS_OK;
}

/* Listing */

struct page {
    struct lmdb_store *store;
    struct call *call;
    int64_t after;
    size_t limit;
    struct rating_change_record *records;
    size_t count;
};

static enum status fail(struct page *page, int code)
{
    return lmdb_store_fail_call(page->store, page->call, code, "listing changes");
}

/* Moves the cursor to the chunk that has the record. */
static int seek_chunk(MDB_cursor *cursor, int64_t sequence, MDB_val *key, MDB_val *value)
{
    char bytes[RATING_SEQUENCE_KEY_BYTES];
    rating_key_encode_sequence(sequence, bytes);
    struct text sought = text_of_bytes(bytes, sizeof(bytes));
    *key = lmdb_rating_value(sought);
    int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (code == 0 && text_equal(lmdb_rating_text(*key), sought)) {
        return 0;
    }
    return code == 0 || code == MDB_NOTFOUND
               ? mdb_cursor_get(cursor, key, value, code == 0 ? MDB_PREV : MDB_LAST)
               : code;
}

static enum status take_chunk(struct page *page, MDB_val key, MDB_val value)
{
    struct rating_chunk_reader chunk;
    int64_t first;
    if (!rating_key_decode_sequence(lmdb_rating_text(key), &first) ||
        !rating_chunk_open(lmdb_rating_text(value), first, &chunk)) {
        return fail(page, MDB_CORRUPTED);
    }
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < chunk.head.count && page->count < page->limit; i++) {
        struct rating_change_record record;
        if (!rating_chunk_next(&chunk, &record)) {
            return fail(page, MDB_CORRUPTED);
        }
        if (record.sequence <= page->after) {
            continue;
        }
        status = rating_page_copy_change(page->call, &record, &page->records[page->count]);
        if (status != STATUS_OK) {
            break;
        }
        page->count++;
    }
    return status;
}

static enum status fill_page(struct page *page, MDB_cursor *cursor)
{
    MDB_val key;
    MDB_val value;
    enum status status = STATUS_OK;
    int code = seek_chunk(cursor, page->after + 1, &key, &value);
    while (code == 0 && status == STATUS_OK && page->count < page->limit) {
        status = take_chunk(page, key, value);
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return status == STATUS_OK && code != 0 && code != MDB_NOTFOUND ? fail(page, code) : status;
}

static enum status read_page(struct page *page, MDB_txn *txn)
{
    struct rating_change_range range;
    MDB_cursor *cursor;
    int code = read_range(page->store, txn, &range);
    if (code != 0) {
        return fail(page, code);
    }
    if (page->after < range.first - 1 || page->after > range.last) {
        return rating_page_fail_range(page->call);
    }
    if (page->after == range.last) {
        return STATUS_OK;
    }
    code = mdb_cursor_open(txn, lmdb_store_map(page->store, LMDB_RATING_CHANGES), &cursor);
    if (code != 0) {
        return fail(page, code);
    }
    enum status status = fill_page(page, cursor);
    mdb_cursor_close(cursor);
    return status;
}

enum status lmdb_rating_list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                     struct rating_change_record **ret_records, size_t *ret_count)
{
    const struct lmdb_rating_repository *self = state;
    struct page page = {.store = self->store, .call = call, .after = after, .limit = limit};
    page.records = rating_page_alloc(call, limit, sizeof(*page.records));
    if (page.records == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    struct lmdb_reader *reader;
    enum status status = lmdb_store_read_begin(self->store, call, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_page(&page, reader->txn);
    lmdb_store_read_end(self->store, reader);
    if (status == STATUS_OK) {
        *ret_records = page.records;
        *ret_count = page.count;
    }
    return status;
}

/* Waiting */

bool lmdb_rating_look(void *state, int64_t *ret_last)
{
    struct arena arena;
    struct call call;
    struct rating_change_range range = {.last = 0};
    arena_init(&arena, LOOK_ARENA_BYTES);
    call_init(&call, &arena, 0);
    enum status status = lmdb_rating_get_change_range(state, &call, &range);
    arena_deinit(&arena);
    if (status == STATUS_OK) {
        *ret_last = range.last;
    }
    return status == STATUS_OK;
}

enum status lmdb_rating_await_change(void *state, struct call *call, int64_t after)
{
    const struct lmdb_rating_repository *self = state;
    struct rating_change_range range = {.last = 0};
    enum status status = lmdb_rating_get_change_range(state, call, &range);
    if (status != STATUS_OK || range.last > after) {
        return status;
    }
    return rating_watch_wait(self->watch, call, after);
}

/* Trimming */

struct trim_job {
    struct group_commit_job job;
    int64_t through;
    bool finished; /* else there is more */
};

/* Deletes chunks that end at or before `through`; *trimmed: how far it came. */
static int delete_chunks(MDB_cursor *cursor, int64_t through, int64_t *trimmed)
{
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (unsigned i = 0; i < TRIM_CHUNKS_MAX && code == 0; i++) {
        struct rating_chunk_reader chunk;
        int64_t first;
        if (!rating_key_decode_sequence(lmdb_rating_text(key), &first) ||
            !rating_chunk_open(lmdb_rating_text(value), first, &chunk)) {
            return MDB_CORRUPTED;
        }
        int64_t last = first + chunk.head.count - 1;
        if (last > through) {
            *trimmed = through; /* the others of this chunk are kept with it, unseen */
            return 0;
        }
        *trimmed = last;
        code = mdb_cursor_del(cursor, 0);
        code = code == 0 ? mdb_cursor_get(cursor, &key, &value, MDB_FIRST) : code;
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

static int trim(struct lmdb_store *store, struct trim_job *job)
{
    MDB_txn *txn = lmdb_store_write_txn(store);
    MDB_cursor *cursor;
    struct rating_change_range range;
    int code = read_range(store, txn, &range);
    if (code != 0) {
        return code;
    }
    int64_t through = job->through < range.last ? job->through : range.last;
    int64_t trimmed = range.first - 1;
    job->finished = trimmed >= through;
    if (job->finished) {
        return 0;
    }
    code = mdb_cursor_open(txn, lmdb_store_map(store, LMDB_RATING_CHANGES), &cursor);
    if (code != 0) {
        return code;
    }
    code = delete_chunks(cursor, through, &trimmed);
    mdb_cursor_close(cursor);
    job->finished = trimmed >= through;
    return code == 0
               ? lmdb_rating_write_trimmed(txn, lmdb_store_map(store, LMDB_RATING_MARKS), trimmed)
               : code;
}

static enum status apply_trim(struct group_commit_job *base, void *state, struct store_error *error)
{
    struct trim_job *job = CONTAINER_OF(base, struct trim_job, job);
    int code = trim(state, job);
    return code == 0 ? STATUS_OK : lmdb_store_fail(state, error, code, "trimming the change log");
}

static void release_trim(struct group_commit_job *job)
{
    free(CONTAINER_OF(job, struct trim_job, job));
}

enum status lmdb_rating_trim_changes(void *state, struct call *call, int64_t through)
{
    const struct lmdb_rating_repository *self = state;
    bool finished = false;
    while (!finished) {
        struct trim_job *job = calloc(1, sizeof(*job));
        if (job == NULL) {
            return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory to trim");
        }
        job->job = (struct group_commit_job){
            .apply = apply_trim, .release = release_trim, .bytes = sizeof(*job)};
        job->through = through;
        enum status status = group_commit_run(lmdb_store_writer(self->store), call, &job->job);
        if (status != STATUS_OK) {
            return status;
        }
        finished = job->finished;
        release_trim(&job->job);
    }
    return STATUS_OK;
}
