/* memory_rating_repository.h: votes in memory, for tests and trials: nothing is kept. */
#pragma once

#include "rating/repository/rating_repository.h"

/* STATUS_RESOURCE_EXHAUSTED: no memory. ret_repository is closed by its close(). */
MUST_USE enum status memory_rating_repository_open(struct call *call,
                                                   struct rating_repository *ret_repository);
