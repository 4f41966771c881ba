/* marquee-recommendation: what is alike, and what somebody may like, from everybody's votes. This
 * file alone says what the service is made of. */
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"
#include "recommendation/controller/recommendation_controller.h"
#include "recommendation/handler/recommendation_handler.h"
#include "recommendation/recommendation_following.h"
#include "recommendation/repository/grpc_vote_feed.h"

struct recommendation_process {
    struct recommendation_controller controller;
    struct followed_recommendations *followed;
    struct grpc_vote_feed feed;
    struct process_channel rating; /* of loop 0, which follows */
    struct grpc_service services[1];
    struct http_route routes[RECOMMENDATION_HANDLER_ROUTE_COUNT];
    struct proto_pool *messages;
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8085"),
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "",
     .help = "the directory where what was computed is kept for the next start; empty: it is made "
             "anew then"},
    RECOMMENDATION_OPTIONS,
};

static enum status open_recommendation(void *self, struct process *process, struct call *call)
{
    struct recommendation_process *recommendation = self;
    enum status status = recommendation_following_messages(call, &recommendation->messages);
    if (status == STATUS_OK) {
        status = recommendation_following_open(process, call, grpc_vote_feed(&recommendation->feed),
                                               config_text(process_config(process), "data"),
                                               &recommendation->followed);
    }
    if (status != STATUS_OK) {
        return status;
    }
    recommendation->controller.repository = followed_recommendations_port(recommendation->followed);
    recommendation->services[0] = recommendation_handler_service(&recommendation->controller);
    recommendation_handler_routes(&recommendation->controller, recommendation->routes);
    const struct process_listener listener = {
        .service = "recommendation",
        .address = config_text(process_config(process), "listen"),
        .services = recommendation->services,
        .service_count = ARRAY_LENGTH(recommendation->services),
        .descriptors = movie_descriptor_set(),
        .documented = movie_documented_set(),
        .routes = recommendation->routes,
        .route_count = ARRAY_LENGTH(recommendation->routes),
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

static enum status start_recommendation(void *self, struct process *process, struct call *call,
                                        unsigned loop)
{
    struct recommendation_process *recommendation = self;
    if (loop != 0) {
        return STATUS_OK;
    }
    enum status status = process_open_channel(process, call, recommendation->messages, "rating",
                                              &recommendation->rating);
    recommendation->feed.channel = recommendation->rating.grpc;
    return status == STATUS_OK ? followed_recommendations_start(recommendation->followed) : status;
}

static void stop_recommendation(void *self, struct process *process, struct call *call,
                                unsigned loop)
{
    struct recommendation_process *recommendation = self;
    (void)process;
    (void)call;
    if (loop == 0) {
        followed_recommendations_stop(recommendation->followed);
        process_close_channel(&recommendation->rating);
    }
}

static void close_recommendation(void *self)
{
    struct recommendation_process *recommendation = self;
    followed_recommendations_destroy(recommendation->followed);
    proto_pool_destroy(recommendation->messages);
}

int main(int argc, char **argv)
{
    struct recommendation_process recommendation = {.followed = NULL};
    const struct process_definition definition = {
        .program = "marquee-recommendation",
        .service = "recommendation",
        .summary = "marquee-recommendation: what is alike, and what somebody may like, from "
                   "everybody's votes, over gRPC and HTTP.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .rules = movie_access_rules,
        .rule_count = movie_access_rule_count,
        .open = open_recommendation,
        .start = start_recommendation,
        .stop = stop_recommendation,
        .close = close_recommendation,
    };
    return process_main(&definition, &recommendation, argc, argv);
}
