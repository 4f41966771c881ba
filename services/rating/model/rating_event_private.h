/* rating_event_private.h: an event's fields as they were written, before anybody asks whether they
 * are good. */
#pragma once

#include "json/json.h"

enum rating_event_field {
    EVENT_USER_ID,
    EVENT_RECORD_ID,
    EVENT_RECORD_TYPE,
    EVENT_VALUE,
    EVENT_PROVIDER_ID,
    EVENT_EVENT_TYPE,
    EVENT_EVENT_ID,
    EVENT_EVENT_TIME,
    EVENT_FIELD_COUNT,
};

extern const struct text rating_event_field_names[EVENT_FIELD_COUNT];

struct rating_event_value {
    enum json_kind kind;
    struct text text; /* of a string */
    double number;    /* of an integer or a real */
};

struct rating_event_fields {
    struct rating_event_value values[EVENT_FIELD_COUNT];
};

/* Reads what nearly every event is: one object of strings without escapes, and short numbers, with
 * at most one field that is not ours; in one pass, without a tree or a copy: texts are the json's.
 * What it takes, json_parse() takes and understands in the same way. false: look there. */
MUST_USE bool rating_event_read_plain(struct text json, struct rating_event_fields *ret_fields);
