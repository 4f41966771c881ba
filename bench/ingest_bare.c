/* ingest_bare: what bare LMDB loops make of the same events that a rating service ingests: the same
 * keys, in batches of the same size, synced, into an empty store. Events are decoded before
 * anything is timed. Usage: ingest_bare EVENTS.jsonl DIRECTORY BATCH. Prints events a second for
 * keys in the order in which they come, and for keys sorted within each batch (sorting not timed).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "rating/model/rating_event.h"
#include "store_apply_bare_lmdb.h"

enum {
    EVENTS_MAX = 10 * 1000 * 1000,
    LINE_BYTES_MAX = 4096,
    EVENT_ARENA_BYTES_MAX = 1024 * 1024,
};
#define TEXTS_BYTES_MAX ((size_t)4 << 30)

struct events {
    struct arena texts;
    struct rating_change *changes;
    size_t count;
};

static void keep(struct events *events, struct rating_change change)
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

static void read_events(struct events *events, const char *path)
{
    struct arena arena;
    char line[LINE_BYTES_MAX];
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
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

static double events_a_second(const struct events *events, const char *directory, size_t batch,
                              double (*write)(struct store_apply_bare *,
                                              const struct rating_change *, size_t))
{
    struct store_apply_bare bare;
    double seconds = 0;
    store_apply_bare_open(&bare, directory);
    for (size_t from = 0; from < events->count; from += batch) {
        size_t left = events->count - from;
        seconds += write(&bare, events->changes + from, left < batch ? left : batch);
    }
    store_apply_bare_close(&bare);
    return (double)events->count / seconds;
}

int main(int argc, char **argv)
{
    struct events events = {.count = 0};
    uint64_t batch;
    if (argc != 4 || !text_to_u64(text_of(argv[3]), &batch) || batch == 0) {
        (void)fprintf(stderr, "usage: ingest_bare EVENTS.jsonl DIRECTORY BATCH\n");
        return 2;
    }
    arena_init(&events.texts, TEXTS_BYTES_MAX);
    read_events(&events, argv[1]);
    struct arena names;
    arena_init(&names, LINE_BYTES_MAX);
    printf("plain %.0f sorted %.0f\n",
           events_a_second(&events, arena_format(&names, "%s/plain", argv[2]).data, batch,
                           store_apply_bare_plain_seconds),
           events_a_second(&events, arena_format(&names, "%s/sorted", argv[2]).data, batch,
                           store_apply_bare_seconds));
    arena_deinit(&names);
    arena_deinit(&events.texts);
    free(events.changes);
    return 0;
}
