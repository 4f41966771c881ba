/* metadata_condition.h: what must be so for a write to be done. Looked at in the write's own
 * transaction, so that of two who read the same version only one replaces it. */
#pragma once

#include "base/digest.h"
#include "metadata/model/metadata.h"

struct metadata_condition {
    bool must_be_absent; /* there is no entry of the id */
    bool must_match;     /* there is one, of one of the tags: metadata_digest() */
    bool is_any;         /* of whichever */
    const struct digest *tags;
    size_t tag_count;
    const struct digest *others; /* if there is one, it is of none of these */
    size_t other_count;
};

/* STATUS_OK: it is so. STATUS_ABORTED: it is not. STATUS_RESOURCE_EXHAUSTED: no memory.
 * current: what is there; NULL: nothing. */
MUST_USE enum status metadata_condition_check(const struct metadata_condition *condition,
                                              const struct metadata *current);
