/* The public contracts over HTTP/1.1 (api/http.md) and in the Connect protocol's unary form, byte
 * for byte, against the three services. */
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "json/json.h"

/* One request, in the order of the table: what one writes the next may read. */
struct exchange {
    const char *name;
    enum cluster_role role;
    const char *method;
    const char *target;
    const char *headers; /* NULL: none */
    const char *body;    /* NULL: none */
    int status;
    const char *allow; /* of 405 */
    const char *reply; /* the whole body; of a problem its detail */
};

#define JSON_TYPE "content-type: application/json\r\n"
#define MOVIE_2                                                                                    \
    "{\"id\":\"123\",\"title\":\"The Movie 2\",\"description\":\"Sequel of the legendary The "     \
    "Movie\",\"director\":\"Foo Bars\"}"
#define MOVIE_2_FULL                                                                               \
    "{\"id\":\"123\",\"title\":\"The Movie 2\",\"description\":\"Sequel of the legendary The "     \
    "Movie\",\"director\":\"Foo Bars\",\"year\":2020,\"genres\":[\"Drama\",\"War\"],\"imdbId\":"   \
    "\"tt0000123\",\"tmdbId\":\"77\"}"

static const struct exchange exchanges[] = {
    {"no such movie", CLUSTER_METADATA, "GET", "/metadata?id=123", NULL, NULL, 404, NULL,
     "there is no movie '123'"},
    {"put", CLUSTER_METADATA, "PUT", "/metadata", JSON_TYPE, MOVIE_2, 200, NULL, ""},
    {"get", CLUSTER_METADATA, "GET", "/metadata?id=123", NULL, NULL, 200, NULL, MOVIE_2},
    {"more fields", CLUSTER_METADATA, "PUT", "/metadata", JSON_TYPE, MOVIE_2_FULL, 200, NULL, ""},
    {"all fields", CLUSTER_METADATA, "GET", "/metadata?id=123", NULL, NULL, 200, NULL,
     MOVIE_2_FULL},
    {"id in the query", CLUSTER_METADATA, "PUT", "/metadata?id=q%2F1", JSON_TYPE,
     "{\"title\":\"Q\"}", 200, NULL, ""},
    {"percent encoding", CLUSTER_METADATA, "GET", "/metadata?id=q%2F1", NULL, NULL, 200, NULL,
     "{\"id\":\"q/1\",\"title\":\"Q\",\"description\":\"\",\"director\":\"\"}"},
    {"two ids", CLUSTER_METADATA, "PUT", "/metadata?id=1", JSON_TYPE, "{\"id\":\"2\"}", 400, NULL,
     "the id in the body is another one"},
    {"no id", CLUSTER_METADATA, "GET", "/metadata", NULL, NULL, 400, NULL,
     "the parameter 'id' is missing"},
    {"empty id", CLUSTER_METADATA, "GET", "/metadata?id=", NULL, NULL, 400, NULL,
     "movie id is empty"},
    {"no title", CLUSTER_METADATA, "PUT", "/metadata", JSON_TYPE, "{\"id\":\"2\"}", 400, NULL,
     "title is empty"},
    {"not JSON", CLUSTER_METADATA, "PUT", "/metadata", JSON_TYPE, "<a/>", 400, NULL,
     "malformed JSON at line 1, column 1: not a value"},
    {"another type", CLUSTER_METADATA, "PUT", "/metadata", "content-type: text/xml\r\n", "<a/>",
     415, NULL, "the body must be application/json"},
    {"metadata, wrong method", CLUSTER_METADATA, "POST", "/metadata?id=1", NULL, "x", 405,
     "DELETE, GET, HEAD, PUT", "this method is not served here"},

    {"no votes", CLUSTER_RATING, "GET", "/rating?id=123&type=movie", NULL, NULL, 404, NULL,
     "nobody has rated movie '123' yet"},
    {"vote", CLUSTER_RATING, "PUT", "/rating?id=123&type=movie&userId=u&value=8", NULL, NULL, 200,
     NULL, ""},
    {"a whole mean", CLUSTER_RATING, "GET", "/rating?id=123&type=movie", NULL, NULL, 200, NULL,
     "8"},
    {"half a point", CLUSTER_RATING, "PUT", "/rating?id=123&type=movie&userId=v&value=6.5", NULL,
     NULL, 200, NULL, ""},
    {"a mean of two", CLUSTER_RATING, "GET", "/rating?type=movie&id=123", NULL, NULL, 200, NULL,
     "7.25"},
    {"one's own vote", CLUSTER_RATING, "GET", "/rating?id=123&type=movie&userId=v", NULL, NULL, 200,
     NULL, "6.5"},
    {"nobody's vote", CLUSTER_RATING, "GET", "/rating?id=123&type=movie&userId=w", NULL, NULL, 404,
     NULL, "user 'w' has not rated movie '123'"},
    {"other types are apart", CLUSTER_RATING, "GET", "/rating?id=123&type=actor", NULL, NULL, 404,
     NULL, "nobody has rated actor '123' yet"},
    {"zero is a vote", CLUSTER_RATING, "PUT", "/rating?id=zero&type=soundtrack&userId=u&value=0",
     NULL, NULL, 200, NULL, ""},
    {"a mean of zero", CLUSTER_RATING, "GET", "/rating?id=zero&type=soundtrack", NULL, NULL, 200,
     NULL, "0"},
    {"no value", CLUSTER_RATING, "PUT", "/rating?id=123&type=movie&userId=u", NULL, NULL, 400, NULL,
     "the parameter 'value' is missing"},
    {"no user", CLUSTER_RATING, "PUT", "/rating?id=123&type=movie&value=1", NULL, NULL, 400, NULL,
     "the parameter 'userId' is missing"},
    {"no type", CLUSTER_RATING, "GET", "/rating?id=123", NULL, NULL, 400, NULL,
     "the parameter 'type' is missing"},
    {"no record", CLUSTER_RATING, "GET", "/rating?type=movie", NULL, NULL, 400, NULL,
     "the parameter 'id' is missing"},
    {"unknown type", CLUSTER_RATING, "GET", "/rating?id=123&type=planet", NULL, NULL, 400, NULL,
     "record type is unknown; known are: movie actor soundtrack"},
    {"too much", CLUSTER_RATING, "PUT", "/rating?id=123&type=movie&userId=u&value=10.5", NULL, NULL,
     400, NULL, "a rating must be 0 to 10 points"},
    {"less than nothing", CLUSTER_RATING, "PUT", "/rating?id=123&type=movie&userId=u&value=-1",
     NULL, NULL, 400, NULL, "a rating must be 0 to 10 points"},
    {"rating, wrong method", CLUSTER_RATING, "PATCH", "/rating", NULL, NULL, 405,
     "DELETE, GET, HEAD, PUT", "this method is not served here"},

    {"rated", CLUSTER_MOVIE, "GET", "/movie?id=123", NULL, NULL, 200, NULL,
     "{\"rating\":7.25,\"metadata\":" MOVIE_2_FULL ",\"ratingState\":\"RATED\",\"ratingCount\":2}"},
    {"no rating without votes", CLUSTER_MOVIE, "GET", "/movie?id=q%2F1", NULL, NULL, 200, NULL,
     "{\"metadata\":{\"id\":\"q/1\",\"title\":\"Q\",\"description\":\"\",\"director\":\"\"},"
     "\"ratingState\":\"NO_VOTES\"}"},
    {"no details", CLUSTER_MOVIE, "GET", "/movie?id=none", NULL, NULL, 404, NULL,
     "there is no movie 'none'"},
    {"details of nothing", CLUSTER_MOVIE, "GET", "/movie", NULL, NULL, 400, NULL,
     "the parameter 'id' is missing"},
    {"movie, wrong method", CLUSTER_MOVIE, "PUT", "/movie?id=123", NULL, "x", 405, "GET, HEAD",
     "this method is not served here"},
    {"nothing there", CLUSTER_MOVIE, "GET", "/nothing", NULL, NULL, 404, NULL, "nothing is here"},

    {"take a vote back", CLUSTER_RATING, "DELETE", "/rating?id=123&type=movie&userId=v", NULL, NULL,
     200, NULL, ""},
    {"the mean without it", CLUSTER_RATING, "GET", "/rating?id=123&type=movie", NULL, NULL, 200,
     NULL, "8"},
    {"it is gone", CLUSTER_RATING, "DELETE", "/rating?id=123&type=movie&userId=v", NULL, NULL, 404,
     NULL, "user 'v' has not rated movie '123'"},
    {"delete", CLUSTER_METADATA, "DELETE", "/metadata?id=q%2F1", NULL, NULL, 200, NULL, ""},
    {"deleted", CLUSTER_METADATA, "GET", "/metadata?id=q%2F1", NULL, NULL, 404, NULL,
     "there is no movie 'q/1'"},
    {"delete again", CLUSTER_METADATA, "DELETE", "/metadata?id=q%2F1", NULL, NULL, 404, NULL,
     "there is no movie 'q/1'"},
};

static void expect_problem(struct call *call, const struct exchange *row,
                           const struct wire_reply *reply)
{
    const struct json *problem;
    if (!text_equal(wire_http_header(reply, "content-type"), TEXT("application/problem+json")) ||
        json_parse(call, reply->body, &problem) != STATUS_OK ||
        json_kind(json_member(problem, "detail")) != JSON_STRING ||
        json_kind(json_member(problem, "title")) != JSON_STRING ||
        json_kind(json_member(problem, "status")) != JSON_INTEGER) {
        fail_msg("%s: %.*s", row->name, TEXT_ARGUMENTS(reply->body));
    }
    assert_int_equal(json_integer(json_member(problem, "status")), row->status);
    struct text detail = json_string(json_member(problem, "detail"));
    if (!text_equal(detail, text_of(row->reply))) {
        fail_msg("%s: detail is '%.*s'", row->name, TEXT_ARGUMENTS(detail));
    }
    struct text allow = wire_http_header(reply, "allow");
    if (!text_equal(allow, text_of(row->allow))) {
        fail_msg("%s: allow is '%.*s'", row->name, TEXT_ARGUMENTS(allow));
    }
}

static void expect_exchange(struct cluster *cluster, const struct exchange *row)
{
    struct call *call = &cluster->test.call;
    struct wire_reply reply =
        wire_http_ask(call, cluster_service(cluster, row->role)->address, row->method, row->target,
                      row->headers != NULL ? row->headers : "", row->body);
    if (reply.status != row->status) {
        fail_msg("%s: %d %.*s", row->name, reply.status, TEXT_ARGUMENTS(reply.body));
    }
    if (row->status >= 400) {
        expect_problem(call, row, &reply);
        return;
    }
    if (!text_equal(reply.body, text_of(row->reply))) {
        fail_msg("%s: %.*s", row->name, TEXT_ARGUMENTS(reply.body));
    }
    assert_true(reply.body.length == 0 ||
                text_equal(wire_http_header(&reply, "content-type"), TEXT("application/json")));
}

static const struct cluster_options three = {.instances = {1, 1, 1}};

static void run_http(void *argument)
{
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &three);
    for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
        expect_exchange(&cluster, &exchanges[i]);
    }
    cluster_close(&cluster);
}

static void plain_http_keeps_its_contract(void **state)
{
    (void)state;
    in_fiber(run_http, NULL);
}

static void run_http_gateways(void *argument)
{
    struct cluster cluster;
    struct cluster_options options = three;
    (void)argument;
    options.extra[CLUSTER_MOVIE][0] = "--gateway=http";
    cluster_open(&cluster, &options);
    for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
        struct exchange row = exchanges[i];
        /* Plain HTTP carries the mean alone: there is no count to show. */
        row.reply = strcmp(row.name, "rated") == 0 ? "{\"rating\":7.25,\"metadata\":" MOVIE_2_FULL
                                                     ",\"ratingState\":\"RATED\"}"
                                                   : row.reply;
        expect_exchange(&cluster, &row);
    }
    cluster_close(&cluster);
}

static void http_gateways_give_the_same(void **state)
{
    (void)state;
    in_fiber(run_http_gateways, NULL);
}

static void run_too_large(void *argument)
{
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 0, 0}});
    struct call *call = &cluster.test.call;
    struct wire_reply reply = wire_http_send(
        call, cluster_service(&cluster, CLUSTER_METADATA)->address,
        TEXT("PUT /metadata HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
             "content-length: 4194305\r\nconnection: close\r\n\r\n"));
    assert_int_equal(reply.status, 413);
    assert_true(
        text_equal(wire_http_header(&reply, "content-type"), TEXT("application/problem+json")));
    cluster_close(&cluster);
}

static void a_body_over_the_limit_is_refused(void **state)
{
    (void)state;
    in_fiber(run_too_large, NULL);
}

/* A Connect call: POST with a JSON or protobuf body (connectrpc.com/docs/protocol). */
struct connect {
    const char *name;
    enum cluster_role role;
    const char *path;
    const char *type;
    struct text body;
    int status;
    struct text reply;
};

#define PROTO "application/proto"
#define JSON "application/json"

static const struct connect connects[] = {
    {"put", CLUSTER_METADATA, "/MetadataService/PutMetadata", JSON,
     TEXT_INIT("{\"metadata\":{\"id\":\"c\",\"title\":\"C\"}}"), 200, TEXT_INIT("{}")},
    {"get, camel case", CLUSTER_METADATA, "/MetadataService/GetMetadata", JSON,
     TEXT_INIT("{\"movieId\":\"c\"}"), 200,
     TEXT_INIT("{\"metadata\":{\"id\":\"c\",\"title\":\"C\"}}")},
    {"get, declared name", CLUSTER_METADATA, "/MetadataService/GetMetadata", JSON,
     TEXT_INIT("{\"movie_id\":\"c\"}"), 200,
     TEXT_INIT("{\"metadata\":{\"id\":\"c\",\"title\":\"C\"}}")},
    {"get, with a charset", CLUSTER_METADATA, "/MetadataService/GetMetadata",
     "application/json; charset=utf-8", TEXT_INIT("{\"movieId\":\"c\"}"), 200,
     TEXT_INIT("{\"metadata\":{\"id\":\"c\",\"title\":\"C\"}}")},
    {"get, protobuf", CLUSTER_METADATA, "/MetadataService/GetMetadata", PROTO,
     TEXT_INIT("\x0a\x01"
               "c"),
     200,
     TEXT_INIT("\x0a\x06\x0a\x01"
               "c\x12\x01"
               "C")},
    {"vote, protobuf", CLUSTER_RATING, "/RatingService/PutRating", PROTO,
     TEXT_INIT("\x0a\x01u\x12\x01"
               "c\x1a\x05movie\x20\x09"),
     200, TEXT_INIT("")},
    {"vote, exact", CLUSTER_RATING, "/RatingService/PutRating", JSON,
     TEXT_INIT("{\"userId\":\"v\",\"recordId\":\"c\",\"recordType\":\"movie\",\"exactValue\":"
               "{\"hundredths\":850}}"),
     200, TEXT_INIT("{}")},
    {"mean", CLUSTER_RATING, "/RatingService/GetAggregatedRating", JSON,
     TEXT_INIT("{\"recordId\":\"c\",\"recordType\":\"movie\"}"), 200,
     TEXT_INIT("{\"ratingValue\":8.75,\"count\":2}")},
    {"no votes", CLUSTER_RATING, "/RatingService/GetAggregatedRating", JSON,
     TEXT_INIT("{\"recordId\":\"d\",\"recordType\":\"movie\"}"), 404,
     TEXT_INIT("{\"code\":\"not_found\",\"message\":\"nobody has rated movie 'd' yet\"}")},
    {"details", CLUSTER_MOVIE, "/MovieService/GetMovieDetails", JSON,
     TEXT_INIT("{\"movieId\":\"c\"}"), 200,
     TEXT_INIT("{\"movieDetails\":{\"rating\":8.75,\"metadata\":{\"id\":\"c\",\"title\":\"C\"},"
               "\"ratingState\":\"RATED\",\"ratingCount\":2}}")},
    {"no movie, protobuf", CLUSTER_MOVIE, "/MovieService/GetMovieDetails", PROTO,
     TEXT_INIT("\x0a\x01"
               "d"),
     404, TEXT_INIT("{\"code\":\"not_found\",\"message\":\"there is no movie 'd'\"}")},
    {"bad field", CLUSTER_MOVIE, "/MovieService/GetMovieDetails", JSON,
     TEXT_INIT("{\"movieId\":5}"), 400,
     TEXT_INIT("{\"code\":\"invalid_argument\",\"message\":\"movieId: expected a string, not a "
               "number\"}")},
    {"no value in range", CLUSTER_RATING, "/RatingService/PutRating", JSON,
     TEXT_INIT("{\"userId\":\"v\",\"recordId\":\"c\",\"recordType\":\"movie\",\"ratingValue\":11}"),
     400,
     TEXT_INIT("{\"code\":\"invalid_argument\",\"message\":\"a rating must be 0 to 10 points\"}")},
};

static void run_connect(void *argument)
{
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &three);
    struct call *call = &cluster.test.call;
    for (size_t i = 0; i < ARRAY_LENGTH(connects); i++) {
        const struct connect *row = &connects[i];
        struct text request = arena_format(
            call->arena,
            "POST %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\nconnect-protocol-version: 1\r\n"
            "content-type: %s\r\ncontent-length: %zu\r\n\r\n",
            row->path, row->type, row->body.length);
        char *bytes = arena_alloc(call->arena, request.length + row->body.length);
        assert_non_null(bytes);
        memcpy(bytes, request.data, request.length);
        memcpy(bytes + request.length, row->body.data, row->body.length);
        struct wire_reply reply =
            wire_http_send(call, cluster_service(&cluster, row->role)->address,
                           text_of_bytes(bytes, request.length + row->body.length));
        if (reply.status != row->status || !text_equal(reply.body, row->reply)) {
            fail_msg("%s: %d %.*s", row->name, reply.status, TEXT_ARGUMENTS(reply.body));
        }
        struct text type = wire_http_header(&reply, "content-type");
        assert_true(text_equal(
            type, row->status == 200 && strcmp(row->type, PROTO) == 0 ? TEXT(PROTO) : TEXT(JSON)));
    }
    cluster_close(&cluster);
}

static void connect_calls_are_answered(void **state)
{
    (void)state;
    in_fiber(run_connect, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_http_keeps_its_contract),
        cmocka_unit_test(http_gateways_give_the_same),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(connect_calls_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
