/* metadata.h: what is known about a movie, and what may be said of one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum {
    METADATA_ID_BYTES_MAX = 128,
    METADATA_TITLE_BYTES_MAX = 512,
    METADATA_DESCRIPTION_BYTES_MAX = 16 * 1024,
    METADATA_DIRECTOR_BYTES_MAX = 512,
    METADATA_GENRE_BYTES_MAX = 64,
    METADATA_GENRES_MAX = 32,
    METADATA_EXTERNAL_ID_BYTES_MAX = 32,
    METADATA_EXTERNAL_SCORES_MAX = 8,
    METADATA_SOURCE_BYTES_MAX = 32,
    METADATA_YEAR_MIN = 1870, /* before the first film that survives */
    METADATA_YEAR_MAX = 2200,
    METADATA_PAGE_SIZE_DEFAULT = 50,
    METADATA_PAGE_SIZE_MAX = 1000,
    METADATA_BATCH_MAX = 1000,
    METADATA_QUERY_BYTES_MAX = 256,
    METADATA_MATCHES_DEFAULT = 10,
    METADATA_MATCHES_MAX = 100,
    /* Of the entries of one reply, by metadata_bytes(): so that it is within what a gRPC client
     * takes (4 MiB), in JSON too unless most of it must be escaped. */
    METADATA_REPLY_BYTES_MAX = 2 * 1024 * 1024,
};

/* What others say of a movie: shown beside our votes, never counted with them. */
struct external_score {
    struct text source; /* "imdb": lower case letters, digits, '-' and '_' */
    double value;       /* in points of 0 to 10 */
    uint32_t votes;     /* 0: not known */
};

/* Texts are UTF-8 without NUL; an empty text, year 0 and popularity 0 mean "not known". Owns
 * nothing. */
struct metadata {
    struct text id;
    struct text title;
    struct text description;
    struct text director;
    int32_t year;
    const struct text *genres;
    size_t genre_count;
    struct text imdb_id;
    struct text tmdb_id;
    uint32_t popularity; /* how many people know it: votes elsewhere; ranks what is found */
    const struct external_score *external_scores; /* one of each source */
    size_t external_score_count;
};

/* STATUS_INVALID_ARGUMENT: empty or over METADATA_ID_BYTES_MAX; the call's error says which. */
MUST_USE enum status metadata_id_validate(struct call *call, struct text id);

/* The same for all fields: the id and the title must be there, the others within their limits. */
MUST_USE enum status metadata_validate(struct call *call, const struct metadata *metadata);

/* The score of that source; NULL: there is none. */
const struct external_score *metadata_external_score(const struct metadata *metadata,
                                                     struct text source);

/* Whether all is the same, in the same order. */
bool metadata_equal(const struct metadata *a, const struct metadata *b);

/* As many bytes as it takes in a message, or a few more. */
size_t metadata_bytes(const struct metadata *metadata);

/* A copy with every text in the arena. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status metadata_copy(struct arena *arena, const struct metadata *metadata,
                                   struct metadata *ret_copy);
