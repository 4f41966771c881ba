#include "marquee/stream_scale.h"

#include <math.h>

#include "rating/model/rating.h"
#include "json/json.h"

static const struct {
    struct text name;
    double minimum;
    double maximum;
    bool is_thumbs;
} named_scales[] = {
    {TEXT_INIT("stars"), 0, 5, false},
    {TEXT_INIT("percent"), 0, 100, false},
    {TEXT_INIT("points"), 0, 10, false},
    {TEXT_INIT("thumbs"), 0, 1, true},
};

/* "1..7" */
static bool parse_bounds(struct text text, struct stream_scale *scale)
{
    for (size_t i = 0; i + 1 < text.length; i++) {
        if (text.data[i] == '.' && text.data[i + 1] == '.') {
            return text_to_double(text_slice(text, 0, i), &scale->minimum) &&
                   text_to_double(text_slice(text, i + 2, text.length), &scale->maximum) &&
                   scale->minimum < scale->maximum;
        }
    }
    return false;
}

static bool parse_scale(struct text text, struct stream_scale *scale)
{
    for (size_t i = 0; i < ARRAY_LENGTH(named_scales); i++) {
        if (text_equal(text, named_scales[i].name)) {
            scale->minimum = named_scales[i].minimum;
            scale->maximum = named_scales[i].maximum;
            scale->is_thumbs = named_scales[i].is_thumbs;
            return true;
        }
    }
    return parse_bounds(text, scale);
}

enum status stream_scales_parse(struct call *call, struct text text,
                                struct stream_scales *ret_scales)
{
    struct stream_scales scales = {.count = 0};
    struct text rest = text;
    while (rest.length > 0) {
        struct text value = text_trim(text_next(&rest, ';'));
        struct text row = value;
        struct stream_scale scale = {.provider = text_trim(text_next(&value, '='))};
        if (row.length == 0) {
            continue;
        }
        if (scales.count == STREAM_SCALES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d scales",
                             STREAM_SCALES_MAX);
        }
        if (!parse_scale(text_trim(value), &scale)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT,
                             "'%.*s' is not PROVIDER=SCALE; scales are stars, percent, points, "
                             "thumbs and MIN..MAX",
                             TEXT_ARGUMENTS(row));
        }
        scales.rows[scales.count++] = scale;
    }
    *ret_scales = scales;
    return STATUS_OK;
}

const struct stream_scale *stream_scales_find(const struct stream_scales *scales,
                                              struct text provider)
{
    const struct stream_scale *any = NULL;
    for (size_t i = 0; i < scales->count; i++) {
        if (text_equal(scales->rows[i].provider, provider)) {
            return &scales->rows[i];
        }
        if (text_equal(scales->rows[i].provider, TEXT("*"))) {
            any = &scales->rows[i];
        }
    }
    return any;
}

/* false: it is neither. */
static bool read_thumb(const struct json *value, double *ret_number)
{
    if (json_kind(value) == JSON_BOOLEAN) {
        *ret_number = json_boolean(value) ? 1 : 0;
        return true;
    }
    if (json_kind(value) == JSON_STRING) {
        bool is_up = text_equal(json_string(value), TEXT("up"));
        *ret_number = is_up ? 1 : 0;
        return is_up || text_equal(json_string(value), TEXT("down"));
    }
    if (json_kind(value) == JSON_INTEGER) {
        *ret_number = json_number(value);
        return *ret_number == 0 || *ret_number == 1;
    }
    return false;
}

enum status stream_scale_apply(const struct stream_scale *scale, struct call *call,
                               const struct json *value, int32_t *ret_hundredths)
{
    double number = 0;
    bool is_number = json_kind(value) == JSON_INTEGER || json_kind(value) == JSON_REAL;
    if (scale->is_thumbs) {
        if (!read_thumb(value, &number)) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "value must be \"up\" or \"down\"");
        }
    } else if (!is_number) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "value must be a number, not %s",
                         json_kind_name(json_kind(value)));
    } else {
        number = json_number(value);
    }
    if (!(number >= scale->minimum && number <= scale->maximum)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT,
                         "value %g is not on this provider's scale of %g to %g", number,
                         scale->minimum, scale->maximum);
    }
    double part = (number - scale->minimum) / (scale->maximum - scale->minimum);
    *ret_hundredths = (int32_t)lround(part * RATING_HUNDREDTHS_MAX);
    return STATUS_OK;
}
