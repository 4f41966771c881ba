/* import.h: an import on its way: what the readers of all formats share. */
#pragma once

#include "marquee/bulk.h"
#include "marquee/import_files.h"
#include "marquee/import_report.h"
#include "marquee/import_window.h"
#include "marquee/progress.h"

enum { IMPORT_HOW_COUNT = 7 }; /* of enum MatchHow in api/metadata.proto */

struct import_counts {
    uint64_t movies_new;
    uint64_t movies_changed;
    uint64_t movies_unchanged;
    uint64_t movies_unknown;  /* scores of movies that are not in the catalogue */
    uint64_t votes;           /* taken by the service */
    uint64_t votes_changed;   /* of them: those that were not so already */
    uint64_t votes_held;      /* of them: those that do not count until they are reviewed */
    uint64_t reviews;         /* taken by the service, or others of the file stand */
    uint64_t reviews_changed; /* of them: those that were not so already */
    uint64_t refused;         /* rows */
    uint64_t skipped;         /* rows that are not for us: no movies, no value */
    uint64_t by_how[IMPORT_HOW_COUNT]; /* rows that were matched, by enum MatchHow */
};

struct import {
    struct session *session;
    struct import_files files;
    struct import_report report;
    struct text user;     /* whose votes they are, where the file does not say; may be empty */
    struct text provider; /* of the votes, where the file does not say */
    bool with_reviews;
    struct import_counts counts;
};

/* One file of it: opened, counted, drawn. */
struct import_table {
    struct import *import;
    struct import_file file;
    struct bulk bulk;
    struct import_window votes;
    struct progress progress;
};

/* name: as import_file_open(). *ret_table must stay where it is until it is closed. */
MUST_USE enum status import_table_open(struct import *import, struct text name,
                                       struct import_table *ret_table);

/* Gathers a vote that is to be sent: see import_window.h. */
MUST_USE enum status import_table_put_vote(struct import_table *table,
                                           const struct rating_change *vote, uint64_t row);

/* Sends what is gathered, also of what was read before a failure, waits for all that was sent, adds
 * up, and closes. status: as reading ended; returns it, or where that is STATUS_OK the first
 * failure of what was sent. */
MUST_USE enum status import_table_close(struct import_table *table, enum status status);

/* The row is refused and the rest goes on. */
void import_table_refuse(struct import_table *table, uint64_t row, struct text reason);

/* What reading a row came to, in a call of its own: STATUS_INVALID_ARGUMENT is refused and becomes
 * STATUS_OK; any other failure becomes the session's, with file and row. */
enum status import_table_take(struct import_table *table, const struct call *call, uint64_t row,
                              enum status status);

/* Draws how far it is. */
void import_table_show(struct import_table *table, uint64_t count);

/* One for each format: reads all of import->files. In a fiber. */
MUST_USE enum status import_imdb_titles(struct import *import);
MUST_USE enum status import_imdb_scores(struct import *import);
MUST_USE enum status import_imdb_ratings(struct import *import);
MUST_USE enum status import_letterboxd(struct import *import);
MUST_USE enum status import_json(struct import *import);
MUST_USE enum status import_csv(struct import *import);
