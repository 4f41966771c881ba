/* rank.h: an ordered index in memory: which records have the best score, the best mean, the most
 * votes, or are the newest, page by page, with filters.
 *
 * An entry is a record's id with two parts, which may come from different places: its votes (count
 * and sum) and its facts (year and genres). Each order is kept sorted while entries change. Values
 * are compared as they are shown, equal ones stand by id (byte order). Entries without votes come
 * last by score and by mean, those without a year last by year.
 *
 * Pages are cut by key: a token names the last entry that was shown by its value and id, so that an
 * entry that does not change meanwhile is neither skipped nor shown twice, whatever others do.
 *
 * The weighted score pulls a mean of few votes towards C, the mean of all:
 *
 *     score = v / (v + m) * R + m / (v + m) * C        R: the record's mean, v: its votes
 *
 * m and C are the parameters. Who owns the votes publishes them (rank_parameters_moved()); each
 * change sorts the index anew (rank_resort()), beside the old order, which answers until then. A
 * token names the parameters that it was made with and is served with those to its end.
 *
 * Memory: 64 bytes an entry, 4 for its id's hash, and 17 to 25 for each order (and the id, if it
 * has more than 16 bytes): 155 MB for 1,000,000 entries in four orders. While the score is sorted
 * anew, about 50 bytes an entry more. A change takes 1 to 3 microseconds at 1,000,000 entries, 10
 * where each goes from anywhere to anywhere.
 *
 * All functions are safe from several threads. Under one hold of the lock RANK_CHUNK entries are
 * looked at, or some dozens changed, so that a loop thread waits some hundred microseconds for it
 * at worst; who waits comes before who wants it again. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

struct rank_index;

enum {
    RANK_ID_BYTES_MAX = 128,
    RANK_ENTRIES_MAX = 1 << 24,
    RANK_GENRES_MAX = 128, /* names at a time; further ones cannot be filtered by */
    RANK_GENRE_BYTES_MAX = 64,
    RANK_PAGE_SIZE_MAX = 1000,
    RANK_TOKEN_BYTES_MAX = 512,   /* of a page token */
    RANK_CHUNK = 1024,            /* entries looked at under one hold of the lock */
    RANK_LOOP_ENTRIES_MAX = 4096, /* entries looked at by RANK_ON_LOOP */
    RANK_VERSION_BYTES_MAX = 48,
    RANK_FORMULA = 1, /* the one above */
};

#define RANK_MINIMUM_VOTES_MAX 1e6 /* of m */
#define RANK_POINTS_MAX 10.0       /* of C */
#define RANK_MEAN_WITHOUT_VOTES 5.0
#define RANK_MEAN_STEP 0.005 /* C is published anew when it has moved by this, in points */

/* Parameters of the score. version names all three: "1:25:7.087". */
struct rank_parameters {
    uint32_t formula;     /* RANK_FORMULA */
    double minimum_votes; /* m, 0 to RANK_MINIMUM_VOTES_MAX */
    double mean;          /* C, in points, to three decimals */
    char version[RANK_VERSION_BYTES_MAX];
};

/* Rounds the mean to three decimals and m to six digits. Out of range is a bug (CHECKed). */
struct rank_parameters rank_parameters_make(double minimum_votes, double mean);

/* Reads a version. false: it is none, or of another formula. */
MUST_USE bool rank_parameters_parse(struct text version, struct rank_parameters *ret_parameters);

bool rank_parameters_equal(const struct rank_parameters *a, const struct rank_parameters *b);

/* In points, as shown and as sorted. count must not be 0. */
double rank_mean(uint64_t count, uint64_t sum_hundredths);
double rank_score(const struct rank_parameters *parameters, uint64_t count,
                  uint64_t sum_hundredths);

/* Of all entries with votes, listed or not. */
struct rank_totals {
    uint64_t count;
    uint64_t sum_hundredths;
};

/* Whether the mean of all votes has left what is published by RANK_MEAN_STEP or more; then
 * *ret_next is what to publish: the same m, the mean as it is (RANK_MEAN_WITHOUT_VOTES when there
 * are none). Lists stay still meanwhile. */
MUST_USE bool rank_parameters_moved(const struct rank_parameters *published,
                                    struct rank_totals totals, struct rank_parameters *ret_next);

enum rank_order {
    RANK_BY_SCORE,
    RANK_BY_MEAN,
    RANK_BY_VOTES,
    RANK_BY_YEAR, /* the newest first */
};
enum { RANK_ORDER_COUNT = 4 };

enum rank_part {
    RANK_VOTES = 1,
    RANK_FACTS = 2,
};

struct rank_options {
    unsigned orders; /* that are kept: 1 << RANK_BY_SCORE | … */
    /* An entry is listed when it has these parts: RANK_VOTES (a record without votes is not there),
     * RANK_FACTS, or both by `|`. */
    unsigned listed_parts;
    size_t entries_max; /* at most RANK_ENTRIES_MAX; 0: that */
    struct rank_parameters parameters;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. *ret_index is owned by the caller. */
MUST_USE enum status rank_index_create(const struct rank_options *options,
                                       struct rank_index **ret_index);

/* No other call may be running. NULL is accepted. */
void rank_index_destroy(struct rank_index *index);

/* What is known now of one part of an entry. Texts are borrowed for the call. */
struct rank_change {
    struct text id; /* 1 to RANK_ID_BYTES_MAX bytes */
    enum rank_part part;
    bool removed; /* the entry has this part no more; what follows is not looked at */
    /* of RANK_VOTES; count 0 is `removed` */
    uint64_t count;
    uint64_t sum_hundredths;
    /* of RANK_FACTS */
    int32_t year; /* 0: not known; else 1 to INT16_MAX */
    const struct text *genres;
    size_t genre_count;
};

/* Takes changes in their order; an entry without parts is forgotten. A change that says what is
 * known already costs little.
 * STATUS_RESOURCE_EXHAUSTED: no memory or entries_max; the changes before the first that did not
 * fit were taken, no others. A change outside its limits is a bug (CHECKed). */
MUST_USE enum status rank_apply(struct rank_index *index, const struct rank_change *changes,
                                size_t count);

/* For a source that begins anew: between the two, everything that the source has is given to
 * rank_apply(); then rank_end_refill() removes this part of the entries that were not given. The
 * old parts are listed meanwhile. A begin without its end is repeated without harm. One source a
 * part. */
void rank_begin_refill(struct rank_index *index, enum rank_part part);
void rank_end_refill(struct rank_index *index, enum rank_part part);

/* Sorts by other parameters, beside the old order, and swaps it in. Takes about a second for a
 * million entries: for a thread that may block, not for a loop thread. Changes go on meanwhile. A
 * second caller waits for the first. Without a change of parameters it returns at once.
 * STATUS_RESOURCE_EXHAUSTED: no memory; the old order stands. */
MUST_USE enum status rank_resort(struct rank_index *index,
                                 const struct rank_parameters *parameters);

/* Those that the index is sorted by. */
struct rank_parameters rank_index_parameters(struct rank_index *index);

/* All fields may be left at zero, which means: by score, no filter. With a page token, what is zero
 * is taken from the token. */
struct rank_query {
    enum rank_order order;
    uint64_t minimum_votes; /* 0 and 1 differ: entries without votes */
    int32_t year_from;      /* 0: open; else 1 to INT16_MAX. With either, years must be known */
    int32_t year_to;
    struct text genre;      /* empty: any; ASCII letters compare without regard to case */
    size_t page_size;       /* 1 to RANK_PAGE_SIZE_MAX */
    struct text page_token; /* empty: the first page */
};

enum rank_effort {
    RANK_ON_LOOP,   /* at most RANK_LOOP_ENTRIES_MAX entries are looked at */
    RANK_ON_WORKER, /* as many as it takes: for a thread that may block some 100 ms */
};

struct rank_row {
    struct text id;
    uint64_t count; /* 0: no votes; then there is no mean and no score, and both are 0 */
    uint64_t sum_hundredths;
    int32_t year;
    double mean;  /* in points */
    double score; /* by the page's parameters */
};

struct rank_page {
    /* false, from RANK_ON_LOOP only: it takes more work, nothing else is set; ask again with
     * RANK_ON_WORKER on a thread that may block. */
    bool finished;
    const struct rank_row *rows;
    size_t count;
    struct text next_page_token; /* empty: the last page */
    struct rank_parameters parameters;
};

/* A page; everything in it is valid in the call's arena. A filter that few entries pass, and a
 * token of other parameters in the order by score, are what takes more work.
 * STATUS_INVALID_ARGUMENT: the token was not written here or belongs to another query, an order
 * that is not kept, a field outside its limits; the call's error says which.
 * STATUS_RESOURCE_EXHAUSTED: no room in the arena. STATUS_CANCELLED, STATUS_DEADLINE_EXCEEDED: the
 * call was over (seen by RANK_ON_WORKER between chunks). */
MUST_USE enum status rank_list(struct rank_index *index, struct call *call,
                               const struct rank_query *query, enum rank_effort effort,
                               struct rank_page *ret_page);

/* false: it is not there, or not listed. row->id is valid in the arena; score by the index's
 * parameters. */
MUST_USE bool rank_find(struct rank_index *index, struct arena *arena, struct text id,
                        struct rank_row *ret_row);

struct rank_genre {
    struct text name;
    size_t entries; /* that are listed, with this genre */
};

/* Every genre that a listed entry has, in byte order; valid in the call's arena.
 * STATUS_RESOURCE_EXHAUSTED: no room there. */
MUST_USE enum status rank_list_genres(struct rank_index *index, struct call *call,
                                      struct rank_genre **ret_genres, size_t *ret_count);

struct rank_stats {
    size_t entries; /* that have a part */
    size_t listed;
    size_t bytes; /* of memory, as far as it grows with entries */
    uint64_t changes;
    uint64_t resorts;
    uint64_t genres_left_out; /* given while there were RANK_GENRES_MAX others */
    struct rank_totals totals;
};

struct rank_stats rank_index_stats(struct rank_index *index);
