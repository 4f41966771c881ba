/* lmdb_rating_private.h: what the files of the LMDB rating repository share. */
#pragma once

#include "rating/repository/rating_codec.h"
#include "rating/repository/rating_key.h"
#include "store/lmdb_store.h"

/* The places of the maps in the store's options. */
enum lmdb_rating_map {
    LMDB_RATING_VOTES,
    LMDB_RATING_USER_VOTES,
    LMDB_RATING_AGGREGATES,
    LMDB_RATING_POSITIONS,
    LMDB_RATING_DEAD_LETTERS,
    LMDB_RATING_MAP_COUNT,
};

/* One change, encoded. Offsets are into the job's bytes. */
struct lmdb_rating_entry {
    uint32_t vote_key;
    uint32_t user_key;
    uint16_t key_length; /* of both */
    uint16_t record_length;
    bool is_delete;
    bool has_time;
    int16_t hundredths;
    int64_t time_ms;
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
};

/* A batch, flat: one allocation, made by the caller's thread, read by the writer's. */
struct lmdb_rating_job {
    struct group_commit_job job;
    int64_t now_ms;
    size_t entry_count;
    size_t letter_count;
    struct lmdb_rating_entry *entries;
    struct lmdb_rating_order *votes;      /* entry_count */
    struct lmdb_rating_order *user_votes; /* room for entry_count */
    struct lmdb_rating_letter *letters;
    uint8_t *outcomes; /* by entry */
    char *bytes;
    bool has_position;
    int64_t from_offset;
    int64_t next_offset;
    size_t position_key_length;
    char position_key[RATING_POSITION_KEY_BYTES_MAX];
};

/* A checked batch. NULL: no memory. Freed by job.release(). */
MUST_USE struct lmdb_rating_job *lmdb_rating_job_create(const struct rating_batch *batch);

/* Sorts `count` places by the keys of their entries; equal keys stay in the order of the batch. */
void lmdb_rating_job_sort(const struct lmdb_rating_job *job, struct lmdb_rating_order *order,
                          size_t count, bool by_user);

/* job.apply, on the writer's thread. */
enum status lmdb_rating_apply(struct group_commit_job *job, void *store, struct store_error *error);

/* The second half: the users' votes that came or went, `count` of job->user_votes. Returns LMDB's
 * code. */
MUST_USE int lmdb_rating_apply_user_votes(struct lmdb_store *store, struct lmdb_rating_job *job,
                                          size_t count);

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

/* Of struct rating_repository_ops; `state` is the struct lmdb_store. */
enum status lmdb_rating_get_aggregate(void *state, struct call *call, struct record_key record,
                                      struct rating_aggregate *ret_aggregate);
enum status lmdb_rating_get_vote(void *state, struct call *call, const struct vote_key *key,
                                 struct vote *ret_vote);
enum status lmdb_rating_get_position(void *state, struct call *call, struct text topic,
                                     int32_t partition, int64_t *ret_next_offset);
enum status lmdb_rating_list_user_votes(void *state, struct call *call, struct text user,
                                        const struct vote_key *after, size_t limit,
                                        struct vote **ret_votes, size_t *ret_count);
enum status lmdb_rating_list_dead_letters(void *state, struct call *call,
                                          const struct rating_dead_letter_key *after, size_t limit,
                                          struct rating_dead_letter **ret_letters,
                                          size_t *ret_count);

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
