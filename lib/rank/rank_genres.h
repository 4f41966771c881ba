/* rank_genres.h: names of genres as numbers, and as bits of a set. A number is given to another
 * name when no entry has it any more. Not locked: the index is. */
#pragma once

#include "rank/rank_entries.h"

struct rank_genre_name {
    char name[RANK_GENRE_BYTES_MAX];
    size_t length;  /* 0: the number is free */
    size_t entries; /* with facts of this genre */
    size_t listed;
};

struct rank_genres {
    struct rank_genre_name names[RANK_GENRES_MAX];
    uint64_t left_out;
};

/* The set of these names. What is not a name yet becomes one; what finds no number, or is longer
 * than a name may be, is left out and counted. */
void rank_genres_intern(struct rank_genres *genres, const struct text *names, size_t count,
                        uint64_t set[static RANK_GENRE_WORDS]);

/* An entry of this set has come (1) or gone (-1); the same for those that are listed. */
void rank_genres_count(struct rank_genres *genres, const uint64_t set[static RANK_GENRE_WORDS],
                       int step);
void rank_genres_count_listed(struct rank_genres *genres,
                              const uint64_t set[static RANK_GENRE_WORDS], int step);

/* All names that are this one but for the case of ASCII letters. */
void rank_genres_match(const struct rank_genres *genres, struct text name,
                       uint64_t set[static RANK_GENRE_WORDS]);

static inline bool rank_genres_meet(const uint64_t a[static RANK_GENRE_WORDS],
                                    const uint64_t b[static RANK_GENRE_WORDS])
{
    return ((a[0] & b[0]) | (a[1] & b[1])) != 0;
}
