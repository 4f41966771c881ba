/* marquee-review: what users say of movies, and that they like them. This file alone says what the
 * service is made of. */
#include "base/arena.h"
#include "loop/worker.h"
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"
#include "review/controller/review_controller.h"
#include "review/handler/review_handler.h"
#include "review/repository/memory_review_repository.h"
#include "review/repository/sqlite_review_repository.h"
#include "store/sqlite_store.h"
#include "store/store_metrics.h"

/* Lists are read on threads of their own. */
enum { STORE_THREADS = 2, STORE_QUEUE_MAX = 1024 };

struct review_process {
    struct worker_pool *workers;
    struct review_controller controller;
    struct grpc_service services[1];
    struct http_route routes[REVIEW_HANDLER_ROUTE_COUNT];
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8084"),
    {.name = "store",
     .kind = CONFIG_CHOICE,
     .argument = "sqlite|memory",
     .default_value = "sqlite",
     .help = "where reviews and likes live"},
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var/review",
     .help = "the directory of the store"},
};

static enum status open_sqlite(struct review_process *review, struct process *process,
                               struct call *call)
{
    struct text directory = config_text(process_config(process), "data");
    enum status status =
        worker_pool_create("store", STORE_THREADS, STORE_QUEUE_MAX, &review->workers);
    if (status != STATUS_OK) {
        return status;
    }
    const struct sqlite_review_repository_options sqlite = {
        .path = arena_format(call->arena, "%.*s/review.sqlite", TEXT_ARGUMENTS(directory)),
        .workers = review->workers,
    };
    status = sqlite_review_repository_open(call, &sqlite, &review->controller.repository);
    if (status == STATUS_OK) {
        struct sqlite_store *store = sqlite_review_repository_store(&review->controller.repository);
        telemetry_add_source(process_telemetry(process), store_metrics_write,
                             sqlite_store_writer(store));
    }
    return status;
}

static enum status open_review(void *self, struct process *process, struct call *call)
{
    struct review_process *review = self;
    const struct config *config = process_config(process);
    enum status status = text_equal(config_text(config, "store"), TEXT("memory"))
                             ? memory_review_repository_open(call, &review->controller.repository)
                             : open_sqlite(review, process, call);
    if (status != STATUS_OK) {
        return status;
    }
    review->services[0] = review_handler_service(&review->controller);
    review_handler_routes(&review->controller, review->routes);
    const struct process_listener listener = {
        .service = "review",
        .address = config_text(config, "listen"),
        .services = review->services,
        .service_count = ARRAY_LENGTH(review->services),
        .descriptors = movie_descriptor_set(),
        .documented = movie_documented_set(),
        .routes = review->routes,
        .route_count = ARRAY_LENGTH(review->routes),
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

static void close_review(void *self)
{
    struct review_process *review = self;
    if (review->controller.repository.ops != NULL) {
        review->controller.repository.ops->close(review->controller.repository.state);
    }
    worker_pool_destroy(review->workers);
}

int main(int argc, char **argv)
{
    struct review_process review = {.workers = NULL};
    const struct process_definition definition = {
        .program = "marquee-review",
        .service = "review",
        .summary = "marquee-review: what users say of movies, and that they like them, over gRPC "
                   "and HTTP.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .rules = movie_access_rules,
        .rule_count = movie_access_rule_count,
        .open = open_review,
        .close = close_review,
    };
    return process_main(&definition, &review, argc, argv);
}
