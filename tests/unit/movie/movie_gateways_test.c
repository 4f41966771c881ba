/* The movie service over metadata and rating services that answer as told: by gRPC over loopback
 * channels, and by plain HTTP over TCP. */
#include <unistd.h>

#include "http/http_client.h"
#include "loop/loop.h"
#include "movie.pb-c.h"
#include "movie/gateway/grpc_metadata_gateway.h"
#include "movie/gateway/grpc_rating_gateway.h"
#include "movie/gateway/http_endpoint.h"
#include "movie/gateway/http_metadata_gateway.h"
#include "movie/gateway/http_rating_gateway.h"
#include "movie/handler/movie_handler.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

/* What a fake service says. */
struct answer {
    enum status status;
    int http_status;
    const char *type;
    const char *body;
};

struct fixture {
    struct service_scene metadata;
    struct service_scene rating;
    struct service_scene movie;
    struct answer metadata_answer;
    struct answer rating_answer;
    struct grpc_metadata_gateway grpc_metadata;
    struct grpc_rating_gateway grpc_rating;
    struct http_metadata_gateway http_metadata;
    struct http_rating_gateway http_rating;
    struct http_client *client;
    struct http_endpoint metadata_endpoint;
    struct http_endpoint rating_endpoint;
    struct movie_controller controller;
    void (*body)(struct fixture *fixture);
};

static enum status get_metadata(void *state, struct call *call, const void *request, void *response)
{
    const struct fixture *fixture = state;
    const GetMetadataRequest *get = request;
    GetMetadataResponse *reply = response;
    Metadata *message = arena_alloc(call->arena, sizeof(*message));
    assert_non_null(message);
    metadata__init(message);
    message->id = get->movie_id;
    message->title = proto_bytes(TEXT("One"));
    reply->metadata = message;
    return fixture->metadata_answer.status == STATUS_OK
               ? STATUS_OK
               : call_fail(call, fixture->metadata_answer.status, "metadata's words");
}

static enum status get_rating(void *state, struct call *call, const void *request, void *response)
{
    const struct fixture *fixture = state;
    GetAggregatedRatingResponse *reply = response;
    (void)request;
    reply->rating_value = 7.5;
    reply->count = 2;
    return fixture->rating_answer.status == STATUS_OK
               ? STATUS_OK
               : call_fail(call, fixture->rating_answer.status, "rating's words");
}

static const struct grpc_method metadata_methods[] = {
    {.name = "GetMetadata",
     .request = &get_metadata_request__descriptor,
     .response = &get_metadata_response__descriptor,
     .unary = get_metadata},
};

static const struct grpc_method rating_methods[] = {
    {.name = "GetAggregatedRating",
     .request = &get_aggregated_rating_request__descriptor,
     .response = &get_aggregated_rating_response__descriptor,
     .unary = get_rating},
};

static void reply_as_told(void *state, struct http_exchange *exchange)
{
    const struct answer *answer = state;
    const struct http_header headers[] = {{TEXT("content-type"), text_of(answer->type)}};
    const struct http_reply reply = {.status = answer->http_status,
                                     .headers = headers,
                                     .header_count = 1,
                                     .body = text_of(answer->body)};
    http_reply(exchange, &reply);
}

static void open_services(struct fixture *fixture)
{
    const struct grpc_service metadata = {"MetadataService", metadata_methods, 1, fixture};
    const struct grpc_service rating = {"RatingService", rating_methods, 1, fixture};
    const struct http_route metadata_route = {.method = "GET",
                                              .path = "/metadata",
                                              .handle = reply_as_told,
                                              .state = &fixture->metadata_answer};
    const struct http_route rating_route = {.method = "GET",
                                            .path = "/rating",
                                            .handle = reply_as_told,
                                            .state = &fixture->rating_answer};
    struct http_route routes[MOVIE_HANDLER_ROUTE_COUNT];
    service_scene_open(&fixture->metadata, metadata, &metadata_route, 1);
    service_scene_open(&fixture->rating, rating, &rating_route, 1);
    movie_handler_routes(&fixture->controller, routes);
    service_scene_open(&fixture->movie, movie_handler_service(&fixture->controller), routes,
                       ARRAY_LENGTH(routes));
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    open_services(fixture);
    fixture->body(fixture);
    service_scene_close(&fixture->movie);
    service_scene_close(&fixture->rating);
    service_scene_close(&fixture->metadata);
}

#define GATEWAY_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

#define ONE "\"metadata\":{\"id\":\"tt1\",\"title\":\"One\",\"description\":\"\",\"director\":\"\"}"

static void ask(struct fixture *fixture, const char *name, int status, const char *reply)
{
    const struct service_exchange exchange = {name,   "GET", "/movie?id=tt1", NULL, NULL,
                                              status, reply};
    service_scene_check(&fixture->movie, &exchange, 1);
}

static void details_by_grpc(struct fixture *fixture)
{
    static const struct {
        const char *name;
        enum status metadata;
        enum status rating;
        int status;
        const char *reply;
    } cases[] = {
        {"rated", STATUS_OK, STATUS_OK, 200,
         "{\"rating\":7.5," ONE ",\"ratingState\":\"RATED\",\"ratingCount\":2}"},
        {"no votes", STATUS_OK, STATUS_NOT_FOUND, 200, "{" ONE ",\"ratingState\":\"NO_VOTES\"}"},
        {"rating fails", STATUS_OK, STATUS_INTERNAL, 200,
         "{" ONE ",\"ratingState\":\"UNAVAILABLE\",\"ratingUnavailableReason\":"
         "\"the rating service cannot be asked\"}"},
        {"no movie", STATUS_NOT_FOUND, STATUS_OK, 404, "metadata's words"},
        {"metadata fails", STATUS_INTERNAL, STATUS_OK, 503, "the metadata service cannot be asked"},
    };
    fixture->grpc_metadata.channels[loop_index(loop_current())] = fixture->metadata.channel;
    fixture->grpc_rating.channels[loop_index(loop_current())] = fixture->rating.channel;
    fixture->controller =
        (struct movie_controller){.metadata = grpc_metadata_gateway(&fixture->grpc_metadata),
                                  .rating = grpc_rating_gateway(&fixture->grpc_rating)};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        fixture->metadata_answer.status = cases[i].metadata;
        fixture->rating_answer.status = cases[i].rating;
        ask(fixture, cases[i].name, cases[i].status, cases[i].reply);
    }
    fixture->metadata_answer.status = STATUS_OK;
    fixture->rating_answer.status = STATUS_OK;
    static const struct service_exchange exchanges[] = {
        {"Connect", "POST", "/MovieService/GetMovieDetails", "content-type: application/json\r\n",
         "{\"movieId\":\"tt1\"}", 200,
         "{\"movieDetails\":{\"rating\":7.5,\"metadata\":{\"id\":\"tt1\",\"title\":\"One\"},"
         "\"ratingState\":\"RATED\",\"ratingCount\":2}}"},
        {"no id", "GET", "/movie", NULL, NULL, 400, "the parameter 'id' is missing"},
        {"empty id", "GET", "/movie?id=", NULL, NULL, 400, "movie id is empty"},
    };
    service_scene_check(&fixture->movie, exchanges, ARRAY_LENGTH(exchanges));
}
GATEWAY_TEST(details_by_grpc)

#define JSON "application/json"
#define PROBLEM "application/problem+json"
#define PLAIN_ONE "{\"id\":\"tt1\",\"title\":\"One\",\"description\":\"\",\"director\":\"\"}"
#define AWAY                                                                                       \
    "{" ONE ",\"ratingState\":\"UNAVAILABLE\",\"ratingUnavailableReason\":"                        \
    "\"the rating service cannot be asked\"}"

static const struct {
    const char *name;
    struct answer metadata;
    struct answer rating;
    int status;
    const char *reply;
} http_cases[] = {
    {"rated",
     {STATUS_OK, 200, JSON, PLAIN_ONE},
     {STATUS_OK, 200, JSON, "7.5"},
     200,
     "{\"rating\":7.5," ONE ",\"ratingState\":\"RATED\"}"},
    {"no votes",
     {STATUS_OK, 200, JSON, PLAIN_ONE},
     {STATUS_OK, 404, PROBLEM, "{\"detail\":\"nobody\"}"},
     200,
     "{" ONE ",\"ratingState\":\"NO_VOTES\"}"},
    {"no number", {STATUS_OK, 200, JSON, PLAIN_ONE}, {STATUS_OK, 200, JSON, "\"7\""}, 200, AWAY},
    {"no JSON", {STATUS_OK, 200, JSON, PLAIN_ONE}, {STATUS_OK, 200, JSON, "<"}, 200, AWAY},
    {"503", {STATUS_OK, 200, JSON, PLAIN_ONE}, {STATUS_OK, 503, JSON, ""}, 200, AWAY},
    {"no movie",
     {STATUS_OK, 404, PROBLEM, "{\"detail\":\"no movie\"}"},
     {STATUS_OK, 200, JSON, "7.5"},
     404,
     "no movie"},
    {"metadata that cannot be read",
     {STATUS_OK, 200, JSON, "[]"},
     {STATUS_OK, 200, JSON, "7.5"},
     503,
     "the metadata service cannot be asked"},
};

static int serve_on_tcp(struct service_scene *scene, struct http_endpoint *endpoint)
{
    char address[HTTP_ADDRESS_BYTES_MAX];
    int fd;
    assert_int_equal(http_listen(&scene->call, TEXT("127.0.0.1:0"), &fd, address), STATUS_OK);
    assert_int_equal(http_server_accept_from(scene->http, fd), STATUS_OK);
    const struct discovery_instance instance = {.address = text_of(address)};
    const struct discovery_snapshot snapshot = {1, &instance, 1};
    http_endpoint_update(endpoint, &snapshot);
    return fd;
}

static void open_endpoints(struct fixture *fixture)
{
    unsigned loop = loop_index(loop_current());
    assert_int_equal(http_client_create(loop_current(), &fixture->client), STATUS_OK);
    http_endpoint_init(&fixture->metadata_endpoint, "metadata", fixture->client);
    http_endpoint_init(&fixture->rating_endpoint, "rating", fixture->client);
    fixture->http_metadata.endpoints[loop] = &fixture->metadata_endpoint;
    fixture->http_rating.endpoints[loop] = &fixture->rating_endpoint;
    fixture->controller =
        (struct movie_controller){.metadata = http_metadata_gateway(&fixture->http_metadata),
                                  .rating = http_rating_gateway(&fixture->http_rating)};
}

static void details_by_http(struct fixture *fixture)
{
    open_endpoints(fixture);
    ask(fixture, "nobody is known", 503, "the metadata service cannot be asked");
    int metadata_fd = serve_on_tcp(&fixture->metadata, &fixture->metadata_endpoint);
    int rating_fd = serve_on_tcp(&fixture->rating, &fixture->rating_endpoint);
    for (size_t i = 0; i < ARRAY_LENGTH(http_cases); i++) {
        fixture->metadata_answer = http_cases[i].metadata;
        fixture->rating_answer = http_cases[i].rating;
        ask(fixture, http_cases[i].name, http_cases[i].status, http_cases[i].reply);
    }
    http_endpoint_deinit(&fixture->metadata_endpoint);
    http_endpoint_deinit(&fixture->rating_endpoint);
    http_client_destroy(fixture->client);
    (void)close(metadata_fd);
    (void)close(rating_fd);
}
GATEWAY_TEST(details_by_http)

/* Whichever of the two is tried first. */
static void refused_instance_is_passed_over(struct fixture *fixture)
{
    char gone[HTTP_ADDRESS_BYTES_MAX];
    char there[HTTP_ADDRESS_BYTES_MAX];
    int fds[2];
    struct call *call = &fixture->metadata.call;
    open_endpoints(fixture);
    assert_int_equal(http_listen(call, TEXT("127.0.0.1:0"), &fds[0], gone), STATUS_OK);
    assert_int_equal(http_listen(call, TEXT("127.0.0.1:0"), &fds[1], there), STATUS_OK);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(http_server_accept_from(fixture->metadata.http, fds[1]), STATUS_OK);
    const struct discovery_instance instances[] = {{.address = text_of(gone)},
                                                   {.address = text_of(there)}};
    const struct discovery_snapshot both = {1, instances, 2};
    const struct discovery_snapshot first = {2, instances, 1};
    fixture->metadata_answer = (struct answer){STATUS_OK, 200, JSON, "{}"};
    http_endpoint_update(&fixture->metadata_endpoint, &both);
    for (unsigned i = 0; i < 16; i++) {
        struct http_client_reply reply;
        assert_int_equal(
            http_endpoint_get(&fixture->metadata_endpoint, call, TEXT("/metadata"), &reply),
            STATUS_OK);
        assert_true(text_equal(reply.body, TEXT("{}")));
    }
    http_endpoint_update(&fixture->metadata_endpoint, &first);
    struct http_client_reply reply;
    assert_int_equal(
        http_endpoint_get(&fixture->metadata_endpoint, call, TEXT("/metadata"), &reply),
        STATUS_UNAVAILABLE);
    assert_true(text_equal(call->error.message, TEXT("no instance of metadata can be reached")));
    http_endpoint_deinit(&fixture->metadata_endpoint);
    http_client_destroy(fixture->client);
    (void)close(fds[1]);
}
GATEWAY_TEST(refused_instance_is_passed_over)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(details_by_grpc_test),
        cmocka_unit_test(details_by_http_test),
        cmocka_unit_test(refused_instance_is_passed_over_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
