/* rating_outbox_event.h: what leaves the rating database, as records of two topics (api/events.md):
 * that something has changed, and what the aggregates are now. For the relay that writes them and
 * for whoever reads them.
 *
 * A sequence is that of the rating database's change log. Records come at least once and may come
 * late: a reader drops an aggregate whose sequence is not above the one it holds. */
#pragma once

#include "rating/model/rating.h"

struct buffer;

#define RATING_CHANGES_TOPIC "rating-changes"
#define RATING_AGGREGATES_TOPIC "rating-aggregates"

enum { RATING_OUTBOX_KEY_BYTES_MAX = RATING_RECORD_BYTES_MAX + 16 };

/* Of RATING_CHANGES_TOPIC: the record's votes have changed. */
struct rating_change_event {
    bool all; /* anything may have changed: there is no `record` */
    struct record_key record;
    int64_t sequence;
    int64_t time_ms; /* when the change was accepted */
};

enum rating_aggregate_event_kind {
    RATING_EVENT_AGGREGATE,
    RATING_EVENT_CURRENT,  /* all changes up to `sequence`, accepted by `time_ms`, have been sent */
    RATING_EVENT_COMPLETE, /* every record with votes has been sent since its last change, with at
                            * least this sequence: what a reader holds of an earlier one has none */
};

/* Of RATING_AGGREGATES_TOPIC, which keeps the last of each key. */
struct rating_aggregate_event {
    enum rating_aggregate_event_kind kind;
    struct record_key record;          /* of RATING_EVENT_AGGREGATE, as the next one */
    struct rating_aggregate aggregate; /* with every change up to `sequence`; count 0: no votes */
    int64_t sequence;
    int64_t time_ms; /* when it was read; of the other kinds: see above */
};

/* The keys of both topics' records: "movie/tt0133093"; "*" where all is meant; "current" and
 * "complete". Written to `key`. */
struct text rating_change_event_key(const struct rating_change_event *event,
                                    char key[static RATING_OUTBOX_KEY_BYTES_MAX]);
struct text rating_aggregate_event_key(const struct rating_aggregate_event *event,
                                       char key[static RATING_OUTBOX_KEY_BYTES_MAX]);

/* Appends the JSON of a value. false: it does not fit. */
MUST_USE bool rating_change_event_encode(const struct rating_change_event *event,
                                         struct buffer *buffer);
MUST_USE bool rating_aggregate_event_encode(const struct rating_aggregate_event *event,
                                            struct buffer *buffer);

/* Reads a value; members that are not known are passed over. Texts are valid in the call's arena.
 * STATUS_INVALID_ARGUMENT: not such an event; the call's error is the reason in words.
 * STATUS_RESOURCE_EXHAUSTED: no room in the arena. */
MUST_USE enum status rating_change_event_decode(struct call *call, struct text json,
                                                struct rating_change_event *ret_event);
MUST_USE enum status rating_aggregate_event_decode(struct call *call, struct text json,
                                                   struct rating_aggregate_event *ret_event);
