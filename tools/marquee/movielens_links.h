/* movielens_links.h: the ids of the same movies elsewhere, from links.csv: held in memory, a few
 * words a movie, since movies.csv is joined with it. */
#pragma once

#include "marquee/csv_reader.h"

enum { MOVIELENS_LINKS_MAX = 1 << 22 };

struct movielens_link {
    uint64_t movie;
    char imdb[12]; /* as written, without "tt"; both may be empty */
    char tmdb[12];
};

struct movielens_links {
    struct movielens_link *links; /* ordered by movie */
    size_t count;
    size_t capacity;
};

/* Takes a row of links.csv. STATUS_INVALID_ARGUMENT: malformed; the call's error says how.
 * STATUS_RESOURCE_EXHAUSTED: more than MOVIELENS_LINKS_MAX, or no memory. */
MUST_USE enum status movielens_links_add(struct movielens_links *links, struct call *call,
                                         const struct csv_row *row);

/* To be called once, after the last row. */
void movielens_links_sort(struct movielens_links *links);

/* NULL: there is none. movie: as it is written. */
const struct movielens_link *movielens_links_find(const struct movielens_links *links,
                                                  struct text movie);

void movielens_links_deinit(struct movielens_links *links);
