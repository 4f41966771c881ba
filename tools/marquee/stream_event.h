/* stream_event.h: rating events as stream processors read, rewrite and pass them on.
 *
 * What is written has an `eventId` and an `eventTime`: the event's own, or else what follows from
 * its place in the log it was read from ("provider-events/0/17") and the time it was appended. So
 * the same record, processed twice, gives the same event twice, and whoever knows ids (the rating
 * service does) applies it once. */
#pragma once

#include "eventlog/eventlog_processor.h"
#include "rating/model/rating.h"

struct json;

enum { STREAM_ID_BYTES_MAX = RATING_EVENT_ID_BYTES_MAX };

/* Texts are valid in the arena of the call that read them. */
struct stream_event {
    struct text user;
    struct text record;
    struct text type;
    struct text provider;
    struct text kind;       /* "put" or "delete" */
    struct text event_id;   /* empty: none */
    struct text event_time; /* empty: none */
    enum record_type record_type;
    const struct json *value; /* NULL: none */
    bool is_put;
    int64_t time_ms; /* the event's, or else the record's */
};

/* Which record of which log. */
struct stream_source {
    struct text topic;
    int32_t partition;
    const struct eventlog_record *record;
};

/* STATUS_INVALID_ARGUMENT: it is not an event (what its value is, is not looked at); the call's
 * error says why. STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status stream_event_read(struct call *call, const struct stream_source *source,
                                       struct stream_event *ret_event);

/* Writes it as JSON, valid in the call's arena. value: JSON, of a put.
 * STATUS_RESOURCE_EXHAUSTED: no room. */
MUST_USE enum status stream_event_write(struct call *call, const struct stream_source *source,
                                        const struct stream_event *event, struct text value,
                                        struct text *ret_json);

/* Sets a record aside: as it is, with the headers of a dead letter (api/events.md), which say why
 * and where it came from. */
MUST_USE enum status stream_refuse(struct call *call, struct eventlog_outputs *outputs,
                                   struct text topic, const struct stream_source *source,
                                   struct text reason);
