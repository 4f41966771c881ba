/* rating.h: votes, what they are about, and their aggregate.
 *
 * There is one vote per provider, user and record; voting again replaces it. A value is 0 to 10
 * points, kept in hundredths, so that halves of five stars, tenths of ten and integers all fit
 * without loss. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/call.h"
#include "base/status.h"
#include "base/text.h"

enum {
    RATING_USER_BYTES_MAX = 128,
    RATING_RECORD_BYTES_MAX = 128,
    RATING_PROVIDER_BYTES_MAX = 64,
    RATING_EVENT_ID_BYTES_MAX = 128,
    RATING_HUNDREDTHS_MAX = 1000, /* 10 points */
    RATING_HUNDREDTHS_PER_POINT = 100,
    RATING_BIN_HUNDREDTHS = 50, /* half a point */
    RATING_BIN_COUNT = 21,
    RATING_PAGE_SIZE_DEFAULT = 50,
    RATING_PAGE_SIZE_MAX = 1000,
    RATING_BATCH_MAX = 1000, /* of one request; ingestion has its own */
};

/* The kinds of record that can be voted on. Adding one is one line: numbers are kept in stores and
 * never change. */
#define RECORD_TYPES(X)                                                                            \
    X(1, MOVIE, "movie")                                                                           \
    X(2, ACTOR, "actor")                                                                           \
    X(3, SOUNDTRACK, "soundtrack")

enum record_type {
#define X(number, symbol, name) RECORD_TYPE_##symbol = number,
    RECORD_TYPES(X)
#undef X
};

/* STATUS_INVALID_ARGUMENT: empty or unknown; the call's error lists the known ones. */
MUST_USE enum status record_type_parse(struct call *call, struct text name,
                                       enum record_type *ret_type);

/* Static storage; "" for a number that is none. */
const char *record_type_name(enum record_type type);

struct record_key {
    enum record_type type;
    struct text id;
};

struct vote_key {
    struct record_key record;
    struct text provider; /* empty: voted through our own interface */
    struct text user;
};

static inline bool record_key_equal(struct record_key a, struct record_key b)
{
    return a.type == b.type && text_equal(a.id, b.id);
}

static inline bool vote_key_equal(const struct vote_key *a, const struct vote_key *b)
{
    return record_key_equal(a->record, b->record) && text_equal(a->user, b->user) &&
           text_equal(a->provider, b->provider);
}

struct vote {
    struct vote_key key;
    int32_t hundredths;
    int64_t time_ms; /* when it was cast: the event's time, else when it arrived */
};

enum rating_change_kind { RATING_PUT, RATING_DELETE };

/* What one request or event does to one vote. A change with a time yields to a vote of a later time
 * (an equal time wins); one without always wins, and gets the time of its arrival. */
struct rating_change {
    enum rating_change_kind kind;
    struct vote_key key;
    int32_t hundredths; /* of RATING_PUT */
    bool has_time;
    int64_t time_ms;
    /* RATING_UNCHANGED where the same vote of the same time stands already: for imports, which are
     * repeated. Otherwise that is applied and recorded as any other: what comes twice shows. */
    bool skip_unchanged;
    struct text event_id; /* the provider's own; empty: none */
    int64_t offset;       /* in the partition that the batch comes from */
};

enum rating_outcome {
    RATING_APPLIED,
    RATING_STALE,     /* a later vote or deletion stands */
    RATING_ABSENT,    /* there was no vote to delete */
    RATING_DUPLICATE, /* an event of this id was taken within the window */
    RATING_UNCHANGED, /* the same vote of the same time stands already */
};

enum { RATING_OUTCOME_COUNT = RATING_UNCHANGED + 1 };

struct rating_aggregate {
    uint64_t count;
    uint64_t sum_hundredths;
    uint32_t histogram[RATING_BIN_COUNT];
};

/* STATUS_INVALID_ARGUMENT: a part is empty, overlong, or (hundredths) out of range; never clamped.
 */
MUST_USE enum status rating_user_validate(struct call *call, struct text user);
MUST_USE enum status record_key_validate(struct call *call, struct record_key record);
MUST_USE enum status vote_key_validate(struct call *call, const struct vote_key *key);
MUST_USE enum status rating_change_validate(struct call *call, const struct rating_change *change);

/* The bin of the histogram that a value falls into. */
unsigned rating_bin(int32_t hundredths);

/* Adds or takes back one vote. Taking back more than was added is a bug (CHECKed). */
void rating_aggregate_add(struct rating_aggregate *aggregate, int32_t hundredths);
void rating_aggregate_subtract(struct rating_aggregate *aggregate, int32_t hundredths);

/* In points; the count must not be 0. */
double rating_aggregate_mean(const struct rating_aggregate *aggregate);
