/* Entries by their other ids and titles, read on a worker's thread: up to METADATA_BATCH_MAX reads.
 */
#include "base/arena.h"
#include "loop/worker.h"
#include "metadata/repository/metadata_title_key.h"
#include "metadata/repository/sqlite_metadata_private.h"

/* Of the largest candidates there can be; they are copied to the call's arena, whose own limit is
 * lower. */
enum { FOUND_BYTES_MAX = 16 * 1024 * 1024, FOLDING_BYTES_MAX = 256 * 1024 };

/* On the fiber's stack: the worker is waited for. */
struct finding {
    struct sqlite_store *store;
    enum metadata_lookup_kind kind;
    const struct metadata_lookup *lookups;
    size_t count;
    enum status status;
    struct store_error error;
    struct arena arena;   /* the call's own belongs to its loop thread */
    struct arena folding; /* of one lookup */
    struct metadata_candidates *found;
};

static sqlite3_stmt *statement_of(const struct sqlite_connection *connection,
                                  enum metadata_lookup_kind kind)
{
    static const enum sqlite_metadata_statement statements[] = {
        [METADATA_LOOKUP_ID] = SQLITE_METADATA_FIND_ID,
        [METADATA_LOOKUP_IMDB_ID] = SQLITE_METADATA_FIND_IMDB_ID,
        [METADATA_LOOKUP_TMDB_ID] = SQLITE_METADATA_FIND_TMDB_ID,
        [METADATA_LOOKUP_TITLE] = SQLITE_METADATA_FIND_TITLE,
    };
    return connection->statements[statements[kind]];
}

/* Whether the row has the title that was looked for, and its whole title. The key that is stored
 * with it is not believed: an older program may have changed the title and left the key. */
static enum status compare_titles(struct finding *finding, sqlite3_stmt *statement,
                                  const struct metadata_title_key *wanted, bool *ret_is_same,
                                  struct metadata_candidate *candidate)
{
    struct metadata_title_key key;
    if (finding->kind != METADATA_LOOKUP_TITLE) {
        *ret_is_same = true;
        return STATUS_OK;
    }
    enum status status = metadata_title_key(&finding->folding, sqlite_column(statement, 4), &key);
    if (status == STATUS_OK) {
        *ret_is_same = text_equal(key.key, wanted->key);
        candidate->has_whole_title = text_equal(key.whole, wanted->whole);
    }
    return status;
}

static enum status read_row(struct finding *finding, sqlite3_stmt *statement,
                            const struct metadata_title_key *wanted,
                            struct metadata_candidate *candidates, size_t *count)
{
    bool is_same = false;
    struct metadata_candidate candidate = {
        .id = arena_copy(&finding->arena, sqlite_column(statement, 0)),
        .imdb_id = arena_copy(&finding->arena, sqlite_column(statement, 1)),
        .tmdb_id = arena_copy(&finding->arena, sqlite_column(statement, 2)),
        .year = sqlite3_column_int(statement, 3),
    };
    if (candidate.id.data == NULL || candidate.imdb_id.data == NULL ||
        candidate.tmdb_id.data == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    enum status status = compare_titles(finding, statement, wanted, &is_same, &candidate);
    if (status == STATUS_OK && is_same) {
        candidates[(*count)++] = candidate;
    }
    return status;
}

static bool bind_lookup(sqlite3_stmt *statement, struct text value,
                        const struct metadata_lookup *lookup, enum metadata_lookup_kind kind)
{
    if (!sqlite_bind(statement, 1, value) ||
        sqlite3_bind_int(statement, 4, METADATA_CANDIDATES_MAX + 1) != SQLITE_OK) {
        return false;
    }
    return kind != METADATA_LOOKUP_TITLE ||
           (sqlite3_bind_int(statement, 2, lookup->year_from) == SQLITE_OK &&
            sqlite3_bind_int(statement, 3, lookup->year_to) == SQLITE_OK);
}

/* SQLITE_DONE: all rows were read, or finding->status says why not. */
static int read_rows(struct finding *finding, sqlite3_stmt *statement,
                     const struct metadata_title_key *wanted, struct metadata_candidates *found)
{
    struct metadata_candidate candidates[METADATA_CANDIDATES_MAX + 1];
    size_t count = 0;
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
        finding->status = read_row(finding, statement, wanted, candidates, &count);
        if (finding->status != STATUS_OK) {
            return SQLITE_DONE;
        }
    }
    found->more = count > METADATA_CANDIDATES_MAX;
    found->count = found->more ? METADATA_CANDIDATES_MAX : count;
    struct metadata_candidate *kept =
        arena_calloc(&finding->arena, found->count + 1, sizeof(*kept));
    if (kept == NULL) {
        finding->status = STATUS_RESOURCE_EXHAUSTED;
        return SQLITE_DONE;
    }
    memcpy(kept, candidates, found->count * sizeof(*kept));
    found->candidates = kept;
    return code;
}

static int find_one(struct finding *finding, struct sqlite_connection *connection, size_t place)
{
    const struct metadata_lookup *lookup = &finding->lookups[place];
    struct metadata_title_key wanted = {.key = lookup->value};
    sqlite3_stmt *statement = statement_of(connection, finding->kind);
    int code = SQLITE_DONE;
    if (lookup->value.length == 0) {
        return code;
    }
    if (finding->kind == METADATA_LOOKUP_TITLE) {
        finding->status = metadata_title_key(&finding->folding, lookup->value, &wanted);
    }
    if (finding->status == STATUS_OK) {
        code = bind_lookup(statement, wanted.key, lookup, finding->kind)
                   ? read_rows(finding, statement, &wanted, &finding->found[place])
                   : SQLITE_NOMEM;
        sqlite_connection_reset(statement);
    }
    arena_reset(&finding->folding);
    return code;
}

static void find_all(void *argument)
{
    struct finding *finding = argument;
    struct sqlite_connection *connection;
    finding->found = arena_calloc(&finding->arena, finding->count + 1, sizeof(*finding->found));
    if (finding->found == NULL) {
        finding->status = STATUS_RESOURCE_EXHAUSTED;
        return;
    }
    finding->status = sqlite_store_read_begin(finding->store, &finding->error, &connection);
    int code = SQLITE_DONE;
    if (finding->status != STATUS_OK) {
        return;
    }
    for (size_t i = 0; i < finding->count && finding->status == STATUS_OK && code == SQLITE_DONE;
         i++) {
        code = find_one(finding, connection, i);
    }
    if (code != SQLITE_DONE) {
        finding->status =
            sqlite_store_fail(finding->store, &finding->error, connection, "looking entries up");
    }
    sqlite_store_read_end(finding->store, connection);
}

static enum status copy_candidates(struct call *call, const struct metadata_candidates *found,
                                   struct metadata_candidates *ret_copy)
{
    struct metadata_candidate *copies =
        arena_calloc(call->arena, found->count + 1, sizeof(*copies));
    bool fits = copies != NULL;
    for (size_t i = 0; i < found->count && fits; i++) {
        const struct metadata_candidate *candidate = &found->candidates[i];
        copies[i] = *candidate;
        copies[i].id = arena_copy(call->arena, candidate->id);
        copies[i].imdb_id = arena_copy(call->arena, candidate->imdb_id);
        copies[i].tmdb_id = arena_copy(call->arena, candidate->tmdb_id);
        fits = copies[i].id.data != NULL && copies[i].imdb_id.data != NULL &&
               copies[i].tmdb_id.data != NULL;
    }
    if (!fits) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "the answer is too large");
    }
    *ret_copy = (struct metadata_candidates){copies, found->count, found->more};
    return STATUS_OK;
}

enum status sqlite_metadata_find(void *state, struct call *call, enum metadata_lookup_kind kind,
                                 const struct metadata_lookup *lookups, size_t count,
                                 struct metadata_candidates *ret_candidates)
{
    struct sqlite_metadata_repository *self = state;
    CHECK(count <= METADATA_BATCH_MAX);
    struct finding finding = {.store = self->store,
                              .kind = kind,
                              .lookups = lookups,
                              .count = count,
                              .error = {.message = ""}};
    arena_init(&finding.arena, FOUND_BYTES_MAX);
    arena_init(&finding.folding, FOLDING_BYTES_MAX);
    enum status status = worker_call(self->workers, call, find_all, &finding);
    if (status == STATUS_OK && finding.status != STATUS_OK) {
        status = store_error_report(&finding.error, call, finding.status);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = copy_candidates(call, &finding.found[i], &ret_candidates[i]);
    }
    arena_deinit(&finding.folding);
    arena_deinit(&finding.arena);
    return status;
}
