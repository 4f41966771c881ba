/* rating_repository.h: where votes live.
 *
 * Keeps one vote per (provider, user, record) and, in the same transaction, the record's count, sum
 * and histogram, the position of ingestion and the dead letters. A write that returned STATUS_OK is
 * durable (the memory implementation: for the life of the process). Safe from any loop thread; an
 * operation parks its fiber, never the thread. All operations are mandatory, and all may return
 * STATUS_UNAVAILABLE (the store cannot be used now; nothing has changed), STATUS_DEADLINE_EXCEEDED
 * and STATUS_CANCELLED (the call was over; a write may or may not have been done), and
 * STATUS_RESOURCE_EXHAUSTED (no room in the call's arena). STATUS_NOT_FOUND comes without words:
 * the controller knows what was asked for. */
#pragma once

#include "rating/model/rating.h"

enum {
    RATING_REPOSITORY_BATCH_MAX = 100000, /* changes of one transaction; as many dead letters */
    RATING_TOPIC_BYTES_MAX = 249,         /* Kafka's limit */
};

/* Where ingestion of one partition stands. */
struct rating_position {
    struct text topic;
    int32_t partition;
    int64_t next_offset; /* the first that has not been applied */
};

/* An event that cannot be applied, with the reason. */
struct rating_dead_letter {
    struct text topic;
    int32_t partition;
    int64_t offset;
    struct text reason;
    struct text payload;
    int64_t time_ms; /* when it was set aside */
};

/* What is applied in one transaction, in order. */
struct rating_batch {
    const struct rating_change *changes;
    size_t change_count;
    const struct rating_dead_letter *dead_letters;
    size_t dead_letter_count;
    /* NULL, or the position that the batch moves: from `from_offset` to position->next_offset. */
    const struct rating_position *position;
    int64_t from_offset;
    /* NULL, or room for the outcome of each change; written only on STATUS_OK. */
    enum rating_outcome *outcomes;
};

/* Keyset cursors: the key of the last entry of the page before; all empty for the first page. */
struct rating_dead_letter_key {
    struct text topic;
    int32_t partition;
    int64_t offset;
};

struct rating_repository_ops {
    /* Applies all of it or nothing. Borrowed for the call.
     * A change of kind RATING_DELETE with a time leaves a tombstone, also when there was no vote,
     * so that an older put that comes later does not bring the vote back. STATUS_ABORTED: the
     * stored position (0 where there is none) is not from_offset: somebody else has ingested this
     * partition. STATUS_INVALID_ARGUMENT: a part of a key is overlong or has a NUL in it. */
    enum status (*apply)(void *state, struct call *call, const struct rating_batch *batch);

    /* STATUS_NOT_FOUND: nobody has voted on this record. */
    enum status (*get_aggregate)(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate);

    /* Valid in the call's arena. STATUS_NOT_FOUND: there is no such vote. */
    enum status (*get_vote)(void *state, struct call *call, const struct vote_key *key,
                            struct vote *ret_vote);

    /* The user's votes after the cursor, ordered by record type, record id and provider (byte
     * order); valid in the call's arena. Fewer than `limit`: there are no more. after: NULL for the
     * first page; its user is not looked at. limit: at most RATING_PAGE_SIZE_MAX + 1. */
    enum status (*list_user_votes)(void *state, struct call *call, struct text user,
                                   const struct vote_key *after, size_t limit,
                                   struct vote **ret_votes, size_t *ret_count);

    /* STATUS_NOT_FOUND: nothing of this partition has been ingested. */
    enum status (*get_position)(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset);

    /* Ordered by topic, partition and offset; otherwise as list_user_votes. */
    enum status (*list_dead_letters)(void *state, struct call *call,
                                     const struct rating_dead_letter_key *after, size_t limit,
                                     struct rating_dead_letter **ret_letters, size_t *ret_count);

    /* Frees the state; what was acknowledged is kept. No operation may be running. */
    void (*close)(void *state);
};

struct rating_repository {
    const struct rating_repository_ops *ops;
    void *state;
};
