/* marquee-rating: votes and their aggregates. What the service is made
 * of stands here and in rating_parts.c. */
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"
#include "rating/controller/rating_feed.h"
#include "rating/handler/rating_handler.h"
#include "rating/model/rating_value.h"
#include "rating/rating_guard.h"
#include "rating/rating_ingestion.h"
#include "rating/rating_outbox.h"
#include "rating/rating_parts.h"
#include "rating/rating_scores.h"
#include "rating/rating_store.h"

struct rating_process {
    struct rating_parts parts;
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

static enum status open_rating(void *self, struct process *process, struct call *call)
{
    struct rating_process *rating = self;
    const struct config *config = process_config(process);
    struct rating_controller *controller = &rating->parts.controller;
    struct rating_store_options store = rating_store_options(config);
    rating_store_read_keeping(config, &store);
    enum status status =
        rating_value_parse(call, config_text(config, "rating-step"), &controller->step_hundredths);
    if (status == STATUS_OK) {
        status = rating_parts_open(&rating->parts, process, call, &store);
    }
    if (status != STATUS_OK) {
        return status;
    }
    rating->services[0] = rating_handler_service(controller);
    rating_handler_routes(controller, rating->routes);
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

static enum status start_rating(void *self, struct process *process, struct call *call,
                                unsigned loop)
{
    struct rating_process *rating = self;
    return loop == 0 ? rating_parts_start(&rating->parts, process, call) : STATUS_OK;
}

static void drain_rating(void *self, struct process *process, unsigned loop)
{
    struct rating_process *rating = self;
    (void)process;
    (void)loop;
    rating_feed_end(&rating->parts.controller);
}

static void stop_rating(void *self, struct process *process, struct call *call, unsigned loop)
{
    struct rating_process *rating = self;
    (void)process;
    (void)call;
    if (loop == 0) {
        rating_parts_stop(&rating->parts);
    }
}

static void close_rating(void *self)
{
    struct rating_process *rating = self;
    rating_parts_close(&rating->parts);
}

int main(int argc, char **argv)
{
    struct rating_process rating = {.parts = {.upkeep = NULL}};
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
