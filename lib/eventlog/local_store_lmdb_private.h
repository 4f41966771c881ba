/* local_store_lmdb_private.h: what the two halves of the store share: the environment (opening,
 * growing, transactions) and the records in it. */
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

/* Doubles the map, up to its maximum. No transaction is held. */
MUST_USE enum status local_store_grow(struct local_store *store, struct local_failure *failure);

enum { LOCAL_KEY_BYTES_MAX = 1 + EVENTLOG_TOPIC_BYTES_MAX };

struct local_key {
    size_t length;
    char bytes[LOCAL_KEY_BYTES_MAX];
};

struct local_key local_key_topic(struct text topic);
struct local_key local_key_bounds(struct local_place place);
struct local_key local_key_chunk(struct local_place place, int64_t last_offset);

/* Whether the key is of a chunk of this partition, and which offset it ends at. */
MUST_USE bool local_key_is_chunk(const MDB_val *key, struct local_place place,
                                 int64_t *ret_last_offset);

static inline MDB_val local_key_value(struct local_key *key)
{
    return (MDB_val){.mv_size = key->length, .mv_data = key->bytes};
}

/* Within a transaction. STATUS_NOT_FOUND, STATUS_DATA_LOSS, STATUS_UNAVAILABLE. */
MUST_USE enum status local_store_get_topic(struct local_store *store, MDB_txn *txn,
                                           struct text topic, struct local_topic *ret_topic,
                                           struct local_failure *failure);

/* Zeroes when nothing was appended yet. */
MUST_USE enum status local_store_get_bounds(struct local_store *store, MDB_txn *txn,
                                            struct local_place place,
                                            struct local_bounds *ret_bounds,
                                            struct local_failure *failure);

/* These return LMDB's error numbers, for their caller tells MDB_MAP_FULL from the others. */
MUST_USE int local_store_put_topic(struct local_store *store, MDB_txn *txn, struct text name,
                                   const struct local_topic *topic);
MUST_USE int local_store_put_bounds(struct local_store *store, MDB_txn *txn,
                                    struct local_place place, const struct local_bounds *bounds);
