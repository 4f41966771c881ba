#include "rating/rating_store.h"

#include "rating/repository/lmdb_rating_repository.h"
#include "rating/repository/memory_rating_repository.h"
#include "store/lmdb_store.h"
#include "store/store_metrics.h"
#include "telemetry/telemetry.h"

struct rating_store_options rating_store_options(const struct config *config)
{
    return (struct rating_store_options){
        .store = config_text(config, "store"),
        .data = config_text(config, "data"),
    };
}

static enum status open_memory(struct call *call, const struct rating_store_options *options,
                               struct rating_store *ret_store)
{
    (void)options;
    return memory_rating_repository_open(call, &ret_store->repository);
}

static enum status open_lmdb(struct call *call, const struct rating_store_options *options,
                             struct rating_store *ret_store)
{
    enum status status = lmdb_rating_repository_open(
        call, &(struct lmdb_rating_repository_options){.path = options->data},
        &ret_store->repository);
    if (status == STATUS_OK) {
        ret_store->lmdb = lmdb_rating_repository_store(&ret_store->repository);
    }
    return status;
}

/* By the choices of --store. */
static const struct {
    struct text name;
    enum status (*open)(struct call *call, const struct rating_store_options *options,
                        struct rating_store *ret_store);
} implementations[] = {
    {TEXT_INIT("lmdb"), open_lmdb},
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

void rating_store_add_metrics(const struct rating_store *store, struct telemetry *telemetry)
{
    if (store->lmdb != NULL) {
        telemetry_add_source(telemetry, store_metrics_write, lmdb_store_writer(store->lmdb));
    }
}
