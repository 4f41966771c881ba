#include "movie/gateway/rating_copy.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "movie/gateway/rating_record_key.h"
#include "store/ordered_map.h"

struct copied {
    int64_t sequence;
    uint64_t count;
    uint64_t sum_hundredths;
};

struct copy_shard {
    _Alignas(64) pthread_mutex_t lock; /* on cache lines of its own */
    struct ordered_map *records;
};

struct rating_copy {
    size_t records_max;
    _Atomic size_t count;
    _Atomic bool full;
    _Atomic int64_t complete; /* an earlier sequence means no votes */
    struct copy_shard shards[RATING_COPY_SHARDS];
};

enum status rating_copy_create(size_t records_max, struct rating_copy **ret_copy)
{
    size_t size = sizeof(struct rating_copy); /* a multiple of its alignment */
    struct rating_copy *copy = aligned_alloc(_Alignof(struct rating_copy), size);
    if (copy == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memset(copy, 0, size);
    copy->records_max = records_max;
    for (size_t i = 0; i < RATING_COPY_SHARDS; i++) {
        pthread_mutex_init(&copy->shards[i].lock, NULL);
        copy->shards[i].records = ordered_map_create();
    }
    *ret_copy = copy;
    return STATUS_OK;
}

void rating_copy_destroy(struct rating_copy *copy)
{
    if (copy == NULL) {
        return;
    }
    for (size_t i = 0; i < RATING_COPY_SHARDS; i++) {
        ordered_map_destroy(copy->shards[i].records);
        pthread_mutex_destroy(&copy->shards[i].lock);
    }
    free(copy);
}

/* Records that are chosen to meet in one shard wait for its lock: its map is ordered, and no
 * slower.
 */
static struct copy_shard *shard_of(struct rating_copy *copy, struct text key)
{
    return &copy->shards[text_hash(key) % RATING_COPY_SHARDS];
}

/* Whether there is room for one more; it is taken. */
static bool take_room(struct rating_copy *copy)
{
    if (atomic_fetch_add(&copy->count, 1) < copy->records_max) {
        return true;
    }
    atomic_fetch_sub(&copy->count, 1);
    atomic_store(&copy->full, true);
    return false;
}

bool rating_copy_put(struct rating_copy *copy, const struct rating_aggregate_event *event)
{
    char room[RATING_RECORD_KEY_ROOM];
    struct text key = rating_record_key(event->record, room);
    struct copy_shard *shard = shard_of(copy, key);
    const struct copied news = {event->sequence, event->aggregate.count,
                                event->aggregate.sum_hundredths};
    pthread_mutex_lock(&shard->lock);
    const struct ordered_map_entry *entry = ordered_map_find(shard->records, key);
    struct copied *held = entry != NULL ? entry->value : NULL;
    bool is_news = held != NULL ? held->sequence < news.sequence : take_room(copy);
    if (is_news && held != NULL) {
        *held = news;
    } else if (is_news) {
        ordered_map_put(shard->records, key, &news, sizeof(news));
    }
    pthread_mutex_unlock(&shard->lock);
    return is_news;
}

enum rating_copy_answer rating_copy_get(struct rating_copy *copy, struct record_key record,
                                        struct rating_aggregate *ret_aggregate)
{
    char room[RATING_RECORD_KEY_ROOM];
    struct copied found = {.sequence = -1};
    if (record.id.length > RATING_RECORD_BYTES_MAX) {
        return RATING_COPY_NO_VOTES; /* nobody can have voted on it */
    }
    struct text key = rating_record_key(record, room);
    struct copy_shard *shard = shard_of(copy, key);
    /* Before the record: what it asks for was there when it was set. */
    int64_t complete = atomic_load(&copy->complete);
    pthread_mutex_lock(&shard->lock);
    const struct ordered_map_entry *entry = ordered_map_find(shard->records, key);
    if (entry != NULL) {
        found = *(const struct copied *)entry->value;
    }
    pthread_mutex_unlock(&shard->lock);
    if (found.sequence < 0) {
        return rating_copy_is_full(copy) ? RATING_COPY_UNKNOWN : RATING_COPY_NO_VOTES;
    }
    if (found.count == 0 || found.sequence < complete) {
        return RATING_COPY_NO_VOTES;
    }
    *ret_aggregate =
        (struct rating_aggregate){.count = found.count, .sum_hundredths = found.sum_hundredths};
    return RATING_COPY_RATED;
}

/* Removes, of RATING_COPY_SWEEP_COUNT records from the key on, those of an earlier sequence.
 * false: there are no more behind them. *key: the last that was looked at. */
static bool sweep_some(struct rating_copy *copy, struct copy_shard *shard, int64_t sequence,
                       char room[static RATING_RECORD_KEY_ROOM], size_t *length)
{
    struct text from = text_of_bytes(room, *length);
    const struct ordered_map_entry *entry = ordered_map_seek(shard->records, from);
    for (size_t i = 0; i < RATING_COPY_SWEEP_COUNT && entry != NULL; i++) {
        const struct ordered_map_entry *next = ordered_map_next(entry);
        *length = entry->key.length;
        memcpy(room, entry->key.data, *length);
        if (((const struct copied *)entry->value)->sequence < sequence) {
            ordered_map_remove(shard->records, text_of_bytes(room, *length));
            atomic_fetch_sub(&copy->count, 1);
        }
        entry = next;
    }
    return entry != NULL;
}

static void sweep(struct rating_copy *copy, int64_t sequence)
{
    for (size_t i = 0; i < RATING_COPY_SHARDS; i++) {
        struct copy_shard *shard = &copy->shards[i];
        char room[RATING_RECORD_KEY_ROOM];
        size_t length = 0;
        bool more = true;
        while (more) {
            pthread_mutex_lock(&shard->lock);
            more = sweep_some(copy, shard, sequence, room, &length);
            pthread_mutex_unlock(&shard->lock);
        }
    }
}

void rating_copy_complete(struct rating_copy *copy, int64_t sequence)
{
    if (sequence > atomic_load(&copy->complete)) {
        atomic_store(&copy->complete, sequence);
        sweep(copy, sequence);
    }
}

void rating_copy_clear(struct rating_copy *copy)
{
    sweep(copy, INT64_MAX);
    atomic_store(&copy->complete, 0);
    atomic_store(&copy->full, false);
}

size_t rating_copy_count(const struct rating_copy *copy)
{
    return atomic_load(&copy->count);
}

bool rating_copy_is_full(const struct rating_copy *copy)
{
    return atomic_load(&copy->full);
}
