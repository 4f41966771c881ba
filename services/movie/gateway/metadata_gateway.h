/* metadata_gateway.h: how the movie service asks for metadata. Safe from any loop thread; parks. */
#pragma once

#include "metadata/model/metadata.h"
#include "movie/model/movie_lookup.h"

struct movie_match {
    struct metadata metadata;
    double score; /* comparable within one answer */
};

/* All are mandatory. What they give is valid in the call's arena. Besides what each says, they
 * return STATUS_UNAVAILABLE (the service cannot be asked, or failed; the call's error says why),
 * STATUS_INVALID_ARGUMENT, STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED.
 */
struct metadata_gateway_ops {
    /* STATUS_NOT_FOUND: there is no such movie. */
    enum status (*get)(void *state, struct call *call, struct text movie_id,
                       struct metadata *ret_metadata);

    /* Those of the movies that there are, in the order asked. count: at most METADATA_BATCH_MAX. */
    enum status (*get_all)(void *state, struct call *call, const struct text *movie_ids,
                           size_t count, struct metadata **ret_entries, size_t *ret_count);

    /* The movies that answer the query best, best first. limit: 0 for the service's own choice; at
     * most METADATA_MATCHES_MAX. */
    enum status (*search)(void *state, struct call *call, struct text query, size_t limit,
                          struct movie_match **ret_matches, size_t *ret_count);

    /* Which of our movies others' are: one for each, in their order. count: at most
     * MOVIE_LOOKUP_MAX. */
    enum status (*look_up)(void *state, struct call *call, const struct movie_lookup *lookups,
                           size_t count, struct movie_found **ret_found);
};

struct metadata_gateway {
    const struct metadata_gateway_ops *ops;
    void *state; /* borrowed: outlives every call */
};
