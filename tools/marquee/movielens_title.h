/* movielens_title.h: how MovieLens writes titles, links and stars. */
#pragma once

#include "base/call.h"

/* "Toy Story (1995)" into "Toy Story" and 1995. Without a year in parentheses at the end the whole
 * is the title, trimmed, and the year 0. Borrowed from `text`. */
void movielens_title_split(struct text text, struct text *ret_title, int32_t *ret_year);

enum { MOVIELENS_IMDB_ID_BYTES = 32 };

/* "114709" or "0114709" into "tt0114709"; empty stays empty. STATUS_INVALID_ARGUMENT: no number of
 * at most 10 digits. */
MUST_USE enum status movielens_imdb_id(struct call *call, struct text number,
                                       char buffer[static MOVIELENS_IMDB_ID_BYTES]);

/* "3.5" stars of 0 to 5 into hundredths of 0 to 10 points: 700. STATUS_INVALID_ARGUMENT. */
MUST_USE enum status movielens_stars(struct call *call, struct text stars, int32_t *ret_hundredths);
