/* ingest_bare_postgres: what a bare loop on PostgreSQL makes of the same events that a rating
 * service ingests: the same rows, in batches of the same size, durable, into empty tables. Events
 * are decoded before anything is timed. Usage: ingest_bare_postgres EVENTS.jsonl CONNINFO BATCH.
 * Prints events a second. */
#include <stdio.h>

#include "bench_events.h"
#include "store_apply_bare_postgres.h"

int main(int argc, char **argv)
{
    struct bench_events events;
    struct store_apply_bare_postgres bare;
    uint64_t batch;
    double seconds = 0;
    if (argc != 4 || !text_to_u64(text_of(argv[3]), &batch) || batch == 0) {
        (void)fprintf(stderr, "usage: ingest_bare_postgres EVENTS.jsonl CONNINFO BATCH\n");
        return 2;
    }
    bench_events_read(&events, argv[1]);
    store_apply_bare_postgres_open(&bare, argv[2]);
    for (size_t from = 0; from < events.count; from += batch) {
        size_t left = events.count - from;
        seconds += store_apply_bare_postgres_seconds(&bare, events.changes + from,
                                                     left < batch ? left : batch);
    }
    printf("%.0f\n", (double)events.count / seconds);
    store_apply_bare_postgres_close(&bare);
    bench_events_free(&events);
    return 0;
}
