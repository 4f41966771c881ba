/* snapshot_file.h: the file of a snapshot of ratings: written whole or not at all, read with every
 * byte checked.
 *
 *   head     "MARQUEE-SNAPSHOT" and its version (4), time (8), sequence (8), checksum (4)
 *   block    count (4), bytes (4), checksum of what follows (4), entries
 *   entry    deleted (1), type (1), hundredths (2), time (8), lengths of id, provider, user (2
 *            each), id, provider, user
 *   trailer  a block of no entries, with the numbers of votes (8) and tombstones (8)
 *
 * Little-endian. Entries are in the order of list_votes(). Of a file that was cut anywhere the
 * trailer is missing, so it is refused. */
#pragma once

#include <stdio.h>

#include "rating/repository/rating_repository.h"

enum {
    SNAPSHOT_FILE_VERSION = 1,
    SNAPSHOT_FILE_BLOCK_BYTES = 256 * 1024, /* a block is full past this */
    SNAPSHOT_FILE_PATH_BYTES_MAX = 4096,
};

struct snapshot_file_head {
    int64_t time_ms;
    int64_t sequence; /* of the change log, when the snapshot began: all up to it is in it */
};

struct snapshot_writer;

/* Writes beside `path`, which must not exist. STATUS_ALREADY_EXISTS: it does. STATUS_UNAVAILABLE:
 * it cannot be written there. *ret_writer is owned by the caller. */
MUST_USE enum status snapshot_writer_open(struct call *call, struct text path,
                                          const struct snapshot_file_head *head,
                                          struct snapshot_writer **ret_writer);

/* STATUS_UNAVAILABLE: it cannot be written. */
MUST_USE enum status snapshot_writer_add(struct snapshot_writer *writer, struct call *call,
                                         const struct rating_stored_vote *vote);

/* Writes the trailer, syncs the file, and gives it its name. */
MUST_USE enum status snapshot_writer_finish(struct snapshot_writer *writer, struct call *call);

uint64_t snapshot_writer_bytes(const struct snapshot_writer *writer);

/* Frees it; a file that was not finished is removed. NULL is accepted. */
void snapshot_writer_close(struct snapshot_writer *writer);

struct snapshot_reader;

/* Reads all of the file once, to see that it is whole, and then its head.
 * STATUS_NOT_FOUND: there is no such file. STATUS_DATA_LOSS: it is no snapshot, of another
 * version, cut, or damaged: nothing of it is given. *ret_reader is owned by the caller. */
MUST_USE enum status snapshot_reader_open(struct call *call, struct text path,
                                          struct snapshot_file_head *ret_head,
                                          struct snapshot_reader **ret_reader);

/* The next entry; *ret_found false: it was the last. Texts are borrowed until the next but one is
 * read. STATUS_DATA_LOSS: the file has changed since it was opened. */
MUST_USE enum status snapshot_reader_next(struct snapshot_reader *reader, struct call *call,
                                          bool *ret_found, struct rating_stored_vote *ret_vote);
void snapshot_reader_close(struct snapshot_reader *reader);
