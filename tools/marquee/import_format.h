/* import_format.h: what is imported, told by its first bytes or by the user. */
#pragma once

#include "marquee/import_files.h"

enum import_format {
    IMPORT_MOVIELENS,    /* movies.csv, ratings.csv, links.csv in a folder or archive */
    IMPORT_IMDB_TITLES,  /* title.basics.tsv */
    IMPORT_IMDB_SCORES,  /* title.ratings.tsv */
    IMPORT_IMDB_RATINGS, /* a user's, as IMDb exports them: CSV */
    IMPORT_LETTERBOXD,   /* an export's archive or folder, or one of its CSV files */
    IMPORT_JSON,         /* our own: movies and votes, an array or one a line */
    IMPORT_CSV,          /* our own: votes */
    IMPORT_FORMAT_COUNT,
};

/* "movielens", "imdb-titles", …: as it is given and shown. */
const char *import_format_name(enum import_format format);

/* STATUS_INVALID_ARGUMENT: no such name; the call's error lists them. "catalogue" is
 * IMPORT_JSON. */
MUST_USE enum status import_format_parse(struct call *call, struct text name,
                                         enum import_format *ret_format);

/* STATUS_INVALID_ARGUMENT: it is none of them. Otherwise what reading it said. */
MUST_USE enum status import_format_detect(struct call *call, const struct import_files *files,
                                          enum import_format *ret_format);

/* By the beginning of one file. false: it is none of them, or one of a set. */
bool import_format_of_head(struct text head, enum import_format *ret_format);
