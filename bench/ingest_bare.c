/* ingest_bare: what bare LMDB loops make of the same events that a rating service ingests: the same
 * keys, in batches of the same size, synced, into an empty store. Events are decoded before
 * anything is timed. Usage: ingest_bare EVENTS.jsonl DIRECTORY BATCH. Prints events a second for
 * keys in the order in which they come, and for keys sorted within each batch (sorting not timed).
 */
#include <stdio.h>

#include "base/arena.h"
#include "bench_events.h"
#include "store_apply_bare_lmdb.h"

enum { PATHS_BYTES_MAX = 16 * 1024 };

static double
events_a_second(const struct bench_events *events, const char *directory, size_t batch,
                double (*write)(struct store_apply_bare *, const struct rating_change *, size_t))
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
    struct bench_events events;
    uint64_t batch;
    if (argc != 4 || !text_to_u64(text_of(argv[3]), &batch) || batch == 0) {
        (void)fprintf(stderr, "usage: ingest_bare EVENTS.jsonl DIRECTORY BATCH\n");
        return 2;
    }
    bench_events_read(&events, argv[1]);
    struct arena names;
    arena_init(&names, PATHS_BYTES_MAX);
    printf("plain %.0f sorted %.0f\n",
           events_a_second(&events, arena_format(&names, "%s/plain", argv[2]).data, batch,
                           store_apply_bare_plain_seconds),
           events_a_second(&events, arena_format(&names, "%s/sorted", argv[2]).data, batch,
                           store_apply_bare_seconds));
    arena_deinit(&names);
    bench_events_free(&events);
    return 0;
}
