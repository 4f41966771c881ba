/* Metadata by gRPC, Connect's JSON and plain HTTP. */
#include "metadata/handler/metadata_handler.h"

#include "metadata.pb-c.h"
#include "metadata/repository/memory_metadata_repository.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"
#include "unit/metadata/canned_metadata_search.h"

struct fixture {
    struct service_scene scene;
    struct metadata_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct http_route routes[METADATA_HANDLER_ROUTE_COUNT];
    metadata_handler_routes(&fixture->controller, routes);
    service_scene_open(&fixture->scene, metadata_handler_service(&fixture->controller), routes,
                       ARRAY_LENGTH(routes));
    assert_int_equal(
        memory_metadata_repository_open(&fixture->scene.call, &fixture->controller.repository),
        STATUS_OK);
    fixture->body(fixture);
    fixture->controller.repository.ops->close(fixture->controller.repository.state);
    service_scene_close(&fixture->scene);
}

#define HANDLER_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

#define JSON_TYPE "content-type: application/json\r\n"
#define TT1                                                                                        \
    "{\"id\":\"tt1\",\"title\":\"One\",\"description\":\"\",\"director\":\"\",\"year\":1999,"      \
    "\"genres\":[\"Drama\"],\"imdbId\":\"tt0000001\"}"

static void put(struct fixture *fixture, const char *id, const char *title)
{
    Metadata metadata = METADATA__INIT;
    PutMetadataRequest request = PUT_METADATA_REQUEST__INIT;
    const void *response;
    metadata.id = proto_bytes(text_of(id));
    metadata.title = proto_bytes(text_of(title));
    request.metadata = &metadata;
    assert_int_equal(service_scene_call(&fixture->scene, "/MetadataService/PutMetadata",
                                        &request.base, &put_metadata_response__descriptor,
                                        &response),
                     STATUS_OK);
}

static enum status get(struct fixture *fixture, const char *id, const Metadata **ret_metadata)
{
    GetMetadataRequest request = GET_METADATA_REQUEST__INIT;
    const void *response;
    request.movie_id = proto_bytes(text_of(id));
    enum status status =
        service_scene_call(&fixture->scene, "/MetadataService/GetMetadata", &request.base,
                           &get_metadata_response__descriptor, &response);
    *ret_metadata = status == STATUS_OK ? ((const GetMetadataResponse *)response)->metadata : NULL;
    return status;
}

static void put_get_delete_by_grpc(struct fixture *fixture)
{
    const Metadata *got;
    const void *response;
    DeleteMetadataRequest request = DELETE_METADATA_REQUEST__INIT;
    put(fixture, "tt1", "One");
    put(fixture, "tt1", "Another");
    assert_int_equal(get(fixture, "tt1", &got), STATUS_OK);
    assert_true(text_equal(proto_text(got->title), TEXT("Another")));
    assert_int_equal(got->n_genres, 0);
    request.movie_id = proto_bytes(TEXT("tt1"));
    assert_int_equal(service_scene_call(&fixture->scene, "/MetadataService/DeleteMetadata",
                                        &request.base, &delete_metadata_response__descriptor,
                                        &response),
                     STATUS_OK);
    assert_int_equal(get(fixture, "tt1", &got), STATUS_NOT_FOUND);
    assert_true(text_equal(fixture->scene.last_message, TEXT("there is no movie 'tt1'")));
    assert_int_equal(get(fixture, "", &got), STATUS_INVALID_ARGUMENT);
}
HANDLER_TEST(put_get_delete_by_grpc)

static void lists_and_batches_by_grpc(struct fixture *fixture)
{
    ListMetadataRequest list = LIST_METADATA_REQUEST__INIT;
    BatchGetMetadataRequest batch = BATCH_GET_METADATA_REQUEST__INIT;
    ProtobufCBinaryData ids[] = {proto_bytes(TEXT("tt2")), proto_bytes(TEXT("tt9"))};
    const void *response;
    put(fixture, "tt1", "One");
    put(fixture, "tt2", "Two");
    list.page_size = 1;
    assert_int_equal(service_scene_call(&fixture->scene, "/MetadataService/ListMetadata",
                                        &list.base, &list_metadata_response__descriptor, &response),
                     STATUS_OK);
    const ListMetadataResponse *page = response;
    assert_int_equal(page->n_metadata, 1);
    assert_true(text_equal(proto_text(page->metadata[0]->id), TEXT("tt1")));
    assert_true(text_equal(proto_text(page->next_page_token), TEXT("tt1")));
    batch.movie_ids = ids;
    batch.n_movie_ids = ARRAY_LENGTH(ids);
    assert_int_equal(service_scene_call(&fixture->scene, "/MetadataService/BatchGetMetadata",
                                        &batch.base, &batch_get_metadata_response__descriptor,
                                        &response),
                     STATUS_OK);
    const BatchGetMetadataResponse *selection = response;
    assert_int_equal(selection->n_metadata, 1);
    assert_true(text_equal(proto_text(selection->metadata[0]->title), TEXT("Two")));
    assert_int_equal(selection->n_missing_movie_ids, 1);
    assert_true(text_equal(proto_text(selection->missing_movie_ids[0]), TEXT("tt9")));
}
HANDLER_TEST(lists_and_batches_by_grpc)

#define CONNECT(method, body, status, reply)                                                       \
    {                                                                                              \
        method, "POST", "/MetadataService/" method, JSON_TYPE, body, status, reply                 \
    }

static void every_method_by_connect(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("ListMetadata", "{}", 200, "{}"),
        CONNECT("PutMetadata", "{\"metadata\":" TT1 "}", 200, "{}"),
        CONNECT("PutMetadata", "{}", 400, "movie id is empty"),
        CONNECT("PutMetadata", "{\"metadata\":{\"id\":\"tt3\"}}", 400, "title is empty"),
        CONNECT("GetMetadata", "{\"movieId\":\"tt1\"}", 200,
                "{\"metadata\":{\"id\":\"tt1\",\"title\":\"One\",\"year\":1999,"
                "\"genres\":[\"Drama\"],\"imdbId\":\"tt0000001\"}}"),
        CONNECT("GetMetadata", "{\"movie_id\":\"tt9\"}", 404, "there is no movie 'tt9'"),
        CONNECT("ListMetadata", "{\"pageSize\":1001}", 400, "the page size must be 0 to 1000"),
        CONNECT("BatchGetMetadata", "{\"movieIds\":[\"tt9\"]}", 200,
                "{\"missingMovieIds\":[\"tt9\"]}"),
        CONNECT("DeleteMetadata", "{\"movieId\":\"tt1\"}", 200, "{}"),
        CONNECT("DeleteMetadata", "{\"movieId\":\"tt1\"}", 404, "there is no movie 'tt1'"),
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(every_method_by_connect)

static void plain_routes(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"not there", "GET", "/metadata?id=tt1", NULL, NULL, 404, "there is no movie 'tt1'"},
        {"put", "PUT", "/metadata", JSON_TYPE, TT1, 200, ""},
        {"get", "GET", "/metadata?id=tt1", NULL, NULL, 200, TT1},
        {"get, escaped", "GET", "/metadata?id=%74t1", NULL, NULL, 200, TT1},
        {"no type is JSON", "PUT", "/metadata", NULL, TT1, 200, ""},
        {"id in both", "PUT", "/metadata?id=tt1", NULL, TT1, 200, ""},
        {"id in the query", "PUT", "/metadata?id=tt%202", NULL, "{\"title\":\"Two\"}", 200, ""},
        {"least", "GET", "/metadata?id=tt+2", NULL, NULL, 200,
         "{\"id\":\"tt 2\",\"title\":\"Two\",\"description\":\"\",\"director\":\"\"}"},
        {"delete", "DELETE", "/metadata?id=tt1", NULL, NULL, 200, ""},
        {"delete again", "DELETE", "/metadata?id=tt1", NULL, NULL, 404, "there is no movie 'tt1'"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(plain_routes)

static void plain_errors(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"missing", "GET", "/metadata", NULL, NULL, 400, "the parameter 'id' is missing"},
        {"empty", "GET", "/metadata?id=", NULL, NULL, 400, "movie id is empty"},
        {"twice", "GET", "/metadata?id=a&id=b", NULL, NULL, 400, "'id' is given twice"},
        {"bad percent", "GET", "/metadata?id=%4", NULL, NULL, 400, "malformed percent encoding"},
        {"bad UTF-8", "DELETE", "/metadata?id=%ff", NULL, NULL, 400,
         "the address holds text that is not UTF-8"},
        {"NUL", "GET", "/metadata?id=%00", NULL, NULL, 400,
         "the address holds text with a NUL in it"},
        {"no id at all", "PUT", "/metadata", NULL, "{\"title\":\"x\"}", 400, "movie id is empty"},
        {"ids differ", "PUT", "/metadata?id=tt2", NULL, TT1, 400,
         "the id in the body is another one"},
        {"wrong kind", "PUT", "/metadata", NULL, "{\"id\":1}", 400,
         "id must be a string, not a number"},
        {"no title", "PUT", "/metadata", NULL, "{\"id\":\"a\"}", 400, "title is empty"},
        {"wrong type", "PUT", "/metadata", "content-type: text/plain\r\n", TT1, 415,
         "the body must be application/json"},
        {"other method", "POST", "/metadata?id=tt1", NULL, NULL, 405,
         "this method is not served here"},
        {"other path", "GET", "/metadata/tt1", NULL, NULL, 404, "nothing is here"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
    struct http_loopback_reply reply = http_loopback_send(fixture->scene.http, &fixture->scene.call,
                                                          "POST", "/metadata?id=tt1", NULL);
    assert_true(text_equal(http_loopback_header(&reply, "allow"), TEXT("DELETE, GET, HEAD, PUT")));
    assert_true(
        text_equal(http_loopback_header(&reply, "content-type"), TEXT("application/problem+json")));
}
HANDLER_TEST(plain_errors)

static void matches(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"put", "PUT", "/metadata", NULL, TT1, 200, ""},
        CONNECT("MatchMetadata",
                "{\"queries\":[{\"imdbId\":\"tt0000001\"},{\"title\":\"one!\",\"year\":1998},"
                "{\"title\":\"two\",\"year\":1999},{\"movieId\":\"tt1\"}]}",
                200,
                "{\"matches\":[{\"movieId\":\"tt1\",\"how\":\"MATCHED_BY_IMDB_ID\"},"
                "{\"movieId\":\"tt1\",\"how\":\"MATCHED_BY_TITLE_AND_NEAR_YEAR\"},{},"
                "{\"movieId\":\"tt1\",\"how\":\"MATCHED_BY_MOVIE_ID\"}]}"),
        {"put twin", "PUT", "/metadata", NULL, "{\"id\":\"tt2\",\"title\":\"One\",\"year\":1999}",
         200, ""},
        CONNECT("MatchMetadata", "{\"queries\":[{\"title\":\"One\",\"year\":1999}]}", 200,
                "{\"matches\":[{\"how\":\"MATCH_AMBIGUOUS\",\"candidateIds\":[\"tt1\",\"tt2\"]}]}"),
        CONNECT("MatchMetadata", "{}", 200, "{}"),
        CONNECT("MatchMetadata", "{\"queries\":[{},{\"year\":1}]}", 400,
                "query 1: year is not 0 or 1870 to 2200"),
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(matches)

/* The tag of TT1 as GET gives it, and of nothing. */
static struct text header_with_tag(struct fixture *fixture, const char *name, struct text tag)
{
    return arena_format(&fixture->scene.arena, "%s%.*s\r\n%c", name, TEXT_ARGUMENTS(tag), '\0');
}

static int ask(struct fixture *fixture, const char *method, const char *headers, const char *body,
               struct text *ret_tag)
{
    struct http_loopback_reply reply = http_loopback_send_with(
        fixture->scene.http, &fixture->scene.call, method, "/metadata?id=tt1", headers, body);
    struct text tag = http_loopback_header(&reply, "etag");
    *ret_tag = tag;
    assert_true(reply.status != 304 || reply.body.length == 0);
    return reply.status;
}

static void tags_and_conditions(struct fixture *fixture)
{
    struct text first;
    struct text second;
    struct text unused;
    struct service_exchange wanted =
        CONNECT("GetMetadata", "{\"movieId\":\"tt1\",\"wantEtag\":true}", 200, NULL);
    assert_int_equal(ask(fixture, "PUT", "if-match: *\r\n", TT1, &unused), 412);
    assert_int_equal(ask(fixture, "PUT", "if-none-match: *\r\n", TT1, &unused), 200);
    assert_int_equal(ask(fixture, "PUT", "if-none-match: *\r\n", TT1, &unused), 412);
    assert_int_equal(ask(fixture, "GET", NULL, NULL, &first), 200);
    assert_int_equal(first.length, 34);
    struct text held = header_with_tag(fixture, "if-none-match: ", first);
    struct text weakly = header_with_tag(fixture, "if-none-match: \"x\", W/", first);
    struct text matched = header_with_tag(fixture, "if-match: ", first);
    assert_int_equal(ask(fixture, "GET", held.data, NULL, &unused), 304);
    assert_int_equal(ask(fixture, "GET", matched.data, NULL, &unused), 200);
    assert_int_equal(ask(fixture, "GET", "if-match: \"0\"\r\n", NULL, &unused), 412);
    assert_int_equal(ask(fixture, "PUT", held.data, TT1, &unused), 412);
    assert_int_equal(ask(fixture, "PUT", weakly.data, TT1, &unused), 412);
    assert_int_equal(ask(fixture, "DELETE", held.data, NULL, &unused), 412);
    assert_int_equal(ask(fixture, "PUT", "if-none-match: \"0\"\r\n", TT1, &unused), 200);
    assert_int_equal(ask(fixture, "PUT", "if-none-match: \"0\", *\r\n", TT1, &unused), 412);
    assert_int_equal(ask(fixture, "HEAD", NULL, NULL, &second), 200);
    assert_true(text_equal(first, second));
    wanted.reply = arena_format(&fixture->scene.arena,
                                "{\"metadata\":{\"id\":\"tt1\",\"title\":\"One\",\"year\":1999,"
                                "\"genres\":[\"Drama\"],\"imdbId\":\"tt0000001\"},\"etag\":"
                                "\"\\\"%.*s\\\"\"}%c",
                                (int)first.length - 2, first.data + 1, '\0')
                       .data;
    service_scene_check(&fixture->scene, &wanted, 1);
    assert_int_equal(ask(fixture, "PUT", matched.data, "{\"title\":\"New\"}", &unused), 200);
    assert_int_equal(ask(fixture, "GET", held.data, NULL, &second), 200);
    assert_false(text_equal(first, second));
    assert_int_equal(ask(fixture, "PUT", matched.data, TT1, &unused), 412);
    assert_int_equal(ask(fixture, "PUT", "if-match: \"0\", W/\"1\", x\r\n", TT1, &unused), 412);
    assert_int_equal(ask(fixture, "DELETE", matched.data, NULL, &unused), 412);
    matched = header_with_tag(fixture, "if-match: ", second);
    assert_int_equal(ask(fixture, "DELETE", matched.data, NULL, &unused), 200);
    assert_int_equal(ask(fixture, "DELETE", matched.data, NULL, &unused), 412);
    assert_int_equal(ask(fixture, "DELETE", NULL, NULL, &unused), 404);
}
HANDLER_TEST(tags_and_conditions)

static void conditions_of_methods(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("PutMetadata", "{\"metadata\":" TT1 ",\"etag\":\"*\"}", 409,
                "movie 'tt1' is not the one that is asked for"),
        CONNECT("PutMetadata", "{\"metadata\":" TT1 ",\"mustBeNew\":true}", 200, "{}"),
        CONNECT("PutMetadata", "{\"metadata\":" TT1 ",\"mustBeNew\":true}", 409,
                "there is a movie 'tt1' already"),
        CONNECT("PutMetadata", "{\"metadata\":" TT1 ",\"etag\":\"\\\"0\\\"\"}", 409,
                "movie 'tt1' is not the one that is asked for"),
        CONNECT("DeleteMetadata", "{\"movieId\":\"tt1\",\"etag\":\"x\"}", 409,
                "movie 'tt1' is not the one that is asked for"),
        CONNECT("DeleteMetadata", "{\"movieId\":\"tt1\",\"etag\":\"*\"}", 200, "{}"),
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(conditions_of_methods)

static const struct metadata_match canned[] = {{TEXT_INIT("tt1"), 2.5}, {TEXT_INIT("tt2"), 1}};

static void searches(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"put", "PUT", "/metadata", NULL, TT1, 200, ""},
        {"one", "GET", "/metadata/search?q=one&limit=1", NULL, NULL, 200,
         "{\"results\":[{\"metadata\":" TT1 ",\"score\":2.5}]}"},
        CONNECT("SearchMetadata", "{\"query\":\"one\",\"pageSize\":1}", 200,
                "{\"results\":[{\"metadata\":{\"id\":\"tt1\",\"title\":\"One\",\"year\":1999,"
                "\"genres\":[\"Drama\"],\"imdbId\":\"tt0000001\"},\"score\":2.5}]}"),
        CONNECT("SearchMetadata", "{}", 400, "the query is empty"),
        CONNECT("SearchMetadata", "{\"query\":\"x\",\"pageSize\":101}", 400,
                "the page size must be 0 to 100"),
        {"no query", "GET", "/metadata/search", NULL, NULL, 400, "the parameter 'q' is missing"},
        {"no words", "GET", "/metadata/search?q=", NULL, NULL, 400, "the query is empty"},
        {"limit", "GET", "/metadata/search?q=x&limit=100", NULL, NULL, 200,
         "{\"results\":[{\"metadata\":" TT1 ",\"score\":2.5}]}"},
        {"limit 0", "GET", "/metadata/search?q=x&limit=0", NULL, NULL, 400,
         "limit must be 1 to 100"},
        {"limit 101", "GET", "/metadata/search?q=x&limit=101", NULL, NULL, 400,
         "limit must be 1 to 100"},
        {"no number", "GET", "/metadata/search?q=x&limit=a", NULL, NULL, 400,
         "limit must be 1 to 100"},
    };
    static const struct service_exchange unavailable = {
        "building", "GET", "/metadata/search?q=x", NULL, NULL, 503, "canned"};
    struct canned_metadata_search search = {.matches = canned, .count = ARRAY_LENGTH(canned)};
    fixture->controller.search = canned_metadata_search_port(&search);
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
    search.status = STATUS_UNAVAILABLE;
    service_scene_check(&fixture->scene, &unavailable, 1);
}
HANDLER_TEST(searches)

static void body_at_its_limit(struct fixture *fixture)
{
    static const char head[] = "{\"id\":\"a\",\"title\":\"b\"}";
    size_t head_length = sizeof(head) - 1;
    char *body = arena_calloc(&fixture->scene.arena, HTTP_BODY_BYTES_MAX + 2, 1);
    assert_non_null(body);
    memset(body, ' ', HTTP_BODY_BYTES_MAX);
    memcpy(body, head, head_length);
    struct service_exchange exchange = {"at it", "PUT", "/metadata", NULL, body, 200, ""};
    service_scene_check(&fixture->scene, &exchange, 1);
    body[HTTP_BODY_BYTES_MAX] = ' ';
    exchange = (struct service_exchange){
        "over it", "PUT", "/metadata", NULL, body, 413, "the body is too large"};
    service_scene_check(&fixture->scene, &exchange, 1);
}
HANDLER_TEST(body_at_its_limit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_get_delete_by_grpc_test),
        cmocka_unit_test(lists_and_batches_by_grpc_test),
        cmocka_unit_test(every_method_by_connect_test),
        cmocka_unit_test(plain_routes_test),
        cmocka_unit_test(plain_errors_test),
        cmocka_unit_test(tags_and_conditions_test),
        cmocka_unit_test(conditions_of_methods_test),
        cmocka_unit_test(searches_test),
        cmocka_unit_test(matches_test),
        cmocka_unit_test(body_at_its_limit_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
