/* How far the store is behind the log, noted for the metrics. */
#include "base/clock.h"
#include "rating/ingester/rating_ingester_private.h"

/* A call needs an arena; waiting takes nothing from it. */
enum { WATCH_ARENA_BYTES_MAX = 4096 };

void rating_ingester_forget_lag(struct rating_ingester *self)
{
    for (size_t i = 0; i < RATING_INGESTER_PARTITIONS_MAX; i++) {
        atomic_store_explicit(&self->partitions[i].lag, 0, memory_order_relaxed);
    }
}

/* What was read and is not applied yet is behind, too. Where a log begins of which nothing has been
 * read, only the consumer knows. */
static int64_t lag_of(const struct ingest_partition *own, const struct eventlog_lag *row)
{
    int64_t next_offset = own->next_offset >= 0 ? own->next_offset : row->next_offset;
    return row->end_offset > next_offset ? row->end_offset - next_offset : 0;
}

static void note_lag(struct rating_ingester *self)
{
    struct eventlog_lag rows[RATING_INGESTER_PARTITIONS_MAX];
    int64_t lags[RATING_INGESTER_PARTITIONS_MAX] = {0};
    size_t count = self->consumer.ops->lag(self->consumer.state, rows, ARRAY_LENGTH(rows));
    for (size_t i = 0; i < count; i++) {
        lags[rows[i].partition] =
            lag_of(rating_ingester_partition(self, rows[i].partition), &rows[i]) + 1;
    }
    for (size_t i = 0; i < RATING_INGESTER_PARTITIONS_MAX; i++) {
        atomic_store_explicit(&self->partitions[i].lag, lags[i], memory_order_relaxed);
    }
}

void rating_ingester_watch_lag(void *ingester)
{
    struct rating_ingester *self = ingester;
    struct arena arena;
    struct call call;
    arena_init(&arena, WATCH_ARENA_BYTES_MAX);
    call_init(&call, &arena, 0);
    call.cancellation = &self->ended;
    do {
        note_lag(self);
    } while (fiber_sleep(&call, RATING_INGESTER_LAG_MS * CLOCK_NS_PER_MS) == STATUS_OK);
    arena_deinit(&arena);
}
