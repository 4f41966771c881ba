/* ingest_position.h: how far into its input `marquee ingest` is, in a file that is replaced as a
 * whole: a run that was killed goes on where it was. */
#pragma once

#include "base/call.h"

struct ingest_position {
    uint64_t producer_id; /* of all runs over this input */
    uint64_t read;        /* events, from the beginning of the input */
    uint64_t appended;    /* those of them that were not refused: the next sequence number */
    uint64_t last_hash;   /* of the last that was read: tells another input */
};

/* Where there is no such file: a new position, with a producer id of its own.
 * STATUS_FAILED_PRECONDITION: it is no position file, or one of another topic; the call's error
 * says so. STATUS_UNAVAILABLE: it cannot be read. Blocks. path: ends in NUL. */
MUST_USE enum status ingest_position_load(struct call *call, const char *path, struct text topic,
                                          struct ingest_position *ret_position);

/* Replaces the file, and syncs it. STATUS_UNAVAILABLE: it cannot be written. Blocks. */
MUST_USE enum status ingest_position_store(struct call *call, const char *path, struct text topic,
                                           const struct ingest_position *position);
