/* memory_metadata_repository.h: metadata in memory, for tests and trials: nothing is kept. */
#pragma once

#include "metadata/repository/metadata_repository.h"

/* STATUS_RESOURCE_EXHAUSTED: no memory. ret_repository is closed by its close(). */
MUST_USE enum status memory_metadata_repository_open(struct call *call,
                                                     struct metadata_repository *ret_repository);
