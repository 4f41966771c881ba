/* bookmark.h: a film that a user means to see. */
#pragma once

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum {
    BOOKMARK_ID_BYTES_MAX = 128,
    BOOKMARK_COUNT_MAX = 1000, /* kept at all: this is an example */
};

struct bookmark {
    struct text user_id;
    struct text movie_id;
};

/* STATUS_INVALID_ARGUMENT: an id is empty or longer than BOOKMARK_ID_BYTES_MAX. */
MUST_USE enum status bookmark_validate(struct call *call, const struct bookmark *bookmark);
