/* rank_private.h: what an index is made of. */
#pragma once

#include <pthread.h>

#include "rank/rank_genres.h"
#include "rank/rank_sequence.h"

enum {
    RANK_APPLY_CHUNK = 32, /* changes under one hold of the lock: up to a hundred microseconds */
};

/* An entry that has changed since a resort read it, and where the new order holds it. */
struct rank_note {
    uint64_t key;
    uint32_t slot;
    uint32_t is_listed; /* 0: it holds it not */
};

/* The score's order by the parameters to come. */
struct rank_resorting {
    bool is_running;
    struct rank_parameters parameters;
    bool has_failed;         /* a note found no memory: the new order cannot be finished */
    uint32_t read;           /* slots below have been read */
    struct rank_note *notes; /* at most one an entry (rank_entry.changed) */
    size_t note_count;
    size_t note_capacity;
};

struct rank_index {
    unsigned orders;
    unsigned listed_parts;
    /* Who waits for the lock holds the turn, so that who gives the lock back and wants it again
     * comes after. */
    pthread_mutex_t turn;
    pthread_mutex_t lock;
    pthread_mutex_t resort_lock; /* held by whoever sorts anew; taken before the others */
    /* what follows under the lock */
    struct rank_entries entries;
    struct rank_genres genres;
    struct rank_sequence sequences[RANK_ORDER_COUNT];
    struct rank_parameters parameters;
    struct rank_resorting resorting;
    unsigned refilling; /* parts between rank_begin_refill() and its end */
    size_t listed;
    struct rank_totals totals;
    uint64_t changes;
    uint64_t resorts;
};

void rank_lock(struct rank_index *index);
void rank_unlock(struct rank_index *index);

static inline bool rank_has_order(const struct rank_index *index, enum rank_order order)
{
    return (index->orders >> order & 1) != 0;
}

static inline bool rank_is_listed(const struct rank_index *index, const struct rank_values *values)
{
    return (values->parts & index->listed_parts) == index->listed_parts;
}

/* The key that what has no value gets: it comes last. */
#define RANK_KEY_LAST UINT64_MAX

/* Smaller for what comes first. */
uint64_t rank_key(enum rank_order order, const struct rank_parameters *parameters,
                  const struct rank_values *values);
uint64_t rank_votes_key(uint64_t count);
uint64_t rank_year_key(int32_t year);

/* Takes the part away, and forgets the entry where it has none left. */
void rank_drop_part(struct rank_index *index, uint32_t slot, enum rank_part part);

/* A query that was checked, with what its token says. */
struct rank_search {
    enum rank_order order;
    uint64_t minimum_votes;
    int32_t year_from;
    int32_t year_to;
    struct text genre;
    size_t page_size;
    struct rank_parameters parameters;
    bool is_continued; /* `after` is set */
    struct rank_place after;
};

/* Whether an entry of these values passes; `genres` is of the genre's name, under this hold of the
 * lock. */
bool rank_passes(const struct rank_search *search, const uint64_t genres[static RANK_GENRE_WORDS],
                 const struct rank_values *values);

/* A row without its id. */
struct rank_row rank_row_of(const struct rank_parameters *parameters,
                            const struct rank_values *values);

/* STATUS_INVALID_ARGUMENT: the token is none of ours, or of another query than this one. What the
 * query leaves at zero is taken from it. Texts are valid in the arena. */
MUST_USE enum status rank_token_read(struct call *call, struct text token,
                                     struct rank_search *search);
/* STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status rank_token_write(struct call *call, const struct rank_search *search,
                                      const struct rank_place *last, struct text *ret_token);

/* The page of a search by score with parameters that the index is not sorted by: looks at every
 * entry and keeps the best. */
MUST_USE enum status rank_select(struct rank_index *index, struct call *call,
                                 const struct rank_search *search, struct rank_page *ret_page);

/* Before an entry changes: has a resort that has read it take it anew. */
void rank_note_change(struct rank_index *index, uint32_t slot);
