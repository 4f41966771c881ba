/* marquee-movie: movies with what metadata, rating and review know of them. This file alone says
 * what the service is made of. */
#include <stdlib.h>

#include "movie/catalogue/ranked_catalogue.h"
#include "movie/controller/movie_controller.h"
#include "movie/gateway/gateway_messages.h"
#include "movie/gateway/grpc_metadata_gateway.h"
#include "movie/gateway/grpc_rating_gateway.h"
#include "movie/gateway/movie_http_gateways.h"
#include "movie/gateway/rpc_feeds.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "movie/gateway/rpc_recommendation_gateway.h"
#include "movie/gateway/rpc_review_gateway.h"
#include "movie/handler/movie_handler.h"
#include "movie/handler/movie_page.h"
#include "movie/movie_ratings.h"
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"

struct movie_process {
    struct movie_controller controller;
    bool over_http;
    struct grpc_metadata_gateway metadata;
    struct grpc_rating_gateway rating;
    struct rpc_recommendation_gateway recommendations;
    struct rpc_review_gateway reviews;
    struct process_channel metadata_channels[LOOP_THREADS_MAX];
    struct process_channel rating_channels[LOOP_THREADS_MAX];
    struct process_channel recommendation_channels[LOOP_THREADS_MAX];
    struct process_channel review_channels[LOOP_THREADS_MAX];
    struct movie_http_gateways http;
    struct movie_ratings *ratings;
    struct ranked_catalogue *catalogue;
    struct grpc_service services[1];
    struct http_route routes[MOVIE_HANDLER_ROUTE_COUNT + MOVIE_PAGE_ROUTE_COUNT];
    struct proto_pool *messages;
};

static const struct config_option options[] = {
    PROCESS_LISTEN_OPTION("127.0.0.1:8083"),
    {.name = "gateway",
     .kind = CONFIG_CHOICE,
     .argument = "grpc|http",
     .default_value = "grpc",
     .help = "how the other services are asked"},
    {.name = "catalogue-size",
     .kind = CONFIG_INTEGER,
     .argument = "COUNT",
     .default_value = "4000000",
     .help = "movies held for lists, some 320 bytes each",
     .minimum = 1,
     .maximum = RANKED_CATALOGUE_MOVIES_MAX},
    MOVIE_RATINGS_OPTIONS,
    PROCESS_SESSION_OPTIONS,
};

static enum status open_catalogue(struct movie_process *movie, struct process *process,
                                  struct call *call)
{
    const struct ranked_catalogue_options catalogue = {
        .log = process_log(process),
        .metadata =
            rpc_metadata_feed(movie->over_http ? &movie->http.metadata.rpc : &movie->metadata.rpc),
        .rating = rpc_rating_feed(movie->over_http ? &movie->http.rating.rpc : &movie->rating.rpc),
        .movies_max = (size_t)config_integer(process_config(process), "catalogue-size")};
    enum status status = ranked_catalogue_create(call, &catalogue, &movie->catalogue);
    if (status == STATUS_OK) {
        movie->controller.catalogue = ranked_catalogue_port(movie->catalogue);
        telemetry_add_source(process_telemetry(process), ranked_catalogue_write_metrics,
                             movie->catalogue);
    }
    return status;
}

static enum status open_movie(void *self, struct process *process, struct call *call)
{
    struct movie_process *movie = self;
    const struct config *config = process_config(process);
    movie->over_http = text_equal(config_text(config, "gateway"), TEXT("http"));
    struct rating_gateway asked = movie->over_http ? http_rating_gateway(&movie->http.rating)
                                                   : grpc_rating_gateway(&movie->rating);
    movie->controller.votes =
        rpc_rating_votes(movie->over_http ? &movie->http.rating.rpc : &movie->rating.rpc);
    movie->controller.metadata = movie->over_http ? http_metadata_gateway(&movie->http.metadata)
                                                  : grpc_metadata_gateway(&movie->metadata);
    movie->controller.recommendations =
        movie->over_http ? rpc_recommendation_gateway_by_http(&movie->http.recommendations)
                         : rpc_recommendation_gateway_by_grpc(&movie->recommendations);
    movie->controller.reviews = movie->over_http ? rpc_review_gateway_by_http(&movie->http.reviews)
                                                 : rpc_review_gateway_by_grpc(&movie->reviews);
    enum status status =
        movie_ratings_open(process, call, asked, &movie->controller.rating, &movie->ratings);
    if (status == STATUS_OK) {
        status = open_catalogue(movie, process, call);
    }
    if (status == STATUS_OK) {
        status = process_open_sessions(process, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    movie->controller.is_rating_kept = !movie_ratings_asks(movie->ratings);
    status = gateway_messages_create(call, &movie->messages);
    if (status != STATUS_OK) {
        return status;
    }
    movie->http.messages = movie->messages;
    movie->services[0] = movie_handler_service(&movie->controller);
    movie_handler_routes(&movie->controller, movie->routes);
    movie_page_routes(movie->routes + MOVIE_HANDLER_ROUTE_COUNT);
    const struct process_listener listener = {
        .service = "movie",
        .address = config_text(config, "listen"),
        .services = movie->services,
        .service_count = ARRAY_LENGTH(movie->services),
        .descriptors = movie_descriptor_set(),
        .documented = movie_documented_set(),
        .routes = movie->routes,
        .route_count = ARRAY_LENGTH(movie->routes),
    };
    (void)process_add_listener(process, &listener);
    return STATUS_OK;
}

static enum status open_channels(struct movie_process *movie, struct process *process,
                                 struct call *call, unsigned loop)
{
    enum status status = process_open_channel(process, call, movie->messages, "metadata",
                                              &movie->metadata_channels[loop]);
    if (status == STATUS_OK) {
        status = process_open_channel(process, call, movie->messages, "rating",
                                      &movie->rating_channels[loop]);
    }
    if (status == STATUS_OK) {
        status = process_open_optional_channel(process, call, movie->messages, "review",
                                               &movie->review_channels[loop]);
    }
    if (status == STATUS_OK) {
        status = process_open_optional_channel(process, call, movie->messages, "recommendation",
                                               &movie->recommendation_channels[loop]);
    }
    movie->recommendations.channels[loop] = movie->recommendation_channels[loop].grpc;
    movie->metadata.channels[loop] = movie->metadata_channels[loop].grpc;
    movie->rating.channels[loop] = movie->rating_channels[loop].grpc;
    movie->reviews.channels[loop] = movie->review_channels[loop].grpc;
    return status;
}

static enum status start_movie(void *self, struct process *process, struct call *call,
                               unsigned loop)
{
    struct movie_process *movie = self;
    enum status status = loop == 0 ? movie_ratings_start(movie->ratings, call) : STATUS_OK;
    if (status == STATUS_OK) {
        status = movie->over_http ? movie_http_gateways_start(&movie->http, process, call, loop)
                                  : open_channels(movie, process, call, loop);
    }
    return status == STATUS_OK && loop == 0 ? ranked_catalogue_start(movie->catalogue) : status;
}

/* Lists go on, from the copy as it is. */
static void drain_movie(void *self, struct process *process, unsigned loop)
{
    struct movie_process *movie = self;
    (void)process;
    if (loop == 0) {
        ranked_catalogue_stop(movie->catalogue);
    }
}

static void stop_movie(void *self, struct process *process, struct call *call, unsigned loop)
{
    struct movie_process *movie = self;
    (void)process;
    (void)call;
    if (loop == 0) {
        ranked_catalogue_stop(movie->catalogue); /* where nothing was drained */
    }
    process_close_channel(&movie->metadata_channels[loop]);
    process_close_channel(&movie->rating_channels[loop]);
    process_close_channel(&movie->recommendation_channels[loop]);
    process_close_channel(&movie->review_channels[loop]);
    movie_http_gateways_stop(&movie->http, loop);
}

static void close_movie(void *self)
{
    struct movie_process *movie = self;
    ranked_catalogue_destroy(movie->catalogue);
    movie_ratings_close(movie->ratings);
    proto_pool_destroy(movie->messages);
}

int main(int argc, char **argv)
{
    struct movie_process *movie = calloc(1, sizeof(*movie));
    const struct process_definition definition = {
        .program = "marquee-movie",
        .service = "movie",
        .summary =
            "marquee-movie: movies with what is known, voted and said of them, over gRPC and "
            "HTTP, and in a browser.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .rules = movie_access_rules,
        .rule_count = movie_access_rule_count,
        .open = open_movie,
        .start = start_movie,
        .drain = drain_movie,
        .stop = stop_movie,
        .close = close_movie,
    };
    int exit_status = movie != NULL ? process_main(&definition, movie, argc, argv) : EXIT_FAILURE;
    free(movie);
    return exit_status;
}
