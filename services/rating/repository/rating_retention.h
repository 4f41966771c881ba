/* rating_retention.h: how long things are kept, the same in every repository. */
#pragma once

#include "rating/repository/rating_repository.h"

/* With the defaults in the place of zeros. */
struct rating_retention rating_retention_or_default(struct rating_retention given);

/* Whether `owner` may take a lease that `holder` has until then. */
bool rating_lease_is_free(struct text holder, int64_t until_ms, struct text owner, int64_t now_ms);

/* now_ms + duration_ms, at most the end of time. */
int64_t rating_time_after(int64_t now_ms, int64_t duration_ms);
