/* movielens_import.h: a MovieLens set (movies.csv, links.csv, ratings.csv; the layout since
 * ml-latest of 2014, also ml-20m, ml-25m and ml-32m) into the services. */
#pragma once

#include "marquee/import.h"

/* Rows of one file: a part of an import. */
struct movielens_range {
    struct text file; /* "movies.csv" or "ratings.csv"; ends in NUL */
    uint64_t from;    /* the byte where the first row begins */
    uint64_t end;     /* the first that is outside: a row's beginning, or the file's end */
    uint64_t line;    /* of the first row, from 1 */
};

/* In a fiber. Reads import->files, a folder or an archive, as streams; a row that is malformed or
 * refused is complained of by file and line, and passed over. range: NULL for everything; only of a
 * folder. A movie's popularity is how many votes it has in ratings.csv, which is read twice.
 * links.csv may be missing. Doing it again changes nothing. STATUS_NOT_FOUND: a file is not there.
 * Otherwise what ended the import; the session call's error says what. */
MUST_USE enum status movielens_import_run(struct import *import,
                                          const struct movielens_range *range);
