/* Ratings by gRPC, Connect's JSON and plain HTTP. */
#include "rating/handler/rating_handler.h"

#include "proto/proto.h"
#include "rating.pb-c.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

struct fixture {
    struct service_scene scene;
    struct rating_controller controller;
    void (*body)(struct fixture *fixture);
};

/* Partition 1 has been applied, the others have not. */
static enum status await_applied(void *state, struct call *call, int32_t partition, int64_t offset)
{
    (void)state;
    return partition == 1 && offset == 17 ? STATUS_OK
                                          : call_fail(call, STATUS_DEADLINE_EXCEEDED,
                                                      "not yet: %d:%d", partition, (int)offset);
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct http_route routes[RATING_HANDLER_ROUTE_COUNT];
    fixture->controller.step_hundredths = 50;
    fixture->controller.applied.await = await_applied;
    rating_handler_routes(&fixture->controller, routes);
    service_scene_open(&fixture->scene, rating_handler_service(&fixture->controller), routes,
                       ARRAY_LENGTH(routes));
    assert_int_equal(
        memory_rating_repository_open(&fixture->scene.call, &fixture->controller.repository),
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
#define CONNECT(method, body, status, reply)                                                       \
    {                                                                                              \
        method, "POST", "/RatingService/" method, JSON_TYPE, body, status, reply                   \
    }
#define KEY "\"userId\":\"u\",\"recordId\":\"tt1\",\"recordType\":\"movie\""
#define RECORD "\"recordId\":\"tt1\",\"recordType\":\"movie\""
#define TIME "\"eventTime\":\"2026-02-03T04:05:06Z\""
#define STORED "{" KEY ",\"ratingValue\":7.5,\"exactValue\":{\"hundredths\":750}," TIME "}"

static void every_method_by_connect(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("GetAggregatedRating", "{" RECORD "}", 404, "nobody has rated movie 'tt1' yet"),
        CONNECT("GetRatingSummary", "{" RECORD "}", 404, "nobody has rated movie 'tt1' yet"),
        CONNECT("GetRating", "{" KEY "}", 404, "user 'u' has not rated movie 'tt1'"),
        CONNECT("DeleteRating", "{" KEY "}", 404, "user 'u' has not rated movie 'tt1'"),
        CONNECT("ListUserRatings", "{\"userId\":\"u\"}", 200, "{}"),
        CONNECT("ListDeadLetters", "{}", 200, "{}"),
        CONNECT("PutRating", "{" KEY ",\"ratingValue\":11}", 400,
                "a rating must be 0 to 10 points"),
        CONNECT("PutRating", "{" KEY ",\"exactValue\":{\"hundredths\":725}}", 400,
                "ratings are given in steps of 0.5 points"),
        CONNECT("PutRating", "{" KEY ",\"eventTime\":\"now\"}", 400,
                "'now' is not a time in RFC 3339"),
        CONNECT("PutRating", "{\"recordId\":\"tt1\",\"recordType\":\"movie\"}", 400,
                "user id is empty"),
        CONNECT("PutRating", "{" KEY ",\"exactValue\":{\"hundredths\":750}," TIME "}", 200, "{}"),
        CONNECT("GetRating", "{" KEY "}", 200, "{\"rating\":" STORED "}"),
        CONNECT("GetAggregatedRating", "{" RECORD "}", 200, "{\"ratingValue\":7.5,\"count\":1}"),
        CONNECT("GetRatingSummary", "{" RECORD "}", 200,
                "{\"mean\":7.5,\"count\":1,\"histogram\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,"
                "0]}"),
        CONNECT("ListUserRatings", "{\"userId\":\"u\"}", 200, "{\"ratings\":[" STORED "]}"),
        CONNECT("ListUserRatings", "{\"userId\":\"u\",\"pageToken\":\"x\"}", 400,
                "the page token is not one of ours"),
        CONNECT("ListDeadLetters", "{\"pageSize\":1001}", 400, "the page size must be 0 to 1000"),
        CONNECT("GetAggregatedRating", "{\"recordId\":\"tt1\",\"recordType\":\"film\"}", 400,
                "record type is unknown; known are: movie actor soundtrack"),
        CONNECT("BatchPutRatings",
                "{\"ratings\":[{" KEY ",\"ratingValue\":9},{" KEY ",\"ratingValue\":-1},{}]}", 200,
                "{\"accepted\":1,\"refused\":[{\"index\":1,\"reason\":\"a rating must be 0 to 10 "
                "points\"},{\"index\":2,\"reason\":\"record type is empty; known are: movie actor "
                "soundtrack\"}],\"changed\":1}"),
        CONNECT("BatchPutRatings",
                "{\"ratings\":[{" KEY ",\"ratingValue\":9,\"eventTime\":\"2222-01-01T00:00:00Z\"},"
                "{" KEY ",\"ratingValue\":9,\"eventTime\":\"2222-01-01T00:00:00Z\"},"
                "{" KEY ",\"ratingValue\":8,\"eventTime\":\"2221-01-01T00:00:00Z\"}]}",
                200, "{\"accepted\":3,\"changed\":1}"),
        CONNECT("BatchPutRatings", "{}", 200, "{}"),
        CONNECT("BatchGetAggregatedRatings",
                "{\"recordType\":\"movie\",\"recordIds\":[\"none\",\"tt1\",\"nobody\"]}", 200,
                "{\"ratings\":[{\"recordId\":\"tt1\",\"count\":1,\"mean\":9}],"
                "\"unratedRecordIds\":[\"none\",\"nobody\"]}"),
        CONNECT("BatchGetAggregatedRatings", "{\"recordType\":\"movie\"}", 200, "{}"),
        CONNECT("BatchGetAggregatedRatings", "{\"recordType\":\"film\"}", 400,
                "record type is unknown; known are: movie actor soundtrack"),
        CONNECT("BatchGetAggregatedRatings", "{\"recordType\":\"movie\",\"recordIds\":[\"\"]}", 400,
                "record id is empty"),
        CONNECT("DeleteRating", "{" KEY "}", 200, "{}"),
        CONNECT("GetAggregatedRating", "{" RECORD "}", 404, "nobody has rated movie 'tt1' yet"),
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(every_method_by_connect)

#define AFTER(partition) "\"after\":{\"partition\":" partition ",\"offset\":\"17\"}"

static void reads_wait_for_the_event_they_name(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("PutRating", "{" KEY ",\"ratingValue\":7}", 200, "{}"),
        CONNECT("GetAggregatedRating", "{" RECORD "," AFTER("1") "}", 200,
                "{\"ratingValue\":7,\"count\":1}"),
        CONNECT("GetAggregatedRating", "{" RECORD "," AFTER("2") "}", 504, "not yet: 2:17"),
        CONNECT("GetRatingSummary", "{" RECORD "," AFTER("3") "}", 504, "not yet: 3:17"),
        CONNECT("GetRating", "{" KEY "," AFTER("4") "}", 504, "not yet: 4:17"),
        CONNECT("ListUserRatings", "{\"userId\":\"u\"," AFTER("5") "}", 504, "not yet: 5:17"),
        {"applied", "GET", "/rating?id=tt1&type=movie&after=1:17", NULL, NULL, 200, "7"},
        {"own", "GET", "/rating?id=tt1&type=movie&userId=u&after=1:17", NULL, NULL, 200, "7"},
        {"not applied", "GET", "/rating?id=tt1&type=movie&after=6:17", NULL, NULL, 504,
         "not yet: 6:17"},
        {"no position", "GET", "/rating?id=tt1&type=movie&after=1", NULL, NULL, 400,
         "'1' is not a position such as 2:17 (partition and offset)"},
        {"negative", "GET", "/rating?id=tt1&type=movie&after=-1:2", NULL, NULL, 400,
         "'-1:2' is not a position such as 2:17 (partition and offset)"},
        {"too much", "GET", "/rating?id=tt1&type=movie&after=4294967297:2", NULL, NULL, 400,
         "'4294967297:2' is not a position such as 2:17 (partition and offset)"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
    fixture->controller.applied.await = NULL;
    static const struct service_exchange unknown = {"nobody to ask",
                                                    "GET",
                                                    "/rating?id=tt1&type=movie&after=1:17",
                                                    NULL,
                                                    NULL,
                                                    400,
                                                    "positions of ingestion are not known here"};
    service_scene_check(&fixture->scene, &unknown, 1);
}
HANDLER_TEST(reads_wait_for_the_event_they_name)

static enum status put(struct fixture *fixture, const char *user, int32_t points)
{
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    const void *response;
    request.user_id = proto_bytes(text_of(user));
    request.record_id = proto_bytes(TEXT("tt1"));
    request.record_type = proto_bytes(TEXT("movie"));
    request.rating_value = points;
    return service_scene_call(&fixture->scene, "/RatingService/PutRating", &request.base,
                              &put_rating_response__descriptor, &response);
}

static void votes_by_grpc(struct fixture *fixture)
{
    GetAggregatedRatingRequest get = GET_AGGREGATED_RATING_REQUEST__INIT;
    const void *response;
    get.record_id = proto_bytes(TEXT("tt1"));
    get.record_type = proto_bytes(TEXT("movie"));
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/GetAggregatedRating",
                                        &get.base, &get_aggregated_rating_response__descriptor,
                                        &response),
                     STATUS_NOT_FOUND);
    assert_true(text_equal(fixture->scene.last_message, TEXT("nobody has rated movie 'tt1' yet")));
    assert_int_equal(put(fixture, "u", 7), STATUS_OK);
    assert_int_equal(put(fixture, "v", 0), STATUS_OK); /* 0 points is a vote */
    assert_int_equal(put(fixture, "w", 11), STATUS_INVALID_ARGUMENT);
    assert_int_equal(put(fixture, "", 1), STATUS_INVALID_ARGUMENT);
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/GetAggregatedRating",
                                        &get.base, &get_aggregated_rating_response__descriptor,
                                        &response),
                     STATUS_OK);
    const GetAggregatedRatingResponse *aggregate = response;
    assert_true(aggregate->rating_value == 3.5);
    assert_int_equal(aggregate->count, 2);
}
HANDLER_TEST(votes_by_grpc)

#define OF_TT1 "/rating?id=tt1&type=movie"

static void plain_routes(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"no votes", "GET", OF_TT1, NULL, NULL, 404, "nobody has rated movie 'tt1' yet"},
        {"put", "PUT", OF_TT1 "&userId=u&value=7.5", NULL, NULL, 200, ""},
        {"mean", "GET", OF_TT1, NULL, NULL, 200, "7.5"},
        {"other's", "PUT", OF_TT1 "&userId=v&value=8", NULL, NULL, 200, ""},
        {"mean of two", "GET", OF_TT1, NULL, NULL, 200, "7.75"},
        {"own", "GET", OF_TT1 "&userId=v", NULL, NULL, 200, "8"},
        {"a provider's", "PUT", OF_TT1 "&userId=v&value=9.99&providerId=p", NULL, NULL, 200, ""},
        {"own of it", "GET", OF_TT1 "&userId=v&providerId=p", NULL, NULL, 200, "9.99"},
        {"no such own", "GET", OF_TT1 "&userId=x", NULL, NULL, 404,
         "user 'x' has not rated movie 'tt1'"},
        {"delete", "DELETE", OF_TT1 "&userId=v", NULL, NULL, 200, ""},
        {"delete again", "DELETE", OF_TT1 "&userId=v", NULL, NULL, 404,
         "user 'v' has not rated movie 'tt1'"},
        {"no id", "GET", "/rating?type=movie", NULL, NULL, 400, "the parameter 'id' is missing"},
        {"no type", "GET", "/rating?id=tt1", NULL, NULL, 400, "the parameter 'type' is missing"},
        {"other type", "GET", "/rating?id=tt1&type=film", NULL, NULL, 400,
         "record type is unknown; known are: movie actor soundtrack"},
        {"no user", "PUT", OF_TT1 "&value=8", NULL, NULL, 400, "the parameter 'userId' is missing"},
        {"empty user", "GET", OF_TT1 "&userId=", NULL, NULL, 400, "user id is empty"},
        {"no value", "PUT", OF_TT1 "&userId=u", NULL, NULL, 400,
         "the parameter 'value' is missing"},
        {"too much", "PUT", OF_TT1 "&userId=u&value=10.5", NULL, NULL, 400,
         "a rating must be 0 to 10 points"},
        {"no number", "PUT", OF_TT1 "&userId=u&value=x", NULL, NULL, 400,
         "'x' is not a rating such as 8 or 7.5 (two decimals at most)"},
        {"no step", "PUT", OF_TT1 "&userId=u&value=7.25", NULL, NULL, 400,
         "ratings are given in steps of 0.5 points"},
        {"other method", "POST", OF_TT1, NULL, NULL, 405, "this method is not served here"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(plain_routes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_by_connect_test),
        cmocka_unit_test(votes_by_grpc_test),
        cmocka_unit_test(plain_routes_test),
        cmocka_unit_test(reads_wait_for_the_event_they_name_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
