/* rating_cache.h: ratings that the rating service was asked for, kept until it tells of a change,
 * until they are too old, or until others are asked for more: the least lately used goes first.
 *
 * What is to be kept is announced before it is asked for (rating_cache_expect), so that a change
 * that is told of meanwhile is not lost: then the answer is not kept. Records are spread over
 * shards by their ids, each with its part of the room and a lock that is held for one look-up or
 * change. Safe from any thread. */
#pragma once

#include "movie/gateway/rating_gateway.h"

struct rating_cache;

enum {
    RATING_CACHE_SHARDS = 64,
    RATING_CACHE_RECORDS_DEFAULT = 100000,
    RATING_CACHE_RECORDS_MAX = 10000000,
};

#define RATING_CACHE_AGE_MS_DEFAULT INT64_C(60000)

/* records_max: how many are kept, at least RATING_CACHE_SHARDS; age_max_ms: for how long.
 * STATUS_RESOURCE_EXHAUSTED: no memory. Owned by the caller. */
MUST_USE enum status rating_cache_create(size_t records_max, int64_t age_max_ms,
                                         struct rating_cache **ret_cache);

/* NULL is accepted. */
void rating_cache_destroy(struct rating_cache *cache);

/* now_ns: clock_monotonic_ns(). false: it is not there; else *ret_view has its source and age too.
 */
MUST_USE bool rating_cache_get(struct rating_cache *cache, struct record_key record, int64_t now_ns,
                               struct rating_view *ret_view);

/* Announces that the record is about to be asked for; gives a number for rating_cache_fill(). */
uint64_t rating_cache_expect(struct rating_cache *cache, struct record_key record);

/* Keeps the answer, unless a change has been told of since it was announced. asked_ns: when. */
void rating_cache_fill(struct rating_cache *cache, struct record_key record, uint64_t expected,
                       const struct rating_view *view, int64_t asked_ns);

/* The record's votes have changed. Returns whether it was held, or was being asked for. */
bool rating_cache_drop(struct rating_cache *cache, struct record_key record);

/* Anything may have changed. */
void rating_cache_clear(struct rating_cache *cache);

size_t rating_cache_count(const struct rating_cache *cache);
