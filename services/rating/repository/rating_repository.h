/* rating_repository.h: where votes live.
 *
 * Keeps one vote per (provider, user, record) and, in the same transaction, the record's count, sum
 * and histogram, the position of ingestion, the dead letters, and the change log. A write that
 * returned STATUS_OK is durable (the memory implementation: for the life of the process). Safe from
 * any loop thread; an operation parks its fiber, never the thread. All operations are mandatory,
 * and all may return STATUS_UNAVAILABLE (the store cannot be used now; nothing has changed),
 * STATUS_DEADLINE_EXCEEDED and STATUS_CANCELLED (the call was over; a write may or may not have
 * been done), and STATUS_RESOURCE_EXHAUSTED (no room in the call's arena). STATUS_NOT_FOUND comes
 * without words: the controller knows what was asked for. Lists are valid in the call's arena; they
 * give at most `limit` entries, fewer only when there are no more. */
#pragma once

#include "rating/model/rating.h"

enum {
    RATING_REPOSITORY_BATCH_MAX = 100000, /* changes of one transaction; as many dead letters */
    RATING_TOPIC_BYTES_MAX = 249,         /* Kafka's limit */
    RATING_REPOSITORY_NAME_BYTES_MAX = 100,
    RATING_REPOSITORY_NOTICE_MS = 200, /* until another process's change is seen */
};

/* How long a store remembers, by its own clock; 0: RATING_…_DEFAULT. */
struct rating_retention {
    int64_t event_id_window_ms;     /* an event's id, after it was taken */
    int64_t tombstone_retention_ms; /* a deletion, after it was taken */
};
#define RATING_EVENT_ID_WINDOW_MS_DEFAULT (INT64_C(24) * 3600 * 1000)
#define RATING_TOMBSTONE_RETENTION_MS_DEFAULT (INT64_C(30) * 24 * 3600 * 1000)

/* When a write is acknowledged. */
enum rating_durability {
    RATING_DURABLE, /* it was synced: it survives a loss of power */
    RATING_RELAXED, /* it survives the end of the process; synced every second. See the stores */
};

/* Where ingestion of one partition stands, and by whom. */
struct rating_position {
    struct text topic;
    int32_t partition;
    int64_t next_offset; /* the first that has not been applied */
    int64_t epoch;       /* raised by each claim: an older one may move it no more */
};

/* A partition of a log. */
struct rating_source {
    struct text topic;
    int32_t partition;
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

/* Keyset cursors: the key of the last entry of the page before; all empty for the first page. */
struct rating_dead_letter_key {
    struct text topic;
    int32_t partition;
    int64_t offset;
};

/* What is applied in one transaction, in order. */
struct rating_batch {
    const struct rating_change *changes;
    size_t change_count;
    const struct rating_dead_letter *dead_letters;
    size_t dead_letter_count;
    /* Dead letters that the batch settles: they are removed, before its own are put. One that is
     * not there is passed over. As many as the batch may have dead letters. */
    const struct rating_dead_letter_key *settled;
    size_t settled_count;
    /* NULL: the changes are direct. Else where they come from, each at its `offset`. */
    const struct rating_source *source;
    /* NULL, or the position that the batch moves: from `from_offset` to position->next_offset. */
    const struct rating_position *position;
    int64_t from_offset;
    /* NULL, or room for the outcome of each change; written only on STATUS_OK. */
    enum rating_outcome *outcomes;
};

/* A vote, or the mark that a deletion left. */
struct rating_stored_vote {
    struct vote vote;
    bool deleted;
};

struct rating_stored_aggregate {
    struct record_key record;
    struct rating_aggregate aggregate;
};

enum rating_record_kind {
    RATING_RECORD_PUT = 1,
    RATING_RECORD_DELETE = 2,
    RATING_RECORD_DEAD_LETTER = 3, /* `source` and `offset` are its key */
};

/* One entry of the change log. */
struct rating_change_record {
    int64_t sequence; /* from 1, without holes, in the order of commits */
    int64_t time_ms;  /* when it was accepted */
    enum rating_record_kind kind;
    struct vote vote;            /* of PUT and DELETE: what stands since then */
    struct rating_source source; /* an empty topic: direct */
    int64_t offset;
};

struct rating_change_range {
    int64_t first; /* the oldest that is kept; last + 1 when none is */
    int64_t last;  /* the newest that was given; 0 before the first */
};

struct rating_repository_ops {
    /* Applies all of it or nothing. Borrowed for the call.
     * Each change with outcome RATING_APPLIED and each dead letter is a record of the change log,
     * in the order of the batch. A change of kind RATING_DELETE with a time leaves a tombstone,
     * also when there was no vote, so that an older put that comes later does not bring the vote
     * back. A change whose event_id was taken from the same provider within the store's window does
     * nothing (RATING_DUPLICATE). STATUS_ABORTED: the stored epoch is not position->epoch or the
     * stored position is not from_offset (both 0 where there is none): somebody else has claimed
     * this partition. STATUS_INVALID_ARGUMENT: a part of a key is overlong or has a NUL in it. */
    enum status (*apply)(void *state, struct call *call, const struct rating_batch *batch);

    /* Raises the partition's epoch, durably, so that whoever claimed it before is refused from now
     * on. Gives the position as it stands: topic is the caller's, next_offset 0 for a new one. */
    enum status (*claim_position)(void *state, struct call *call, struct text topic,
                                  int32_t partition, struct rating_position *ret_position);

    /* STATUS_NOT_FOUND: nobody has claimed or ingested this partition. */
    enum status (*get_position)(void *state, struct call *call, struct text topic,
                                int32_t partition, int64_t *ret_next_offset);

    /* STATUS_NOT_FOUND: nobody has voted on this record. */
    enum status (*get_aggregate)(void *state, struct call *call, struct record_key record,
                                 struct rating_aggregate *ret_aggregate);

    /* Fills in what stands of each of the `count` records (at most RATING_PAGE_SIZE_MAX), all of
     * one moment: all zero where nobody has voted. After a failure they hold nothing of use. */
    enum status (*get_aggregates)(void *state, struct call *call,
                                  struct rating_stored_aggregate *aggregates, size_t count);

    /* Valid in the call's arena. STATUS_NOT_FOUND: there is no such vote. */
    enum status (*get_vote)(void *state, struct call *call, const struct vote_key *key,
                            struct vote *ret_vote);

    /* The user's votes after the cursor, ordered by record type, record id and provider (byte
     * order). after: NULL for the first page; its user is not looked at. limit: at most
     * RATING_PAGE_SIZE_MAX + 1, here and below. */
    enum status (*list_user_votes)(void *state, struct call *call, struct text user,
                                   const struct vote_key *after, size_t limit,
                                   struct vote **ret_votes, size_t *ret_count);

    /* Everything that is kept, votes and tombstones, ordered by record type, record id, provider
     * and user. Pages are of different moments: for checks, snapshots and exports. */
    enum status (*list_votes)(void *state, struct call *call, const struct vote_key *after,
                              size_t limit, struct rating_stored_vote **ret_votes,
                              size_t *ret_count);

    /* Ordered by record type and id; after: NULL for the first page. */
    enum status (*list_aggregates)(void *state, struct call *call, const struct record_key *after,
                                   size_t limit, struct rating_stored_aggregate **ret_aggregates,
                                   size_t *ret_count);

    /* Ordered by topic, partition and offset. */
    enum status (*list_dead_letters)(void *state, struct call *call,
                                     const struct rating_dead_letter_key *after, size_t limit,
                                     struct rating_dead_letter **ret_letters, size_t *ret_count);

    /* Valid in the call's arena. STATUS_NOT_FOUND: it was settled, or never was. */
    enum status (*get_dead_letter)(void *state, struct call *call,
                                   const struct rating_dead_letter_key *key,
                                   struct rating_dead_letter *ret_letter);

    /* The records after `after`, in order. STATUS_OUT_OF_RANGE: records after it were trimmed, or
     * it is past the last: the reader has to start from a snapshot. */
    enum status (*list_changes)(void *state, struct call *call, int64_t after, size_t limit,
                                struct rating_change_record **ret_records, size_t *ret_count);

    enum status (*get_change_range)(void *state, struct call *call,
                                    struct rating_change_range *ret_range);

    /* Parks until there is a record after `after`, or the call is over. Other processes' records
     * are noticed within RATING_REPOSITORY_NOTICE_MS. */
    enum status (*await_change)(void *state, struct call *call, int64_t after);

    /* Drops the records up to `through`, itself included: a snapshot has them. */
    enum status (*trim_changes)(void *state, struct call *call, int64_t through);

    /* Takes or renews a lease, by the store's clock; *ret_held: it is the owner's for ttl_ms from
     * now. ttl_ms 0 gives it back. name and owner: 1 to RATING_REPOSITORY_NAME_BYTES_MAX bytes. A
     * lease elects; what must not be done by two is fenced by an epoch besides. */
    enum status (*hold_lease)(void *state, struct call *call, struct text name, struct text owner,
                              int64_t ttl_ms, bool *ret_held);

    /* Forgets at most `limit` event ids and tombstones whose time is over; *ret_count: how many.
     * Fewer than limit: no more are due. */
    enum status (*expire)(void *state, struct call *call, size_t limit, size_t *ret_count);

    /* Frees the state; what was acknowledged is kept. No operation may be running. */
    void (*close)(void *state);
};

struct rating_repository {
    const struct rating_repository_ops *ops;
    void *state;
};
