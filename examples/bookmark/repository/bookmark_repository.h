/* bookmark_repository.h: where bookmarks live. Safe from any loop thread. */
#pragma once

#include "bookmark/model/bookmark.h"

struct bookmark_repository_ops {
    /* Twice is once. STATUS_RESOURCE_EXHAUSTED: BOOKMARK_COUNT_MAX are kept, or no memory. */
    enum status (*put)(void *state, struct call *call, const struct bookmark *bookmark);

    /* The user's movie ids, in the order of putting; valid in the call's arena.
     * STATUS_RESOURCE_EXHAUSTED: no room there. */
    enum status (*list)(void *state, struct call *call, struct text user_id,
                        struct text **ret_movie_ids, size_t *ret_count);

    void (*close)(void *state);
};

struct bookmark_repository {
    const struct bookmark_repository_ops *ops;
    void *state;
};
