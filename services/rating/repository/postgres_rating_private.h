/* postgres_rating_private.h: what the files of the PostgreSQL rating repository share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "rating/model/vote_state.h"
#include "rating/repository/postgres_rating_repository.h"
#include "rating/repository/rating_key.h"
#include "rating/repository/rating_watch.h"
#include "store/group_commit.h"
#include "store/postgres_backoff.h"
#include "store/postgres_pool.h"

/* The server's clock. */
#define POSTGRES_RATING_NOW "(extract(epoch from clock_timestamp()) * 1000)::int8"

/* Statements */

enum postgres_rating_read {
    POSTGRES_READ_AGGREGATE,
    POSTGRES_READ_AGGREGATES_OF,
    POSTGRES_READ_VOTE,
    POSTGRES_READ_POSITION,
    POSTGRES_READ_USER_VOTES,
    POSTGRES_READ_VOTES,
    POSTGRES_READ_AGGREGATES,
    POSTGRES_READ_DEAD_LETTERS,
    POSTGRES_READ_DEAD_LETTER,
    POSTGRES_READ_CHANGES,
    POSTGRES_READ_CHANGE_RANGE,
    POSTGRES_READ_COUNT,
    POSTGRES_CLAIM = POSTGRES_READ_COUNT,
    POSTGRES_TRIM,
    POSTGRES_TAKE_LEASE,
    POSTGRES_GIVE_LEASE,
    POSTGRES_EXPIRE,
    POSTGRES_END_STOPPED,
    POSTGRES_POOL_STATEMENT_COUNT,
};

enum postgres_rating_write {
    POSTGRES_BEGIN,
    POSTGRES_COMMIT,
    POSTGRES_ROLLBACK,
    POSTGRES_NEW_MARK,
    POSTGRES_READ_MARK,
    POSTGRES_PUT_MARK,
    POSTGRES_LOCK_POSITION,
    POSTGRES_PUT_POSITION,
    POSTGRES_NEW_AGGREGATES,
    POSTGRES_LOCK_AGGREGATES,
    POSTGRES_TAKE_EVENTS,
    POSTGRES_LOCK_VOTES,
    POSTGRES_INSERT_VOTES,
    POSTGRES_UPDATE_VOTES,
    POSTGRES_INSERT_AGGREGATES,
    POSTGRES_UPDATE_AGGREGATES,
    POSTGRES_SETTLE,
    POSTGRES_PUT_LETTERS,
    POSTGRES_LOG,
    POSTGRES_WRITE_STATEMENT_COUNT,
};

extern const struct postgres_statement
    postgres_rating_pool_statements[POSTGRES_POOL_STATEMENT_COUNT];
extern const struct postgres_statement
    postgres_rating_write_statements[POSTGRES_WRITE_STATEMENT_COUNT];

/* Jobs */

/* A batch with its texts, one allocation: made by the caller's thread, read by the writer's. */
struct postgres_rating_job {
    struct group_commit_job job;
    struct rating_batch batch; /* its arrays and texts lie behind; outcomes is never NULL */
    struct text *keys;         /* of the changes: rating_key_encode_vote(); their parts lie there */
    struct rating_source source;
    struct rating_position position;
    int64_t now_ms;
    uint64_t tried_in; /* the last group whose commit was asked for with it; 0: none */
};

/* A checked batch. NULL: no memory. Freed by job.release(). */
MUST_USE struct postgres_rating_job *postgres_rating_job_create(const struct rating_batch *batch);

/* Plans: what a transaction does */

/* One change, in the order in which they were given. */
struct postgres_rating_item {
    const struct rating_change *change;
    const struct postgres_rating_job *job;
    struct text key;
    enum rating_outcome outcome;
    int32_t hundredths; /* of the vote after it */
    int64_t time_ms;
};

struct postgres_rating_order {
    uint64_t chunk; /* of the key, while sorting */
    uint32_t item;
};

/* The changes of one vote: places [first, end) of the order. */
struct postgres_rating_vote {
    uint32_t first;
    uint32_t end;
    uint32_t record;
    bool stored;
    struct vote_state before;
    struct vote_state after;
};

struct postgres_rating_record {
    struct record_key key;
    bool stored;  /* it has a row, which is locked */
    bool changed; /* by the votes of the plan */
    struct rating_aggregate aggregate;
};

/* What becomes of one dead letter. */
struct postgres_rating_letter {
    struct rating_dead_letter_key key;
    const struct rating_dead_letter *put; /* NULL: it is settled */
    size_t order;
};

struct postgres_rating_plan {
    struct postgres_rating_job **jobs; /* group_commit's order */
    size_t job_count;
    struct postgres_rating_item *items;
    size_t item_count;
    struct postgres_rating_order *order; /* by vote, then as given */
    struct postgres_rating_vote *votes;  /* by key */
    size_t vote_count;
    struct postgres_rating_record *records; /* by key */
    size_t record_count;
    uint32_t *events; /* items with an event id, by it, then as given */
    size_t event_count;
    struct postgres_rating_letter *letters; /* by key, one each */
    size_t letter_count;
};

/* false: no memory. jobs: borrowed. Freed by postgres_rating_plan_deinit(), whatever is returned.
 */
MUST_USE bool postgres_rating_plan_init(struct postgres_rating_plan *plan,
                                        struct postgres_rating_job **jobs, size_t job_count);
void postgres_rating_plan_deinit(struct postgres_rating_plan *plan);

/* Whether two places of plan->events are of the same id. */
bool postgres_rating_plan_same_event(const struct postgres_rating_plan *plan, size_t a, size_t b);

/* Brings every change to what stands: votes' `before`, records' aggregates and the items that are
 * RATING_DUPLICATE are known; sets the rest. false: an aggregate does not hold a vote that stands,
 * so the store is damaged. */
MUST_USE bool postgres_rating_plan_fold(struct postgres_rating_plan *plan);

/* The writer */

enum {
    POSTGRES_RATING_ARRAYS = 7,
    POSTGRES_RATING_WRITER_BYTES = 33,
    POSTGRES_RATING_KNOWN_MAX = 64
};

struct postgres_rating_counters {
    _Atomic uint64_t rows; /* votes, aggregates, dead letters and log records written */
    _Atomic uint64_t retries;
    _Atomic uint64_t connections;
    _Atomic uint64_t doubts; /* commits whose outcome was not known at first */
    _Atomic uint64_t notices;
};

/* Where a partition stood after this writer's last commit: the next batch need not ask. */
struct postgres_rating_known {
    char topic[RATING_TOPIC_BYTES_MAX];
    struct rating_position position; /* its topic lies in front */
};

struct postgres_rating_writer {
    const struct postgres_session *session;
    int64_t event_id_window_ms;
    struct postgres_rating_counters *counters;
    struct rating_watch *watch;
    char name[POSTGRES_RATING_WRITER_BYTES]; /* of this process's row in commit_marks */
    struct postgres_connection *connection;  /* NULL: none now */
    struct postgres_backoff backoff;
    struct postgres_array arrays[POSTGRES_RATING_ARRAYS];
    struct postgres_rating_job *jobs[GROUP_COMMIT_GROUP_MAX]; /* of the open group */
    size_t job_count;
    struct postgres_rating_known known[POSTGRES_RATING_KNOWN_MAX];
    size_t known_count;
    bool begun;          /* BEGIN was sent */
    bool again;          /* what failed is worth another try */
    uint64_t group;      /* the last whose commit was asked for */
    bool in_doubt;       /* whether it was done */
    uint64_t done_group; /* the last that was found done afterwards */
};

void postgres_rating_writer_init(struct postgres_rating_writer *writer);

/* Connects and makes the process's mark. */
MUST_USE enum status postgres_rating_writer_open(struct postgres_rating_writer *writer,
                                                 struct store_error *error);
void postgres_rating_writer_deinit(struct postgres_rating_writer *writer);

/* Of group_commit; its store is the writer. */
extern const struct group_commit_ops postgres_rating_group_ops;
enum status postgres_rating_job_apply(struct group_commit_job *job, void *store,
                                      struct store_error *error);

/* Whether the batch begins where its partition stands, and is of its owner. What was remembered is
 * not asked for again: the position is compared once more when it is written. STATUS_ABORTED: no;
 * STATUS_UNAVAILABLE: it could not be asked for. */
MUST_USE enum status postgres_rating_check_position(struct postgres_rating_writer *writer,
                                                    const struct rating_batch *batch,
                                                    struct call *call, struct store_error *error);

/* After a commit: where its partitions stand now. */
void postgres_rating_remember_positions(struct postgres_rating_writer *writer);

/* The statements of a plan, up to what has to be known before it can be folded, and after. The
 * second asks for the commit. STATUS_ABORTED: worth another try. *ret_last: the change log's last
 * sequence; 0 when it has not grown. */
MUST_USE enum status postgres_rating_lock_plan(struct postgres_rating_writer *writer,
                                               struct postgres_rating_plan *plan, struct call *call,
                                               struct store_error *error);
MUST_USE enum status postgres_rating_write_plan(struct postgres_rating_writer *writer,
                                                const struct postgres_rating_plan *plan,
                                                struct call *call, struct store_error *error,
                                                int64_t *ret_last);

/* Gives the plan's transaction up, in which another writer has turned out to have made the row of a
 * record too, and makes the rows of all records that had none: another try finds them. */
void postgres_rating_make_records(struct postgres_rating_writer *writer,
                                  const struct postgres_rating_plan *plan, struct call *call);

/* Sends what a folded plan adds to the change log, with the writer's mark and a notice of the last
 * sequence, which the answer gives. How many chunks; 0: nothing was sent. */
size_t postgres_rating_send_log(struct postgres_rating_writer *writer,
                                const struct postgres_rating_plan *plan);

/* Notices */

/* Listens, on a thread and a connection of its own, for what any process adds to the change log. */
struct postgres_rating_notice;

MUST_USE enum status postgres_rating_notice_create(const struct postgres_session *session,
                                                   struct rating_watch *watch,
                                                   struct postgres_rating_counters *counters,
                                                   struct postgres_rating_notice **ret_notice);
void postgres_rating_notice_destroy(struct postgres_rating_notice *notice);

/* The repository */

struct postgres_rating_repository {
    char *conninfo;
    char schema[POSTGRES_SCHEMA_BYTES_MAX + 1];
    struct rating_retention retention;
    struct postgres_session pool_session;
    struct postgres_session write_session;
    struct postgres_pool *pool;
    struct postgres_rating_counters counters;
    struct postgres_rating_writer writer;
    struct group_commit *group;
    struct rating_watch *watch;
    struct postgres_rating_notice *notice;
};

/* Three columns, from `column` on: count, sum and histogram. false: it has not all bins. */
MUST_USE bool postgres_rating_read_aggregate(const PGresult *result, int row, int column,
                                             struct rating_aggregate *ret_aggregate);

/* Of struct rating_repository_ops; `state` is the struct postgres_rating_repository. */
enum status postgres_rating_claim_position(void *state, struct call *call, struct text topic,
                                           int32_t partition, struct rating_position *ret_position);
enum status postgres_rating_get_position(void *state, struct call *call, struct text topic,
                                         int32_t partition, int64_t *ret_next_offset);
enum status postgres_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                          struct rating_aggregate *ret_aggregate);
enum status postgres_rating_get_aggregates(void *state, struct call *call,
                                           struct rating_stored_aggregate *aggregates,
                                           size_t count);
enum status postgres_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                     struct vote *ret_vote);
enum status postgres_rating_list_user_votes(void *state, struct call *call, struct text user,
                                            const struct vote_key *after, size_t limit,
                                            struct vote **ret_votes, size_t *ret_count);
enum status postgres_rating_list_votes(void *state, struct call *call, const struct vote_key *after,
                                       size_t limit, struct rating_stored_vote **ret_votes,
                                       size_t *ret_count);
enum status postgres_rating_list_aggregates(void *state, struct call *call,
                                            const struct record_key *after, size_t limit,
                                            struct rating_stored_aggregate **ret_aggregates,
                                            size_t *ret_count);
enum status postgres_rating_list_dead_letters(void *state, struct call *call,
                                              const struct rating_dead_letter_key *after,
                                              size_t limit, struct rating_dead_letter **ret_letters,
                                              size_t *ret_count);
enum status postgres_rating_get_dead_letter(void *state, struct call *call,
                                            const struct rating_dead_letter_key *key,
                                            struct rating_dead_letter *ret_letter);
enum status postgres_rating_list_changes(void *state, struct call *call, int64_t after,
                                         size_t limit, struct rating_change_record **ret_records,
                                         size_t *ret_count);
enum status postgres_rating_get_change_range(void *state, struct call *call,
                                             struct rating_change_range *ret_range);
enum status postgres_rating_trim_changes(void *state, struct call *call, int64_t through);
enum status postgres_rating_hold_lease(void *state, struct call *call, struct text name,
                                       struct text owner, int64_t ttl_ms, bool *ret_held);
enum status postgres_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count);
