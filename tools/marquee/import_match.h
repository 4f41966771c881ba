/* import_match.h: which of our movies others' are: MatchMetadata, asked in batches. */
#pragma once

#include "base/arena.h"
#include "marquee/session.h"

enum { IMPORT_MATCH_MAX = 1000 }; /* of one batch */

/* What is empty or 0 is not known. */
struct import_match_query {
    struct text imdb_id;
    struct text tmdb_id;
    struct text movie_id;
    struct text title;
    int32_t year;
};

struct import_matched {
    struct text movie_id; /* empty: none */
    int how;              /* of enum MatchHow in api/metadata.proto */
    bool is_ambiguous;
    struct text candidates; /* "id id": of those that are ambiguous */
};

/* One for each query, valid in the arena. The session call's error says what failed. */
MUST_USE enum status import_match(struct session *session, struct arena *arena,
                                  const struct import_match_query *queries, size_t count,
                                  struct import_matched *ret_matched);

/* "by IMDb id": for people. Static storage. */
const char *import_match_how(int how);
