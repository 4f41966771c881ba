/* memory_review_repository.h: reviews and likes in the memory of the process, for tests and trials.
 */
#pragma once

#include "review/repository/review_repository.h"

/* ret_repository is closed by its close(). STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status memory_review_repository_open(struct call *call,
                                                   struct review_repository *ret_repository);
