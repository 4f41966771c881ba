/* The movie service over a review service that is there, that answers badly, and that is not there.
 */
#include "movie/controller/movie_reviews.h"

#include "movie.pb-c.h"
#include "movie/gateway/rpc_review_gateway.h"
#include "movie/handler/movie_handler.h"
#include "proto/proto.h"
#include "review/handler/review_handler.h"
#include "review/repository/memory_review_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

struct fixture {
    struct service_scene review;
    struct service_scene movie;
    struct review_controller reviews;
    struct movie_controller controller;
    struct rpc_review_gateway gateway;
    bool is_metadata_away;
    struct grpc_service broken; /* in place of the review service, where it has a name */
    void (*body)(struct fixture *fixture);
};

/* Every movie but "none". */
static enum status get_metadata(void *state, struct call *call, struct text movie_id,
                                struct metadata *ret_metadata)
{
    const struct fixture *fixture = state;
    if (fixture->is_metadata_away) {
        return call_fail(call, STATUS_UNAVAILABLE, "metadata is away");
    }
    if (text_equal(movie_id, TEXT("none"))) {
        return call_fail(call, STATUS_NOT_FOUND, "there is no movie 'none'");
    }
    *ret_metadata = (struct metadata){.id = movie_id, .title = TEXT("One"), .year = 1999};
    return STATUS_OK;
}

/* Those whose ids begin with "m": others have gone. */
static enum status get_all(void *state, struct call *call, const struct text *movie_ids,
                           size_t count, struct metadata **ret_entries, size_t *ret_count)
{
    const struct fixture *fixture = state;
    struct metadata *entries = arena_calloc(call->arena, count + 1, sizeof(*entries));
    size_t found = 0;
    assert_non_null(entries);
    if (fixture->is_metadata_away) {
        return call_fail(call, STATUS_UNAVAILABLE, "metadata is away");
    }
    for (size_t i = 0; i < count; i++) {
        if (movie_ids[i].data[0] == 'm') {
            entries[found++] = (struct metadata){.id = movie_ids[i], .title = movie_ids[i]};
        }
    }
    *ret_entries = entries;
    *ret_count = found;
    return STATUS_OK;
}

static const struct metadata_gateway_ops metadata_ops = {.get = get_metadata, .get_all = get_all};

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct http_route routes[MOVIE_HANDLER_ROUTE_COUNT];
    struct http_route own_routes[REVIEW_HANDLER_ROUTE_COUNT];
    review_handler_routes(&fixture->reviews, own_routes);
    service_scene_open(&fixture->review,
                       fixture->broken.name != NULL ? fixture->broken
                                                    : review_handler_service(&fixture->reviews),
                       own_routes, ARRAY_LENGTH(own_routes));
    assert_int_equal(
        memory_review_repository_open(&fixture->review.call, &fixture->reviews.repository),
        STATUS_OK);
    fixture->gateway.channels[loop_index(loop_current())] = fixture->review.channel;
    fixture->controller.metadata = (struct metadata_gateway){&metadata_ops, fixture};
    fixture->controller.reviews = rpc_review_gateway_by_grpc(&fixture->gateway);
    movie_handler_routes(&fixture->controller, routes);
    service_scene_open(&fixture->movie, movie_handler_service(&fixture->controller), routes,
                       ARRAY_LENGTH(routes));
    fixture->body(fixture);
    service_scene_close(&fixture->movie);
    fixture->reviews.repository.ops->close(fixture->reviews.repository.state);
    service_scene_close(&fixture->review);
}

#define REVIEWS_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

#define JSON_TYPE "content-type: application/json\r\n"
#define CONNECT(method, body, status, reply)                                                       \
    {                                                                                              \
        method " " body, "POST", "/MovieService/" method, JSON_TYPE, body, status, reply           \
    }
#define OF_ANN "\"userId\":\"ann\",\"movieId\":\"m1\""

static void check(struct fixture *fixture, const struct service_exchange *exchanges, size_t count)
{
    service_scene_check(&fixture->movie, exchanges, count);
}

static void what_is_refused(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("PutReview", "{\"userId\":\"ann\",\"movieId\":\"none\",\"text\":\"a\"}", 404,
                "there is no movie 'none'"),
        CONNECT("LikeMovie", "{\"userId\":\"ann\",\"movieId\":\"none\"}", 404,
                "there is no movie 'none'"),
        CONNECT("PutReview", "{" OF_ANN "}", 400, "the review has no words"),
        CONNECT("PutReview", "{\"movieId\":\"m1\",\"text\":\"a\"}", 400, "user id is empty"),
        CONNECT("LikeMovie", "{\"movieId\":\"m1\"}", 400, "user id is empty"),
        CONNECT("GetReview", "{" OF_ANN "}", 404, "user 'ann' has not reviewed movie 'm1'"),
        CONNECT("DeleteReview", "{" OF_ANN "}", 404, "user 'ann' has not reviewed movie 'm1'"),
        CONNECT("ListReviews", "{}", 400, "record id is empty"),
        CONNECT("ListReviews", "{\"movieId\":\"m1\",\"pageSize\":101}", 400,
                "the page size must be 0 to 100"),
        CONNECT("ListReviews", "{\"movieId\":\"m1\",\"pageToken\":\"x\"}", 400,
                "the page token is not one of ours"),
        CONNECT("ListUserReviews", "{\"userId\":\"ann\",\"pageSize\":-1}", 400,
                "the page size must be 0 to 100"),
        CONNECT("UnlikeMovie", "{" OF_ANN "}", 200, "{}"),
        CONNECT("ListUserReviews", "{\"userId\":\"ann\"}", 200, "{}"),
        {"no user", "PUT", "/movie/like?id=m1", NULL, NULL, 400,
         "the parameter 'userId' is missing"},
    };
    struct service_exchange nothing[] = {
        {"nothing was written", "GET", "/like?id=none&type=movie", NULL, NULL, 200,
         "{\"likeCount\":0,\"liked\":false,\"reviewCount\":0,\"reviewed\":false}"}};
    check(fixture, exchanges, ARRAY_LENGTH(exchanges));
    service_scene_check(&fixture->review, nothing, 1);
}
REVIEWS_TEST(what_is_refused)

static void put(struct fixture *fixture, enum record_type type, const char *record)
{
    const struct review review = {.key = {.record = {type, text_of(record)}, .user = TEXT("ann")},
                                  .text = TEXT("words")};
    struct review stored;
    bool is_changed;
    const struct review_repository repository = fixture->reviews.repository;
    assert_int_equal(repository.ops->put(repository.state, &fixture->review.call, &review, false,
                                         &stored, &is_changed),
                     STATUS_OK);
}

/* Some have no title: the film has gone, it is no film, metadata is away. */
static void titles(struct fixture *fixture)
{
    struct movie_review_page page;
    struct call *call = &fixture->movie.call;
    static const char *const want[] = {"", "m1", "m2", ""}; /* at one time, by type and id */
    put(fixture, RECORD_TYPE_ACTOR, "m1");
    put(fixture, RECORD_TYPE_MOVIE, "m2");
    put(fixture, RECORD_TYPE_MOVIE, "gone");
    put(fixture, RECORD_TYPE_MOVIE, "m1");
    assert_int_equal(
        movie_reviews_list_user(&fixture->controller, call, TEXT("ann"), 0, TEXT(""), &page),
        STATUS_OK);
    assert_int_equal(page.count, ARRAY_LENGTH(want));
    for (size_t i = 0; i < page.count; i++) {
        assert_true(text_equal(page.reviews[i].title, text_of(want[i])));
    }
    assert_false(page.is_without_titles);
    fixture->is_metadata_away = true;
    assert_int_equal(
        movie_reviews_list_user(&fixture->controller, call, TEXT("ann"), 0, TEXT(""), &page),
        STATUS_OK);
    assert_true(page.is_without_titles && page.count == ARRAY_LENGTH(want));
    assert_int_equal(page.reviews[1].title.length, 0);
}
REVIEWS_TEST(titles)

/* As the review service has them. */
static void likes_of_reviews(struct fixture *fixture)
{
#define THE_REVIEW(more)                                                                           \
    "{\"userId\":\"ann\",\"recordId\":\"m1\",\"recordType\":\"movie\",\"text\":\"words\","         \
    "\"createdTime\":\"1999-03-31T00:00:00Z\"" more "}"
#define OF_BOB "\"userId\":\"bob\",\"movieId\":\"m1\",\"authorId\":\"ann\""
    static const struct service_exchange exchanges[] = {
        CONNECT("LikeReview", "{" OF_BOB "}", 404, "user 'ann' has not reviewed movie 'm1'"),
        CONNECT("PutReview", "{" OF_ANN ",\"text\":\"words\",\"time\":\"1999-03-31T00:00:00Z\"}",
                200, "{\"review\":" THE_REVIEW("") ",\"changed\":true}"),
        CONNECT("PutReview", "{" OF_ANN ",\"text\":\"earlier\",\"time\":\"1999-03-30T00:00:00Z\"}",
                200, "{\"review\":" THE_REVIEW("") "}"),
        CONNECT("LikeReview", "{" OF_ANN "}", 400, "author id is empty"),
        CONNECT("LikeReview", "{" OF_ANN ",\"authorId\":\"ann\"}", 400,
                "nobody likes a review of their own"),
        CONNECT("LikeReview", "{" OF_BOB "}", 200, "{\"likeCount\":1}"),
        CONNECT("ListReviews", "{\"movieId\":\"m1\",\"userId\":\"bob\"}", 200,
                "{\"reviews\":[" THE_REVIEW(",\"likeCount\":1,\"liked\":true") "]}"),
        CONNECT("ListReviews",
                "{\"movieId\":\"m1\",\"userId\":\"ann\",\"order\":\"REVIEW_MOST_LIKED\"}", 200,
                "{\"reviews\":[" THE_REVIEW(",\"likeCount\":1") "]}"),
        CONNECT("ListReviews", "{\"movieId\":\"m1\",\"order\":2}", 400, "there is no order 2"),
        {"again", "PUT", "/movie/review/like?id=m1&authorId=ann&userId=cid", NULL, NULL, 200,
         "{\"likeCount\":2}"},
        {"not", "DELETE", "/movie/review/like?id=m1&authorId=ann&userId=bob", NULL, NULL, 200,
         "{\"likeCount\":1}"},
        {"whose", "PUT", "/movie/review/like?id=m1&userId=bob", NULL, NULL, 400,
         "the parameter 'authorId' is missing"},
        {"the most liked", "GET", "/movie/reviews?id=m1&order=likes&userId=cid", NULL, NULL, 200,
         "{\"reviews\":[{\"userId\":\"ann\",\"recordId\":\"m1\",\"recordType\":\"movie\",\"text\":"
         "\"words\",\"spoiler\":false,\"createdTime\":\"1999-03-31T00:00:00Z\",\"likeCount\":1,"
         "\"liked\":true}]}"},
        {"in what order", "GET", "/movie/reviews?id=m1&order=x", NULL, NULL, 400,
         "the order must be newest or likes"},
        CONNECT("UnlikeReview", "{\"userId\":\"cid\",\"movieId\":\"m1\",\"authorId\":\"ann\"}", 200,
                "{}"),
    };
    check(fixture, exchanges, ARRAY_LENGTH(exchanges));
}
REVIEWS_TEST(likes_of_reviews)

/* A channel that there is not, and a gateway that there is not. */
static void nowhere(struct fixture *fixture)
{
    struct movie_reactions reactions;
    struct service_exchange exchanges[] = {
        CONNECT("LikeMovie", "{" OF_ANN "}", 503, "nothing says where the review service is"),
        CONNECT("ListReviews", "{\"movieId\":\"m1\"}", 503,
                "nothing says where the review service is"),
    };
    fixture->gateway.channels[loop_index(loop_current())] = NULL;
    check(fixture, exchanges, ARRAY_LENGTH(exchanges));
    movie_reviews_read_reactions(&fixture->controller, &fixture->movie.call, TEXT("m1"), TEXT(""),
                                 &reactions);
    assert_int_equal(reactions.state, MOVIE_REACTIONS_UNAVAILABLE);
    assert_true(text_equal(reactions.reason, TEXT("nothing says where the review service is")));
    fixture->controller.reviews.ops = NULL;
    exchanges[0].reply = exchanges[1].reply = "there is no review service here";
    check(fixture, exchanges, ARRAY_LENGTH(exchanges));
}
REVIEWS_TEST(nowhere)

/* Replies of a service that is not ours. */
static enum status put_another(void *state, struct call *call, const void *request, void *response)
{
    const PutReviewRequest *put_request = request;
    PutReviewResponse *reply = response;
    Review *review = arena_alloc(call->arena, sizeof(*review));
    (void)state;
    assert_non_null(review);
    review__init(review);
    review->user_id = put_request->user_id;
    review->record_id = proto_bytes(TEXT("another"));
    review->record_type = put_request->record_type;
    review->created_time = proto_bytes(TEXT("2026-01-01T00:00:00Z"));
    reply->review = review;
    return STATUS_OK;
}

static enum status get_nothing(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)call;
    (void)request;
    (void)response;
    return STATUS_OK;
}

static enum status fail_to_list(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)request;
    (void)response;
    return call_fail(call, STATUS_INTERNAL, "secret words");
}

static const struct grpc_method broken_methods[] = {
    {.name = "PutReview",
     .request = &put_review_request__descriptor,
     .response = &put_review_response__descriptor,
     .unary = put_another},
    {.name = "GetReview",
     .request = &get_review_request__descriptor,
     .response = &get_review_response__descriptor,
     .unary = get_nothing},
    {.name = "ListReviews",
     .request = &list_reviews_request__descriptor,
     .response = &list_reviews_response__descriptor,
     .unary = fail_to_list},
};

static void bad_replies(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("PutReview", "{" OF_ANN ",\"text\":\"a\"}", 503,
                "the review service cannot be asked"),
        CONNECT("GetReview", "{" OF_ANN "}", 503, "the review service cannot be asked"),
        CONNECT("ListReviews", "{\"movieId\":\"m1\"}", 503, "the review service cannot be asked"),
    };
    check(fixture, exchanges, ARRAY_LENGTH(exchanges));
}

static void bad_replies_test(void **state)
{
    struct fixture fixture = {
        .body = bad_replies,
        .broken = {.name = "ReviewService",
                   .methods = broken_methods,
                   .method_count = ARRAY_LENGTH(broken_methods)},
    };
    (void)state;
    in_fiber(run_body, &fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_test),  cmocka_unit_test(titles_test),
        cmocka_unit_test(likes_of_reviews_test), cmocka_unit_test(nowhere_test),
        cmocka_unit_test(bad_replies_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
