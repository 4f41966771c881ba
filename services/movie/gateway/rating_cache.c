#include "movie/gateway/rating_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "movie/gateway/rating_record_key.h"
#include "store/ordered_map.h"

/* A value in the map of its shard. */
struct cached {
    struct list link; /* the least lately used first */
    struct text key;  /* the map's */
    uint64_t expected;
    bool filled;
    bool no_votes;
    double mean;
    uint32_t count;
    int64_t asked_ns;
};

struct cache_shard {
    _Alignas(64) pthread_mutex_t lock; /* on cache lines of its own */
    struct ordered_map *records;
    struct list used;
    size_t count;
    uint64_t expectations; /* so far */
};

struct rating_cache {
    size_t shard_max;
    int64_t age_max_ns;
    _Atomic size_t count;
    struct cache_shard shards[RATING_CACHE_SHARDS];
};

enum status rating_cache_create(size_t records_max, int64_t age_max_ms,
                                struct rating_cache **ret_cache)
{
    size_t size = sizeof(struct rating_cache); /* a multiple of its alignment */
    struct rating_cache *cache = aligned_alloc(_Alignof(struct rating_cache), size);
    CHECK(records_max >= RATING_CACHE_SHARDS);
    if (cache == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memset(cache, 0, size);
    cache->shard_max = records_max / RATING_CACHE_SHARDS;
    cache->age_max_ns = age_max_ms * CLOCK_NS_PER_MS;
    for (size_t i = 0; i < RATING_CACHE_SHARDS; i++) {
        struct cache_shard *shard = &cache->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->records = ordered_map_create();
        list_init(&shard->used);
    }
    *ret_cache = cache;
    return STATUS_OK;
}

void rating_cache_destroy(struct rating_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < RATING_CACHE_SHARDS; i++) {
        ordered_map_destroy(cache->shards[i].records);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    free(cache);
}

static struct cached *find(struct cache_shard *shard, struct text key)
{
    const struct ordered_map_entry *entry = ordered_map_find(shard->records, key);
    return entry != NULL ? entry->value : NULL;
}

static void touch(struct cache_shard *shard, struct cached *cached)
{
    list_remove(&cached->link);
    list_append(&shard->used, &cached->link);
}

static void forget(struct rating_cache *cache, struct cache_shard *shard, struct cached *cached)
{
    char room[RATING_RECORD_KEY_ROOM];
    size_t length = cached->key.length;
    memcpy(room, cached->key.data, length); /* the map's goes with it */
    list_remove(&cached->link);
    ordered_map_remove(shard->records, text_of_bytes(room, length));
    shard->count--;
    atomic_fetch_sub(&cache->count, 1);
}

static struct cached *add(struct rating_cache *cache, struct cache_shard *shard, struct text key)
{
    if (shard->count == cache->shard_max) {
        forget(cache, shard, CONTAINER_OF(shard->used.next, struct cached, link));
    }
    const struct cached fresh = {.filled = false};
    ordered_map_put(shard->records, key, &fresh, sizeof(fresh));
    const struct ordered_map_entry *entry = ordered_map_find(shard->records, key);
    struct cached *cached = entry->value;
    cached->key = entry->key;
    cached->expected = ++shard->expectations;
    list_append(&shard->used, &cached->link);
    shard->count++;
    atomic_fetch_add(&cache->count, 1);
    return cached;
}

/* The record's shard, locked, and its key in `room`. Records that are chosen to meet in one shard
 * have its part of the room alone: its map is ordered, and they drive out no more than any others.
 */
static struct cache_shard *lock_shard(struct rating_cache *cache, struct record_key record,
                                      char room[static RATING_RECORD_KEY_ROOM],
                                      struct text *ret_key)
{
    *ret_key = rating_record_key(record, room);
    struct cache_shard *shard = &cache->shards[text_hash(*ret_key) % RATING_CACHE_SHARDS];
    pthread_mutex_lock(&shard->lock);
    return shard;
}

bool rating_cache_get(struct rating_cache *cache, struct record_key record, int64_t now_ns,
                      struct rating_view *ret_view)
{
    char room[RATING_RECORD_KEY_ROOM];
    struct text key;
    struct cache_shard *shard = lock_shard(cache, record, room, &key);
    struct cached *cached = find(shard, key);
    bool is_held =
        cached != NULL && cached->filled && now_ns - cached->asked_ns < cache->age_max_ns;
    if (is_held) {
        touch(shard, cached);
        *ret_view = (struct rating_view){.no_votes = cached->no_votes,
                                         .mean = cached->mean,
                                         .count = cached->count,
                                         .source = MOVIE_RATING_CACHED,
                                         .age_ms = (now_ns - cached->asked_ns) / CLOCK_NS_PER_MS};
    }
    pthread_mutex_unlock(&shard->lock);
    return is_held;
}

/* Whoever else expects the same record shares the number: no change has been told of since the
 * first one asked. */
uint64_t rating_cache_expect(struct rating_cache *cache, struct record_key record)
{
    char room[RATING_RECORD_KEY_ROOM];
    struct text key;
    struct cache_shard *shard = lock_shard(cache, record, room, &key);
    struct cached *cached = find(shard, key);
    if (cached == NULL) {
        cached = add(cache, shard, key);
    }
    touch(shard, cached);
    uint64_t expected = cached->expected;
    pthread_mutex_unlock(&shard->lock);
    return expected;
}

void rating_cache_fill(struct rating_cache *cache, struct record_key record, uint64_t expected,
                       const struct rating_view *view, int64_t asked_ns)
{
    char room[RATING_RECORD_KEY_ROOM];
    struct text key;
    struct cache_shard *shard = lock_shard(cache, record, room, &key);
    struct cached *cached = find(shard, key);
    bool is_newer = cached != NULL && cached->expected == expected &&
                    (!cached->filled || cached->asked_ns < asked_ns);
    if (is_newer) {
        cached->filled = true;
        cached->no_votes = view->no_votes;
        cached->mean = view->mean;
        cached->count = view->count;
        cached->asked_ns = asked_ns;
    }
    pthread_mutex_unlock(&shard->lock);
}

bool rating_cache_drop(struct rating_cache *cache, struct record_key record)
{
    char room[RATING_RECORD_KEY_ROOM];
    struct text key;
    struct cache_shard *shard = lock_shard(cache, record, room, &key);
    struct cached *cached = find(shard, key);
    if (cached != NULL) {
        forget(cache, shard, cached);
    }
    pthread_mutex_unlock(&shard->lock);
    return cached != NULL;
}

void rating_cache_clear(struct rating_cache *cache)
{
    for (size_t i = 0; i < RATING_CACHE_SHARDS; i++) {
        struct cache_shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        while (!list_is_empty(&shard->used)) {
            forget(cache, shard, CONTAINER_OF(shard->used.next, struct cached, link));
        }
        pthread_mutex_unlock(&shard->lock);
    }
}

size_t rating_cache_count(const struct rating_cache *cache)
{
    return atomic_load(&cache->count);
}
