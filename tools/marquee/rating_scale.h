/* rating_scale.h: votes by the scale that a user thinks in: 5 stars, 10 points or 100. They are
 * kept in hundredths of a point, which all three can say: nothing is rounded. */
#pragma once

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

#define RATING_SCALE_OPTION                                                                        \
    {                                                                                              \
        .name = "scale", .kind = CONFIG_CHOICE, .argument = "5|10|100", .default_value = "10",     \
        .help = "votes are so many stars or points at most"                                        \
    }

enum { RATING_SCALE_TEXT_BYTES = 16 };

/* scale: "5", "10" or "100". STATUS_INVALID_ARGUMENT: it is no number of two decimals at most from
 * 0 to the scale's end, or finer than hundredths of a point; the call's error says which. */
MUST_USE enum status rating_scale_parse(struct call *call, struct text scale, struct text value,
                                        int32_t *ret_hundredths);

/* "4.65": as many decimals as there are. Borrowed from the buffer. */
struct text rating_scale_format(struct text scale, int32_t hundredths,
                                char buffer[static RATING_SCALE_TEXT_BYTES]);
