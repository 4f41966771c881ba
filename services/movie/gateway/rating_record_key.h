/* rating_record_key.h: a record as a key of the maps in this folder. */
#pragma once

#include "rating/model/rating.h"

enum { RATING_RECORD_KEY_ROOM = 1 + RATING_RECORD_BYTES_MAX };

/* Written to `room`; the id is at most RATING_RECORD_BYTES_MAX long. */
static inline struct text rating_record_key(struct record_key record,
                                            char room[static RATING_RECORD_KEY_ROOM])
{
    CHECK(record.id.length <= RATING_RECORD_BYTES_MAX);
    room[0] = (char)record.type;
    if (record.id.length > 0) {
        memcpy(room + 1, record.id.data, record.id.length);
    }
    return text_of_bytes(room, record.id.length + 1);
}
