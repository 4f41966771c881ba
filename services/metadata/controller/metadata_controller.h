/* metadata_controller.h: the rules of metadata: what is valid, what is there, in which pages.
 *
 * Results are valid in the call's arena. Besides what each says, every function returns
 * STATUS_INVALID_ARGUMENT for input outside the limits of metadata/model/metadata.h, and what the
 * repository says of itself (UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED). */
#pragma once

#include <stdatomic.h>

#include "metadata/model/metadata.h"
#include "metadata/repository/metadata_repository.h"
#include "metadata/repository/metadata_search.h"

struct metadata_controller {
    struct metadata_repository repository;
    struct metadata_search search; /* told of every change; its ops may be NULL: none */
    atomic_bool waits_end;         /* private: metadata_feed.h */
};

/* STATUS_NOT_FOUND: no such id. */
MUST_USE enum status metadata_controller_get(struct metadata_controller *self, struct call *call,
                                             struct text id, struct metadata *ret_metadata);

/* condition: NULL for none. STATUS_ABORTED: it does not hold. */
MUST_USE enum status metadata_controller_put(struct metadata_controller *self, struct call *call,
                                             const struct metadata *metadata,
                                             const struct metadata_condition *condition);

/* STATUS_NOT_FOUND: no such id. STATUS_ABORTED as above. */
MUST_USE enum status metadata_controller_delete(struct metadata_controller *self, struct call *call,
                                                struct text id,
                                                const struct metadata_condition *condition);

struct metadata_page {
    const struct metadata *entries;
    size_t count;
    struct text next_page_token; /* empty: the last page */
    int64_t sequence;            /* of the first page: metadata_feed.h goes on from there */
};

/* page_size: 0 for the default. page_token: empty for the first page, else the one that came with
 * the page before. A page has fewer entries where they would be more than
 * METADATA_REPLY_BYTES_MAX, but one. */
MUST_USE enum status metadata_controller_list(struct metadata_controller *self, struct call *call,
                                              int32_t page_size, struct text page_token,
                                              struct metadata_page *ret_page);

struct metadata_selection {
    struct metadata *entries; /* in the order asked */
    size_t count;
    struct text *missing;
    size_t missing_count;
    size_t bytes; /* of the entries, by metadata_bytes() */
};

/* At most METADATA_BATCH_MAX ids. STATUS_RESOURCE_EXHAUSTED: more than METADATA_REPLY_BYTES_MAX. */
MUST_USE enum status metadata_controller_batch_get(struct metadata_controller *self,
                                                   struct call *call, const struct text *ids,
                                                   size_t count,
                                                   struct metadata_selection *ret_selection);

struct metadata_found {
    struct metadata metadata;
    double score;
};

/* The movies that answer the query best, best first. page_size: 0 for METADATA_MATCHES_DEFAULT, at
 * most METADATA_MATCHES_MAX. Fewer where one has gone meanwhile. STATUS_INVALID_ARGUMENT: the query
 * is empty or longer than METADATA_QUERY_BYTES_MAX. STATUS_UNAVAILABLE also while the index is
 * being built. */
MUST_USE enum status metadata_controller_search(struct metadata_controller *self, struct call *call,
                                                struct text query, int32_t page_size,
                                                struct metadata_found **ret_found,
                                                size_t *ret_count);
