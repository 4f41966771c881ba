/* event_reader.h: the events of a file, one at a time, without holding the file: a JSON array of
 * values, or one value a line. Which of the two is told by the first character.
 *
 * It finds where a value begins and ends, and no more: whether it is one is for whoever decodes it.
 */
#pragma once

#include "base/buffer.h"
#include "marquee/byte_source.h"

enum {
    EVENT_READER_EVENT_BYTES_MAX = 1024 * 1024, /* of one event; a longer one is an empty text */
    EVENT_READER_CHUNK_BYTES = 64 * 1024,
};

struct event_reader {
    struct byte_source source;
    uint64_t line; /* that is being read, from 1 */
    bool is_array;
    bool begun;       /* the first character was seen */
    bool ended;       /* the array was closed, or the file is over */
    bool overrun;     /* the event is longer than may be */
    bool after_event; /* within the array: behind an event, before a comma */
    char *chunk;
    size_t chunk_length;
    size_t chunk_position;
    struct buffer event;
};

/* STATUS_RESOURCE_EXHAUSTED: no memory. */
MUST_USE enum status event_reader_init(struct event_reader *reader, struct byte_source source);
void event_reader_deinit(struct event_reader *reader);

struct event_text {
    struct text json; /* borrowed until the next call */
    uint64_t line;    /* it begins in */
    bool too_long;    /* over EVENT_READER_EVENT_BYTES_MAX: json is empty */
};

/* STATUS_NOT_FOUND: there are no more. STATUS_INVALID_ARGUMENT: the array is not closed, or goes on
 * behind its end; reading is over, and the call's error says where. STATUS_RESOURCE_EXHAUSTED: no
 * memory. Otherwise what the source said. */
MUST_USE enum status event_reader_next(struct event_reader *reader, struct call *call,
                                       struct event_text *ret_event);
