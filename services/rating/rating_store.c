#include "rating/rating_store.h"

#include "rating/repository/lmdb_rating_repository.h"
#include "rating/repository/memory_rating_repository.h"
#include "rating/repository/postgres_rating_repository.h"
#include "store/lmdb_store.h"
#include "store/lmdb_watch.h"
#include "store/store_metrics.h"
#include "telemetry/telemetry.h"

struct rating_store_options rating_store_options(const struct config *config)
{
    return (struct rating_store_options){
        .store = config_text(config, "store"),
        .data = config_text(config, "data"),
        .postgres = config_text(config, "postgres"),
        .postgres_schema = config_text(config, "postgres-schema"),
        .postgres_connections = (unsigned)config_integer(config, "postgres-connections"),
    };
}

void rating_store_read_keeping(const struct config *config, struct rating_store_options *options)
{
    options->retention = (struct rating_retention){
        .event_id_window_ms = config_duration_ms(config, "event-id-window"),
        .tombstone_retention_ms = config_duration_ms(config, "tombstone-retention"),
    };
    options->durability = text_equal(config_text(config, "durability"), TEXT("relaxed"))
                              ? RATING_RELAXED
                              : RATING_DURABLE;
}

static enum status open_memory(struct call *call, const struct rating_store_options *options,
                               struct rating_store *ret_store)
{
    const struct memory_rating_repository_options memory = {.retention = options->retention};
    return memory_rating_repository_open_with(call, &memory, &ret_store->repository);
}

static enum status open_lmdb(struct call *call, const struct rating_store_options *options,
                             struct rating_store *ret_store)
{
    const struct lmdb_rating_repository_options lmdb = {
        .path = options->data,
        .retention = options->retention,
        .durability = options->durability,
        .refuse_older = options->refuse_older,
    };
    enum status status = lmdb_rating_repository_open(call, &lmdb, &ret_store->repository);
    if (status == STATUS_OK) {
        ret_store->lmdb = lmdb_rating_repository_store(&ret_store->repository);
    }
    return status;
}

static struct postgres_rating_repository_options
postgres_options(const struct rating_store_options *options)
{
    return (struct postgres_rating_repository_options){
        .conninfo = options->postgres,
        .schema = options->postgres_schema,
        .connections = options->postgres_connections,
        .retention = options->retention,
        .durability = options->durability,
    };
}

static enum status open_postgres(struct call *call, const struct rating_store_options *options,
                                 struct rating_store *ret_store)
{
    const struct postgres_rating_repository_options postgres = postgres_options(options);
    ret_store->is_postgres = true;
    return postgres_rating_repository_open(call, &postgres, &ret_store->repository);
}

/* By the choices of --store. */
static const struct {
    struct text name;
    enum status (*open)(struct call *call, const struct rating_store_options *options,
                        struct rating_store *ret_store);
} implementations[] = {
    {TEXT_INIT("lmdb"), open_lmdb},
    {TEXT_INIT("postgres"), open_postgres},
    {TEXT_INIT("memory"), open_memory},
};

enum status rating_store_open(struct call *call, const struct rating_store_options *options,
                              struct rating_store *ret_store)
{
    for (size_t i = 0; i < ARRAY_LENGTH(implementations); i++) {
        if (text_equal(implementations[i].name, options->store)) {
            struct rating_store store = {.lmdb = NULL};
            enum status status = implementations[i].open(call, options, &store);
            if (status == STATUS_OK) {
                *ret_store = store;
            }
            return status;
        }
    }
    return call_fail(call, STATUS_INVALID_ARGUMENT, "there is no store '%.*s'",
                     TEXT_ARGUMENTS(options->store));
}

/* STATUS_NOT_FOUND: there is none. */
static enum status look_for_store(struct call *call, const struct rating_store_options *options)
{
    if (text_equal(options->store, TEXT("lmdb")) && !lmdb_store_exists(options->data)) {
        return call_fail(call, STATUS_NOT_FOUND, "%.*s: there is no store",
                         TEXT_ARGUMENTS(options->data));
    }
    if (text_equal(options->store, TEXT("postgres"))) {
        const struct postgres_rating_repository_options postgres = postgres_options(options);
        return postgres_rating_repository_look_for(call, &postgres);
    }
    return STATUS_OK;
}

enum status rating_store_open_existing(struct call *call,
                                       const struct rating_store_options *options,
                                       struct rating_store *ret_store)
{
    struct call opening = call_within(call, 0);
    struct rating_store_options as_it_is = *options;
    as_it_is.refuse_older = true;
    enum status status = look_for_store(&opening, options);
    if (status == STATUS_OK) {
        status = rating_store_open(&opening, &as_it_is, ret_store);
    }
    return status == STATUS_OK
               ? STATUS_OK
               : call_fail(call, status, "%.*s%s%.*s", TEXT_ARGUMENTS(opening.error.message),
                           opening.error.detail.length > 0 ? ": " : "",
                           TEXT_ARGUMENTS(opening.error.detail));
}

enum status rating_store_end_stopped(const struct rating_store *store, struct call *call,
                                     size_t *ret_count)
{
    if (store->is_postgres) {
        return postgres_rating_end_stopped(store->repository.state, call, ret_count);
    }
    *ret_count = 0;
    return STATUS_OK;
}

void rating_store_add_metrics(const struct rating_store *store, struct telemetry *telemetry)
{
    if (store->lmdb != NULL) {
        telemetry_add_source(telemetry, store_metrics_write, lmdb_store_writer(store->lmdb));
        telemetry_add_source(telemetry, lmdb_watch_write_metrics, store->lmdb);
    }
    if (store->is_postgres) {
        telemetry_add_source(telemetry, postgres_rating_write_metrics, store->repository.state);
    }
}
