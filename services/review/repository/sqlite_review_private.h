/* sqlite_review_private.h: what the files of the SQLite review repository share. */
#pragma once

#include "review/repository/review_repository.h"
#include "store/sqlite_store.h"

struct sqlite_review_repository {
    struct sqlite_store *store;
    struct worker_pool *workers;
};

/* The places of the statements in the store's options. */
enum sqlite_review_statement {
    SQLITE_REVIEW_GET,
    SQLITE_REVIEW_TIMES,
    SQLITE_REVIEW_PUT,
    SQLITE_REVIEW_REMOVE,
    SQLITE_REVIEW_OF_RECORD,
    SQLITE_REVIEW_BY_LIKES,
    SQLITE_REVIEW_OF_USER,
    SQLITE_REVIEW_PUT_LIKE,
    SQLITE_REVIEW_REMOVE_LIKE,
    SQLITE_REVIEW_LIKES,
    SQLITE_REVIEW_COUNT_LIKES,
    SQLITE_REVIEW_PUT_REVIEW_LIKE,
    SQLITE_REVIEW_REMOVE_REVIEW_LIKE,
    SQLITE_REVIEW_REACTIONS,
    SQLITE_REVIEW_STATEMENT_COUNT,
};

/* Binds a key's parts at ?1 (the record's type), ?2 (its id) and ?3 (the user). false: no memory.
 */
MUST_USE bool sqlite_review_bind_key(sqlite3_stmt *statement, const struct review_key *key);

/* Of struct review_repository_ops. */
enum status sqlite_review_put(void *state, struct call *call, const struct review *review,
                              bool yields, struct review *ret_stored, bool *ret_changed);
enum status sqlite_review_remove(void *state, struct call *call, const struct review_key *key);
enum status sqlite_review_get(void *state, struct call *call, const struct review_key *key,
                              struct review *ret_review);
enum status sqlite_review_list_of_record(void *state, struct call *call,
                                         const struct review_query *query,
                                         const struct review *after, size_t limit,
                                         struct review **ret_reviews, size_t *ret_count);
enum status sqlite_review_list_of_user(void *state, struct call *call, struct text user,
                                       const struct review *after, size_t limit,
                                       struct review **ret_reviews, size_t *ret_count);
enum status sqlite_review_put_like(void *state, struct call *call, const struct like *like,
                                   uint64_t *ret_count);
enum status sqlite_review_remove_like(void *state, struct call *call, const struct review_key *key,
                                      uint64_t *ret_count);
enum status sqlite_review_list_likes(void *state, struct call *call, struct text user,
                                     const struct like *after, size_t limit,
                                     struct like **ret_likes, size_t *ret_count);
enum status sqlite_review_put_review_like(void *state, struct call *call,
                                          const struct review_like *like, uint64_t *ret_count);
enum status sqlite_review_remove_review_like(void *state, struct call *call,
                                             const struct review_like *like, uint64_t *ret_count);
enum status sqlite_review_get_reactions(void *state, struct call *call,
                                        const struct review_key *key,
                                        struct review_reactions *ret_reactions);
