#include "rating/repository/rating_retention.h"

struct rating_retention rating_retention_or_default(struct rating_retention given)
{
    return (struct rating_retention){
        .event_id_window_ms = given.event_id_window_ms > 0 ? given.event_id_window_ms
                                                           : RATING_EVENT_ID_WINDOW_MS_DEFAULT,
        .tombstone_retention_ms = given.tombstone_retention_ms > 0
                                      ? given.tombstone_retention_ms
                                      : RATING_TOMBSTONE_RETENTION_MS_DEFAULT,
    };
}

bool rating_lease_is_free(struct text holder, int64_t until_ms, struct text owner, int64_t now_ms)
{
    return text_equal(holder, owner) || until_ms <= now_ms;
}

int64_t rating_time_after(int64_t now_ms, int64_t duration_ms)
{
    return duration_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + duration_ms;
}
