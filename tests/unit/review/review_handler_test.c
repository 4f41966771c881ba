/* Reviews by Connect's JSON and plain HTTP: what each way refuses, and in which words. */
#include "review/handler/review_handler.h"

#include "review/repository/memory_review_repository.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

static void run(void *argument)
{
    void (*const body)(struct service_scene *) = *(void (**)(struct service_scene *))argument;
    struct review_controller controller;
    struct http_route routes[REVIEW_HANDLER_ROUTE_COUNT];
    struct service_scene scene;
    review_handler_routes(&controller, routes);
    service_scene_open(&scene, review_handler_service(&controller), routes, ARRAY_LENGTH(routes));
    assert_int_equal(memory_review_repository_open(&scene.call, &controller.repository), STATUS_OK);
    body(&scene);
    controller.repository.ops->close(controller.repository.state);
    service_scene_close(&scene);
}

#define HANDLER_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        void (*body)(struct service_scene *) = name;                                               \
        (void)state;                                                                               \
        in_fiber(run, &body);                                                                      \
    }

#define JSON_TYPE "content-type: application/json\r\n"
#define PLACE "?id=m&type=movie&userId=ann"
#define REVIEW_LIKE "/review/like?id=m&type=movie&authorId=ann"

static void plain_routes(struct service_scene *scene)
{
    static const struct service_exchange exchanges[] = {
        {"none", "GET", "/review" PLACE, NULL, NULL, 404, "user 'ann' has not reviewed movie 'm'"},
        {"none to delete", "DELETE", "/review" PLACE, NULL, NULL, 404,
         "user 'ann' has not reviewed movie 'm'"},
        {"empty list", "GET", "/reviews?id=m&type=movie", NULL, NULL, 200, "{\"reviews\":[]}"},
        {"no likes", "GET", "/like?id=m&type=movie", NULL, NULL, 200,
         "{\"likeCount\":0,\"liked\":false,\"reviewCount\":0,\"reviewed\":false}"},
        {"like", "PUT", "/like" PLACE, NULL, NULL, 200, "{\"likeCount\":1}"},
        {"like again", "PUT", "/like" PLACE, NULL, NULL, 200, "{\"likeCount\":1}"},
        {"liked", "GET", "/like" PLACE, NULL, NULL, 200,
         "{\"likeCount\":1,\"liked\":true,\"reviewCount\":0,\"reviewed\":false}"},
        {"unlike", "DELETE", "/like" PLACE, NULL, NULL, 200, "{\"likeCount\":0}"},
        {"unlike again", "DELETE", "/like" PLACE, NULL, NULL, 200, "{\"likeCount\":0}"},
        {"no user", "PUT", "/like?id=m&type=movie", NULL, NULL, 400,
         "the parameter 'userId' is missing"},
        {"no type", "GET", "/reviews?id=m", NULL, NULL, 400, "the parameter 'type' is missing"},
        {"both", "GET", "/reviews?id=m&type=movie&userId=a", NULL, NULL, 400,
         "reviews are listed of a record or of a user, not of both"},
        {"page too large", "GET", "/reviews?userId=a&pageSize=101", NULL, NULL, 400,
         "pageSize must be 0 to 100"},
        {"page no number", "GET", "/reviews?userId=a&pageSize=x", NULL, NULL, 400,
         "pageSize must be 0 to 100"},
        {"no words", "PUT", "/review" PLACE, JSON_TYPE, "{\"text\":\" \"}", 400,
         "the review has no words"},
        {"a control character", "PUT", "/review" PLACE, JSON_TYPE, "{\"text\":\"a\\u0085\"}", 400,
         "the review has a control character other than a line feed in it"},
        {"another type", "PUT", "/review?id=m&type=book&userId=u", JSON_TYPE, "{\"text\":\"a\"}",
         400, "record type is unknown; known are: movie actor soundtrack"},
        {"no such review", "PUT", REVIEW_LIKE "&userId=bob", NULL, NULL, 404,
         "user 'ann' has not reviewed movie 'm'"},
        {"nor a like of it", "DELETE", REVIEW_LIKE "&userId=bob", NULL, NULL, 200,
         "{\"likeCount\":0}"},
        {"a review of long ago", "PUT", "/review" PLACE, JSON_TYPE,
         "{\"text\":\"a\",\"time\":\"1999-03-31T00:00:00Z\"}", 200,
         "{\"userId\":\"ann\",\"recordId\":\"m\",\"recordType\":\"movie\",\"text\":\"a\","
         "\"spoiler\":false,\"createdTime\":\"1999-03-31T00:00:00Z\",\"likeCount\":0}"},
        {"whose like", "PUT", REVIEW_LIKE, NULL, NULL, 400, "the parameter 'userId' is missing"},
        {"of whose review", "PUT", "/review/like" PLACE, NULL, NULL, 400,
         "the parameter 'authorId' is missing"},
        {"one's own", "PUT", REVIEW_LIKE "&userId=ann", NULL, NULL, 400,
         "nobody likes a review of their own"},
        {"like a review", "PUT", REVIEW_LIKE "&userId=bob", NULL, NULL, 200, "{\"likeCount\":1}"},
        {"once", "PUT", REVIEW_LIKE "&userId=bob", NULL, NULL, 200, "{\"likeCount\":1}"},
        {"by likes", "GET", "/reviews?id=m&type=movie&order=likes&pageSize=1", NULL, NULL, 200,
         "{\"reviews\":[{\"userId\":\"ann\",\"recordId\":\"m\",\"recordType\":\"movie\","
         "\"text\":\"a\",\"spoiler\":false,\"createdTime\":\"1999-03-31T00:00:00Z\","
         "\"likeCount\":1}]}"},
        {"in what order", "GET", "/reviews?id=m&type=movie&order=best", NULL, NULL, 400,
         "the order must be newest or likes"},
        {"unlike a review", "DELETE", REVIEW_LIKE "&userId=bob", NULL, NULL, 200,
         "{\"likeCount\":0}"},
        {"another method", "POST", "/review" PLACE, NULL, NULL, 405,
         "this method is not served here"},
    };
    service_scene_check(scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(plain_routes)

#define CONNECT(method, body, status, reply)                                                       \
    {                                                                                              \
        method, "POST", "/ReviewService/" method, JSON_TYPE, body, status, reply                   \
    }
#define KEY "\"userId\":\"ann\",\"recordId\":\"m\",\"recordType\":\"movie\""

static void every_method_by_connect(struct service_scene *scene)
{
    static const struct service_exchange exchanges[] = {
        CONNECT("GetReview", "{" KEY "}", 404, "user 'ann' has not reviewed movie 'm'"),
        CONNECT("DeleteReview", "{" KEY "}", 404, "user 'ann' has not reviewed movie 'm'"),
        CONNECT("PutReview", "{" KEY "}", 400, "the review has no words"),
        CONNECT("PutReview", "{" KEY ",\"text\":\"a\\tb\"}", 400,
                "the review has a control character other than a line feed in it"),
        CONNECT("PutReview", "{\"userId\":\"ann\",\"text\":\"a\"}", 400,
                "record type is empty; known are: movie actor soundtrack"),
        CONNECT("ListReviews", "{\"recordId\":\"m\",\"recordType\":\"movie\"}", 200, "{}"),
        CONNECT("ListUserReviews", "{\"userId\":\"ann\"}", 200, "{}"),
        CONNECT("ListUserReviews", "{}", 400, "user id is empty"),
        CONNECT("PutLike", "{" KEY "}", 200, "{\"likeCount\":1}"),
        CONNECT("PutLike", "{\"userId\":\"ann\"}", 400,
                "record type is empty; known are: movie actor soundtrack"),
        CONNECT("GetReactions", "{\"recordId\":\"m\",\"recordType\":\"movie\"}", 200,
                "{\"likeCount\":1}"),
        CONNECT("GetReactions", "{" KEY "}", 200, "{\"likeCount\":1,\"liked\":true}"),
        CONNECT("DeleteLike", "{" KEY "}", 200, "{}"),
        CONNECT("ListUserLikes", "{\"userId\":\"ann\"}", 200, "{}"),
        CONNECT("PutReviewLike", "{\"authorId\":\"eve\"," KEY "}", 404,
                "user 'eve' has not reviewed movie 'm'"),
        CONNECT("PutReviewLike", "{" KEY "}", 400, "author id is empty"),
        CONNECT("DeleteReviewLike", "{\"authorId\":\"eve\"," KEY "}", 200, "{}"),
        CONNECT("PutReview", "{" KEY ",\"text\":\"a\",\"time\":\"1999-03-31T00:00:00Z\"}", 200,
                "{\"review\":{\"userId\":\"ann\",\"recordId\":\"m\",\"recordType\":\"movie\","
                "\"text\":\"a\",\"createdTime\":\"1999-03-31T00:00:00Z\"},\"changed\":true}"),
        CONNECT("PutReview", "{" KEY ",\"text\":\"a\",\"time\":\"yesterday\"}", 400,
                "'yesterday' is not a time in RFC 3339"),
        CONNECT("PutReviewLike",
                "{\"authorId\":\"ann\",\"userId\":\"bob\",\"recordId\":\"m\","
                "\"recordType\":\"movie\"}",
                200, "{\"likeCount\":1}"),
        CONNECT("ListReviews",
                "{\"recordId\":\"m\",\"recordType\":\"movie\",\"userId\":\"bob\","
                "\"order\":\"REVIEW_MOST_LIKED\"}",
                200,
                "{\"reviews\":[{\"userId\":\"ann\",\"recordId\":\"m\",\"recordType\":\"movie\","
                "\"text\":\"a\",\"createdTime\":\"1999-03-31T00:00:00Z\",\"likeCount\":1,"
                "\"liked\":true}]}"),
        CONNECT("ListReviews", "{\"recordId\":\"m\",\"recordType\":\"movie\",\"order\":7}", 400,
                "there is no order 7"),
    };
    service_scene_check(scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(every_method_by_connect)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_routes_test),
        cmocka_unit_test(every_method_by_connect_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
