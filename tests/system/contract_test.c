/* The contracts that must not move (api/): plain HTTP to the letter, Connect's unary form, and
 * clients written for the Go reference: their bytes, written by hand, with the first fields only.
 */
#include <stdio.h>
#include <stdlib.h>

#include "http/http2_client.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"

struct scene {
    struct cluster cluster;
};

/* headers: whole lines. body: NULL for none. has: what the reply's head and body hold, in any
 * place. */
struct exchange {
    const char *name;
    enum cluster_role role;
    const char *method;
    const char *target;
    const char *headers;
    const char *body;
    int status;
    const char *head_has;
    const char *whole_body; /* NULL: not compared */
    const char *body_has;   /* NULL: not looked for */
};

#define JSON "content-type: application/json\r\n"
#define GO "user-agent: Go-http-client/1.1\r\naccept-encoding: gzip\r\n"
#define PROBLEM "content-type: application/problem+json"

static const char movie_json[] = "{\"id\":\"m\",\"title\":\"T\",\"description\":\"D\",\"director\":"
                                 "\"X\"}";

/* In this order: each may rest on what those before it left. */
static const struct exchange exchanges[] = {
    {"put", CLUSTER_METADATA, "PUT", "/metadata", JSON, movie_json, 200, "", "", NULL},
    {"put without a type, as Go does", CLUSTER_METADATA, "PUT", "/metadata", GO, movie_json, 200,
     "", "", NULL},
    {"get", CLUSTER_METADATA, "GET", "/metadata?id=m", "", NULL, 200,
     "content-type: application/json", movie_json, NULL},
    {"get by Go", CLUSTER_METADATA, "GET", "/metadata?id=m", GO, NULL, 200, "", movie_json, NULL},
    {"unknown id", CLUSTER_METADATA, "GET", "/metadata?id=none", "", NULL, 404, PROBLEM, NULL,
     "\"status\":404"},
    {"no id", CLUSTER_METADATA, "GET", "/metadata", "", NULL, 400, PROBLEM, NULL, "'id'"},
    {"id twice", CLUSTER_METADATA, "GET", "/metadata?id=a&id=b", "", NULL, 400, PROBLEM, NULL,
     NULL},
    {"wrong method", CLUSTER_METADATA, "POST", "/metadata?id=m", "", NULL, 405, "allow: ", NULL,
     NULL},
    {"not JSON", CLUSTER_METADATA, "PUT", "/metadata", JSON, "<movie/>", 400, PROBLEM, NULL, NULL},
    {"another type", CLUSTER_METADATA, "PUT", "/metadata", "content-type: text/xml\r\n", "<m/>",
     415, PROBLEM, NULL, NULL},
    {"unknown path", CLUSTER_METADATA, "GET", "/metadatas", "", NULL, 404, PROBLEM, NULL, NULL},
    {"nobody has voted", CLUSTER_RATING, "GET", "/rating?id=m&type=movie", "", NULL, 404, PROBLEM,
     NULL, NULL},
    {"details without votes", CLUSTER_MOVIE, "GET", "/movie?id=m", "", NULL, 200, "",
     "{\"metadata\":{\"id\":\"m\",\"title\":\"T\",\"description\":\"D\",\"director\":\"X\"},"
     "\"ratingState\":\"NO_VOTES\"}",
     NULL},
    {"vote by Go", CLUSTER_RATING, "PUT", "/rating?id=m&type=movie&userId=u&value=8", GO, "", 200,
     "", "", NULL},
    {"the mean is a bare number", CLUSTER_RATING, "GET", "/rating?id=m&type=movie", GO, NULL, 200,
     "content-type: application/json", "8", NULL},
    {"half points", CLUSTER_RATING, "PUT", "/rating?id=m&type=movie&userId=v&value=7.5", "", "",
     200, "", "", NULL},
    {"the mean of two", CLUSTER_RATING, "GET", "/rating?id=m&type=movie", "", NULL, 200, "", "7.75",
     NULL},
    {"a user's own vote", CLUSTER_RATING, "GET", "/rating?id=m&type=movie&userId=v", "", NULL, 200,
     "", "7.5", NULL},
    {"too much", CLUSTER_RATING, "PUT", "/rating?id=m&type=movie&userId=u&value=10.5", "", "", 400,
     PROBLEM, NULL, NULL},
    {"no number", CLUSTER_RATING, "PUT", "/rating?id=m&type=movie&userId=u&value=high", "", "", 400,
     PROBLEM, NULL, NULL},
    {"unknown type", CLUSTER_RATING, "GET", "/rating?id=m&type=film", "", NULL, 400, PROBLEM, NULL,
     "movie"},
    {"delete without a user", CLUSTER_RATING, "DELETE", "/rating?id=m&type=movie", "", NULL, 400,
     PROBLEM, NULL, "userId"},
    {"delete", CLUSTER_RATING, "DELETE", "/rating?id=m&type=movie&userId=v", "", NULL, 200, "", "",
     NULL},
    {"delete again", CLUSTER_RATING, "DELETE", "/rating?id=m&type=movie&userId=v", "", NULL, 404,
     PROBLEM, NULL, NULL},
    {"details", CLUSTER_MOVIE, "GET", "/movie?id=m", GO, NULL, 200, "",
     "{\"rating\":8,\"metadata\":{\"id\":\"m\",\"title\":\"T\",\"description\":\"D\",\"director\":"
     "\"X\"},\"ratingState\":\"RATED\",\"ratingCount\":1}",
     NULL},
    {"details of none", CLUSTER_MOVIE, "GET", "/movie?id=none", "", NULL, 404, PROBLEM, NULL, NULL},
    {"Connect", CLUSTER_MOVIE, "POST", "/MovieService/GetMovieDetails", JSON, "{\"movieId\":\"m\"}",
     200, "content-type: application/json", NULL, "\"ratingState\":\"RATED\""},
    {"Connect's error", CLUSTER_MOVIE, "POST", "/MovieService/GetMovieDetails", JSON,
     "{\"movieId\":\"none\"}", 404, "content-type: application/json", NULL,
     "\"code\":\"not_found\""},
    {"Connect by proto names", CLUSTER_METADATA, "POST", "/MetadataService/GetMetadata", JSON,
     "{\"movie_id\":\"m\"}", 200, "", NULL, "\"title\":\"T\""},
    {"Connect, protobuf", CLUSTER_METADATA, "POST", "/MetadataService/GetMetadata",
     "content-type: application/proto\r\n", "\n\001m", 200, "content-type: application/proto",
     "\n\014\n\001m\022\001T\032\001D\"\001X", NULL},
    {"Connect, another codec", CLUSTER_METADATA, "POST", "/MetadataService/GetMetadata",
     "content-type: text/plain\r\n", "m", 415, "", NULL, NULL},
    {"delete metadata", CLUSTER_METADATA, "DELETE", "/metadata?id=m", "", NULL, 200, "", "", NULL},
    {"delete metadata again", CLUSTER_METADATA, "DELETE", "/metadata?id=m", "", NULL, 404, PROBLEM,
     NULL, NULL},
};

static void expect(const struct exchange *exchange, const struct wire_reply *reply)
{
    bool same =
        exchange->whole_body == NULL || text_equal(reply->body, text_of(exchange->whole_body));
    bool holds = exchange->body_has == NULL || wire_http_holds(reply->body, exchange->body_has);
    if (reply->status != exchange->status || !same || !holds ||
        !wire_http_holds(reply->head, exchange->head_has)) {
        fail_msg("%s: wanted %d: %.*s\n%.*s", exchange->name, exchange->status,
                 TEXT_ARGUMENTS(reply->head), TEXT_ARGUMENTS(reply->body));
    }
}

static void run_plain_http(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.instances = {1, 1, 1}};
    cluster_open(&scene->cluster, &options);
    for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
        const struct exchange *exchange = &exchanges[i];
        test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
        struct wire_reply reply = wire_http_ask(
            &scene->cluster.test.call, cluster_service(&scene->cluster, exchange->role)->address,
            exchange->method, exchange->target, exchange->headers, exchange->body);
        expect(exchange, &reply);
    }
    cluster_close(&scene->cluster);
}

/* A body over the limit is refused before it has been sent. */
static void run_body_too_large(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.instances = {1, 0, 0}};
    cluster_open(&scene->cluster, &options);
    test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
    struct wire_reply reply = wire_http_send(
        &scene->cluster.test.call, cluster_service(&scene->cluster, CLUSTER_METADATA)->address,
        TEXT("PUT /metadata HTTP/1.1\r\nhost: localhost\r\n" JSON
             "content-length: 99999999\r\n\r\n{"));
    assert_int_equal(reply.status, 413);
    cluster_close(&scene->cluster);
}

/* One call as grpc-go sends it. message, reply: protobuf's bytes, without gRPC's prefix. */
struct go_call {
    enum cluster_role role;
    const char *path;
    struct text message;
    struct text reply;
    const char *grpc_status;
};

static const struct go_call go_calls[] = {
    {CLUSTER_METADATA, "/MetadataService/PutMetadata",
     TEXT_INIT("\n\x0c\n\001g\022\001T\032\001D\"\001X"), TEXT_INIT(""), "0"},
    {CLUSTER_METADATA, "/MetadataService/GetMetadata", TEXT_INIT("\n\001g"),
     TEXT_INIT("\n\x0c\n\001g\022\001T\032\001D\"\001X"), "0"},
    {CLUSTER_METADATA, "/MetadataService/GetMetadata", TEXT_INIT("\n\004none"), TEXT_INIT(""), "5"},
    {CLUSTER_RATING, "/RatingService/GetAggregatedRating", TEXT_INIT("\n\001g\022\005movie"),
     TEXT_INIT(""), "5"},
    {CLUSTER_RATING, "/RatingService/PutRating", TEXT_INIT("\n\001u\022\001g\032\005movie \010"),
     TEXT_INIT(""), "0"},
    /* rating_value 8 as a double, then count 1, which the reference's clients pass over. */
    {CLUSTER_RATING, "/RatingService/GetAggregatedRating", TEXT_INIT("\n\001g\022\005movie"),
     TEXT_INIT("\t\0\0\0\0\0\0\x20\x40\x10\001"), "0"},
    {CLUSTER_RATING, "/RatingService/NoSuchMethod", TEXT_INIT(""), TEXT_INIT(""), "12"},
};

static struct text frame_of(struct call *call, struct text message)
{
    char *bytes = arena_calloc(call->arena, message.length + 5, 1);
    assert_non_null(bytes);
    bytes[4] = (char)message.length;
    memcpy(bytes + 5, message.data, message.length);
    return (struct text){bytes, message.length + 5};
}

static struct text read_whole(struct call *call, struct http2_request *request)
{
    struct text whole = TEXT("");
    struct text part;
    do {
        assert_int_equal(http2_request_read(request, &part), STATUS_OK);
        char *joined = arena_alloc(call->arena, whole.length + part.length + 1);
        assert_non_null(joined);
        memcpy(joined, whole.data, whole.length);
        memcpy(joined + whole.length, part.data != NULL ? part.data : "", part.length);
        whole = (struct text){joined, whole.length + part.length};
    } while (part.length > 0);
    return whole;
}

static void ask_as_go(struct scene *scene, const struct go_call *go)
{
    static const struct http2_client_events events = {.refusing = NULL};
    struct call *call = &scene->cluster.test.call;
    const char *address = cluster_service(&scene->cluster, go->role)->address;
    struct http2_client *client = NULL;
    struct http2_request *request = NULL;
    const struct http_header *headers;
    size_t count;
    const struct http_header sent[] = {
        {TEXT(":method"), TEXT("POST")},
        {TEXT(":scheme"), TEXT("http")},
        {TEXT(":path"), text_of(go->path)},
        {TEXT(":authority"), text_of(address)},
        {TEXT("content-type"), TEXT("application/grpc")},
        {TEXT("user-agent"), TEXT("grpc-go/1.33.3")},
        {TEXT("te"), TEXT("trailers")},
    };
    assert_int_equal(http2_client_connect(loop_current(), call, text_of(address), &events, &client),
                     STATUS_OK);
    assert_int_equal(http2_request_start(client, call, sent, ARRAY_LENGTH(sent), false, &request),
                     STATUS_OK);
    assert_int_equal(http2_request_write(request, frame_of(call, go->message), true), STATUS_OK);
    assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_OK);
    assert_true(text_equal(http_header_find(headers, count, TEXT(":status")), TEXT("200")));
    struct text body = read_whole(call, request);
    size_t trailer_count;
    const struct http_header *trailers = http2_request_trailers(request, &trailer_count);
    struct text status = http2_request_is_headers_only(request)
                             ? http_header_find(headers, count, TEXT("grpc-status"))
                             : http_header_find(trailers, trailer_count, TEXT("grpc-status"));
    if (!text_equal(status, text_of(go->grpc_status))) {
        fail_msg("%s: wanted status %s, not %.*s", go->path, go->grpc_status,
                 TEXT_ARGUMENTS(status));
    }
    if (text_equal(status, TEXT("0"))) {
        assert_true(text_equal(body, frame_of(call, go->reply)));
    } else {
        assert_int_equal(body.length, 0);
    }
    http2_request_close(request);
    http2_client_destroy(client);
}

static void run_go_grpc(void *argument)
{
    struct scene *scene = argument;
    const struct cluster_options options = {.instances = {1, 1, 0}};
    cluster_open(&scene->cluster, &options);
    for (size_t i = 0; i < ARRAY_LENGTH(go_calls); i++) {
        test_call_again(&scene->cluster.test, SERVICE_WAIT_MS);
        ask_as_go(scene, &go_calls[i]);
    }
    cluster_close(&scene->cluster);
}

static void in_scene(fiber_fn run)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    in_fiber(run, scene);
    free(scene);
}

static void plain_http(void **state)
{
    (void)state;
    in_scene(run_plain_http);
}

static void body_too_large(void **state)
{
    (void)state;
    in_scene(run_body_too_large);
}

static void go_grpc(void **state)
{
    (void)state;
    in_scene(run_go_grpc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_http),
        cmocka_unit_test(body_too_large),
        cmocka_unit_test(go_grpc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
