/* metadata_matching.h: which of our movies somebody else's movie is.
 *
 * Ids decide first: the IMDb id, the TMDB id, ours. Then the title, folded (metadata_title_key.h),
 * with the same year, then with a year next to it. A movie whose IMDb or TMDB id is known to be
 * another is none, whatever its title; of several with the same title the one counts that also has
 * the same words in parentheses behind it. What several movies answer equally well is ambiguous,
 * and no later step is taken: a vote must not land on a movie by chance. A title without a year
 * matches nothing. */
#pragma once

#include "metadata/controller/metadata_controller.h"

/* The numbers are those of enum MatchHow in api/metadata.proto. */
enum metadata_match_how {
    METADATA_NOT_MATCHED,
    METADATA_MATCHED_BY_IMDB_ID,
    METADATA_MATCHED_BY_TMDB_ID,
    METADATA_MATCHED_BY_ID,
    METADATA_MATCHED_BY_TITLE_AND_YEAR,
    METADATA_MATCHED_BY_TITLE_AND_NEAR_YEAR,
    METADATA_MATCH_AMBIGUOUS,
};

/* What is empty or 0 is not known. */
struct metadata_query {
    struct text imdb_id;
    struct text tmdb_id;
    struct text id; /* of ours */
    struct text title;
    int32_t year;
};

struct metadata_matched {
    enum metadata_match_how how;
    struct text id;                                  /* empty: none */
    struct text candidates[METADATA_CANDIDATES_MAX]; /* ids, of METADATA_MATCH_AMBIGUOUS */
    size_t candidate_count;
};

/* One result for each query, in their order; valid in the call's arena. At most METADATA_BATCH_MAX
 * queries. STATUS_INVALID_ARGUMENT: more, or a text over the limit of its field. */
MUST_USE enum status metadata_controller_match(struct metadata_controller *self, struct call *call,
                                               const struct metadata_query *queries, size_t count,
                                               struct metadata_matched **ret_matched);
