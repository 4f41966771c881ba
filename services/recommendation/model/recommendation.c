#include "recommendation/model/recommendation.h"

enum status recommendation_count_validate(struct call *call, int32_t count, size_t *ret_count)
{
    if (count < 0 || count > RECOMMENDATION_COUNT_MAX) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the page size must be 0 to %d",
                         RECOMMENDATION_COUNT_MAX);
    }
    *ret_count = count == 0 ? RECOMMENDATION_COUNT_DEFAULT : (size_t)count;
    return STATUS_OK;
}

enum status recommendation_type_validate(struct call *call, struct text record_type)
{
    enum record_type type;
    enum status status = record_type_parse(call, record_type, &type);
    if (status == STATUS_OK && type != RECORD_TYPE_MOVIE) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "only movies are recommended, not '%.*s'",
                         TEXT_ARGUMENTS(record_type));
    }
    return status;
}
