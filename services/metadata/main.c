/* marquee-metadata: what is known about movies. This file alone says what the service is made of.
 */
#include "base/arena.h"
#include "loop/worker.h"
#include "metadata/controller/metadata_feed.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/repository/indexed_metadata_search.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "metadata/repository/sqlite_metadata_repository.h"
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"
#include "store/sqlite_store.h"
#include "store/store_metrics.h"

/* Lists are read on threads of their own. */
enum { STORE_THREADS = 2, STORE_QUEUE_MAX = 1024 };

struct metadata_process {
    struct worker_pool *workers;
    struct indexed_metadata_search *search;
    struct metadata_controller controller;
    struct grpc_service services[1];
    struct http_route routes[METADATA_HANDLER_ROUTE_COUNT];
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8081"),
    {.name = "store",
     .kind = CONFIG_CHOICE,
     .argument = "sqlite|memory",
     .default_value = "sqlite",
     .help = "where metadata lives"},
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var/metadata",
     .help = "the directory of the store"},
};

static enum status open_sqlite(struct metadata_process *metadata, struct process *process,
                               struct call *call)
{
    struct text directory = config_text(process_config(process), "data");
    const struct sqlite_metadata_repository_options sqlite = {
        .path = arena_format(call->arena, "%.*s/metadata.sqlite", TEXT_ARGUMENTS(directory)),
        .workers = metadata->workers,
    };
    enum status status =
        sqlite_metadata_repository_open(call, &sqlite, &metadata->controller.repository);
    if (status == STATUS_OK) {
        struct sqlite_store *store =
            sqlite_metadata_repository_store(&metadata->controller.repository);
        telemetry_add_source(process_telemetry(process), store_metrics_write,
                             sqlite_store_writer(store));
    }
    return status;
}

static enum status open_repository(struct metadata_process *metadata, struct process *process,
                                   struct call *call)
{
    if (text_equal(config_text(process_config(process), "store"), TEXT("memory"))) {
        return memory_metadata_repository_open(call, &metadata->controller.repository);
    }
    enum status status =
        worker_pool_create("store", STORE_THREADS, STORE_QUEUE_MAX, &metadata->workers);
    return status == STATUS_OK ? open_sqlite(metadata, process, call) : status;
}

/* Behind the repository: what it holds is found. */
static enum status open_search(struct metadata_process *metadata, struct process *process,
                               struct call *call)
{
    enum status status = indexed_metadata_search_create(call, metadata->controller.repository,
                                                        process_log(process), &metadata->search);
    if (status == STATUS_OK) {
        metadata->controller.search = indexed_metadata_search_port(metadata->search);
        telemetry_add_source(process_telemetry(process), indexed_metadata_search_write_metrics,
                             metadata->search);
    }
    return status;
}

static enum status open_metadata(void *self, struct process *process, struct call *call)
{
    struct metadata_process *metadata = self;
    const struct config *config = process_config(process);
    enum status status = open_repository(metadata, process, call);
    if (status == STATUS_OK) {
        status = open_search(metadata, process, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    metadata->services[0] = metadata_handler_service(&metadata->controller);
    metadata_handler_routes(&metadata->controller, metadata->routes);
    const struct process_listener listener = {
        .service = "metadata",
        .address = config_text(config, "listen"),
        .services = metadata->services,
        .service_count = ARRAY_LENGTH(metadata->services),
        .descriptors = movie_descriptor_set(),
        .documented = movie_documented_set(),
        .routes = metadata->routes,
        .route_count = ARRAY_LENGTH(metadata->routes),
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

static enum status start_metadata(void *self, struct process *process, struct call *call,
                                  unsigned loop)
{
    struct metadata_process *metadata = self;
    (void)process;
    (void)call;
    return loop == 0 ? indexed_metadata_search_start(metadata->search) : STATUS_OK;
}

static void drain_metadata(void *self, struct process *process, unsigned loop)
{
    struct metadata_process *metadata = self;
    (void)process;
    (void)loop;
    metadata_controller_end_waits(&metadata->controller);
}

static void stop_metadata(void *self, struct process *process, struct call *call, unsigned loop)
{
    struct metadata_process *metadata = self;
    (void)process;
    (void)call;
    if (loop == 0) {
        indexed_metadata_search_stop(metadata->search);
    }
}

static void close_metadata(void *self)
{
    struct metadata_process *metadata = self;
    indexed_metadata_search_destroy(metadata->search);
    if (metadata->controller.repository.ops != NULL) {
        metadata->controller.repository.ops->close(metadata->controller.repository.state);
    }
    worker_pool_destroy(metadata->workers);
}

int main(int argc, char **argv)
{
    struct metadata_process metadata = {.routes = {{.method = NULL}}};
    const struct process_definition definition = {
        .program = "marquee-metadata",
        .service = "metadata",
        .summary = "marquee-metadata: what is known about movies, over gRPC and HTTP.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .rules = movie_access_rules,
        .rule_count = movie_access_rule_count,
        .open = open_metadata,
        .start = start_metadata,
        .drain = drain_metadata,
        .stop = stop_metadata,
        .close = close_metadata,
    };
    return process_main(&definition, &metadata, argc, argv);
}
