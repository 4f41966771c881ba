/* Recommendations by gRPC, Connect's JSON and plain HTTP. */
#include "recommendation/handler/recommendation_handler.h"

#include "proto/proto.h"
#include "recommendation.pb-c.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

struct canned {
    struct recommendation_list list;
    enum status status;
    struct text asked; /* the id of the last question */
    size_t limit;
};

struct fixture {
    struct service_scene scene;
    struct canned canned;
    struct recommendation_controller controller;
    char asked[RATING_USER_BYTES_MAX];
    void (*body)(struct fixture *fixture);
};

static enum status answer(struct fixture *fixture, struct call *call, struct text asked,
                          size_t limit, struct recommendation_list *ret_list)
{
    struct canned *canned = &fixture->canned;
    memcpy(fixture->asked, asked.data, asked.length);
    canned->asked = text_of_bytes(fixture->asked, asked.length);
    canned->limit = limit;
    *ret_list = canned->list;
    return canned->status == STATUS_OK ? STATUS_OK
                                       : call_fail(call, canned->status, "not made yet");
}

static enum status list_similar(void *state, struct call *call, struct text record_id, size_t limit,
                                struct recommendation_list *ret_list)
{
    return answer(state, call, record_id, limit, ret_list);
}

static enum status list_for_user(void *state, struct call *call, struct text user_id, size_t limit,
                                 struct recommendation_list *ret_list)
{
    return answer(state, call, user_id, limit, ret_list);
}

static enum status get_basis(void *state, struct call *call, struct recommendation_basis *ret_basis)
{
    struct fixture *fixture = state;
    (void)call;
    *ret_basis = fixture->canned.list.basis;
    return STATUS_OK;
}

static const struct recommendation_repository_ops ops = {list_similar, list_for_user, get_basis};

static void fill(struct recommendation_list *list)
{
    list->items[0] = (struct recommendation){.record_id = TEXT("tt1"),
                                             .score = 0.5,
                                             .has_foretold = true,
                                             .foretold_hundredths = 850,
                                             .because_of = TEXT("tt9")};
    list->items[1] = (struct recommendation){.record_id = TEXT("tt2"), .score = 0.25};
    list->count = 2;
    list->votes = 7;
    list->basis = (struct recommendation_basis){
        .age_ms = 5000000000, .votes = 9, .users = 3, .records = 4, .waiting = 1};
}

static void run_body(void *argument)
{
    struct fixture *fixture = argument;
    struct http_route routes[RECOMMENDATION_HANDLER_ROUTE_COUNT];
    fixture->controller.repository = (struct recommendation_repository){&ops, fixture};
    fill(&fixture->canned.list);
    recommendation_handler_routes(&fixture->controller, routes);
    service_scene_open(&fixture->scene, recommendation_handler_service(&fixture->controller),
                       routes, ARRAY_LENGTH(routes));
    fixture->body(fixture);
    service_scene_close(&fixture->scene);
}

#define HANDLER_TEST(name)                                                                         \
    static void name##_test(void **state)                                                          \
    {                                                                                              \
        struct fixture fixture = {.body = name};                                                   \
        (void)state;                                                                               \
        in_fiber(run_body, &fixture);                                                              \
    }

static void recommended_by_grpc(struct fixture *fixture)
{
    ListRecommendedRequest request = LIST_RECOMMENDED_REQUEST__INIT;
    const void *response;
    request.user_id = proto_bytes(TEXT("ann"));
    request.record_type = proto_bytes(TEXT("movie"));
    assert_int_equal(service_scene_call(&fixture->scene, "/RecommendationService/ListRecommended",
                                        &request.base, &list_recommended_response__descriptor,
                                        &response),
                     STATUS_OK);
    const ListRecommendedResponse *list = response;
    assert_true(text_equal(fixture->canned.asked, TEXT("ann")));
    assert_int_equal(fixture->canned.limit, RECOMMENDATION_COUNT_DEFAULT);
    assert_int_equal(list->n_results, 2);
    assert_true(text_equal(proto_text(list->results[0]->record_id), TEXT("tt1")));
    assert_true(text_equal(proto_text(list->results[0]->because_of), TEXT("tt9")));
    assert_int_equal(list->results[0]->foretold->hundredths, 850);
    assert_null(list->results[1]->foretold);
    assert_int_equal(list->votes, 7);
    assert_int_equal(list->basis->model_age_ms, 5000000000);
    assert_int_equal(list->basis->waiting, 1);
}
HANDLER_TEST(recommended_by_grpc)

#define JSON_TYPE "content-type: application/json\r\n"
#define SIMILAR                                                                                    \
    "{\"results\":[{\"recordId\":\"tt1\",\"score\":0.5,\"foretold\":{\"hundredths\":850},"

static void all_by_json(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"the model", "POST", "/RecommendationService/GetModel", JSON_TYPE, "{}", 200,
         "{\"basis\":{\"modelAgeMs\":\"5000000000\",\"votes\":\"9\",\"users\":3,\"records\":4,"
         "\"waiting\":1}}"},
        {"alike", "POST", "/RecommendationService/ListSimilar", JSON_TYPE,
         "{\"recordId\":\"tt9\",\"recordType\":\"movie\",\"pageSize\":100}", 200,
         SIMILAR
         "\"becauseOf\":\"tt9\"},{\"recordId\":\"tt2\",\"score\":0.25}],\"votes\":7,"
         "\"basis\":{\"modelAgeMs\":\"5000000000\",\"votes\":\"9\",\"users\":3,\"records\":4,"
         "\"waiting\":1}}"},
        {"too many", "POST", "/RecommendationService/ListSimilar", JSON_TYPE,
         "{\"recordId\":\"tt9\",\"recordType\":\"movie\",\"pageSize\":101}", 400,
         "the page size must be 0 to 100"},
        {"too few", "POST", "/RecommendationService/ListRecommended", JSON_TYPE,
         "{\"userId\":\"ann\",\"recordType\":\"movie\",\"pageSize\":-1}", 400,
         "the page size must be 0 to 100"},
        {"of actors", "POST", "/RecommendationService/ListSimilar", JSON_TYPE,
         "{\"recordId\":\"tt9\",\"recordType\":\"actor\"}", 400,
         "only movies are recommended, not 'actor'"},
        {"of nobody", "POST", "/RecommendationService/ListRecommended", JSON_TYPE,
         "{\"recordType\":\"movie\"}", 400, "user id is empty"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(all_by_json)

#define PLAIN                                                                                      \
    "{\"results\":[{\"id\":\"tt1\",\"score\":0.5,\"foretold\":8.5,\"becauseOf\":\"tt9\"},"         \
    "{\"id\":\"tt2\",\"score\":0.25}],\"votes\":7,\"modelAgeMs\":5000000000}"

static void all_by_plain_http(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"alike", "GET", "/similar?id=tt9", NULL, NULL, 200, PLAIN},
        {"alike, few", "GET", "/similar?id=tt9&type=movie&limit=1", NULL, NULL, 200, PLAIN},
        {"recommended", "GET", "/recommendations?userId=ann&limit=100", NULL, NULL, 200, PLAIN},
        {"no id", "GET", "/similar", NULL, NULL, 400, "the parameter 'id' is missing"},
        {"no user", "GET", "/recommendations?limit=3", NULL, NULL, 400,
         "the parameter 'userId' is missing"},
        {"too many", "GET", "/similar?id=tt9&limit=101", NULL, NULL, 400, "limit must be 1 to 100"},
        {"none", "GET", "/recommendations?userId=ann&limit=0", NULL, NULL, 400,
         "limit must be 1 to 100"},
        {"of actors", "GET", "/similar?id=tt9&type=actor", NULL, NULL, 400,
         "only movies are recommended, not 'actor'"},
    };
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(all_by_plain_http)

static void before_there_is_a_model(struct fixture *fixture)
{
    static const struct service_exchange exchanges[] = {
        {"plain", "GET", "/similar?id=tt9", NULL, NULL, 503, "not made yet"},
        {"JSON", "POST", "/RecommendationService/ListRecommended", JSON_TYPE,
         "{\"userId\":\"ann\",\"recordType\":\"movie\"}", 503, "not made yet"},
    };
    fixture->canned.status = STATUS_UNAVAILABLE;
    service_scene_check(&fixture->scene, exchanges, ARRAY_LENGTH(exchanges));
}
HANDLER_TEST(before_there_is_a_model)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recommended_by_grpc_test),
        cmocka_unit_test(all_by_json_test),
        cmocka_unit_test(all_by_plain_http_test),
        cmocka_unit_test(before_there_is_a_model_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
