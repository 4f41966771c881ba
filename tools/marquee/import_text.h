/* import_text.h: years, days and lists as other sites write them. */
#pragma once

#include "base/call.h"
#include "metadata/model/metadata.h"

/* "1999"; empty: 0, not known. STATUS_INVALID_ARGUMENT: no year of METADATA_YEAR_MIN to
 * METADATA_YEAR_MAX. */
MUST_USE enum status import_read_year(struct call *call, struct text text, int32_t *ret_year);

/* "2024-05-06", at its beginning in UTC, or a time in RFC 3339. STATUS_INVALID_ARGUMENT. */
MUST_USE enum status import_read_date(struct call *call, struct text text, int64_t *ret_time_ms);

/* "Drama|War" into the genres; empty: none. The list is in the call's arena, its texts are
 * borrowed. STATUS_INVALID_ARGUMENT: more than METADATA_GENRES_MAX. */
MUST_USE enum status import_split_genres(struct call *call, struct text list, char separator,
                                         struct metadata *metadata);
