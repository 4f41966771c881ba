/* memory_rating_repository.h: votes in memory, for tests and trials: nothing is kept. The change
 * log grows until it is trimmed. */
#pragma once

#include "rating/repository/rating_repository.h"

struct memory_rating_repository_options {
    struct rating_retention retention;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. ret_repository is closed by its close(). */
MUST_USE enum status
memory_rating_repository_open_with(struct call *call,
                                   const struct memory_rating_repository_options *options,
                                   struct rating_repository *ret_repository);

/* The same with the default retention. */
MUST_USE enum status memory_rating_repository_open(struct call *call,
                                                   struct rating_repository *ret_repository);
