/* metadata_feed.h: what has changed, for those who keep a copy of all metadata: they list
 * everything (metadata_controller_list() tells the sequence to go on from with its first page), and
 * then ask again and again what has changed since. */
#pragma once

#include "metadata/controller/metadata_controller.h"

enum {
    METADATA_FEED_PAGE_SIZE_DEFAULT = 500,
    METADATA_FEED_WAIT_MS_MAX = 20 * 1000,
    METADATA_FEED_LOOK_MS = 100, /* how often it is looked whether something has come */
};

/* A movie that was put or removed; of several changes of one, only the latest is told. */
struct metadata_changed {
    int64_t sequence;
    struct text id;
    bool is_removed;
    struct metadata metadata; /* as it stands now; unless it is removed */
};

struct metadata_feed_page {
    const struct metadata_changed *changes; /* by rising sequence */
    size_t count;
    int64_t sequence; /* to ask on from */
    bool more;        /* there are further ones already */
};

/* What has changed after `sequence` (0: ever), at most page_size (0 for the default, at most
 * METADATA_PAGE_SIZE_MAX) and fewer where they are large. When there is nothing, parks until there
 * is, or for wait_ms (at most METADATA_FEED_WAIT_MS_MAX, and three quarters of what the call has
 * left), or until the service is to end; then the page is empty. Valid in the call's arena.
 * STATUS_OUT_OF_RANGE: so much has never happened here: the store is another one, and the copy must
 * be made anew. STATUS_INVALID_ARGUMENT: a number outside its limits. */
MUST_USE enum status metadata_controller_list_changes(struct metadata_controller *self,
                                                      struct call *call, int64_t sequence,
                                                      int32_t page_size, int32_t wait_ms,
                                                      struct metadata_feed_page *ret_page);

/* From any thread: who waits is answered soon, and nobody waits any more. */
void metadata_controller_end_waits(struct metadata_controller *self);
