#include "marquee/rating_scale.h"

#include <inttypes.h>
#include <stdio.h>

#include "rating/model/rating_value.h"

/* Hundredths of a point are thousandths of any scale. */
enum { THOUSANDTHS = 1000 };

_Static_assert((int)RATING_HUNDREDTHS_MAX == (int)THOUSANDTHS, "a whole scale has so many");

static uint64_t end_of(struct text scale)
{
    uint64_t end = 0;
    CHECK(text_to_u64(scale, &end) && end > 0 && end <= 100);
    return end;
}

enum status rating_scale_parse(struct call *call, struct text scale, struct text value,
                               int32_t *ret_hundredths)
{
    uint64_t end = end_of(scale);
    uint64_t parts; /* hundredths of one of the scale's */
    if (!rating_value_read(value, &parts) || parts > end * RATING_HUNDREDTHS_PER_POINT) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is not a rating of 0 to %" PRIu64 " %s (two decimals at most)",
                         TEXT_ARGUMENTS(value), end, end == 5 ? "stars" : "points");
    }
    uint64_t thousandths = parts * (THOUSANDTHS / RATING_HUNDREDTHS_PER_POINT);
    if (thousandths % end != 0) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' of %" PRIu64 " is finer than hundredths of a point",
                         TEXT_ARGUMENTS(value), end);
    }
    *ret_hundredths = (int32_t)(thousandths / end);
    return STATUS_OK;
}

struct text rating_scale_format(struct text scale, int32_t hundredths,
                                char buffer[static RATING_SCALE_TEXT_BYTES])
{
    uint64_t thousandths = (uint64_t)hundredths * end_of(scale);
    int length = snprintf(buffer, RATING_SCALE_TEXT_BYTES, "%" PRIu64 ".%03" PRIu64,
                          thousandths / THOUSANDTHS, thousandths % THOUSANDTHS);
    while (buffer[length - 1] == '0') {
        length--;
    }
    length -= buffer[length - 1] == '.';
    return text_of_bytes(buffer, (size_t)length);
}
