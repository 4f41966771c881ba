/* sqlite_metadata_private.h: what the files of the SQLite metadata repository share. */
#pragma once

#include "metadata/repository/metadata_repository.h"
#include "store/sqlite_store.h"

struct sqlite_metadata_repository {
    struct sqlite_store *store;
    struct worker_pool *workers;
};

/* The places of the statements in the store's options. */
enum sqlite_metadata_statement {
    SQLITE_METADATA_GET,
    SQLITE_METADATA_PUT,
    SQLITE_METADATA_REMOVE,
    SQLITE_METADATA_LIST,
    SQLITE_METADATA_CHANGES,
    SQLITE_METADATA_LAST_CHANGE,
    SQLITE_METADATA_FIND_ID, /* these in the order of enum metadata_lookup_kind */
    SQLITE_METADATA_FIND_IMDB_ID,
    SQLITE_METADATA_FIND_TMDB_ID,
    SQLITE_METADATA_FIND_TITLE,
    SQLITE_METADATA_STATEMENT_COUNT,
};

/* The entry of the row that the statement is at, copied. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status sqlite_metadata_read_row(sqlite3_stmt *statement, struct arena *arena,
                                              struct metadata *ret_metadata);

/* Of struct metadata_repository_ops. */
enum status sqlite_metadata_get(void *state, struct call *call, struct text id,
                                struct metadata *ret_metadata);
enum status sqlite_metadata_list(void *state, struct call *call, struct text after, size_t limit,
                                 struct metadata **ret_entries, size_t *ret_count);
enum status sqlite_metadata_list_changes(void *state, struct call *call, int64_t after,
                                         size_t limit, struct metadata_changes *ret_changes);
enum status sqlite_metadata_find(void *state, struct call *call, enum metadata_lookup_kind kind,
                                 const struct metadata_lookup *lookups, size_t count,
                                 struct metadata_candidates *ret_candidates);
enum status sqlite_metadata_put(void *state, struct call *call, const struct metadata *metadata,
                                const struct metadata_condition *condition);
enum status sqlite_metadata_remove(void *state, struct call *call, struct text id,
                                   const struct metadata_condition *condition);
