/* movielens_import.h: a MovieLens set (movies.csv, links.csv, ratings.csv) into the services. */
#pragma once

#include "marquee/session.h"

/* Rows of one file: a part of an import. */
struct movielens_range {
    struct text file; /* "movies.csv" or "ratings.csv"; ends in NUL */
    uint64_t from;    /* the byte where the first row begins */
    uint64_t end;     /* the first that is outside: a row's beginning, or the file's end */
    uint64_t line;    /* of the first row, from 1 */
};

struct movielens_import {
    /* set by the owner */
    struct session *session;
    struct text directory;               /* ends in NUL */
    struct text provider;                /* of the votes */
    const struct movielens_range *range; /* NULL: everything */
    /* read only */
    uint64_t movies;
    uint64_t votes;
    uint64_t refused;
};

/* In a fiber. Reads the files as streams; a row that is malformed or refused is complained of by
 * file and line, and passed over. A movie's popularity is how many votes it has in ratings.csv,
 * which is read twice. links.csv may be missing. Safe to do again: what is there is
 * replaced by the same. STATUS_NOT_FOUND: a file is not there. Otherwise what ended the import; the
 * session call's error says what. */
MUST_USE enum status movielens_import_run(struct movielens_import *import);
