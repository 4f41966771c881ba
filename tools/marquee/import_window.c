#include "marquee/import_window.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/random.h"

enum { CAPACITY_AT_FIRST = 1024 /* a power of two */, PLACES_PER_VOTE = 2 };

struct import_window_vote {
    const char *texts; /* record, user and provider; in the window's arena */
    enum record_type type;
    uint16_t record_length;
    uint16_t user_length;
    uint16_t provider_length;
    int32_t hundredths;
    int64_t time_ms;
    uint64_t line;
    uint64_t hash; /* of the key */
};

const struct import_window_limits import_window_usual = {.votes = 1 << 20, .bytes = 128 << 20};

void import_window_init(struct import_window *window, struct bulk *bulk,
                        const struct import_window_limits *limits)
{
    *window = (struct import_window){.bulk = bulk, .votes_max = limits->votes};
    random_secret(window->key, sizeof(window->key));
    arena_init(&window->arena, limits->bytes);
}

void import_window_deinit(struct import_window *window)
{
    arena_deinit(&window->arena);
    free(window->votes);
    free(window->places);
}

static struct vote_key key_of(const struct import_window_vote *vote)
{
    const char *user = vote->texts + vote->record_length;
    return (struct vote_key){
        .record = {vote->type, text_of_bytes(vote->texts, vote->record_length)},
        .user = text_of_bytes(user, vote->user_length),
        .provider = text_of_bytes(user + vote->user_length, vote->provider_length)};
}

static bool is_same_key(const struct vote_key *a, const struct vote_key *b)
{
    return a->record.type == b->record.type && text_equal(a->record.id, b->record.id) &&
           text_equal(a->user, b->user) && text_equal(a->provider, b->provider);
}

/* Names are an outsider's to choose: see digest.h. */
static uint64_t hash_of(const struct import_window *window, const struct vote_key *key)
{
    uint64_t hash = digest_with(window->key, key->record.id).low + (uint64_t)key->record.type;
    hash = hash * 31 + digest_with(window->key, key->user).low;
    return hash * 31 + digest_with(window->key, key->provider).low;
}

/* The place of the vote with this key, or the free one where it would be. There must be places. */
static uint32_t *find_place(const struct import_window *window, const struct vote_key *key,
                            uint64_t hash)
{
    size_t mask = window->capacity * PLACES_PER_VOTE - 1;
    size_t at = (size_t)hash & mask;
    for (; window->places[at] != 0; at = (at + 1) & mask) {
        const struct import_window_vote *vote = &window->votes[window->places[at] - 1];
        const struct vote_key own = key_of(vote);
        if (vote->hash == hash && is_same_key(&own, key)) {
            break;
        }
    }
    return &window->places[at];
}

/* false: no memory; the window is as it was. */
static bool grow(struct import_window *window)
{
    if (window->count < window->capacity) {
        return true;
    }
    size_t capacity = window->capacity > 0 ? window->capacity * 2 : CAPACITY_AT_FIRST;
    uint32_t *places = calloc(capacity * PLACES_PER_VOTE, sizeof(*places));
    struct import_window_vote *votes =
        places != NULL ? realloc(window->votes, capacity * sizeof(*votes)) : NULL;
    if (votes == NULL) {
        free(places);
        return false;
    }
    free(window->places);
    window->places = places;
    window->votes = votes;
    window->capacity = capacity;
    for (size_t i = 0; i < window->count; i++) {
        const struct vote_key key = key_of(&votes[i]);
        *find_place(window, &key, votes[i].hash) = (uint32_t)i + 1;
    }
    return true;
}

/* Of two with one key; at one time the later in the file. */
static void replace(struct import_window *window, struct import_window_vote *kept,
                    const struct rating_change *vote, uint64_t line)
{
    if (vote->time_ms >= kept->time_ms) {
        kept->hundredths = vote->hundredths;
        kept->time_ms = vote->time_ms;
        kept->line = line;
    }
    window->bulk->votes++;
}

/* NULL: there is no room. */
static const char *copy_texts(struct import_window *window, const struct vote_key *key)
{
    size_t record = key->record.id.length;
    size_t user = key->user.length;
    size_t provider = key->provider.length;
    char *texts = arena_alloc(&window->arena, record + user + provider + 1);
    if (texts == NULL) {
        return NULL;
    }
    memcpy(texts, key->record.id.data, record);
    memcpy(texts + record, key->user.data, user);
    if (provider > 0) { /* its data may be NULL */
        memcpy(texts + record + user, key->provider.data, provider);
    }
    return texts;
}

/* false: there is no room. */
static bool add(struct import_window *window, const struct rating_change *vote, uint64_t line)
{
    const struct vote_key *key = &vote->key;
    uint64_t hash = hash_of(window, key);
    if (window->votes_max == 0 || !grow(window)) {
        return false;
    }
    uint32_t *place = find_place(window, key, hash);
    if (*place != 0) {
        replace(window, &window->votes[*place - 1], vote, line);
        return true;
    }
    const char *texts = window->count < window->votes_max ? copy_texts(window, key) : NULL;
    if (texts == NULL) {
        return false;
    }
    window->votes[window->count++] = (struct import_window_vote){
        .texts = texts,
        .type = key->record.type,
        .record_length = (uint16_t)key->record.id.length,
        .user_length = (uint16_t)key->user.length,
        .provider_length = (uint16_t)key->provider.length,
        .hundredths = vote->hundredths,
        .time_ms = vote->time_ms,
        .line = line,
        .hash = hash,
    };
    *place = (uint32_t)window->count;
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct import_window_vote *a = left;
    const struct import_window_vote *b = right;
    int order = text_compare(text_of_bytes(a->texts, a->record_length),
                             text_of_bytes(b->texts, b->record_length));
    if (order != 0) {
        return order;
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

static enum status send(struct import_window *window, const struct import_window_vote *vote)
{
    const struct rating_change change = {
        .kind = RATING_PUT,
        .key = key_of(vote),
        .hundredths = vote->hundredths,
        .has_time = true,
        .time_ms = vote->time_ms,
    };
    return bulk_put_vote(window->bulk, &change, vote->line);
}

enum status import_window_flush(struct import_window *window)
{
    enum status status = STATUS_OK;
    if (window->count > 0) {
        qsort(window->votes, window->count, sizeof(*window->votes), compare);
    }
    for (size_t i = 0; i < window->count && status == STATUS_OK; i++) {
        status = send(window, &window->votes[i]);
    }
    if (window->count > 0) {
        memset(window->places, 0, window->capacity * PLACES_PER_VOTE * sizeof(*window->places));
    }
    window->count = 0;
    arena_reset(&window->arena);
    return status;
}

enum status import_window_put(struct import_window *window, const struct rating_change *vote,
                              uint64_t line)
{
    if (add(window, vote, line)) {
        return STATUS_OK;
    }
    enum status status = import_window_flush(window);
    if (status == STATUS_OK && !add(window, vote, line)) {
        status = bulk_put_vote(window->bulk, vote, line);
    }
    return status;
}
