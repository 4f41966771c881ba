/* marquee-single: metadata, rating, review, recommendation and movie in one process, each on its
 * own port. The movie service asks the others by the same gRPC client as always, over loopback
 * channels without sockets. */
#include <stdlib.h>

#include "base/arena.h"
#include "loop/worker.h"
#include "metadata/controller/metadata_feed.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/repository/indexed_metadata_search.h"
#include "metadata/repository/sqlite_metadata_repository.h"
#include "movie/catalogue/ranked_catalogue.h"
#include "movie/controller/movie_controller.h"
#include "movie/gateway/gateway_messages.h"
#include "movie/gateway/grpc_metadata_gateway.h"
#include "movie/gateway/grpc_rating_gateway.h"
#include "movie/gateway/rpc_feeds.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "movie/gateway/rpc_recommendation_gateway.h"
#include "movie/gateway/rpc_review_gateway.h"
#include "movie/handler/movie_handler.h"
#include "movie/handler/movie_page.h"
#include "movie_access.h"
#include "movie_descriptors.h"
#include "process/process.h"
#include "rating/controller/rating_feed.h"
#include "rating/handler/rating_handler.h"
#include "rating/rating_guard.h"
#include "rating/rating_ingestion.h"
#include "rating/rating_outbox.h"
#include "rating/rating_parts.h"
#include "rating/rating_scores.h"
#include "rating/rating_store.h"
#include "recommendation/controller/recommendation_controller.h"
#include "recommendation/handler/recommendation_handler.h"
#include "recommendation/recommendation_following.h"
#include "recommendation/repository/grpc_vote_feed.h"
#include "review/controller/review_controller.h"
#include "review/handler/review_handler.h"
#include "review/repository/sqlite_review_repository.h"

/* Lists of metadata and of reviews are read on threads of their own; votes are entered in tenths
 * of a point. */
enum { STORE_THREADS = 2, STORE_QUEUE_MAX = 1024, STEP_HUNDREDTHS = 10 };

struct single_process {
    struct worker_pool *workers;
    struct indexed_metadata_search *search;
    struct proto_pool *messages;
    struct metadata_controller metadata;
    struct rating_parts rating;
    struct review_controller review;
    struct recommendation_controller recommendation;
    struct followed_recommendations *followed;
    struct grpc_vote_feed feed; /* of loop 0, which follows */
    struct proto_pool *feed_messages;
    struct movie_controller movie;
    struct grpc_metadata_gateway metadata_gateway;
    struct grpc_rating_gateway rating_gateway;
    struct ranked_catalogue *catalogue;
    struct rpc_recommendation_gateway recommendation_gateway;
    struct rpc_review_gateway review_gateway;
    unsigned metadata_listener;
    unsigned rating_listener;
    unsigned review_listener;
    unsigned recommendation_listener;
    struct grpc_service metadata_service;
    struct grpc_service rating_service;
    struct grpc_service review_service;
    struct grpc_service recommendation_service;
    struct grpc_service movie_service;
    struct http_route metadata_routes[METADATA_HANDLER_ROUTE_COUNT];
    struct http_route rating_routes[RATING_HANDLER_ROUTE_COUNT];
    struct http_route review_routes[REVIEW_HANDLER_ROUTE_COUNT];
    struct http_route recommendation_routes[RECOMMENDATION_HANDLER_ROUTE_COUNT];
    struct http_route movie_routes[MOVIE_HANDLER_ROUTE_COUNT + MOVIE_PAGE_ROUTE_COUNT];
};

#define LISTEN_OPTION(service, address)                                                            \
    {                                                                                              \
        .name = "listen-" service, .kind = CONFIG_TEXT, .argument = "HOST:PORT",                   \
        .default_value = (address), .help = "the address of the " service " service"               \
    }

static const struct config_option options[] = {
    LISTEN_OPTION("metadata", "127.0.0.1:8081"),
    LISTEN_OPTION("rating", "127.0.0.1:8082"),
    LISTEN_OPTION("movie", "127.0.0.1:8083"),
    LISTEN_OPTION("review", "127.0.0.1:8084"),
    LISTEN_OPTION("recommendation", "127.0.0.1:8085"),
    {.name = "data",
     .kind = CONFIG_TEXT,
     .argument = "DIRECTORY",
     .default_value = "var",
     .help = "the directory of the stores and, unless --event-log-directory says otherwise, of the "
             "event log"},
    RATING_STORE_KEEPING_OPTIONS,
    RATING_SCORES_OPTIONS,
    RATING_GUARD_OPTIONS,
    RATING_INGESTION_OPTIONS,
    RATING_OUTBOX_OPTIONS,
    RECOMMENDATION_OPTIONS,
    PROCESS_SESSION_OPTIONS,
};

static enum status open_reviews(struct single_process *single, struct process *process,
                                struct call *call)
{
    struct text directory = config_text(process_config(process), "data");
    const struct sqlite_review_repository_options review = {
        .path = arena_format(call->arena, "%.*s/review/review.sqlite", TEXT_ARGUMENTS(directory)),
        .workers = single->workers};
    return sqlite_review_repository_open(call, &review, &single->review.repository);
}

static enum status open_stores(struct single_process *single, struct process *process,
                               struct call *call)
{
    struct text directory = config_text(process_config(process), "data");
    enum status status =
        worker_pool_create("store", STORE_THREADS, STORE_QUEUE_MAX, &single->workers);
    if (status != STATUS_OK) {
        return status;
    }
    const struct sqlite_metadata_repository_options metadata = {
        .path =
            arena_format(call->arena, "%.*s/metadata/metadata.sqlite", TEXT_ARGUMENTS(directory)),
        .workers = single->workers};
    struct rating_store_options rating = {
        .store = TEXT("lmdb"),
        .data = arena_format(call->arena, "%.*s/rating", TEXT_ARGUMENTS(directory))};
    rating_store_read_keeping(process_config(process), &rating);
    status = sqlite_metadata_repository_open(call, &metadata, &single->metadata.repository);
    if (status == STATUS_OK) {
        status = indexed_metadata_search_create(call, single->metadata.repository,
                                                process_log(process), &single->search);
    }
    if (status == STATUS_OK) {
        single->metadata.search = indexed_metadata_search_port(single->search);
        telemetry_add_source(process_telemetry(process), indexed_metadata_search_write_metrics,
                             single->search);
        single->rating.controller.step_hundredths = STEP_HUNDREDTHS;
        status = rating_parts_open(&single->rating, process, call, &rating);
    }
    return status == STATUS_OK ? open_reviews(single, process, call) : status;
}

/* Follows the votes of this process through the service's own face, as from outside. */
static enum status open_recommendations(struct single_process *single, struct process *process,
                                        struct call *call)
{
    struct text data = config_text(process_config(process), "data");
    enum status status = recommendation_following_messages(call, &single->feed_messages);
    if (status == STATUS_OK) {
        status = recommendation_following_open(
            process, call, grpc_vote_feed(&single->feed),
            arena_format(call->arena, "%.*s/recommendation", TEXT_ARGUMENTS(data)),
            &single->followed);
    }
    if (status == STATUS_OK) {
        single->recommendation.repository = followed_recommendations_port(single->followed);
    }
    return status;
}

static unsigned add_listener(struct process *process, const char *service, const char *option,
                             const struct grpc_service *methods, const struct http_route *routes,
                             size_t route_count)
{
    const struct process_listener listener = {
        .service = service,
        .address = config_text(process_config(process), option),
        .services = methods,
        .service_count = 1,
        .descriptors = movie_descriptor_set(),
        .documented = movie_documented_set(),
        .routes = routes,
        .route_count = route_count,
    };
    return process_add_listener(process, &listener);
}

/* The movie service, with its lists, over loopback channels to the others. */
static enum status open_movie(struct single_process *single, struct process *process,
                              struct call *call)
{
    single->movie = (struct movie_controller){
        .metadata = grpc_metadata_gateway(&single->metadata_gateway),
        .rating = grpc_rating_gateway(&single->rating_gateway),
        .votes = rpc_rating_votes(&single->rating_gateway.rpc),
        .recommendations = rpc_recommendation_gateway_by_grpc(&single->recommendation_gateway),
        .reviews = rpc_review_gateway_by_grpc(&single->review_gateway),
    };
    const struct ranked_catalogue_options catalogue = {
        .log = process_log(process),
        .metadata = rpc_metadata_feed(&single->metadata_gateway.rpc),
        .rating = rpc_rating_feed(&single->rating_gateway.rpc)};
    enum status status = ranked_catalogue_create(call, &catalogue, &single->catalogue);
    if (status == STATUS_OK) {
        single->movie.catalogue = ranked_catalogue_port(single->catalogue);
        telemetry_add_source(process_telemetry(process), ranked_catalogue_write_metrics,
                             single->catalogue);
    }
    return status;
}

static void serve_all(struct single_process *single, struct process *process)
{
    single->metadata_service = metadata_handler_service(&single->metadata);
    single->rating_service = rating_handler_service(&single->rating.controller);
    single->review_service = review_handler_service(&single->review);
    single->recommendation_service = recommendation_handler_service(&single->recommendation);
    single->movie_service = movie_handler_service(&single->movie);
    metadata_handler_routes(&single->metadata, single->metadata_routes);
    rating_handler_routes(&single->rating.controller, single->rating_routes);
    review_handler_routes(&single->review, single->review_routes);
    recommendation_handler_routes(&single->recommendation, single->recommendation_routes);
    movie_handler_routes(&single->movie, single->movie_routes);
    movie_page_routes(single->movie_routes + MOVIE_HANDLER_ROUTE_COUNT);
    single->metadata_listener =
        add_listener(process, "metadata", "listen-metadata", &single->metadata_service,
                     single->metadata_routes, ARRAY_LENGTH(single->metadata_routes));
    single->rating_listener =
        add_listener(process, "rating", "listen-rating", &single->rating_service,
                     single->rating_routes, ARRAY_LENGTH(single->rating_routes));
    single->review_listener =
        add_listener(process, "review", "listen-review", &single->review_service,
                     single->review_routes, ARRAY_LENGTH(single->review_routes));
    single->recommendation_listener = add_listener(
        process, "recommendation", "listen-recommendation", &single->recommendation_service,
        single->recommendation_routes, ARRAY_LENGTH(single->recommendation_routes));
    (void)add_listener(process, "movie", "listen-movie", &single->movie_service,
                       single->movie_routes, ARRAY_LENGTH(single->movie_routes));
}

/* The event log is below --data, as the stores are, unless it is said where. */
static enum status place_event_log(struct process *process, struct call *call)
{
    struct text directory = config_text(process_config(process), "data");
    struct text log = arena_format(call->arena, "%.*s/eventlog", TEXT_ARGUMENTS(directory));
    return log.data != NULL
               ? process_set_default(process, call, "event-log-directory", log)
               : call_fail(call, STATUS_RESOURCE_EXHAUSTED, "no memory for the configuration");
}

static enum status open_single(void *self, struct process *process, struct call *call)
{
    struct single_process *single = self;
    enum status status = place_event_log(process, call);
    if (status == STATUS_OK) {
        status = open_stores(single, process, call);
    }
    if (status == STATUS_OK) {
        status = process_open_sessions(process, call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = gateway_messages_create(call, &single->messages);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_recommendations(single, process, call);
    if (status == STATUS_OK) {
        status = open_movie(single, process, call);
    }
    if (status == STATUS_OK) {
        serve_all(single, process);
    }
    return status;
}

/* To a service that listens in this process. It knows its own secrets. */
static enum status open_own(struct process *process, unsigned loop, unsigned listener,
                            const struct proto_pool *messages, const char *service,
                            struct grpc_channel **ret_channel)
{
    struct grpc_channel_options own = process_channel_options(process, messages, service);
    own.tokens = process_tokens(process);
    return grpc_channel_create_loopback(process_loop(process, loop),
                                        process_http_server(process, listener, loop), &own,
                                        ret_channel);
}

static enum status open_channels(struct single_process *single, struct process *process,
                                 unsigned loop)
{
    const struct {
        const char *service;
        unsigned listener;
        struct grpc_channel **channel;
    } channels[] = {
        {"metadata", single->metadata_listener, &single->metadata_gateway.channels[loop]},
        {"rating", single->rating_listener, &single->rating_gateway.channels[loop]},
        {"review", single->review_listener, &single->review_gateway.channels[loop]},
        {"recommendation", single->recommendation_listener,
         &single->recommendation_gateway.channels[loop]},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < ARRAY_LENGTH(channels); i++) {
        status = open_own(process, loop, channels[i].listener, single->messages,
                          channels[i].service, channels[i].channel);
    }
    return status;
}

static enum status start_recommendations(struct single_process *single, struct process *process)
{
    enum status status = open_own(process, 0, single->rating_listener, single->feed_messages,
                                  "rating", &single->feed.channel);
    return status == STATUS_OK ? followed_recommendations_start(single->followed) : status;
}

static enum status start_single(void *self, struct process *process, struct call *call,
                                unsigned loop)
{
    struct single_process *single = self;
    enum status status = open_channels(single, process, loop);
    if (status != STATUS_OK || loop != 0) {
        return status;
    }
    status = start_recommendations(single, process);
    if (status == STATUS_OK) {
        status = rating_parts_start(&single->rating, process, call);
    }
    if (status == STATUS_OK) {
        status = indexed_metadata_search_start(single->search);
    }
    if (status == STATUS_OK) {
        status = ranked_catalogue_start(single->catalogue);
    }
    return status;
}

static void drain_single(void *self, struct process *process, unsigned loop)
{
    struct single_process *single = self;
    (void)process;
    if (loop == 0) {
        ranked_catalogue_stop(single->catalogue);
        followed_recommendations_stop(single->followed);
    }
    rating_feed_end(&single->rating.controller);
    metadata_controller_end_waits(&single->metadata);
}

static void stop_single(void *self, struct process *process, struct call *call, unsigned loop)
{
    struct single_process *single = self;
    (void)process;
    (void)call;
    if (loop == 0) {
        ranked_catalogue_stop(single->catalogue); /* where nothing was drained */
        indexed_metadata_search_stop(single->search);
        rating_parts_stop(&single->rating);
        followed_recommendations_stop(single->followed);
        grpc_channel_destroy(single->feed.channel);
    }
    grpc_channel_destroy(single->recommendation_gateway.channels[loop]);
    grpc_channel_destroy(single->metadata_gateway.channels[loop]);
    grpc_channel_destroy(single->rating_gateway.channels[loop]);
    grpc_channel_destroy(single->review_gateway.channels[loop]);
}

static void close_single(void *self)
{
    struct single_process *single = self;
    ranked_catalogue_destroy(single->catalogue);
    rating_parts_close(&single->rating);
    indexed_metadata_search_destroy(single->search);
    if (single->metadata.repository.ops != NULL) {
        single->metadata.repository.ops->close(single->metadata.repository.state);
    }
    if (single->review.repository.ops != NULL) {
        single->review.repository.ops->close(single->review.repository.state);
    }
    followed_recommendations_destroy(single->followed);
    worker_pool_destroy(single->workers);
    proto_pool_destroy(single->messages);
    proto_pool_destroy(single->feed_messages);
}

int main(int argc, char **argv)
{
    struct single_process *single = calloc(1, sizeof(*single));
    const struct process_definition definition = {
        .program = "marquee-single",
        .service = "single",
        .summary = "marquee-single: metadata, rating, review, recommendation and movie in one "
                   "process.",
        .options = options,
        .option_count = ARRAY_LENGTH(options),
        .rules = movie_access_rules,
        .rule_count = movie_access_rule_count,
        .open = open_single,
        .start = start_single,
        .drain = drain_single,
        .stop = stop_single,
        .close = close_single,
    };
    int exit_status = single != NULL ? process_main(&definition, single, argc, argv) : EXIT_FAILURE;
    free(single);
    return exit_status;
}
