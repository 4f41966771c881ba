/* metadata_search.h: how movies are found by words: what the controller asks.
 *
 * Safe from any loop thread. What is found follows what is stored within a moment, not at once. */
#pragma once

#include "metadata/model/metadata.h"

struct metadata_match {
    struct text id;
    double score; /* greater: better; comparable within one answer */
};

struct metadata_search_ops {
    /* The best matches first; valid in the call's arena. limit: at most METADATA_MATCHES_MAX.
     * STATUS_UNAVAILABLE: the index is being built; the call's error says so.
     * STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
    enum status (*search)(void *state, struct call *call, struct text query, size_t limit,
                          struct metadata_match **ret_matches, size_t *ret_count);

    /* Something was written by this process: to be looked at soon. */
    void (*note_change)(void *state);
};

struct metadata_search {
    const struct metadata_search_ops *ops; /* NULL: there is no search */
    void *state;
};
