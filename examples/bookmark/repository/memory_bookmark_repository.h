/* memory_bookmark_repository.h: bookmarks for the life of the process. */
#pragma once

#include "bookmark/repository/bookmark_repository.h"

/* STATUS_RESOURCE_EXHAUSTED: no memory. ret_repository is closed by its close(). */
MUST_USE enum status memory_bookmark_repository_open(struct call *call,
                                                     struct bookmark_repository *ret_repository);
