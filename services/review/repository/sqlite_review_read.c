/* Reading: points on the loop's thread, pages on a worker's. */
#include "base/arena.h"
#include "loop/worker.h"
#include "review/repository/sqlite_review_private.h"

/* A page of the largest reviews; they are copied to the call's arena. */
enum { PAGE_BYTES_MAX = 4 * 1024 * 1024 };
_Static_assert(PAGE_BYTES_MAX / 2 > REVIEW_LIST_MAX * (REVIEW_TEXT_BYTES_MAX + 1024),
               "a page of the largest reviews fits");

static enum status fail_room(struct call *call)
{
    return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
}

static struct review_key key_of_row(sqlite3_stmt *statement)
{
    return (struct review_key){
        .record = {.type = (enum record_type)sqlite3_column_int(statement, 0),
                   .id = sqlite_column(statement, 1)},
        .user = sqlite_column(statement, 2)};
}

static enum status read_review(sqlite3_stmt *statement, struct arena *arena,
                               struct review *ret_review)
{
    const struct review row = {
        .key = key_of_row(statement),
        .text = sqlite_column(statement, 3),
        .spoiler = sqlite3_column_int(statement, 4) != 0,
        .created_ms = sqlite3_column_int64(statement, 5),
        .edited_ms = sqlite3_column_int64(statement, 6),
        .like_count = (uint64_t)sqlite3_column_int64(statement, 7),
        .liked = sqlite3_column_int(statement, 8) != 0,
    };
    return review_copy(arena, &row, ret_review);
}

static enum status read_like(sqlite3_stmt *statement, struct arena *arena, struct like *ret_like)
{
    const struct like row = {.key = key_of_row(statement),
                             .time_ms = sqlite3_column_int64(statement, 3)};
    return like_copy(arena, &row, ret_like);
}

/* A point read: one row, or none. */
static enum status read_point(struct sqlite_review_repository *self, struct call *call,
                              enum sqlite_review_statement which, const struct review_key *key,
                              enum status (*take_row)(struct call *call, sqlite3_stmt *statement,
                                                      void *result),
                              void *result)
{
    struct store_error error = {.message = ""};
    struct sqlite_connection *connection;
    enum status status = sqlite_store_read_begin(self->store, &error, &connection);
    if (status != STATUS_OK) {
        return store_error_report(&error, call, status);
    }
    sqlite3_stmt *statement = connection->statements[which];
    int code = sqlite_review_bind_key(statement, key) ? sqlite3_step(statement) : SQLITE_NOMEM;
    if (code == SQLITE_ROW) {
        status = take_row(call, statement, result);
    } else if (code == SQLITE_DONE) {
        status = STATUS_NOT_FOUND;
    } else {
        status = sqlite_store_fail(self->store, &error, connection, "reading a review");
        status = store_error_report(&error, call, status);
    }
    sqlite_connection_reset(statement);
    sqlite_store_read_end(self->store, connection);
    return status;
}

static enum status take_review(struct call *call, sqlite3_stmt *statement, void *result)
{
    return read_review(statement, call->arena, result) == STATUS_OK ? STATUS_OK : fail_room(call);
}

enum status sqlite_review_get(void *state, struct call *call, const struct review_key *key,
                              struct review *ret_review)
{
    return read_point(state, call, SQLITE_REVIEW_GET, key, take_review, ret_review);
}

static enum status take_reactions(struct call *call, sqlite3_stmt *statement, void *result)
{
    struct review_reactions *reactions = result;
    (void)call;
    *reactions = (struct review_reactions){
        .like_count = (uint64_t)sqlite3_column_int64(statement, 0),
        .review_count = (uint64_t)sqlite3_column_int64(statement, 1),
        .liked = sqlite3_column_int(statement, 2) != 0,
        .reviewed = sqlite3_column_int(statement, 3) != 0,
    };
    return STATUS_OK;
}

enum status sqlite_review_get_reactions(void *state, struct call *call,
                                        const struct review_key *key,
                                        struct review_reactions *ret_reactions)
{
    return read_point(state, call, SQLITE_REVIEW_REACTIONS, key, take_reactions, ret_reactions);
}

/* Listing. On the fiber's stack: the worker is waited for. */
struct listing {
    struct sqlite_store *store;
    enum sqlite_review_statement statement;
    struct record_key record; /* of which, or of the place in a user's list */
    struct text user;         /* of whom, or of the place in a record's list */
    int64_t time_ms;          /* of the place */
    struct text viewer;       /* of a record's list */
    int64_t like_count;       /* of the place in a list by likes */
    size_t limit;
    enum status status;
    struct store_error error;
    struct arena arena; /* the call's own belongs to its loop thread */
    struct review *reviews;
    struct like *likes;
    size_t count;
};

static bool bind_place(const struct listing *listing, sqlite3_stmt *statement)
{
    bool is_by_likes = listing->statement == SQLITE_REVIEW_BY_LIKES;
    bool is_of_record = listing->statement == SQLITE_REVIEW_OF_RECORD || is_by_likes;
    int type_place = is_of_record ? 1 : 3;
    int time_place = is_of_record ? 3 : 2;
    return sqlite3_bind_int(statement, type_place, (int)listing->record.type) == SQLITE_OK &&
           sqlite_bind(statement, type_place + 1, listing->record.id) &&
           sqlite_bind(statement, is_of_record ? 4 : 1, listing->user) &&
           sqlite3_bind_int64(statement, time_place, listing->time_ms) == SQLITE_OK &&
           sqlite3_bind_int64(statement, 5, (sqlite3_int64)listing->limit) == SQLITE_OK &&
           (!is_of_record || sqlite_bind(statement, 6, listing->viewer)) &&
           (!is_by_likes || sqlite3_bind_int64(statement, 7, listing->like_count) == SQLITE_OK);
}

static enum status read_row(struct listing *listing, sqlite3_stmt *statement)
{
    return listing->likes != NULL
               ? read_like(statement, &listing->arena, &listing->likes[listing->count])
               : read_review(statement, &listing->arena, &listing->reviews[listing->count]);
}

/* SQLITE_DONE: all that were wanted, or no room for them. */
static int read_rows(struct listing *listing, sqlite3_stmt *statement)
{
    while (listing->count < listing->limit) {
        int code = sqlite3_step(statement);
        if (code != SQLITE_ROW) {
            return code;
        }
        listing->status = read_row(listing, statement);
        if (listing->status != STATUS_OK) {
            return SQLITE_DONE;
        }
        listing->count++;
    }
    return SQLITE_DONE;
}

static bool make_room(struct listing *listing)
{
    if (listing->statement == SQLITE_REVIEW_LIKES) {
        listing->likes = arena_calloc(&listing->arena, listing->limit + 1, sizeof(*listing->likes));
        return listing->likes != NULL;
    }
    listing->reviews = arena_calloc(&listing->arena, listing->limit + 1, sizeof(*listing->reviews));
    return listing->reviews != NULL;
}

static void read_page(void *argument)
{
    struct listing *listing = argument;
    struct sqlite_connection *connection;
    if (!make_room(listing)) {
        listing->status = STATUS_RESOURCE_EXHAUSTED;
        return;
    }
    listing->status = sqlite_store_read_begin(listing->store, &listing->error, &connection);
    if (listing->status != STATUS_OK) {
        return;
    }
    sqlite3_stmt *statement = connection->statements[listing->statement];
    int code = bind_place(listing, statement) ? read_rows(listing, statement) : SQLITE_NOMEM;
    if (code != SQLITE_DONE) {
        listing->status =
            sqlite_store_fail(listing->store, &listing->error, connection, "listing reviews");
    }
    sqlite_connection_reset(statement);
    sqlite_store_read_end(listing->store, connection);
}

/* The arena is to be deinitialised by the caller. */
static enum status run(struct sqlite_review_repository *self, struct call *call,
                       struct listing *listing)
{
    listing->store = self->store;
    arena_init(&listing->arena, PAGE_BYTES_MAX);
    enum status status = worker_call(self->workers, call, read_page, listing);
    return status == STATUS_OK && listing->status != STATUS_OK
               ? store_error_report(&listing->error, call, listing->status)
               : status;
}

static enum status list_reviews(struct sqlite_review_repository *self, struct call *call,
                                struct listing *listing, struct review **ret_reviews,
                                size_t *ret_count)
{
    CHECK(listing->limit <= REVIEW_LIST_MAX);
    enum status status = run(self, call, listing);
    struct review *reviews = NULL;
    if (status == STATUS_OK) {
        reviews = arena_calloc(call->arena, listing->count + 1, sizeof(*reviews));
        status = reviews != NULL ? STATUS_OK : fail_room(call);
    }
    for (size_t i = 0; i < listing->count && status == STATUS_OK; i++) {
        status = review_copy(call->arena, &listing->reviews[i], &reviews[i]);
        status = status == STATUS_OK ? status : fail_room(call);
    }
    if (status == STATUS_OK) {
        *ret_reviews = reviews;
        *ret_count = listing->count;
    }
    arena_deinit(&listing->arena);
    return status;
}

enum status sqlite_review_list_of_record(void *state, struct call *call,
                                         const struct review_query *query,
                                         const struct review *after, size_t limit,
                                         struct review **ret_reviews, size_t *ret_count)
{
    struct listing listing = {
        .statement = query->order == REVIEW_ORDER_MOST_LIKED ? SQLITE_REVIEW_BY_LIKES
                                                             : SQLITE_REVIEW_OF_RECORD,
        .record = query->record,
        .user = after != NULL ? after->key.user : TEXT(""),
        .time_ms = after != NULL ? after->created_ms : INT64_MAX,
        .viewer = query->viewer,
        .like_count = after != NULL ? (int64_t)after->like_count : INT64_MAX,
        .limit = limit,
    };
    return list_reviews(state, call, &listing, ret_reviews, ret_count);
}

enum status sqlite_review_list_of_user(void *state, struct call *call, struct text user,
                                       const struct review *after, size_t limit,
                                       struct review **ret_reviews, size_t *ret_count)
{
    struct listing listing = {
        .statement = SQLITE_REVIEW_OF_USER,
        .user = user,
        .time_ms = after != NULL ? after->created_ms : INT64_MAX,
        .limit = limit,
    };
    if (after != NULL) {
        listing.record = after->key.record;
    }
    return list_reviews(state, call, &listing, ret_reviews, ret_count);
}

enum status sqlite_review_list_likes(void *state, struct call *call, struct text user,
                                     const struct like *after, size_t limit,
                                     struct like **ret_likes, size_t *ret_count)
{
    CHECK(limit <= LIKE_LIST_MAX);
    struct listing listing = {
        .statement = SQLITE_REVIEW_LIKES,
        .user = user,
        .time_ms = after != NULL ? after->time_ms : INT64_MAX,
        .limit = limit,
    };
    if (after != NULL) {
        listing.record = after->key.record;
    }
    enum status status = run(state, call, &listing);
    struct like *likes = NULL;
    if (status == STATUS_OK) {
        likes = arena_calloc(call->arena, listing.count + 1, sizeof(*likes));
        status = likes != NULL ? STATUS_OK : fail_room(call);
    }
    for (size_t i = 0; i < listing.count && status == STATUS_OK; i++) {
        status = like_copy(call->arena, &listing.likes[i], &likes[i]);
        status = status == STATUS_OK ? status : fail_room(call);
    }
    if (status == STATUS_OK) {
        *ret_likes = likes;
        *ret_count = listing.count;
    }
    arena_deinit(&listing.arena);
    return status;
}
