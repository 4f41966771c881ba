#include <stdio.h>

#include "rating/repository/postgres_rating_private.h"
#include "store/store_metrics.h"
#include "telemetry/telemetry.h"

static void write_one(struct telemetry_page *page, const char *name, const char *kind,
                      const char *help, double value)
{
    telemetry_write_family(page, name, kind, help);
    telemetry_write_sample(page, name, "", value);
}

static double count_of(const _Atomic uint64_t *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_pool(struct postgres_pool *pool, struct telemetry_page *page)
{
    struct postgres_pool_stats stats;
    postgres_pool_read_stats(pool, &stats);
    write_one(page, "marquee_postgres_connections_max", "gauge", "How many may read at once.",
              stats.connections_max);
    write_one(page, "marquee_postgres_connections_taken", "gauge", "Of those, in use.",
              stats.taken);
    write_one(page, "marquee_postgres_connections_idle", "gauge", "Open and not in use.",
              stats.idle);
    write_one(page, "marquee_postgres_waiting", "gauge", "Reads that wait for a connection.",
              stats.waiting);
    write_one(page, "marquee_postgres_waits_total", "counter",
              "Reads that had to wait for a connection.", (double)stats.waits);
    write_one(page, "marquee_postgres_refused_total", "counter",
              "Reads refused because too many waited.", (double)stats.refused);
    write_one(page, "marquee_postgres_opened_total", "counter", "Connections opened for reads.",
              (double)stats.opened);
    write_one(page, "marquee_postgres_lost_total", "counter", "Connections lost by reads.",
              (double)stats.lost);
    write_one(page, "marquee_postgres_open_failures_total", "counter",
              "Connections that could not be opened.", (double)stats.failed);
    write_one(page, "marquee_postgres_queries_total", "counter", "Reads asked.",
              (double)stats.queries);
}

void postgres_rating_write_metrics(void *state, struct telemetry_page *page)
{
    struct postgres_rating_repository *self = state;
    store_metrics_write(self->group, page);
    write_pool(self->pool, page);
    write_one(page, "marquee_postgres_rows_total", "counter",
              "Rows written: votes, aggregates, dead letters, positions, log.",
              count_of(&self->counters.rows));
    write_one(page, "marquee_postgres_retries_total", "counter", "Transactions done again.",
              count_of(&self->counters.retries));
    write_one(page, "marquee_postgres_reconnects_total", "counter",
              "Connections opened again, for writes and notices.",
              count_of(&self->counters.connections));
    write_one(page, "marquee_postgres_doubts_total", "counter",
              "Commits whose outcome had to be found out after a lost connection.",
              count_of(&self->counters.doubts));
    write_one(page, "marquee_postgres_notices_total", "counter",
              "Notifications of changes received.", count_of(&self->counters.notices));
}
