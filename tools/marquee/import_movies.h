/* import_movies.h: metadata from elsewhere into the catalogue: gathered, compared with what stands
 * there, and put where it differs, so that importing again changes nothing.
 *
 * Merging keeps what the source does not know: an empty field leaves the one that stands, scores of
 * other sources stay, and popularity only rises. Of several entries of one id the last of the file
 * stands. */
#pragma once

#include "base/digest.h"
#include "marquee/import.h"

enum {
    IMPORT_MOVIES_BATCH = 1000,    /* gathered before they are compared */
    IMPORT_MOVIES_BATCHES_MAX = 4, /* being compared at once */
    IMPORT_MOVIES_READ_MAX = 100,  /* entries of one BatchGetMetadata: the largest fit a reply */
    IMPORT_MOVIES_UNDER_WAY_MAX = 32 * 1024, /* before all are waited for */
};

enum import_movies_mode {
    IMPORT_REPLACE,      /* entries are as the source has them, under its ids */
    IMPORT_MERGE,        /* under its ids, merged */
    IMPORT_MATCH,        /* merged with the entry of the same IMDb id, whatever its id here */
    IMPORT_MATCH_SCORES, /* the same, and what is not in the catalogue is left out */
};

struct import_movies {
    struct import_table *table;
    enum import_movies_mode mode;
    /* private */
    struct fiber_group fibers;
    struct fiber_semaphore gate;
    struct import_movies_job *job; /* being filled; NULL: none */
    uint64_t *under_way;           /* hashes of ids that may be: open addressing; 0: free */
    size_t under_way_count;
    unsigned char key[DIGEST_KEY_BYTES]; /* of those hashes */
    enum status status; /* the first failure; its words are the session call's error */
};

void import_movies_init(struct import_movies *movies, struct import_table *table,
                        enum import_movies_mode mode);

/* Copied. It must be valid (metadata_validate()), but of IMPORT_MATCH_SCORES, which has an IMDb id
 * and scores and no title. Parks while too many wait. */
MUST_USE enum status import_movies_put(struct import_movies *movies,
                                       const struct metadata *metadata, uint64_t row);

/* Sends what is gathered and waits for everything. To be called, also on failure, before the table
 * is closed. */
MUST_USE enum status import_movies_finish(struct import_movies *movies, enum status status);
