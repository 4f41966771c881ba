/* movie_lookup.h: movies as somebody else knows them, and which of ours they are. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { MOVIE_LOOKUP_MAX = 1000 }; /* at once */

/* What is empty or 0 is not known. Owns nothing, as below. */
struct movie_lookup {
    struct text imdb_id;
    struct text tmdb_id;
    struct text movie_id; /* of ours */
    struct text title;
    int32_t year;
};

struct movie_found {
    struct text movie_id; /* empty: none */
    unsigned how;         /* MatchHow of api/metadata.proto, as the metadata service says it */
    const struct text *candidates; /* ids: several are as good, and none is chosen */
    size_t candidate_count;
};
