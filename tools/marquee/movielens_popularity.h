/* movielens_popularity.h: how many votes each movie has in ratings.csv: a counter a movie, in
 * memory. */
#pragma once

#include "base/call.h"
#include "marquee/import_files.h"
#include "marquee/session.h"

enum { MOVIELENS_POPULARITY_MAX = 1 << 22 }; /* movies */

struct movielens_popularity {
    /* private */
    struct movielens_votes *counters; /* by hash of the movie; a count of 0 is free */
    size_t capacity;                  /* a power of two */
    size_t count;
};

/* Reads the whole of ratings.csv; rows that are no votes are passed over. A file that is not there
 * counts nothing. STATUS_RESOURCE_EXHAUSTED: more than MOVIELENS_POPULARITY_MAX movies, or no
 * memory; else what the file said. To be deinited, also on failure. */
MUST_USE enum status movielens_popularity_count(struct movielens_popularity *popularity,
                                                struct session *session,
                                                const struct import_files *files);
void movielens_popularity_deinit(struct movielens_popularity *popularity);

/* 0: nobody voted. movie: as it is written. */
uint32_t movielens_popularity_of(const struct movielens_popularity *popularity, struct text movie);
