#include "marquee/import_text.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"

enum { DAY_CHARACTERS = 10 /* "2024-05-06" */ };

enum status import_read_year(struct call *call, struct text text, int32_t *ret_year)
{
    uint64_t year = 0;
    struct text trimmed = text_trim(text);
    if (trimmed.length > 0 &&
        (!text_to_u64(trimmed, &year) || year < METADATA_YEAR_MIN || year > METADATA_YEAR_MAX)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is no year",
                         TEXT_ARGUMENTS(trimmed));
    }
    *ret_year = (int32_t)year;
    return STATUS_OK;
}

enum status import_read_date(struct call *call, struct text text, int64_t *ret_time_ms)
{
    char time[CLOCK_TIME_TEXT_BYTES];
    struct text trimmed = text_trim(text);
    struct text whole = trimmed;
    if (trimmed.length == DAY_CHARACTERS) {
        (void)snprintf(time, sizeof(time), "%.*sT00:00:00Z", TEXT_ARGUMENTS(trimmed));
        whole = text_of(time);
    }
    if (!clock_parse(whole, ret_time_ms)) {
        return call_fail(call, STATUS_INVALID_ARGUMENT, "'%.*s' is no day such as 2024-05-06",
                         TEXT_ARGUMENTS(trimmed));
    }
    return STATUS_OK;
}

enum status import_split_genres(struct call *call, struct text list, char separator,
                                struct metadata *metadata)
{
    struct text *genres = arena_calloc(call->arena, METADATA_GENRES_MAX, sizeof(*genres));
    struct text rest = list;
    if (genres == NULL) {
        return call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for genres");
    }
    while (list.length > 0 && rest.data != NULL) {
        if (metadata->genre_count == METADATA_GENRES_MAX) {
            return call_fail(call, STATUS_INVALID_ARGUMENT, "more than %d genres",
                             METADATA_GENRES_MAX);
        }
        genres[metadata->genre_count++] = text_next(&rest, separator);
    }
    metadata->genres = metadata->genre_count > 0 ? genres : NULL;
    return STATUS_OK;
}
