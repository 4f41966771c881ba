#include "bench_events.h"

#include <stdio.h>
#include <stdlib.h>

#include "rating/model/rating_event.h"

enum {
    EVENTS_MAX = 10 * 1000 * 1000,
    LINE_BYTES_MAX = 4096,
    EVENT_ARENA_BYTES_MAX = 1024 * 1024,
};
#define TEXTS_BYTES_MAX ((size_t)4 << 30)

static void keep(struct bench_events *events, struct rating_change change)
{
    CHECK(events->count < EVENTS_MAX);
    change.key.user = arena_copy(&events->texts, change.key.user);
    change.key.provider = arena_copy(&events->texts, change.key.provider);
    change.key.record.id = arena_copy(&events->texts, change.key.record.id);
    if (events->count % 4096 == 0) {
        events->changes =
            realloc(events->changes, (events->count + 4096) * sizeof(events->changes[0]));
        CHECK(events->changes != NULL);
    }
    events->changes[events->count++] = change;
}

void bench_events_read(struct bench_events *events, const char *path)
{
    struct arena arena;
    char line[LINE_BYTES_MAX];
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    *events = (struct bench_events){.count = 0};
    arena_init(&events->texts, TEXTS_BYTES_MAX);
    arena_init(&arena, EVENT_ARENA_BYTES_MAX);
    while (fgets(line, sizeof(line), file) != NULL) {
        struct call call;
        struct rating_change change;
        call_init(&call, &arena, 0);
        CHECK(rating_event_decode(&call, text_of(line), &change) == STATUS_OK);
        keep(events, change);
        arena_reset(&arena);
    }
    CHECK(fclose(file) == 0);
    arena_deinit(&arena);
}

void bench_events_free(struct bench_events *events)
{
    arena_deinit(&events->texts);
    free(events->changes);
}
