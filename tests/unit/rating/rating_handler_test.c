/* Ratings by gRPC, Connect's JSON and plain HTTP. */
#include "rating/handler/rating_handler.h"

#include "movie.pb-c.h"
#include "proto/proto.h"
#include "rating/repository/memory_rating_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

struct fixture {
    struct service_scene scene;
    struct rating_controller controller;
    void (*body)(struct fixture *fixture);
};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct http_route routes[RATING_HANDLER_ROUTE_COUNT];
    fixture->controller.step_hundredths = 50;
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

static PutRatingRequest put_request(const char *user, const char *record, int32_t points)
{
    PutRatingRequest request = PUT_RATING_REQUEST__INIT;
    request.user_id = proto_bytes(text_of(user));
    request.record_id = proto_bytes(text_of(record));
    request.record_type = proto_bytes(TEXT("movie"));
    request.rating_value = points;
    return request;
}

static enum status put(struct fixture *fixture, const PutRatingRequest *request)
{
    const void *response;
    return service_scene_call(&fixture->scene, "/RatingService/PutRating", &request->base,
                              &put_rating_response__descriptor, &response);
}

static void put_votes(struct fixture *fixture)
{
    const PutRatingRequest first = put_request("ann", "tt1", 8);
    const PutRatingRequest second = put_request("bob", "tt1", 0);
    ExactValue exact = EXACT_VALUE__INIT;
    PutRatingRequest third = put_request("ann", "tt2", 8);
    exact.hundredths = 750;
    third.exact_value = &exact;
    assert_int_equal(put(fixture, &first), STATUS_OK);
    assert_int_equal(put(fixture, &second), STATUS_OK);
    assert_int_equal(put(fixture, &third), STATUS_OK);
}

static void aggregates_by_grpc(struct fixture *fixture)
{
    GetAggregatedRatingRequest aggregate = GET_AGGREGATED_RATING_REQUEST__INIT;
    GetRatingSummaryRequest summary = GET_RATING_SUMMARY_REQUEST__INIT;
    const void *response;
    put_votes(fixture);
    aggregate.record_id = proto_bytes(TEXT("tt1"));
    aggregate.record_type = proto_bytes(TEXT("movie"));
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/GetAggregatedRating",
                                        &aggregate.base,
                                        &get_aggregated_rating_response__descriptor, &response),
                     STATUS_OK);
    assert_true(((const GetAggregatedRatingResponse *)response)->rating_value == 4.0);
    assert_int_equal(((const GetAggregatedRatingResponse *)response)->count, 2);
    summary.record_id = aggregate.record_id;
    summary.record_type = aggregate.record_type;
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/GetRatingSummary",
                                        &summary.base, &get_rating_summary_response__descriptor,
                                        &response),
                     STATUS_OK);
    const GetRatingSummaryResponse *got = response;
    assert_true(got->mean == 4.0);
    assert_int_equal(got->count, 2);
    assert_int_equal(got->n_histogram, RATING_BIN_COUNT);
    assert_int_equal(got->histogram[0], 1);
    assert_int_equal(got->histogram[16], 1);
    aggregate.record_type = proto_bytes(TEXT("actor"));
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/GetAggregatedRating",
                                        &aggregate.base,
                                        &get_aggregated_rating_response__descriptor, &response),
                     STATUS_NOT_FOUND);
    assert_true(text_equal(fixture->scene.last_message, TEXT("nobody has rated actor 'tt1' yet")));
}
HANDLER_TEST(aggregates_by_grpc)

static void batch_tells_what_it_refused(struct fixture *fixture)
{
    PutRatingRequest rows[] = {
        put_request("a", "tt1", 5),   put_request("", "tt1", 5),  put_request("b", "tt1", 11),
        put_request("c", "tt1", 5),   put_request("d", "tt1", 5), put_request("e", "tt1", 5),
        put_request("f", "tt1", -10),
    };
    static const struct {
        uint32_t index;
        const char *reason;
    } refused[] = {
        {1, "user id is empty"},
        {2, "a rating must be 0 to 10 points"},
        {4, "record type is unknown; known are: movie actor soundtrack"},
        {5, "'soon' is not a time in RFC 3339"},
        {6, "a rating must be 0 to 10 points"},
    };
    PutRatingRequest *pointers[ARRAY_LENGTH(rows)];
    BatchPutRatingsRequest request = BATCH_PUT_RATINGS_REQUEST__INIT;
    const void *response;
    rows[4].record_type = proto_bytes(TEXT("film"));
    rows[5].event_time = proto_bytes(TEXT("soon"));
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        pointers[i] = &rows[i];
    }
    request.ratings = pointers;
    request.n_ratings = ARRAY_LENGTH(rows);
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/BatchPutRatings",
                                        &request.base, &batch_put_ratings_response__descriptor,
                                        &response),
                     STATUS_OK);
    const BatchPutRatingsResponse *got = response;
    assert_int_equal(got->accepted, 2);
    assert_int_equal(got->n_refused, ARRAY_LENGTH(refused));
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        assert_int_equal(got->refused[i]->index, refused[i].index);
        assert_true(text_equal(proto_text(got->refused[i]->reason), text_of(refused[i].reason)));
    }
}
HANDLER_TEST(batch_tells_what_it_refused)

static void batch_at_its_limit(struct fixture *fixture)
{
    PutRatingRequest row = put_request("a", "tt1", 5);
    BatchPutRatingsRequest request = BATCH_PUT_RATINGS_REQUEST__INIT;
    const void *response;
    PutRatingRequest **rows =
        arena_calloc(&fixture->scene.arena, RATING_BATCH_MAX + 1, sizeof(*rows));
    assert_non_null(rows);
    for (size_t i = 0; i <= RATING_BATCH_MAX; i++) {
        rows[i] = &row;
    }
    request.ratings = rows;
    request.n_ratings = RATING_BATCH_MAX;
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/BatchPutRatings",
                                        &request.base, &batch_put_ratings_response__descriptor,
                                        &response),
                     STATUS_OK);
    request.n_ratings = RATING_BATCH_MAX + 1;
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/BatchPutRatings",
                                        &request.base, &batch_put_ratings_response__descriptor,
                                        &response),
                     STATUS_INVALID_ARGUMENT);
    assert_true(text_equal(fixture->scene.last_message, TEXT("more than 1000 ratings at once")));
}
HANDLER_TEST(batch_at_its_limit)

static void dead_letters_by_grpc(struct fixture *fixture)
{
    const struct rating_dead_letter letter = {.topic = TEXT("ratings"),
                                              .partition = 2,
                                              .offset = 7,
                                              .reason = TEXT("why"),
                                              .payload = TEXT("\xff\0x"),
                                              .time_ms = 1500};
    const struct rating_batch batch = {.dead_letters = &letter, .dead_letter_count = 1};
    struct rating_repository repository = fixture->controller.repository;
    ListDeadLettersRequest request = LIST_DEAD_LETTERS_REQUEST__INIT;
    const void *response;
    assert_int_equal(repository.ops->apply(repository.state, &fixture->scene.call, &batch),
                     STATUS_OK);
    assert_int_equal(service_scene_call(&fixture->scene, "/RatingService/ListDeadLetters",
                                        &request.base, &list_dead_letters_response__descriptor,
                                        &response),
                     STATUS_OK);
    const ListDeadLettersResponse *got = response;
    assert_int_equal(got->n_dead_letters, 1);
    assert_int_equal(got->dead_letters[0]->offset, 7);
    assert_int_equal(got->dead_letters[0]->partition, 2);
    assert_true(text_equal(proto_text(got->dead_letters[0]->payload), letter.payload));
    assert_true(
        text_equal(proto_text(got->dead_letters[0]->time), TEXT("1970-01-01T00:00:01.500Z")));
}
HANDLER_TEST(dead_letters_by_grpc)

#define JSON_TYPE "content-type: application/json\r\n"
#define CONNECT(method, body, status, reply)                                                       \
    {                                                                                              \
        method, "POST", "/RatingService/" method, JSON_TYPE, body, status, reply                   \
    }
#define ANN_TT1 "\"userId\":\"ann\",\"recordId\":\"tt1\",\"recordType\":\"movie\""

static void every_method_by_connect(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("PutRating",
                "{" ANN_TT1 ",\"ratingValue\":8,\"eventTime\":\"2026-01-02T03:04:05Z\"}", 200,
                "{}"),
        CONNECT("GetRating", "{" ANN_TT1 "}", 200,
                "{\"rating\":{" ANN_TT1 ",\"ratingValue\":8,\"exactValue\":{\"hundredths\":800},"
                "\"eventTime\":\"2026-01-02T03:04:05Z\"}}"),
        CONNECT("PutRating", "{" ANN_TT1 ",\"exactValue\":{\"hundredths\":725}}", 400,
                "ratings are given in steps of 0.5 points"),
        CONNECT("PutRating",
                "{" ANN_TT1 ",\"providerId\":\"p\",\"exactValue\":{\"hundredths\":725}}", 200,
                "{}"),
        CONNECT("PutRating", "{" ANN_TT1 ",\"ratingValue\":11}", 400,
                "a rating must be 0 to 10 points"),
        CONNECT("PutRating", "{" ANN_TT1 ",\"ratingValue\":42949681}", 400,
                "a rating must be 0 to 10 points"),
        CONNECT("GetAggregatedRating", "{\"recordId\":\"tt1\",\"recordType\":\"movie\"}", 200,
                "{\"ratingValue\":7.625,\"count\":2}"),
        CONNECT("GetAggregatedRating", "{\"recordId\":\"tt1\"}", 400,
                "record type is empty; known are: movie actor soundtrack"),
        CONNECT("GetRatingSummary", "{\"recordId\":\"tt9\",\"recordType\":\"movie\"}", 404,
                "nobody has rated movie 'tt9' yet"),
        CONNECT("BatchPutRatings", "{}", 200, "{}"),
        CONNECT("ListUserRatings", "{\"userId\":\"ann\",\"pageSize\":1,\"pageToken\":\"x\"}", 400,
                "the page token is not one of ours"),
        CONNECT("ListUserRatings", "{\"userId\":\"bob\"}", 200, "{}"),
        CONNECT("ListDeadLetters", "{}", 200, "{}"),
        CONNECT("DeleteRating", "{" ANN_TT1 "}", 200, "{}"),
        CONNECT("DeleteRating", "{" ANN_TT1 "}", 404, "user 'ann' has not rated movie 'tt1'"),
        CONNECT("GetRating", "{" ANN_TT1 "}", 404, "user 'ann' has not rated movie 'tt1'"),
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(every_method_by_connect)

static void plain_routes(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"none yet", "GET", "/rating?id=tt1&type=movie", NULL, NULL, 404,
         "nobody has rated movie 'tt1' yet"},
        {"put", "PUT", "/rating?id=tt1&type=movie&userId=ann&value=7.5", NULL, NULL, 200, ""},
        {"mean of one", "GET", "/rating?id=tt1&type=movie", NULL, NULL, 200, "7.5"},
        {"put another", "PUT", "/rating?id=tt1&type=movie&userId=bob&value=10", NULL, NULL, 200,
         ""},
        {"mean", "GET", "/rating?type=movie&id=tt1", NULL, NULL, 200, "8.75"},
        {"own vote", "GET", "/rating?id=tt1&type=movie&userId=bob", NULL, NULL, 200, "10"},
        {"no vote", "GET", "/rating?id=tt1&type=movie&userId=eve", NULL, NULL, 404,
         "user 'eve' has not rated movie 'tt1'"},
        {"of a provider", "PUT", "/rating?id=tt1&type=movie&userId=a&value=0.01&providerId=p", NULL,
         NULL, 200, ""},
        {"its vote", "GET", "/rating?id=tt1&type=movie&userId=a&providerId=p", NULL, NULL, 200,
         "0.01"},
        {"not ours", "GET", "/rating?id=tt1&type=movie&userId=a", NULL, NULL, 404,
         "user 'a' has not rated movie 'tt1'"},
        {"delete", "DELETE", "/rating?id=tt1&type=movie&userId=bob", NULL, NULL, 200, ""},
        {"delete again", "DELETE", "/rating?id=tt1&type=movie&userId=bob", NULL, NULL, 404,
         "user 'bob' has not rated movie 'tt1'"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(plain_routes)

static void plain_errors(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"no type", "GET", "/rating?id=a", NULL, NULL, 400, "the parameter 'type' is missing"},
        {"no id", "GET", "/rating?type=movie", NULL, NULL, 400, "the parameter 'id' is missing"},
        {"empty id", "GET", "/rating?type=movie&id=", NULL, NULL, 400, "record id is empty"},
        {"empty user", "GET", "/rating?type=movie&id=a&userId=", NULL, NULL, 400,
         "user id is empty"},
        {"unknown type", "GET", "/rating?type=film&id=a", NULL, NULL, 400,
         "record type is unknown; known are: movie actor soundtrack"},
        {"put without user", "PUT", "/rating?type=movie&id=a&value=1", NULL, NULL, 400,
         "the parameter 'userId' is missing"},
        {"put without value", "PUT", "/rating?type=movie&id=a&userId=u", NULL, NULL, 400,
         "the parameter 'value' is missing"},
        {"no number", "PUT", "/rating?type=movie&id=a&userId=u&value=x", NULL, NULL, 400,
         "'x' is not a rating such as 8 or 7.5 (two decimals at most)"},
        {"out of range", "PUT", "/rating?type=movie&id=a&userId=u&value=10.5", NULL, NULL, 400,
         "a rating must be 0 to 10 points"},
        {"off the step", "PUT", "/rating?type=movie&id=a&userId=u&value=7.25", NULL, NULL, 400,
         "ratings are given in steps of 0.5 points"},
        {"twice", "PUT", "/rating?type=movie&id=a&userId=u&value=1&value=2", NULL, NULL, 400,
         "'value' is given twice"},
        {"bad percent", "GET", "/rating?type=movie&id=%zz", NULL, NULL, 400,
         "malformed percent encoding"},
        {"delete without user", "DELETE", "/rating?type=movie&id=a", NULL, NULL, 400,
         "the parameter 'userId' is missing"},
        {"other method", "POST", "/rating?type=movie&id=a", NULL, NULL, 405,
         "this method is not served here"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(plain_errors)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates_by_grpc_test),
        cmocka_unit_test(batch_tells_what_it_refused_test),
        cmocka_unit_test(batch_at_its_limit_test),
        cmocka_unit_test(dead_letters_by_grpc_test),
        cmocka_unit_test(every_method_by_connect_test),
        cmocka_unit_test(plain_routes_test),
        cmocka_unit_test(plain_errors_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
