#include "marquee/log_position.h"

enum status log_position_read(struct session *session, LogPosition **ret_position)
{
    struct text given = config_text(session->config, "after");
    struct text rest = given;
    int64_t partition = -1;
    int64_t offset = -1;
    if (given.length == 0) {
        *ret_position = NULL;
        return STATUS_OK;
    }
    bool is_place = text_to_i64(text_next(&rest, ':'), &partition) && text_to_i64(rest, &offset) &&
                    partition >= 0 && partition <= INT32_MAX && offset >= 0;
    if (!is_place) {
        return call_fail(&session->call, STATUS_INVALID_ARGUMENT,
                         "--after: '%.*s' is not a partition and an offset such as 2:17",
                         TEXT_ARGUMENTS(given));
    }
    LogPosition *position = arena_alloc(&session->arena, sizeof(*position));
    if (position == NULL) {
        return call_fail(&session->call, STATUS_RESOURCE_EXHAUSTED, "no memory for a position");
    }
    log_position__init(position);
    position->partition = (int32_t)partition;
    position->offset = offset;
    *ret_position = position;
    return STATUS_OK;
}
