/* The gRPC gateways against services that answer as the id says. */
#include "base/arena.h"
#include "metadata.pb-c.h"
#include "movie/gateway/grpc_metadata_gateway.h"
#include "movie/gateway/grpc_rating_gateway.h"
#include "proto/proto.h"
#include "rating.pb-c.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "support/service_scene.h"

/* What the id asks for, else OK. */
static enum status planned(struct call *call, struct text id)
{
    if (text_equal(id, TEXT("none"))) {
        return call_fail(call, STATUS_NOT_FOUND, "nothing of that name");
    }
    if (text_equal(id, TEXT("broken"))) {
        return call_fail(call, STATUS_INTERNAL, "a path that clients must not see");
    }
    return STATUS_OK;
}

static enum status get_metadata(void *state, struct call *call, const void *request, void *response)
{
    const GetMetadataRequest *get = request;
    GetMetadataResponse *reply = response;
    (void)state;
    enum status status = planned(call, proto_text(get->movie_id));
    if (status != STATUS_OK || text_equal(proto_text(get->movie_id), TEXT("empty"))) {
        return status;
    }
    reply->metadata = arena_alloc(call->arena, sizeof(*reply->metadata));
    assert_non_null(reply->metadata);
    metadata__init(reply->metadata);
    reply->metadata->id = get->movie_id;
    reply->metadata->title = proto_bytes(TEXT("Title"));
    return STATUS_OK;
}

static enum status get_aggregated_rating(void *state, struct call *call, const void *request,
                                         void *response)
{
    const GetAggregatedRatingRequest *get = request;
    GetAggregatedRatingResponse *reply = response;
    (void)state;
    assert_true(text_equal(proto_text(get->record_type), TEXT("movie")));
    enum status status = planned(call, proto_text(get->record_id));
    if (status == STATUS_OK) {
        reply->rating_value = 8.5;
        reply->count = 3;
    }
    return status;
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
     .unary = get_aggregated_rating},
};

static const struct {
    const char *id;
    enum status status;
    const char *message; /* NULL: that the service cannot be asked */
    const char *detail;
} failures[] = {
    {"none", STATUS_NOT_FOUND, "nothing of that name", ""},
    {"broken", STATUS_UNAVAILABLE, NULL, "INTERNAL: a path that clients must not see"},
};

static void assert_failed(struct call *call, size_t index, const char *service, enum status status)
{
    struct text want = failures[index].message != NULL
                           ? text_of(failures[index].message)
                           : arena_format(call->arena, "the %s service cannot be asked", service);
    assert_int_equal(status, failures[index].status);
    assert_true(text_equal(call->error.message, want));
    assert_true(text_equal(call->error.detail, text_of(failures[index].detail)));
}

static void run_metadata(void *argument)
{
    struct service_scene scene;
    struct grpc_metadata_gateway state = {.channels = {NULL}};
    struct metadata got;
    (void)argument;
    service_scene_open(&scene,
                       (struct grpc_service){.name = "MetadataService",
                                             .methods = metadata_methods,
                                             .method_count = ARRAY_LENGTH(metadata_methods)},
                       NULL, 0);
    state.channels[0] = scene.channel;
    struct metadata_gateway gateway = grpc_metadata_gateway(&state);
    assert_int_equal(gateway.ops->get(gateway.state, &scene.call, TEXT("tt1"), &got), STATUS_OK);
    assert_true(text_equal(got.id, TEXT("tt1")));
    assert_true(text_equal(got.title, TEXT("Title")));
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
        struct call call = call_within(&scene.call, 0);
        assert_failed(&call, i, "metadata",
                      gateway.ops->get(gateway.state, &call, text_of(failures[i].id), &got));
    }
    struct call call = call_within(&scene.call, 0);
    assert_int_equal(gateway.ops->get(gateway.state, &call, TEXT("empty"), &got),
                     STATUS_UNAVAILABLE);
    assert_true(text_equal(call.error.detail, TEXT("INTERNAL: the reply is about another movie")));
    service_scene_close(&scene);
}

static void run_rating(void *argument)
{
    struct service_scene scene;
    struct grpc_rating_gateway state = {.channels = {NULL}};
    struct rating_view got;
    struct record_key record = {RECORD_TYPE_MOVIE, TEXT("tt1")};
    (void)argument;
    service_scene_open(&scene,
                       (struct grpc_service){.name = "RatingService",
                                             .methods = rating_methods,
                                             .method_count = ARRAY_LENGTH(rating_methods)},
                       NULL, 0);
    state.channels[0] = scene.channel;
    struct rating_gateway gateway = grpc_rating_gateway(&state);
    assert_int_equal(gateway.ops->get_aggregate(gateway.state, &scene.call, record, &got),
                     STATUS_OK);
    assert_true(got.mean == 8.5);
    assert_int_equal(got.count, 3);
    for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
        struct call call = call_within(&scene.call, 0);
        record.id = text_of(failures[i].id);
        assert_failed(&call, i, "rating",
                      gateway.ops->get_aggregate(gateway.state, &call, record, &got));
    }
    service_scene_close(&scene);
}

/* A service that is not there at all is UNIMPLEMENTED over there, and unavailable here. */
static void run_foreign(void *argument)
{
    struct service_scene scene;
    struct grpc_metadata_gateway state = {.channels = {NULL}};
    struct metadata got;
    (void)argument;
    service_scene_open(&scene,
                       (struct grpc_service){.name = "OtherService",
                                             .methods = metadata_methods,
                                             .method_count = ARRAY_LENGTH(metadata_methods)},
                       NULL, 0);
    state.channels[0] = scene.channel;
    struct metadata_gateway gateway = grpc_metadata_gateway(&state);
    assert_int_equal(gateway.ops->get(gateway.state, &scene.call, TEXT("tt1"), &got),
                     STATUS_UNAVAILABLE);
    assert_true(text_equal(scene.call.error.message, TEXT("the metadata service cannot be asked")));
    service_scene_close(&scene);
}

static void metadata(void **state)
{
    in_fiber(run_metadata, *state);
}

static void rating(void **state)
{
    in_fiber(run_rating, *state);
}

static void foreign(void **state)
{
    in_fiber(run_foreign, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata),
        cmocka_unit_test(rating),
        cmocka_unit_test(foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
