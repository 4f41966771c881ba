/* metadata_feed_gateway.h: how a copy of all metadata is made and kept. Parks. */
#pragma once

#include "metadata/model/metadata.h"

struct metadata_feed_entry {
    struct text id;
    bool is_removed;
    struct metadata metadata; /* unless it is removed */
};

struct metadata_feed {
    const struct metadata_feed_entry *entries;
    size_t count;
    struct text next_page_token; /* of list(); empty: that was all */
    int64_t sequence;            /* where to go on; of list(), with the first page */
    bool more;                   /* of changes(): there are further ones already */
};

/* Valid in the call's arena. Both return STATUS_UNAVAILABLE (the service cannot be asked, or
 * failed), STATUS_DEADLINE_EXCEEDED, STATUS_CANCELLED, STATUS_RESOURCE_EXHAUSTED,
 * STATUS_INVALID_ARGUMENT. */
struct metadata_feed_gateway_ops {
    /* A page of everything. page_token: empty, or that of the page before. */
    enum status (*list)(void *state, struct call *call, size_t page_size, struct text page_token,
                        struct metadata_feed *ret_feed);

    /* What has changed since. Waits for wait_ms at most when there is nothing.
     * STATUS_OUT_OF_RANGE: the copy must be made anew. */
    enum status (*changes)(void *state, struct call *call, int64_t sequence, size_t page_size,
                           int64_t wait_ms, struct metadata_feed *ret_feed);
};

struct metadata_feed_gateway {
    const struct metadata_feed_gateway_ops *ops;
    void *state; /* borrowed */
};
