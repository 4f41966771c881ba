/* cached_rating_gateway.h: ratings that were asked for are kept until the rating service notifies
 * of a change of the record (event notification): the cache, filled through another gateway,
 * emptied by the records of the topic of changes.
 *
 * Only the rating is kept, not the whole of the details: of changed metadata nobody notifies. When
 * notifications stop, what is held is trusted for the cache's age_max_ms and not longer. */
#pragma once

#include <stdatomic.h>

#include "eventlog/eventlog.h"
#include "movie/gateway/rating_cache.h"
#include "movie/gateway/rating_gateway.h"

struct telemetry_page;

struct cached_rating_gateway {
    /* Set by the owner; borrowed. */
    struct rating_gateway inner;
    struct rating_cache *cache;
    /* private */
    _Atomic uint64_t hits;
    _Atomic uint64_t misses;
    _Atomic uint64_t notifications;
    _Atomic uint64_t drops;
};

/* The port; `self` is borrowed, zeroed but for what the owner has set. */
struct rating_gateway cached_rating_gateway(struct cached_rating_gateway *self);

/* For topic_follower_options: a record of the topic of changes, and a beginning anew. On one
 * thread. */
bool cached_rating_gateway_take(void *self, struct call *call,
                                const struct eventlog_record *record);
void cached_rating_gateway_look(void *self, const struct eventlog_lag *lags, size_t count);
void cached_rating_gateway_restart(void *self);

/* Telemetry: hits, misses, notifications. state: the gateway. */
void cached_rating_gateway_write_metrics(void *state, struct telemetry_page *page);
