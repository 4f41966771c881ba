#include "bookmark/model/bookmark.h"

static bool is_id(struct text id)
{
    return id.length > 0 && id.length <= BOOKMARK_ID_BYTES_MAX;
}

enum status bookmark_validate(struct call *call, const struct bookmark *bookmark)
{
    if (!is_id(bookmark->user_id) || !is_id(bookmark->movie_id)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "an id must be 1 to %d bytes long",
                         BOOKMARK_ID_BYTES_MAX);
    }
    return STATUS_OK;
}
