#include "marquee/import_window.h"

#include <stdlib.h>

#include "base/arena.h"

/* Of a vote, what differs from those of its window. */
struct import_window_vote {
    const char *record; /* and behind it the user; in the window's arena */
    uint16_t record_length;
    uint16_t user_length;
    int32_t hundredths;
    int64_t time_ms;
    uint64_t line;
};

const struct import_window_limits import_window_usual = {.votes = 1 << 20, .bytes = 128 << 20};

void import_window_init(struct import_window *window, struct bulk *bulk, struct text provider,
                        const struct import_window_limits *limits)
{
    *window =
        (struct import_window){.bulk = bulk, .provider = provider, .votes_max = limits->votes};
    arena_init(&window->arena, limits->bytes);
}

void import_window_deinit(struct import_window *window)
{
    arena_deinit(&window->arena);
    free(window->votes);
}

static bool grow(struct import_window *window)
{
    if (window->count < window->capacity) {
        return true;
    }
    size_t capacity = window->capacity > 0 ? window->capacity * 2 : 1024;
    struct import_window_vote *votes = realloc(window->votes, capacity * sizeof(*votes));
    if (votes == NULL) {
        return false;
    }
    window->votes = votes;
    window->capacity = capacity;
    return true;
}

/* false: there is no room. */
static bool add(struct import_window *window, const struct rating_change *vote, uint64_t line)
{
    struct text record = vote->key.record.id;
    struct text user = vote->key.user;
    char *texts = window->count < window->votes_max && grow(window)
                      ? arena_alloc(&window->arena, record.length + user.length + 1)
                      : NULL;
    if (texts == NULL) {
        return false;
    }
    memcpy(texts, record.data, record.length);
    memcpy(texts + record.length, user.data, user.length);
    window->votes[window->count++] = (struct import_window_vote){
        .record = texts,
        .record_length = (uint16_t)record.length,
        .user_length = (uint16_t)user.length,
        .hundredths = vote->hundredths,
        .time_ms = vote->time_ms,
        .line = line,
    };
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct import_window_vote *a = left;
    const struct import_window_vote *b = right;
    int order = text_compare(text_of_bytes(a->record, a->record_length),
                             text_of_bytes(b->record, b->record_length));
    if (order != 0) {
        return order;
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

static enum status send(struct import_window *window, const struct import_window_vote *vote)
{
    const struct rating_change change = {
        .kind = RATING_PUT,
        .key = {.record = {RECORD_TYPE_MOVIE, text_of_bytes(vote->record, vote->record_length)},
                .provider = window->provider,
                .user = text_of_bytes(vote->record + vote->record_length, vote->user_length)},
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
