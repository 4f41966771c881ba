/* Reading: an entry on the loop's thread, a page on a worker's. */
#include "base/arena.h"
#include "loop/worker.h"
#include "metadata/repository/sqlite_metadata_private.h"

/* A page of the largest entries; they are copied to the call's arena, whose own limit is lower. */
enum { PAGE_BYTES_MAX = 32 * 1024 * 1024 };

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

/* Lines of `joined` as texts that borrow from it. */
static size_t split_genres(struct text joined, struct text genres[static METADATA_GENRES_MAX])
{
    size_t count = 0;
    struct text rest = joined;
    while (rest.length > 0 && count < METADATA_GENRES_MAX) {
        genres[count++] = text_next(&rest, '\n');
    }
    return count;
}

/* "imdb 8.7 2000". false: the line is not one of ours. */
static bool read_score(struct text line, struct external_score *score)
{
    uint64_t votes;
    score->source = text_next(&line, ' ');
    struct text value = text_next(&line, ' ');
    if (!text_to_double(value, &score->value) || !text_to_u64(line, &votes) || votes > UINT32_MAX) {
        return false;
    }
    score->votes = (uint32_t)votes;
    return score->source.length > 0;
}

/* What another tool wrote, and is no score, is passed over. */
static size_t split_scores(struct text joined,
                           struct external_score scores[static METADATA_EXTERNAL_SCORES_MAX])
{
    size_t count = 0;
    struct text rest = joined;
    while (rest.length > 0 && count < METADATA_EXTERNAL_SCORES_MAX) {
        count += read_score(text_next(&rest, '\n'), &scores[count]);
    }
    return count;
}

enum status sqlite_metadata_read_row(sqlite3_stmt *statement, struct arena *arena,
                                     struct metadata *ret_metadata)
{
    struct text genres[METADATA_GENRES_MAX];
    struct external_score scores[METADATA_EXTERNAL_SCORES_MAX];
    const struct metadata row = {
        .id = sqlite_column(statement, 0),
        .title = sqlite_column(statement, 1),
        .description = sqlite_column(statement, 2),
        .director = sqlite_column(statement, 3),
        .year = sqlite3_column_int(statement, 4),
        .genres = genres,
        .genre_count = split_genres(sqlite_column(statement, 5), genres),
        .imdb_id = sqlite_column(statement, 6),
        .tmdb_id = sqlite_column(statement, 7),
        .popularity = (uint32_t)sqlite3_column_int64(statement, 8),
        .external_scores = scores,
        .external_score_count = split_scores(sqlite_column(statement, 9), scores),
    };
    return metadata_copy(arena, &row, ret_metadata);
}

enum status sqlite_metadata_get(void *state, struct call *call, struct text id,
                                struct metadata *ret_metadata)
{
    struct sqlite_metadata_repository *self = state;
    struct store_error error = {.message = ""};
    struct sqlite_connection *connection;
    enum status status = sqlite_store_read_begin(self->store, &error, &connection);
    if (status != STATUS_OK) {
        return store_error_report(&error, call, status);
    }
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_GET];
    int code = sqlite_bind(statement, 1, id) ? sqlite3_step(statement) : SQLITE_NOMEM;
    if (code == SQLITE_ROW) {
        status = sqlite_metadata_read_row(statement, call->arena, ret_metadata);
        status = status == STATUS_OK ? status : fail_room(call);
    } else if (code == SQLITE_DONE) {
        status = STATUS_NOT_FOUND;
    } else {
        status = sqlite_store_fail(self->store, &error, connection, "reading an entry");
        status = store_error_report(&error, call, status);
    }
    sqlite_connection_reset(statement);
    sqlite_store_read_end(self->store, connection);
    return status;
}

/* Listing. On the fiber's stack: the worker is waited for. */
struct listing {
    struct sqlite_store *store;
    struct text after;
    size_t limit;
    enum status status;
    struct store_error error;
    struct arena arena; /* the call's own belongs to its loop thread */
    struct metadata *entries;
    size_t count;
};

static int read_rows(struct listing *listing, sqlite3_stmt *statement)
{
    int code = SQLITE_ROW;
    while (listing->count < listing->limit) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW) {
            return code;
        }
        listing->status =
            sqlite_metadata_read_row(statement, &listing->arena, &listing->entries[listing->count]);
        if (listing->status != STATUS_OK) {
            return SQLITE_DONE;
        }
        listing->count++;
    }
    return SQLITE_DONE;
}

static void read_page(void *argument)
{
    struct listing *listing = argument;
    struct sqlite_connection *connection;
    listing->entries = arena_calloc(&listing->arena, listing->limit + 1, sizeof(*listing->entries));
    if (listing->entries == NULL) {
        listing->status = STATUS_RESOURCE_EXHAUSTED;
        return;
    }
    listing->status = sqlite_store_read_begin(listing->store, &listing->error, &connection);
    if (listing->status != STATUS_OK) {
        return;
    }
    sqlite3_stmt *statement = connection->statements[SQLITE_METADATA_LIST];
    int code = SQLITE_NOMEM;
    if (sqlite_bind(statement, 1, listing->after) &&
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)listing->limit) == SQLITE_OK) {
        code = read_rows(listing, statement);
    }
    if (code != SQLITE_DONE) {
        listing->status =
            sqlite_store_fail(listing->store, &listing->error, connection, "listing entries");
    }
    sqlite_connection_reset(statement);
    sqlite_store_read_end(listing->store, connection);
}

static enum status copy_page(struct call *call, const struct listing *listing,
                             struct metadata **ret_entries)
{
    struct metadata *entries = arena_calloc(call->arena, listing->count + 1, sizeof(*entries));
    enum status status = entries != NULL ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < listing->count && status == STATUS_OK; i++) {
        status = metadata_copy(call->arena, &listing->entries[i], &entries[i]);
    }
    if (status != STATUS_OK) {
        return fail_room(call);
    }
    *ret_entries = entries;
    return STATUS_OK;
}

enum status sqlite_metadata_list(void *state, struct call *call, struct text after, size_t limit,
                                 struct metadata **ret_entries, size_t *ret_count)
{
    struct sqlite_metadata_repository *self = state;
    CHECK(limit <= METADATA_PAGE_SIZE_MAX + 1);
    struct listing listing = {.store = self->store, .after = after, .limit = limit};
    arena_init(&listing.arena, PAGE_BYTES_MAX);
    enum status status = worker_call(self->workers, call, read_page, &listing);
    if (status == STATUS_OK && listing.status != STATUS_OK) {
        status = store_error_report(&listing.error, call, listing.status);
    }
    if (status == STATUS_OK) {
        status = copy_page(call, &listing, ret_entries);
    }
    if (status == STATUS_OK) {
        *ret_count = listing.count;
    }
    arena_deinit(&listing.arena);
    return status;
}
