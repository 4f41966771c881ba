#include "rating/model/rating_value.h"

#include <math.h>

static enum status out_of_range(struct call *call)
{
    return call_fail(call, STATUS_INVALID_ARGUMENT, "a rating must be 0 to %d points",
                     RATING_HUNDREDTHS_MAX / RATING_HUNDREDTHS_PER_POINT);
}

/* Up to two digits after the point, as hundredths. */
static bool parse_decimals(struct text decimals, uint64_t *ret_hundredths)
{
    if (decimals.length == 0 || decimals.length > 2 || !text_to_u64(decimals, ret_hundredths)) {
        return false;
    }
    *ret_hundredths *= decimals.length == 1 ? 10 : 1;
    return true;
}

bool rating_value_read(struct text text, uint64_t *ret_hundredths)
{
    struct text decimals = text;
    struct text whole = text_next(&decimals, '.');
    uint64_t units;
    uint64_t fraction = 0;
    if (!text_to_u64(whole, &units) ||
        (decimals.data != NULL && !parse_decimals(decimals, &fraction))) {
        return false;
    }
    bool fits = units < UINT64_MAX / RATING_HUNDREDTHS_PER_POINT;
    *ret_hundredths = fits ? units * RATING_HUNDREDTHS_PER_POINT + fraction : UINT64_MAX;
    return true;
}

enum status rating_value_parse(struct call *call, struct text text, int32_t *ret_hundredths)
{
    bool negative = text_starts_with(text, TEXT("-"));
    uint64_t hundredths;
    if (!rating_value_read(negative ? text_slice(text, 1, text.length) : text, &hundredths)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "'%.*s' is not a rating such as 8 or 7.5 (two decimals at most)",
                         TEXT_ARGUMENTS(text));
    }
    if (negative || hundredths > RATING_HUNDREDTHS_MAX) {
        return out_of_range(call);
    }
    *ret_hundredths = (int32_t)hundredths;
    return STATUS_OK;
}

enum status rating_value_from_points(struct call *call, double points, int32_t *ret_hundredths)
{
    if (!(points >= 0 && points * RATING_HUNDREDTHS_PER_POINT <= RATING_HUNDREDTHS_MAX)) {
        return out_of_range(call);
    }
    double hundredths = round(points * RATING_HUNDREDTHS_PER_POINT);
    /* 7.1 times 100 is not 710 in binary: what matters is that 710 hundredths are the same number.
     */
    if (hundredths / RATING_HUNDREDTHS_PER_POINT != points) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "a rating has two decimals at most");
    }
    *ret_hundredths = (int32_t)hundredths;
    return STATUS_OK;
}
