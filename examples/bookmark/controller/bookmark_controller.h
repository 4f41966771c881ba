/* bookmark_controller.h: the rules of bookmarks. Statuses as in bookmark_repository.h, and
 * STATUS_INVALID_ARGUMENT as in bookmark_validate(). */
#pragma once

#include "bookmark/repository/bookmark_repository.h"

struct bookmark_controller {
    struct bookmark_repository repository;
};

MUST_USE enum status bookmark_controller_put(struct bookmark_controller *self, struct call *call,
                                             const struct bookmark *bookmark);

MUST_USE enum status bookmark_controller_list(struct bookmark_controller *self, struct call *call,
                                              struct text user_id, struct text **ret_movie_ids,
                                              size_t *ret_count);
