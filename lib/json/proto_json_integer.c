/* Integers in any form that a JSON number has: "1", "1.0", "12.5e1". Exact over all 64 bits, which
 * a double is not. */
#include "json/proto_json_private.h"

/* A number as it is written (RFC 8259 section 6, except that zeros may lead). */
struct decimal {
    bool negative;
    struct text whole;    /* digits before the point, at least one */
    struct text fraction; /* digits after it */
    int64_t exponent;
};

static bool is_digits(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.length > 0;
}

/* false: no exponent, or beyond all numbers that are written out. */
static bool parse_exponent(struct text text, int64_t *ret_exponent)
{
    bool plus = text_starts_with(text, TEXT("+"));
    return (!plus || is_digits(text_slice(text, 1, text.length))) &&
           text_to_i64(text_slice(text, plus ? 1 : 0, text.length), ret_exponent);
}

static bool parse_decimal(struct text text, struct decimal *ret_decimal)
{
    struct decimal decimal = {.negative = text_starts_with(text, TEXT("-"))};
    struct text rest = text_slice(text, decimal.negative ? 1 : 0, text.length);
    size_t mark = text_find(rest, 0, 'e');
    mark = mark < rest.length ? mark : text_find(rest, 0, 'E');
    if (mark < rest.length &&
        !parse_exponent(text_slice(rest, mark + 1, rest.length), &decimal.exponent)) {
        return false;
    }
    rest = text_slice(rest, 0, mark);
    size_t point = text_find(rest, 0, '.');
    decimal.whole = text_slice(rest, 0, point);
    decimal.fraction = text_slice(rest, point + 1, rest.length);
    if (!is_digits(decimal.whole) || (point < rest.length && !is_digits(decimal.fraction))) {
        return false;
    }
    *ret_decimal = decimal;
    return true;
}

/* Takes the digits that the exponent has left before the point; those behind it must be zero. */
static bool take_digits(struct text digits, int64_t *places, uint64_t *magnitude)
{
    for (size_t i = 0; i < digits.length; i++) {
        uint64_t digit = (uint64_t)(digits.data[i] - '0');
        if (*places <= 0) {
            if (digit != 0) {
                return false;
            }
        } else if (__builtin_mul_overflow(*magnitude, 10, magnitude) ||
                   __builtin_add_overflow(*magnitude, digit, magnitude)) {
            return false;
        }
        *places -= *places > 0;
    }
    return true;
}

static bool parse_magnitude(struct text text, bool *ret_negative, uint64_t *ret_magnitude)
{
    struct decimal decimal;
    int64_t places; /* digits before the point that are still to come */
    uint64_t magnitude = 0;
    if (!parse_decimal(text, &decimal) ||
        __builtin_add_overflow(decimal.exponent, (int64_t)decimal.whole.length, &places) ||
        !take_digits(decimal.whole, &places, &magnitude) ||
        !take_digits(decimal.fraction, &places, &magnitude)) {
        return false;
    }
    while (places > 0 && magnitude > 0) { /* overflows within twenty rounds */
        if (__builtin_mul_overflow(magnitude, 10, &magnitude)) {
            return false;
        }
        places--;
    }
    *ret_negative = decimal.negative;
    *ret_magnitude = magnitude;
    return true;
}

bool proto_json_parse_signed(struct text text, int64_t *ret_number)
{
    bool negative;
    uint64_t magnitude;
    if (text_to_i64(text, ret_number)) {
        return true;
    }
    if (!parse_magnitude(text, &negative, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *ret_number = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool proto_json_parse_unsigned(struct text text, uint64_t *ret_number)
{
    bool negative;
    uint64_t magnitude;
    if (text_to_u64(text, ret_number)) {
        return true;
    }
    if (!parse_magnitude(text, &negative, &magnitude) || (negative && magnitude > 0)) {
        return false;
    }
    *ret_number = magnitude;
    return true;
}
