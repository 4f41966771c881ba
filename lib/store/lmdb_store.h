/* lmdb_store.h: an LMDB environment as our stores use it: named maps, pooled read transactions, one
 * write transaction at a time by group commit, a file that grows.
 *
 * Every commit is synced, unless the store is relaxed. Several processes may open the same
 * directory; one process opens it once (lmdb.h, "Caveats"). Reading never waits for writing. A
 * reader must end soon: as long as one lives, the pages freed since cannot be used again. Keys are
 * at most 511 bytes. */
#pragma once

#include <lmdb.h>

#include "store/group_commit.h"
#include "store/store_error.h"

enum {
    LMDB_STORE_MAPS_MAX = 16,
    LMDB_STORE_READERS_MAX = 256,    /* at once, of this process */
    LMDB_STORE_READER_SLOTS = 2048,  /* of all processes */
    LMDB_STORE_CHECK_MS = 10 * 1000, /* between looks for readers whose process died */
    LMDB_STORE_SYNC_MS = 1000,       /* of a relaxed store: from a commit to its sync */
};

/* The map is address space, not memory or disk; it doubles when it is full. */
#define LMDB_STORE_MAP_BYTES_DEFAULT ((size_t)16 << 30)
#define LMDB_STORE_MAP_BYTES_MAX ((size_t)1 << 42)

struct lmdb_store;

struct lmdb_store_options {
    struct text path;        /* a directory; created when missing, for the owner only */
    const char *kind;        /* what is kept: a store of another kind is refused */
    uint32_t schema_version; /* a store of a newer version is refused */
    /* NULL: one of an older version is refused too. Else brings it from version `from` to
     * schema_version, in the transaction `txn` with which the new version is written; its maps are
     * open, those that were missing empty. May be run again, from scratch, when the map was full.
     * No process of the older program may have the store open meanwhile. */
    enum status (*upgrade)(struct lmdb_store *store, MDB_txn *txn, uint32_t from,
                           struct store_error *error);
    const char *const *maps; /* names, at most LMDB_STORE_MAPS_MAX; static storage */
    size_t map_count;
    size_t map_bytes; /* 0: LMDB_STORE_MAP_BYTES_DEFAULT */
    /* Commits are synced by the writer: at most LMDB_STORE_SYNC_MS later, and by close. A killed
     * process loses nothing. When the system dies (power), commits since the last sync are lost;
     * and when the file system wrote them in another order than they were made, the file is
     * damaged. */
    bool relaxed;
};

/* Blocks: at start-up, before or outside the loops' work. *ret_store is owned by the caller.
 * STATUS_FAILED_PRECONDITION: the directory cannot be used, or its schema is another.
 * STATUS_DATA_LOSS: the file is damaged. STATUS_UNAVAILABLE: it cannot be opened now. */
MUST_USE enum status lmdb_store_open(const struct lmdb_store_options *options,
                                     struct store_error *error, struct lmdb_store **ret_store);

/* Whether the directory holds an LMDB file: opening would otherwise make one. */
bool lmdb_store_exists(struct text path);

/* Stops the writer and closes the file. No reader may be active. When the writer is stuck behind a
 * stopped process, everything is left to the end of the process. NULL is accepted. */
void lmdb_store_close(struct lmdb_store *store);

/* Where writes go; each job's apply() gets the struct lmdb_store. Borrowed until close. */
struct group_commit *lmdb_store_writer(struct lmdb_store *store);

/* The open write transaction; in a job's apply() only. */
MDB_txn *lmdb_store_write_txn(const struct lmdb_store *store);

/* The map with that place in options->maps. */
MDB_dbi lmdb_store_map(const struct lmdb_store *store, size_t index);

/* A snapshot to read from. Everything it hands out is borrowed until lmdb_store_read_end(). */
struct lmdb_reader {
    MDB_txn *txn; /* read only */
    /* private */
    struct lmdb_reader *next;
};

/* STATUS_UNAVAILABLE: no reader can be had now. Never waits for a writer. From any thread. */
MUST_USE enum status lmdb_store_read_begin(struct lmdb_store *store, struct call *call,
                                           struct lmdb_reader **ret_reader);
void lmdb_store_read_end(struct lmdb_store *store, struct lmdb_reader *reader);

/* The status of LMDB's return code, with its words and the store's path in the error. When the map
 * is full it is noted, so that the file grows before the next try. what: "reading a vote". */
enum status lmdb_store_fail(struct lmdb_store *store, struct store_error *error, int code,
                            const char *what);

/* The same, for a reader. */
enum status lmdb_store_fail_call(struct lmdb_store *store, struct call *call, int code,
                                 const char *what);
