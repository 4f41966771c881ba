/* local_store_lmdb_private.h: what the parts of the store share: the environment (opening, growing,
 * transactions) and the entries in it. */
#pragma once

#include <lmdb.h>
#include <pthread.h>

#include "eventlog/local_eventlog.h"
#include "eventlog/local_store_lmdb.h"

struct local_store {
    MDB_env *env;
    MDB_dbi dbi;
    size_t map_bytes_max;
    /* Held for reading by whoever has a transaction, for writing while the map is resized: LMDB
     * wants no transaction in the process then. */
    pthread_rwlock_t map_lock;
};

/* Writes the text of an LMDB error number; returns STATUS_UNAVAILABLE. */
enum status local_store_fail(struct local_failure *failure, const char *what, int number);

/* Begins a transaction, with the map lock held for reading, after following another process's
 * growth of the map. Ends with local_store_end(). */
MUST_USE enum status local_store_begin(struct local_store *store, unsigned flags, MDB_txn **ret_txn,
                                       struct local_failure *failure);

/* Aborts the transaction, unless it is NULL, and gives the lock back. */
void local_store_end(struct local_store *store, MDB_txn *txn);

typedef enum status (*local_store_body)(struct local_store *store, MDB_txn *txn, void *argument,
                                        struct local_failure *failure);

/* Runs the body in a write transaction of the present version and commits it, unless the body
 * fails; again in a larger map when this one is full. STATUS_FAILED_PRECONDITION: another process
 * has made the log one of a newer version. */
MUST_USE enum status local_store_write(struct local_store *store, local_store_body body,
                                       void *argument, struct local_failure *failure);

enum {
    LOCAL_NUMBERED_KEY_BYTES = 9, /* kind, topic id, partition */
    LOCAL_CHUNK_KEY_BYTES = 17,
    LOCAL_KEY_BYTES_MAX = LOCAL_NUMBERED_KEY_BYTES + EVENTLOG_GROUP_BYTES_MAX,
};

struct local_key {
    size_t length;
    char bytes[LOCAL_KEY_BYTES_MAX];
};

enum local_chunk_kind { LOCAL_CHUNK_RAW = 'r', LOCAL_CHUNK_COMPACTED = 'k' };

struct local_key local_key_meta(void);
struct local_key local_key_topic(struct text topic);
struct local_key local_key_bounds(struct local_place place);
struct local_key local_key_chunk(enum local_chunk_kind kind, struct local_place place,
                                 int64_t last_offset);
struct local_key local_key_committed(struct local_place place, struct text group);
struct local_key local_key_sequence(uint32_t topic_id, uint64_t producer_id);
struct local_key local_key_of_topic_id(char kind, uint32_t topic_id); /* 'd', or a beginning */

/* Whether the key is of a chunk of this partition, and which offset it ends at. */
MUST_USE bool local_key_is_chunk(const MDB_val *key, enum local_chunk_kind kind,
                                 struct local_place place, int64_t *ret_last_offset);

/* Whether the stored key begins with this one. */
bool local_key_starts(const MDB_val *key, const struct local_key *start);

static inline MDB_val local_key_value(struct local_key *key)
{
    return (MDB_val){.mv_size = key->length, .mv_data = key->bytes};
}

/* Before the frames of a compacted chunk. */
struct local_compacted {
    uint32_t checksum;
    uint32_t reserved;
    int64_t base; /* the first offset that it covers; the last is in the key */
};

struct local_meta {
    uint32_t version;
    uint32_t next_topic_id;
};

/* Within a transaction; STATUS_NOT_FOUND, STATUS_DATA_LOSS, STATUS_UNAVAILABLE. */
MUST_USE enum status local_store_get_meta(struct local_store *store, MDB_txn *txn,
                                          struct local_meta *ret_meta,
                                          struct local_failure *failure);
MUST_USE enum status local_store_get_topic(struct local_store *store, MDB_txn *txn,
                                           struct text topic, struct local_topic *ret_topic,
                                           struct local_failure *failure);
/* Zeroes when nothing was appended yet. */
MUST_USE enum status local_store_get_bounds(struct local_store *store, MDB_txn *txn,
                                            struct local_place place,
                                            struct local_bounds *ret_bounds,
                                            struct local_failure *failure);
MUST_USE enum status local_store_get_entry_committed(struct local_store *store, MDB_txn *txn,
                                                     struct local_place place, struct text group,
                                                     struct local_committed *ret_committed,
                                                     struct local_failure *failure);
/* time_ms: when it was written last. 0 and 0 where there is none. */
MUST_USE enum status local_store_get_sequence(struct local_store *store, MDB_txn *txn,
                                              uint32_t topic_id, uint64_t producer_id,
                                              int64_t *ret_next, int64_t *ret_time_ms,
                                              struct local_failure *failure);

/* Their failures are LMDB's, with the number in the failure. */
MUST_USE enum status local_store_put_meta(struct local_store *store, MDB_txn *txn,
                                          const struct local_meta *meta,
                                          struct local_failure *failure);
MUST_USE enum status local_store_put_topic(struct local_store *store, MDB_txn *txn,
                                           struct text name, const struct local_topic *topic,
                                           struct local_failure *failure);
MUST_USE enum status local_store_put_bounds(struct local_store *store, MDB_txn *txn,
                                            struct local_place place,
                                            const struct local_bounds *bounds,
                                            struct local_failure *failure);
MUST_USE enum status local_store_put_committed(struct local_store *store, MDB_txn *txn,
                                               struct local_place place, struct text group,
                                               const struct local_committed *committed,
                                               struct local_failure *failure);
MUST_USE enum status local_store_put_sequence(struct local_store *store, MDB_txn *txn,
                                              uint32_t topic_id, uint64_t producer_id, int64_t next,
                                              struct local_failure *failure);

/* Of the key and of what follows the checksum at the beginning of the value. */
uint32_t local_store_checksum(const struct local_key *key, const void *stored, size_t size);

/* Within a write transaction. STATUS_UNAVAILABLE: there are as many as may be. */
MUST_USE enum status local_store_add_topic(struct local_store *store, MDB_txn *txn,
                                           struct text name,
                                           const struct eventlog_topic_options *options,
                                           struct local_topic *ret_topic,
                                           struct local_failure *failure);

/* Sums the chunks up when that was not done yet. */
MUST_USE enum status local_store_count_bytes(struct local_store *store, MDB_txn *txn,
                                             struct local_place place, struct local_bounds *bounds,
                                             struct local_failure *failure);

/* As local_store_each_topic(), within its transaction. */
MUST_USE enum status local_store_walk_topics(struct local_store *store,
                                             bool (*visit)(void *argument, MDB_txn *txn,
                                                           struct local_store *store,
                                                           const struct local_topic_visit *topic),
                                             void *argument, struct local_failure *failure);

/* When a sequence number was written last. STATUS_DATA_LOSS: it is damaged. */
MUST_USE enum status local_store_sequence_time(const MDB_val *key, const MDB_val *value,
                                               int64_t *ret_time_ms, struct local_failure *failure);
