/* import_merge.h: what is known of a movie, from two sources. */
#pragma once

#include "base/arena.h"
#include "metadata/model/metadata.h"

/* `known` with what `source` says in addition or instead; texts are borrowed from both, lists are
 * in the arena. The id is that of `known`. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status import_merge(struct arena *arena, const struct metadata *known,
                                  const struct metadata *source, struct metadata *ret_merged);
