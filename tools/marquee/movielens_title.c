#include "marquee/movielens_title.h"

#include <stdio.h>

#include "rating/model/rating_value.h"

enum { YEAR_DIGITS = 4, IMDB_DIGITS_MAX = 10 };

void movielens_title_split(struct text text, struct text *ret_title, int32_t *ret_year)
{
    struct text whole = text_trim(text);
    size_t from = whole.length - (YEAR_DIGITS + 2);
    uint64_t year = 0;
    bool has_year = whole.length >= YEAR_DIGITS + 2 && whole.data[from] == '(' &&
                    whole.data[whole.length - 1] == ')' &&
                    text_to_u64(text_slice(whole, from + 1, whole.length - 1), &year);
    struct text title = has_year ? text_trim(text_slice(whole, 0, from)) : whole;
    /* A title that is nothing but a year in parentheses is that title. */
    *ret_title = title.length > 0 ? title : whole;
    *ret_year = has_year && title.length > 0 ? (int32_t)year : 0;
}

enum status movielens_imdb_id(struct call *call, struct text number,
                              char buffer[static MOVIELENS_IMDB_ID_BYTES])
{
    uint64_t value;
    buffer[0] = '\0';
    if (number.length == 0) {
        return STATUS_OK;
    }
    if (number.length > IMDB_DIGITS_MAX || !text_to_u64(number, &value)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "the IMDb id is not a number: '%.*s'",
                         TEXT_ARGUMENTS(number));
    }
    (void)snprintf(buffer, MOVIELENS_IMDB_ID_BYTES, "tt%07llu", (unsigned long long)value);
    return STATUS_OK;
}

enum status movielens_stars(struct call *call, struct text stars, int32_t *ret_hundredths)
{
    struct call within = call_within(call, 0);
    int32_t hundredths;
    if (rating_value_parse(&within, stars, &hundredths) != STATUS_OK ||
        hundredths > RATING_HUNDREDTHS_MAX / 2) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is not 0 to 5 stars",
                         TEXT_ARGUMENTS(stars));
    }
    *ret_hundredths = hundredths * 2;
    return STATUS_OK;
}
