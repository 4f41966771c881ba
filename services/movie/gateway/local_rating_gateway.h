/* local_rating_gateway.h: ratings from a copy of all aggregates, which the records of the topic of
 * aggregates fill and keep up to date (event-carried state transfer): the rating service is never
 * asked.
 *
 * Nothing is answered before the whole topic has been read once, and the relay's mark "complete" in
 * it. From then on every answer says how old it may be: the relay's mark "current" tells at which
 * time everything that had been acknowledged was in the topic. When the relay is away, answers go
 * on, and grow old. */
#pragma once

#include <stdatomic.h>

#include "eventlog/eventlog.h"
#include "movie/gateway/rating_copy.h"
#include "movie/gateway/rating_gateway.h"

struct telemetry_page;

/* Marks that were read, and how far reading has to come for them to hold: what was sent before them
 * may lie in another partition. */
struct rating_marks {
    int64_t complete; /* the greatest sequence of the kind; -1: none */
    int64_t current_ms;
    size_t target_count; /* 0: not known yet */
    struct eventlog_lag targets[EVENTLOG_PARTITIONS_MAX];
};

struct local_rating_gateway {
    struct rating_copy *copy; /* set by the owner; borrowed */
    /* private */
    struct rating_marks waiting; /* until reading has come so far */
    struct rating_marks next;    /* read since */
    bool is_complete;
    _Atomic int64_t as_of_ms; /* wall clock; 0: the copy was never filled */
    _Atomic uint64_t taken;
    _Atomic uint64_t passed_over;
};

/* The port; `self` is borrowed. get_aggregate() does not park. STATUS_UNAVAILABLE: the copy has not
 * been filled, or it is full and does not hold this record. */
struct rating_gateway local_rating_gateway(struct local_rating_gateway *self,
                                           struct rating_copy *copy);

/* For topic_follower_options: the records of the topic of aggregates, how far reading is, and a
 * beginning anew with an empty copy. On one thread. */
bool local_rating_gateway_take(void *self, struct call *call, const struct eventlog_record *record);
void local_rating_gateway_look(void *self, const struct eventlog_lag *lags, size_t count);
void local_rating_gateway_restart(void *self);

/* When everything that had been acknowledged was in the copy (wall clock); 0: never. */
int64_t local_rating_gateway_as_of_ms(const struct local_rating_gateway *self);

/* Telemetry: records, age, events. state: the gateway. */
void local_rating_gateway_write_metrics(void *state, struct telemetry_page *page);
