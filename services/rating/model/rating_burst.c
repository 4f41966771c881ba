#include "rating/model/rating_burst.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"

enum { PLACE_COUNTS = 4, PLACES = RATING_BURST_COUNTS / PLACE_COUNTS };

/* A record's votes in a window, by the hash of both. */
struct burst_count {
    uint64_t hash; /* 0: free */
    uint64_t votes;
};

struct rating_burst {
    struct rating_burst_options options;
    uint64_t secret; /* that nobody can aim at a place */
    pthread_mutex_t lock;
    struct burst_count (*places)[PLACE_COUNTS];
    _Atomic uint64_t held;
};

enum status rating_burst_create(const struct rating_burst_options *options,
                                struct rating_burst **ret_burst)
{
    struct rating_burst *burst = calloc(1, sizeof(*burst));
    CHECK(options->window_ms >= 1 && options->window_ms <= RATING_BURST_WINDOW_MS_MAX);
    CHECK(options->floor >= 1 && options->floor <= RATING_BURST_FLOOR_MAX);
    CHECK(options->multiple >= 1 && options->multiple <= RATING_BURST_MULTIPLE_MAX);
    if (burst == NULL || pthread_mutex_init(&burst->lock, NULL) != 0) {
        free(burst);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    burst->options = *options;
    burst->places = calloc(PLACES, sizeof(*burst->places));
    random_secret(&burst->secret, sizeof(burst->secret));
    if (burst->places == NULL) {
        rating_burst_destroy(burst);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    *ret_burst = burst;
    return STATUS_OK;
}

void rating_burst_destroy(struct rating_burst *burst)
{
    if (burst == NULL) {
        return;
    }
    pthread_mutex_destroy(&burst->lock);
    free(burst->places);
    free(burst);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Never 0. */
static uint64_t hash_of(const struct rating_burst *burst, struct record_key record, int64_t window)
{
    uint64_t hash = mix(burst->secret, (uint64_t)record.type << 32 | record.id.length);
    for (size_t at = 0; at < record.id.length; at += sizeof(uint64_t)) {
        size_t left = record.id.length - at;
        uint64_t word = 0;
        memcpy(&word, record.id.data + at, left < sizeof(word) ? left : sizeof(word));
        hash = mix(hash, word);
    }
    hash = mix(mix(hash, (uint64_t)window), burst->secret);
    return hash != 0 ? hash : 1;
}

static struct burst_count *find(const struct rating_burst *burst, uint64_t hash)
{
    struct burst_count *counts = burst->places[hash % PLACES];
    for (int i = 0; i < PLACE_COUNTS; i++) {
        if (counts[i].hash == hash) {
            return &counts[i];
        }
    }
    return NULL;
}

static struct burst_count *find_or_add(const struct rating_burst *burst, uint64_t hash)
{
    struct burst_count *count = find(burst, hash);
    if (count != NULL) {
        return count;
    }
    struct burst_count *counts = burst->places[hash % PLACES];
    struct burst_count *smallest = &counts[0];
    for (int i = 1; i < PLACE_COUNTS; i++) {
        smallest = counts[i].votes < smallest->votes ? &counts[i] : smallest;
    }
    *smallest = (struct burst_count){.hash = hash};
    return smallest;
}

/* The mean of the windows before. */
static double usual_of(const struct rating_burst *burst, struct record_key record, int64_t window)
{
    uint64_t votes = 0;
    for (int64_t i = 1; i <= RATING_BURST_PAST; i++) {
        const struct burst_count *count = find(burst, hash_of(burst, record, window - i));
        votes += count != NULL ? count->votes : 0;
    }
    return (double)votes / RATING_BURST_PAST;
}

bool rating_burst_take(struct rating_burst *burst, struct record_key record, int64_t time_ms,
                       char reason[static RATING_BURST_REASON_BYTES_MAX])
{
    const struct rating_burst_options *options = &burst->options;
    int64_t window = time_ms / options->window_ms;
    double usual = 0;
    bool is_over = false;
    pthread_mutex_lock(&burst->lock);
    struct burst_count *count = find_or_add(burst, hash_of(burst, record, window));
    uint64_t votes = count->votes;
    if (votes >= options->floor) {
        usual = usual_of(burst, record, window);
        is_over = (double)votes >= usual * options->multiple;
    }
    count->votes += is_over ? 0 : 1;
    pthread_mutex_unlock(&burst->lock);
    if (is_over) {
        atomic_fetch_add(&burst->held, 1);
        (void)snprintf(reason, RATING_BURST_REASON_BYTES_MAX,
                       "a burst of votes: %" PRIu64 " within %" PRId64
                       " s, where %.1f are usual; held until it is reviewed",
                       votes, options->window_ms / 1000, usual);
    }
    return is_over;
}

void rating_burst_give_back(struct rating_burst *burst, struct record_key record, int64_t time_ms,
                            bool was_held)
{
    if (was_held) {
        atomic_fetch_sub(&burst->held, 1);
        return;
    }
    pthread_mutex_lock(&burst->lock);
    struct burst_count *count =
        find(burst, hash_of(burst, record, time_ms / burst->options.window_ms));
    if (count != NULL && count->votes > 0) { /* else others took its place meanwhile */
        count->votes--;
    }
    pthread_mutex_unlock(&burst->lock);
}

uint64_t rating_burst_held(const struct rating_burst *burst)
{
    return atomic_load(&burst->held);
}
