/* lmdb_rating_private.h: what the files of the LMDB rating repository share. */
#pragma once

#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_key.h"
#include "rating/repository/rating_watch.h"
#include "store/lmdb_store.h"

/* The places of the maps in the store's options. */
enum lmdb_rating_map {
    LMDB_RATING_VOTES,
    LMDB_RATING_USER_VOTES,
    LMDB_RATING_AGGREGATES,
    LMDB_RATING_POSITIONS,
    LMDB_RATING_DEAD_LETTERS,
    LMDB_RATING_EVENTS,   /* when an event's id was taken */
    LMDB_RATING_EXPIRIES, /* events and tombstones by the time since when they are kept */
    LMDB_RATING_LEASES,
    LMDB_RATING_CHANGES, /* chunks, under the sequence of their first record */
    LMDB_RATING_MARKS,   /* of the change log: "trimmed", the last sequence that was dropped */
    LMDB_RATING_MAP_COUNT,
};

struct lmdb_rating_repository {
    struct lmdb_store *store;
    struct rating_watch *watch;
    struct rating_retention retention;
};

/* One change, encoded: half a cache line. */
struct lmdb_rating_entry {
    uint32_t keys;             /* in the job's bytes: the vote's, the user's, the event's */
    uint16_t key_length;       /* of the first two */
    uint16_t event_key_length; /* 0: it has no id */
    uint16_t record_length;
    int16_t hundredths;
    bool is_delete;
    bool has_time;
    bool skip_unchanged;
    int64_t time_ms; /* the event's; without one, what the vote has got once it is applied */
    int64_t offset;
};

/* The order in which entries are applied: by key, equal keys as given. */
struct lmdb_rating_order {
    uint64_t chunk; /* of the key, while sorting */
    uint32_t entry;
    bool adds; /* of the user's votes: put, else remove */
};

struct lmdb_rating_letter {
    uint32_t key;
    uint32_t value;
    uint32_t value_length;
    uint16_t key_length;
    uint16_t topic_length; /* the key's first bytes */
    int32_t partition;
    int64_t offset;
};

/* A dead letter's key, to be removed. */
struct lmdb_rating_settled {
    uint32_t key;
    uint16_t key_length;
};

/* A batch, flat: one allocation, made by the caller's thread, read by the writer's. */
struct lmdb_rating_job {
    struct group_commit_job job;
    int64_t now_ms;
    int64_t event_id_window_ms;
    int64_t last_sequence; /* that it gave; 0: none */
    size_t entry_count;
    size_t event_count; /* entries with an id */
    size_t letter_count;
    size_t settled_count;
    struct lmdb_rating_entry *entries;
    struct lmdb_rating_order *votes;      /* entry_count */
    struct lmdb_rating_order *user_votes; /* room for entry_count */
    struct lmdb_rating_order *events;     /* event_count */
    struct lmdb_rating_letter *letters;
    struct lmdb_rating_settled *settled;
    uint8_t *outcomes; /* by entry */
    char *bytes;
    struct rating_source source; /* its topic is in bytes */
    bool has_position;
    int64_t from_offset;
    struct rating_position position; /* without its topic */
    size_t position_key_length;
    char position_key[RATING_POSITION_KEY_BYTES_MAX];
};

/* A checked batch. NULL: no memory. Freed by job.release(). */
MUST_USE struct lmdb_rating_job *lmdb_rating_job_create(const struct rating_batch *batch);

/* By which of an entry's keys. */
enum lmdb_rating_sorting { LMDB_RATING_BY_VOTE, LMDB_RATING_BY_USER, LMDB_RATING_BY_EVENT };

struct text lmdb_rating_job_key(const struct lmdb_rating_job *job,
                                const struct lmdb_rating_order *order,
                                enum lmdb_rating_sorting sorting);

/* Sorts `count` places by the keys of their entries; equal keys stay in the order of the batch.
 * scratch: room for as many. */
void lmdb_rating_job_sort(const struct lmdb_rating_job *job, struct lmdb_rating_order *order,
                          struct lmdb_rating_order *scratch, size_t count,
                          enum lmdb_rating_sorting sorting);

/* What a walk over sorted places will touch soon: entries and keys lie all over the job, and
 * waiting for memory was half of the time. */
void lmdb_rating_job_prefetch(const struct lmdb_rating_job *job,
                              const struct lmdb_rating_order *order, size_t count, size_t at);

/* job.apply, on the writer's thread. */
enum status lmdb_rating_apply(struct group_commit_job *job, void *store, struct store_error *error);

/* The parts of it, in this order, each on the open write transaction. Those that return an int
 * return LMDB's code. */

/* Compares before anything is changed, so that a refusal leaves the group's transaction as it was.
 */
MUST_USE enum status lmdb_rating_check_position(struct lmdb_store *store,
                                                struct lmdb_rating_job *job,
                                                struct store_error *error);
/* Takes the events' ids: the outcome of those that were taken before is RATING_DUPLICATE. */
MUST_USE int lmdb_rating_take_events(struct lmdb_store *store, struct lmdb_rating_job *job);
/* The users' votes that came or went, `count` of job->user_votes. */
MUST_USE int lmdb_rating_apply_user_votes(struct lmdb_store *store, struct lmdb_rating_job *job,
                                          size_t count);
/* Settles first, then puts. */
MUST_USE int lmdb_rating_apply_letters(struct lmdb_store *store, const struct lmdb_rating_job *job);
/* Adds the records of what was done to the change log. */
MUST_USE int lmdb_rating_log_changes(struct lmdb_store *store, struct lmdb_rating_job *job);
MUST_USE int lmdb_rating_move_position(struct lmdb_store *store, struct lmdb_rating_job *job);

/* The aggregate of the record that the batch is at; written when it goes to the next. */
struct lmdb_rating_aggregate {
    MDB_cursor *cursor;
    struct text record; /* its key; empty before the first */
    bool stored;        /* there is one under the cursor */
    struct rating_aggregate value;
};

/* Adds what one vote's change means. Returns LMDB's code. */
MUST_USE int lmdb_rating_aggregate_change(struct lmdb_rating_aggregate *self, struct text record,
                                          const struct vote_state *before,
                                          const struct vote_state *after);
MUST_USE int lmdb_rating_aggregate_flush(struct lmdb_rating_aggregate *self);

/* Notes that the tombstone under `key` is kept since then. Returns LMDB's code. */
MUST_USE int lmdb_rating_note_tombstone(MDB_cursor *expiries, struct text key, int64_t time_ms,
                                        int64_t taken_ms);

/* The last sequence that was given: that of the newest chunk, else the last that was dropped. */
MUST_USE int lmdb_rating_last_sequence(MDB_txn *txn, MDB_dbi changes, MDB_dbi marks,
                                       int64_t *ret_last);
MUST_USE int lmdb_rating_read_trimmed(MDB_txn *txn, MDB_dbi marks, int64_t *ret_trimmed);
MUST_USE int lmdb_rating_write_trimmed(MDB_txn *txn, MDB_dbi marks, int64_t trimmed);

/* The watch's look; state: the repository. */
bool lmdb_rating_look(void *state, int64_t *ret_last);

/* lmdb_store_options' upgrade. */
enum status lmdb_rating_upgrade(struct lmdb_store *store, MDB_txn *txn, uint32_t from,
                                struct store_error *error);

/* A walk over a map, for lists. */
struct lmdb_rating_walk {
    enum lmdb_rating_map map;
    struct text after; /* the key behind which it begins; empty: at the first */
    size_t limit;
    const char *what; /* "listing votes" */
    /* Takes an entry into place `index`. MDB_CORRUPTED's failure is reported by the walk: *ret_ok
     * is then set to false. */
    enum status (*take)(void *page, struct call *call, size_t index, struct text key,
                        struct text value, bool *ret_ok);
    void *page;
};
MUST_USE enum status lmdb_rating_walk(struct lmdb_store *store, struct call *call,
                                      const struct lmdb_rating_walk *walk, size_t *ret_count);

/* Looks a key up and has the value decoded. */
struct lmdb_rating_lookup {
    enum lmdb_rating_map map;
    struct text key;
    const char *what; /* "reading a vote" */
    /* false: malformed. The value is borrowed until it returns. */
    bool (*decode)(struct text value, void *ret_decoded);
    void *ret_decoded;
};
MUST_USE enum status lmdb_rating_look_up(struct lmdb_store *store, struct call *call,
                                         const struct lmdb_rating_lookup *lookup);

/* Of struct rating_repository_ops; `state` is the struct lmdb_rating_repository. */
enum status lmdb_rating_claim_position(void *state, struct call *call, struct text topic,
                                       int32_t partition, struct rating_position *ret_position);
enum status lmdb_rating_get_position(void *state, struct call *call, struct text topic,
                                     int32_t partition, int64_t *ret_next_offset);
enum status lmdb_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                      struct rating_aggregate *ret_aggregate);
enum status lmdb_rating_get_aggregates(void *state, struct call *call,
                                       struct rating_stored_aggregate *aggregates, size_t count);
enum status lmdb_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                 struct vote *ret_vote);
enum status lmdb_rating_list_user_votes(void *state, struct call *call, struct text user,
                                        const struct vote_key *after, size_t limit,
                                        struct vote **ret_votes, size_t *ret_count);
enum status lmdb_rating_list_votes(void *state, struct call *call, const struct vote_key *after,
                                   size_t limit, struct rating_stored_vote **ret_votes,
                                   size_t *ret_count);
enum status lmdb_rating_list_aggregates(void *state, struct call *call,
                                        const struct record_key *after, size_t limit,
                                        struct rating_stored_aggregate **ret_aggregates,
                                        size_t *ret_count);
enum status lmdb_rating_list_dead_letters(void *state, struct call *call,
                                          const struct rating_dead_letter_key *after, size_t limit,
                                          struct rating_dead_letter **ret_letters,
                                          size_t *ret_count);
enum status lmdb_rating_get_dead_letter(void *state, struct call *call,
                                        const struct rating_dead_letter_key *key,
                                        struct rating_dead_letter *ret_letter);
enum status lmdb_rating_list_changes(void *state, struct call *call, int64_t after, size_t limit,
                                     struct rating_change_record **ret_records, size_t *ret_count);
enum status lmdb_rating_get_change_range(void *state, struct call *call,
                                         struct rating_change_range *ret_range);
enum status lmdb_rating_await_change(void *state, struct call *call, int64_t after);
enum status lmdb_rating_trim_changes(void *state, struct call *call, int64_t through);
enum status lmdb_rating_hold_lease(void *state, struct call *call, struct text name,
                                   struct text owner, int64_t ttl_ms, bool *ret_held);
enum status lmdb_rating_expire(void *state, struct call *call, size_t limit, size_t *ret_count);

/* LMDB's type has no const: what is put or sought is not written to. */
static inline MDB_val lmdb_rating_value(struct text bytes)
{
    union {
        const char *given;
        void *wanted;
    } pointer = {.given = bytes.data};
    return (MDB_val){.mv_size = bytes.length, .mv_data = pointer.wanted};
}

static inline struct text lmdb_rating_text(MDB_val value)
{
    return text_of_bytes(value.mv_data, value.mv_size);
}
