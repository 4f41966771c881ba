/* Movie details by Connect's JSON and plain HTTP, over gateways that answer as planned. */
#include "movie/handler/movie_handler.h"

#include "movie.pb-c.h"
#include "proto/proto.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

/* The id says what happens: "none", "slow"; the rating: "rated", "novotes", "away". */
static enum status get(void *state, struct call *call, struct text movie_id,
                       struct metadata *ret_metadata)
{
    (void)state;
    if (text_equal(movie_id, TEXT("none"))) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no movie 'none'");
    }
    if (text_equal(movie_id, TEXT("down"))) {
        return call_fail(call, STATUS_UNAVAILABLE, "the metadata service cannot be asked");
    }
    if (text_equal(movie_id, TEXT("slow"))) {
        return call_fail(call, STATUS_DEADLINE_EXCEEDED, "too slow");
    }
    *ret_metadata = (struct metadata){.id = movie_id, .title = TEXT("Title")};
    return STATUS_OK;
}

static enum status get_aggregate(void *state, struct call *call, struct record_key record,
                                 struct rating_view *ret_view)
{
    (void)state;
    if (text_equal(record.id, TEXT("rated"))) {
        *ret_view = (struct rating_view){.mean = 8.5, .count = 3};
        return STATUS_OK;
    }
    if (text_equal(record.id, TEXT("zero"))) {
        *ret_view = (struct rating_view){.mean = 0};
        return STATUS_OK;
    }
    if (text_equal(record.id, TEXT("cached"))) {
        *ret_view = (struct rating_view){
            .mean = 8.5, .count = 3, .source = MOVIE_RATING_CACHED, .age_ms = 1207};
        return STATUS_OK;
    }
    if (text_equal(record.id, TEXT("local"))) {
        *ret_view = (struct rating_view){
            .no_votes = true, .source = MOVIE_RATING_LOCAL, .age_ms = INT64_C(1) << 40};
        return STATUS_OK;
    }
    return text_equal(record.id, TEXT("novotes"))
               ? STATUS_NOT_FOUND
               : call_fail(call, STATUS_UNAVAILABLE, "the rating service cannot be asked");
}

static void run(void *argument)
{
    static const struct metadata_gateway_ops metadata_ops = {.get = get};
    static const struct rating_gateway_ops rating_ops = {.get_aggregate = get_aggregate};
    void (*const body)(struct service_scene *) = *(void (**)(struct service_scene *))argument;
    struct movie_controller controller = {.metadata = {&metadata_ops, NULL},
                                          .rating = {&rating_ops, NULL}};
    struct http_route routes[MOVIE_HANDLER_ROUTE_COUNT];
    struct service_scene scene;
    movie_handler_routes(&controller, routes);
    service_scene_open(&scene, movie_handler_service(&controller), routes, ARRAY_LENGTH(routes));
    body(&scene);
    service_scene_close(&scene);
}

#define HANDLER_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        void (*body)(struct service_scene *) = name;                                               \
        (void)state;                                                                               \
        in_fiber(run, &body);                                                                      \
    }

#define METADATA(id)                                                                               \
    "\"metadata\":{\"id\":\"" id "\",\"title\":\"Title\",\"description\":\"\",\"director\":\"\"}"

static void plain_route(struct service_scene *scene)
{
    static const struct service_exchange exchanges[] = {
        {"rated", "GET", "/movie?id=rated", NULL, NULL, 200,
         "{\"rating\":8.5," METADATA("rated") ",\"ratingState\":\"RATED\",\"ratingCount\":3}"},
        {"rated 0, count not known", "GET", "/movie?id=zero", NULL, NULL, 200,
         "{\"rating\":0," METADATA("zero") ",\"ratingState\":\"RATED\"}"},
        {"no votes", "GET", "/movie?id=novotes", NULL, NULL, 200,
         "{" METADATA("novotes") ",\"ratingState\":\"NO_VOTES\"}"},
        {"cached", "GET", "/movie?id=cached", NULL, NULL, 200,
         "{\"rating\":8.5," METADATA("cached") ",\"ratingState\":\"RATED\",\"ratingCount\":3,"
                                               "\"ratingSource\":\"CACHED\",\"ratingAgeMs\":1207}"},
        {"no votes in the copy", "GET", "/movie?id=local", NULL, NULL, 200,
         "{" METADATA("local") ",\"ratingState\":\"NO_VOTES\","
                               "\"ratingSource\":\"LOCAL\",\"ratingAgeMs\":1099511627776}"},
        {"no rating", "GET", "/movie?id=away", NULL, NULL, 200,
         "{" METADATA(
             "away") ",\"ratingState\":\"UNAVAILABLE\","
                     "\"ratingUnavailableReason\":\"the rating service cannot be asked\"}"},
        {"no movie", "GET", "/movie?id=none", NULL, NULL, 404, "there is no movie 'none'"},
        {"no metadata", "GET", "/movie?id=down", NULL, NULL, 503,
         "the metadata service cannot be asked"},
        {"slow", "GET", "/movie?id=slow", NULL, NULL, 504, "too slow"},
        {"missing", "GET", "/movie", NULL, NULL, 400, "the parameter 'id' is missing"},
        {"empty", "GET", "/movie?id=", NULL, NULL, 400, "movie id is empty"},
        {"twice", "GET", "/movie?id=a&id=a", NULL, NULL, 400, "'id' is given twice"},
        {"other method", "DELETE", "/movie?id=a", NULL, NULL, 405,
         "this method is not served here"},
    };
    service_scene_check(scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(plain_route)

#define CONNECT(body, status, reply)                                                               \
    {                                                                                              \
        body, "POST", "/MovieService/GetMovieDetails", "content-type: application/json\r\n", body, \
            status, reply                                                                          \
    }

static void connect_method(struct service_scene *scene)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("{\"movieId\":\"rated\"}", 200,
                "{\"movieDetails\":{\"rating\":8.5,\"metadata\":{\"id\":\"rated\","
                "\"title\":\"Title\"},\"ratingState\":\"RATED\",\"ratingCount\":3}}"),
        CONNECT("{\"movieId\":\"novotes\"}", 200,
                "{\"movieDetails\":{\"metadata\":{\"id\":\"novotes\",\"title\":\"Title\"},"
                "\"ratingState\":\"NO_VOTES\"}}"),
        CONNECT("{\"movieId\":\"cached\"}", 200,
                "{\"movieDetails\":{\"rating\":8.5,\"metadata\":{\"id\":\"cached\","
                "\"title\":\"Title\"},\"ratingState\":\"RATED\",\"ratingCount\":3,"
                "\"ratingSource\":\"CACHED\",\"ratingAgeMs\":1207}}"),
        CONNECT("{\"movieId\":\"local\"}", 200, /* the greatest age that there is a number for */
                "{\"movieDetails\":{\"metadata\":{\"id\":\"local\",\"title\":\"Title\"},"
                "\"ratingState\":\"NO_VOTES\",\"ratingSource\":\"LOCAL\","
                "\"ratingAgeMs\":4294967295}}"),
        CONNECT("{\"movieId\":\"away\"}", 200,
                "{\"movieDetails\":{\"metadata\":{\"id\":\"away\",\"title\":\"Title\"},"
                "\"ratingState\":\"UNAVAILABLE\","
                "\"ratingUnavailableReason\":\"the rating service cannot be asked\"}}"),
        CONNECT("{\"movieId\":\"none\"}", 404, "there is no movie 'none'"),
        CONNECT("{}", 400, "movie id is empty"),
    };
    service_scene_check(scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(connect_method)

static void grpc_method(struct service_scene *scene)
{
    GetMovieDetailsRequest request = GET_MOVIE_DETAILS_REQUEST__INIT;
    const void *response;
    request.movie_id = proto_bytes(TEXT("rated"));
    assert_int_equal(service_scene_call(scene, "/MovieService/GetMovieDetails", &request.base,
                                        &get_movie_details_response__descriptor, &response),
                     STATUS_OK);
    const MovieDetails *details = ((const GetMovieDetailsResponse *)response)->movie_details;
    assert_true(details->rating == 8.5);
    assert_int_equal(details->rating_state, RATING_STATE__RATED);
    assert_true(text_equal(proto_text(details->metadata->title), TEXT("Title")));
    request.movie_id = proto_bytes(TEXT("down"));
    assert_int_equal(service_scene_call(scene, "/MovieService/GetMovieDetails", &request.base,
                                        &get_movie_details_response__descriptor, &response),
                     STATUS_UNAVAILABLE);
}
HANDLER_TEST(grpc_method)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_route_test),
        cmocka_unit_test(connect_method_test),
        cmocka_unit_test(grpc_method_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
