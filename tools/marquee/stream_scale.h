/* stream_scale.h: what the values of a provider are in points of 0 to 10.
 *
 * A scale is linear, from what is 0 points to what is 10: `stars` (0 to 5), `percent` (0 to 100),
 * `points` (0 to 10), MIN..MAX of one's own ("1..7", "-5..5"), or `thumbs`: "up", "down", true,
 * false, 1, 0. Points are rounded to hundredths; what is outside of its scale is refused, never
 * clamped. */
#pragma once

#include "base/call.h"

struct json;

enum { STREAM_SCALES_MAX = 64 };

struct stream_scale {
    struct text provider; /* "*": any that has none of its own */
    double minimum;
    double maximum;
    bool is_thumbs;
};

struct stream_scales {
    struct stream_scale rows[STREAM_SCALES_MAX];
    size_t count;
};

/* Reads "PROVIDER=SCALE;…". Texts are borrowed from it. STATUS_INVALID_ARGUMENT: it is not of that
 * form; the call's error says where. */
MUST_USE enum status stream_scales_parse(struct call *call, struct text text,
                                         struct stream_scales *ret_scales);

/* NULL: there is none for this provider. */
const struct stream_scale *stream_scales_find(const struct stream_scales *scales,
                                              struct text provider);

/* STATUS_INVALID_ARGUMENT: the value is not on the scale; the call's error says why. */
MUST_USE enum status stream_scale_apply(const struct stream_scale *scale, struct call *call,
                                        const struct json *value, int32_t *ret_hundredths);
