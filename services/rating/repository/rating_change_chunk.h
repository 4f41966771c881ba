/* rating_change_chunk.h: records of the change log as they are kept: many in one value, so that a
 * record costs a copy of its key and not a walk down a tree.
 *
 * A chunk holds records of one transaction, one time and one source, in the order of their
 * sequences; it is kept under the sequence of its first. Little-endian:
 *
 *   chunk   time (8), count (4), partition (4), topic's length (2), topic, records
 *   record  kind (1), vote key's length (2), hundredths (2), vote's time (8), offset (8), vote key
 */
#pragma once

#include "rating/repository/rating_repository.h"

/* Of a value: the whole pages of a store's file, less the head of the first. */
enum { RATING_CHUNK_BYTES_MAX = 4 * 4096 - 16 };

struct rating_chunk_head {
    int64_t time_ms;
    struct rating_source source;
    uint32_t count;
};

struct rating_chunk_record {
    enum rating_record_kind kind;
    struct text vote_key; /* encoded; empty for a dead letter */
    int32_t hundredths;
    int64_t time_ms;
    int64_t offset;
};

size_t rating_chunk_head_bytes(const struct rating_source *source);
size_t rating_chunk_record_bytes(size_t vote_key_length);

/* Each writes so many bytes and returns the place behind them. */
char *rating_chunk_put_head(char *at, const struct rating_chunk_head *head);
char *rating_chunk_put_record(char *at, const struct rating_chunk_record *record);

struct rating_chunk_reader {
    struct rating_chunk_head head;
    /* private */
    struct text rest;
    int64_t next_sequence;
    uint32_t left;
};

/* first: the sequence under which it is kept. Texts are borrowed from the value. false: malformed,
 * so the store is damaged. */
MUST_USE bool rating_chunk_open(struct text value, int64_t first,
                                struct rating_chunk_reader *ret_reader);

/* The next record, its texts borrowed from the value. false: malformed. Not called more often than
 * head.count says. */
MUST_USE bool rating_chunk_next(struct rating_chunk_reader *reader,
                                struct rating_change_record *ret_record);
