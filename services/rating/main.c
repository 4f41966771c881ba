/* marquee-rating: votes and their aggregates. This file alone says what the service is made of. */
#include "movie_descriptors.h"
#include "process/process.h"
#include "rating/controller/rating_controller.h"
#include "rating/handler/rating_handler.h"
#include "rating/model/rating_value.h"
#include "rating/rating_ingestion.h"
#include "rating/repository/lmdb_rating_repository.h"
#include "rating/repository/memory_rating_repository.h"
#include "store/lmdb_store.h"
#include "store/store_metrics.h"

struct rating_process {
    struct rating_controller controller;
    struct rating_progress *progress;
    struct rating_ingestion *ingestion;
    struct grpc_service services[1];
    struct http_route routes[RATING_HANDLER_ROUTE_COUNT];
    struct proto_descriptor_set descriptors;
};

static const struct config_option options[] = {
    {.name = "listen",
     .kind = CONFIG_TEXT,
     .argument = "HOST:PORT",
     .default_value = "127.0.0.1:8082",
     .help = "the address to serve on; port 0 lets the kernel choose"},
    {.name = "store",
     .kind = CONFIG_CHOICE,
     .argument = "lmdb|memory",
     .default_value = "lmdb",
     .help = "where votes live"},
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var/rating",
     .help = "the directory of the store"},
    {.name = "rating-step",
     .kind = CONFIG_CHOICE,
     .argument = "0.5|0.25|0.1|0.01|1",
     .default_value = "0.5",
     .help = "the steps, in points, in which votes may be entered"},
    RATING_INGESTION_OPTIONS,
};

static enum status open_repository(struct process *process, struct call *call,
                                   struct rating_repository *ret_repository)
{
    const struct config *config = process_config(process);
    if (text_equal(config_text(config, "store"), TEXT("memory"))) {
        return memory_rating_repository_open(call, ret_repository);
    }
    enum status status = lmdb_rating_repository_open(
        call, &(struct lmdb_rating_repository_options){.path = config_text(config, "data")},
        ret_repository);
    if (status == STATUS_OK) {
        telemetry_add_source(process_telemetry(process), store_metrics_write,
                             lmdb_store_writer(lmdb_rating_repository_store(ret_repository)));
    }
    return status;
}

static enum status open_rating(void *self, struct process *process, struct call *call)
{
    struct rating_process *rating = self;
    const struct config *config = process_config(process);
    enum status status = rating_value_parse(call, config_text(config, "rating-step"),
                                            &rating->controller.step_hundredths);
    if (status == STATUS_OK) {
        status = open_repository(process, call, &rating->controller.repository);
    }
    if (status == STATUS_OK) {
        status = rating_ingestion_open_progress(process, call, rating->controller.repository,
                                                &rating->progress);
    }
    if (status != STATUS_OK) {
        return status;
    }
    rating->controller.applied = (struct rating_applied){rating_progress_await, rating->progress};
    rating->descriptors = movie_descriptor_set();
    rating->services[0] = rating_handler_service(&rating->controller);
    rating_handler_routes(&rating->controller, rating->routes);
    (void)process_add_listener(process, &(struct process_listener){
                                            .service = "rating",
                                            .address = config_text(config, "listen"),
                                            .services = rating->services,
                                            .service_count = ARRAY_LENGTH(rating->services),
                                            .descriptor_sets = &rating->descriptors,
                                            .descriptor_set_count = 1,
                                            .routes = rating->routes,
                                            .route_count = ARRAY_LENGTH(rating->routes),
                                        });
    return STATUS_OK;
}

/* Events are taken only once the address is ours. */
static enum status start_rating(void *self, struct process *process, struct call *call,
                                unsigned loop)
{
    struct rating_process *rating = self;
    return loop == 0 ? rating_ingestion_open(process, call, rating->controller.repository,
                                             rating->progress, &rating->ingestion)
                     : STATUS_OK;
}

static void close_rating(void *self)
{
    struct rating_process *rating = self;
    rating_ingestion_close(rating->ingestion);
    rating_progress_destroy(rating->progress);
    if (rating->controller.repository.ops != NULL) {
        rating->controller.repository.ops->close(rating->controller.repository.state);
    }
}

int main(int argc, char **argv)
{
    struct rating_process rating = {.ingestion = NULL};
    const struct process_definition definition = {
        .program = "marquee-rating",
        .service = "rating",
        .summary =
            "marquee-rating: votes and their aggregates, over gRPC and HTTP, and from events.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .open = open_rating,
        .start = start_rating,
        .close = close_rating,
    };
    return process_main(&definition, &rating, argc, argv);
}
