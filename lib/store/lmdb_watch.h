/* lmdb_watch.h: how full an LMDB store is, and who keeps it from using its pages again.
 *
 * Pages that a commit freed are used again once no reader has a snapshot from before it. A reader
 * that stays (a process that is stopped, a bug) makes the file grow with every commit; one whose
 * process was killed does so until somebody clears its slot. */
#pragma once

#include <sys/types.h>

#include "store/lmdb_store.h"

struct telemetry_page;

enum {
    LMDB_WATCH_READER_MS_MAX = 5000,    /* that a reader may be behind before it is to be told of */
    LMDB_WATCH_FREE_ENTRIES_MAX = 8192, /* of the list of free pages that are counted */
};

struct lmdb_watch_report {
    unsigned readers; /* transactions that are open, of all processes */
    unsigned cleared; /* slots of dead processes, by this look */
    /* The reader with the oldest snapshot that is not the newest; 0: there is none. */
    pid_t oldest_pid;
    uint64_t oldest_behind; /* commits since its snapshot */
    int64_t oldest_ms; /* since a look first found it behind: the same snapshot, the same reader */
};

/* Looks at the readers of all processes, and clears those of dead ones. To be called about once a
 * second, from one thread at a time; it does not block. */
MUST_USE enum status lmdb_watch_look(struct lmdb_store *store, struct store_error *error,
                                     struct lmdb_watch_report *ret_report);

/* A telemetry source; store: the struct lmdb_store, which outlives the pages. Writes
 * marquee_store_map_bytes, marquee_store_used_bytes, marquee_store_free_bytes (of the used: to be
 * used again; past LMDB_WATCH_FREE_ENTRIES_MAX entries estimated from those),
 * marquee_store_readers, marquee_store_oldest_reader_seconds and _commits as of the last look, and
 * marquee_store_last_backup_timestamp_seconds (0: never). */
void lmdb_watch_write_metrics(void *store, struct telemetry_page *page);
