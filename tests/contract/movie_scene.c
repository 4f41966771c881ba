#include "contract/movie_scene.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/loop.h"
#include "metadata/handler/metadata_handler.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "movie/gateway/gateway_messages.h"
#include "movie/gateway/rpc_feeds.h"
#include "movie/gateway/rpc_rating_gateway.h"
#include "movie/handler/movie_handler.h"
#include "rating/handler/rating_handler.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

enum { ENTRIES_MAX = 100 };

/* Finds every movie whose title begins with the query, the best by id. */
static enum status search(void *state, struct call *call, struct text query, size_t limit,
                          struct metadata_match **ret_matches, size_t *ret_count)
{
    struct movie_scene *scene = state;
    struct metadata_repository *repository = &scene->metadata.repository;
    struct metadata_match *matches = arena_calloc(call->arena, limit, sizeof(*matches));
    struct metadata *entries;
    size_t count;
    size_t found = 0;
    assert_non_null(matches);
    assert_int_equal(
        repository->ops->list(repository->state, call, TEXT(""), ENTRIES_MAX, &entries, &count),
        STATUS_OK);
    for (size_t i = 0; i < count && found < limit; i++) {
        if (text_starts_with(entries[i].title, query)) {
            matches[found] = (struct metadata_match){entries[i].id, 10 - (double)found};
            found++;
        }
    }
    *ret_matches = matches;
    *ret_count = found;
    return STATUS_OK;
}

static void note_change(void *state)
{
    (void)state;
}

static void open_stores(struct movie_scene *scene)
{
    static const struct metadata_search_ops search_ops = {search, note_change};
    struct call *call = &scene->metadata_scene.call;
    assert_int_equal(memory_metadata_repository_open(call, &scene->metadata.repository), STATUS_OK);
    assert_int_equal(memory_rating_repository_open(call, &scene->rating.repository), STATUS_OK);
    scene->metadata.search = (struct metadata_search){&search_ops, scene};
    scene->rating.step_hundredths = 50;
}

static void name_instance(struct http_endpoint *endpoint, const char *address)
{
    const struct discovery_instance instance = {.address = text_of(address)};
    const struct discovery_snapshot snapshot = {1, &instance, 1};
    http_endpoint_update(endpoint, &snapshot);
}

static int serve_on_tcp(struct service_scene *served, struct http_endpoint *endpoint,
                        char address[static HTTP_ADDRESS_BYTES_MAX])
{
    int fd;
    assert_int_equal(http_listen(&served->call, TEXT("127.0.0.1:0"), &fd, address), STATUS_OK);
    assert_int_equal(http_server_accept_from(served->http, fd), STATUS_OK);
    name_instance(endpoint, address);
    return fd;
}

static void connect_by_http(struct movie_scene *scene)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    assert_int_equal(gateway_messages_create(&scene->metadata_scene.call, &scene->messages),
                     STATUS_OK);
    assert_int_equal(http_client_create(loop_current(), &scene->client), STATUS_OK);
    http_endpoint_init(&scene->metadata_endpoint, "metadata", scene->client);
    http_endpoint_init(&scene->rating_endpoint, "rating", scene->client);
    scene->metadata_endpoint.messages = scene->messages;
    scene->rating_endpoint.messages = scene->messages;
    scene->http_metadata.endpoints[0] = &scene->metadata_endpoint;
    scene->http_rating.endpoints[0] = &scene->rating_endpoint;
    scene->metadata_fd = serve_on_tcp(&scene->metadata_scene, &scene->metadata_endpoint, address);
    scene->rating_fd =
        serve_on_tcp(&scene->rating_scene, &scene->rating_endpoint, scene->rating_address);
    scene->movie.metadata = http_metadata_gateway(&scene->http_metadata);
    scene->movie.rating = http_rating_gateway(&scene->http_rating);
    scene->movie.votes = rpc_rating_votes(&scene->http_rating.rpc);
}

static void connect_by_grpc(struct movie_scene *scene)
{
    scene->grpc_metadata.channels[0] = scene->metadata_scene.channel;
    scene->grpc_rating.channels[0] = scene->rating_scene.channel;
    scene->movie.metadata = grpc_metadata_gateway(&scene->grpc_metadata);
    scene->movie.rating = grpc_rating_gateway(&scene->grpc_rating);
    scene->movie.votes = rpc_rating_votes(&scene->grpc_rating.rpc);
}

static void open_scene(struct movie_scene *scene, enum movie_transport transport)
{
    struct http_route metadata_routes[METADATA_HANDLER_ROUTE_COUNT];
    struct http_route rating_routes[RATING_HANDLER_ROUTE_COUNT];
    struct http_route movie_routes[MOVIE_HANDLER_ROUTE_COUNT];
    *scene = (struct movie_scene){.transport = transport};
    metadata_handler_routes(&scene->metadata, metadata_routes);
    rating_handler_routes(&scene->rating, rating_routes);
    movie_handler_routes(&scene->movie, movie_routes);
    service_scene_open(&scene->metadata_scene, metadata_handler_service(&scene->metadata),
                       metadata_routes, ARRAY_LENGTH(metadata_routes));
    service_scene_open(&scene->rating_scene, rating_handler_service(&scene->rating), rating_routes,
                       ARRAY_LENGTH(rating_routes));
    open_stores(scene);
    if (transport == MOVIE_BY_HTTP) {
        connect_by_http(scene);
    } else {
        connect_by_grpc(scene);
    }
    service_scene_open(&scene->movie_scene, movie_handler_service(&scene->movie), movie_routes,
                       ARRAY_LENGTH(movie_routes));
}

void movie_scene_start_catalogue(struct movie_scene *scene, size_t movies_max)
{
    struct gateway_rpc *metadata =
        scene->transport == MOVIE_BY_HTTP ? &scene->http_metadata.rpc : &scene->grpc_metadata.rpc;
    struct gateway_rpc *rating =
        scene->transport == MOVIE_BY_HTTP ? &scene->http_rating.rpc : &scene->grpc_rating.rpc;
    const struct ranked_catalogue_options options = {.metadata = rpc_metadata_feed(metadata),
                                                     .rating = rpc_rating_feed(rating),
                                                     .movies_max = movies_max};
    assert_int_equal(ranked_catalogue_create(&scene->movie_scene.call, &options, &scene->catalogue),
                     STATUS_OK);
    scene->movie.catalogue = ranked_catalogue_port(scene->catalogue);
    assert_int_equal(ranked_catalogue_start(scene->catalogue), STATUS_OK);
}

static void close_scene(struct movie_scene *scene)
{
    ranked_catalogue_stop(scene->catalogue);
    ranked_catalogue_destroy(scene->catalogue);
    service_scene_close(&scene->movie_scene);
    if (scene->transport == MOVIE_BY_HTTP) {
        http_endpoint_deinit(&scene->metadata_endpoint);
        http_endpoint_deinit(&scene->rating_endpoint);
        http_client_destroy(scene->client);
        (void)close(scene->metadata_fd);
        (void)close(scene->rating_fd);
        proto_pool_destroy(scene->messages);
    }
    service_scene_close(&scene->rating_scene);
    service_scene_close(&scene->metadata_scene);
    scene->rating.repository.ops->close(scene->rating.repository.state);
    scene->metadata.repository.ops->close(scene->metadata.repository.state);
}

struct scene_run {
    movie_scene_fn run;
    enum movie_transport transport;
};

static void run_in_scene(void *argument)
{
    const struct scene_run *run = argument;
    struct movie_scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    open_scene(scene, run->transport);
    run->run(scene);
    close_scene(scene);
    free(scene);
}

void movie_scene_run(movie_scene_fn run, enum movie_transport transport)
{
    struct scene_run scene_run = {run, transport};
    in_fiber(run_in_scene, &scene_run);
}

static void lose(struct http_endpoint *endpoint, struct grpc_channel *channel)
{
    const struct discovery_snapshot nobody = {.count = 0};
    if (endpoint->client != NULL) {
        http_endpoint_update(endpoint, &nobody);
    } else {
        assert_int_equal(grpc_channel_update(channel, NULL, 0), STATUS_OK);
    }
}

void movie_scene_lose_metadata(struct movie_scene *scene)
{
    lose(&scene->metadata_endpoint, scene->metadata_scene.channel);
}

void movie_scene_lose_rating(struct movie_scene *scene)
{
    lose(&scene->rating_endpoint, scene->rating_scene.channel);
}

void movie_scene_find_rating(struct movie_scene *scene)
{
    name_instance(&scene->rating_endpoint, scene->rating_address);
}

void movie_scene_delete_movie(struct movie_scene *scene, const char *id)
{
    assert_int_equal(metadata_controller_delete(&scene->metadata, &scene->metadata_scene.call,
                                                text_of(id), NULL),
                     STATUS_OK);
}

void movie_scene_put_movie(struct movie_scene *scene, const char *id, const char *title,
                           int32_t year)
{
    static const struct text genres[] = {TEXT_INIT("Drama"), TEXT_INIT("War")};
    const struct metadata metadata = {.id = text_of(id),
                                      .title = text_of(title),
                                      .year = year,
                                      .director = TEXT("Ann Ant"),
                                      .genres = genres,
                                      .genre_count = ARRAY_LENGTH(genres)};
    assert_int_equal(
        metadata_controller_put(&scene->metadata, &scene->metadata_scene.call, &metadata, NULL),
        STATUS_OK);
}

void movie_scene_put_vote(struct movie_scene *scene, const char *user, const char *id,
                          int32_t hundredths, const char *time)
{
    struct rating_change change = {
        .kind = RATING_PUT,
        .key = {.record = {RECORD_TYPE_MOVIE, text_of(id)}, .user = text_of(user)},
        .hundredths = hundredths,
        .has_time = true};
    assert_true(clock_parse(text_of(time), &change.time_ms));
    assert_int_equal(
        rating_controller_put(&scene->rating, &scene->rating_scene.call, &change, NULL), STATUS_OK);
}

void movie_scene_ask(struct movie_scene *scene, const char *method, const char *request, int status,
                     const char *reply)
{
    struct text target = arena_format(&scene->movie_scene.arena, "/MovieService/%s", method);
    const struct service_exchange exchange = {
        request, "POST", target.data, "content-type: application/json\r\n", request, status, reply};
    service_scene_check(&scene->movie_scene, &exchange, 1);
}

void movie_scene_ask_plain(struct movie_scene *scene, const char *method, const char *target,
                           int status, const char *reply)
{
    const struct service_exchange exchange = {target, method, target, NULL, NULL, status, reply};
    service_scene_check(&scene->movie_scene, &exchange, 1);
}
