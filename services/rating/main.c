/* marquee-rating: votes and their aggregates. This file alone says what the service is made of. */
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"
#include "rating/controller/rating_controller.h"
#include "rating/controller/rating_feed.h"
#include "rating/handler/rating_handler.h"
#include "rating/model/rating_value.h"
#include "rating/rating_guard.h"
#include "rating/rating_ingestion.h"
#include "rating/rating_outbox.h"
#include "rating/rating_scores.h"
#include "rating/rating_store.h"
#include "rating/rating_upkeep.h"
#include "rating/repository/indexed_rating_ranking.h"

struct rating_process {
    struct rating_controller controller;
    struct rating_progress *progress;
    struct rating_ingestion *ingestion;
    struct rating_outbox *outbox;
    struct rating_upkeep *upkeep;
    struct indexed_rating_ranking *ranking;
    struct rating_burst *burst;
    bool is_kept; /* upkeep runs */
    struct grpc_service services[1];
    struct http_route routes[RATING_HANDLER_ROUTE_COUNT];
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8082"),
    RATING_STORE_OPTIONS,
    RATING_STORE_KEEPING_OPTIONS,
    {.name = "rating-step",
     .kind = CONFIG_CHOICE,
     .argument = "0.5|0.25|0.1|0.01|1",
     .default_value = "0.1",
     .help = "the steps, in points, in which votes may be entered"},
    RATING_SCORES_OPTIONS,
    RATING_GUARD_OPTIONS,
    RATING_INGESTION_OPTIONS,
    RATING_OUTBOX_OPTIONS,
};

static enum status open_store(struct rating_process *rating, struct process *process,
                              struct call *call)
{
    struct rating_store_options wanted = rating_store_options(process_config(process));
    struct rating_store store;
    rating_store_read_keeping(process_config(process), &wanted);
    enum status status = rating_store_open(call, &wanted, &store);
    if (status == STATUS_OK) {
        rating->controller.repository = store.repository;
        rating_store_add_metrics(&store, process_telemetry(process));
        status = rating_upkeep_create(process, call, &store, &rating->upkeep);
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
        status = open_store(rating, process, call);
    }
    if (status == STATUS_OK) {
        status = rating_scores_open(process, call, rating->controller.repository, &rating->ranking,
                                    &rating->controller.ranking);
    }
    if (status == STATUS_OK) {
        status = rating_guard_open(process, call, &rating->burst);
        rating->controller.burst = rating->burst;
    }
    if (status == STATUS_OK) {
        status = rating_ingestion_open_progress(process, call, rating->controller.repository,
                                                &rating->progress);
    }
    if (status != STATUS_OK) {
        return status;
    }
    rating->controller.applied = (struct rating_applied){rating_progress_await, rating->progress};
    rating->services[0] = rating_handler_service(&rating->controller);
    rating_handler_routes(&rating->controller, rating->routes);
    const struct process_listener listener = {
        .service = "rating",
        .address = config_text(config, "listen"),
        .services = rating->services,
        .service_count = ARRAY_LENGTH(rating->services),
        .descriptors = movie_descriptor_set(),
        .documented = movie_documented_set(),
        .routes = rating->routes,
        .route_count = ARRAY_LENGTH(rating->routes),
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

/* Events are taken, and sent, only once the address is ours. */
static enum status start_rating(void *self, struct process *process, struct call *call,
                                unsigned loop)
{
    struct rating_process *rating = self;
    if (loop != 0) {
        return STATUS_OK;
    }
    enum status status = rating_ingestion_open(process, call, rating->controller.repository,
                                               rating->progress, rating->burst, &rating->ingestion);
    if (status == STATUS_OK) {
        status = rating_outbox_open(process, call, rating->controller.repository,
                                    rating_ingestion_log(rating->ingestion), &rating->outbox);
    }
    if (status == STATUS_OK) {
        status = indexed_rating_ranking_start(rating->ranking);
    }
    if (status == STATUS_OK) {
        status = rating_upkeep_start(rating->upkeep);
        rating->is_kept = status == STATUS_OK;
    }
    return status;
}

static void drain_rating(void *self, struct process *process, unsigned loop)
{
    struct rating_process *rating = self;
    (void)process;
    (void)loop;
    rating_feed_end(&rating->controller);
}

static void stop_rating(void *self, struct process *process, struct call *call, unsigned loop)
{
    struct rating_process *rating = self;
    (void)process;
    (void)call;
    if (loop == 0 && rating->is_kept) {
        rating_upkeep_stop(rating->upkeep);
    }
    if (loop == 0) {
        indexed_rating_ranking_stop(rating->ranking);
    }
}

static void close_rating(void *self)
{
    struct rating_process *rating = self;
    rating_outbox_stop(rating->outbox);
    rating_ingestion_stop(rating->ingestion);
    rating_progress_destroy(rating->progress);
    rating_upkeep_destroy(rating->upkeep);
    indexed_rating_ranking_destroy(rating->ranking);
    if (rating->controller.repository.ops != NULL) {
        rating->controller.repository.ops->close(rating->controller.repository.state);
    }
    rating_ingestion_close(rating->ingestion);
    rating_burst_destroy(rating->burst);
    rating_outbox_close(rating->outbox);
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
        .rules = movie_access_rules,
        .rule_count = movie_access_rule_count,
        .open = open_rating,
        .start = start_rating,
        .drain = drain_rating,
        .stop = stop_rating,
        .close = close_rating,
    };
    return process_main(&definition, &rating, argc, argv);
}
