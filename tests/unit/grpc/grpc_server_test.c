/* Which tables of services a server takes. */
#include "grpc/grpc_server.h"

#include "health.pb-c.h"
#include "support/cmocka_test.h"
#include "unit/grpc/echo_service.h"

static enum status no_unary(void *state, struct call *call, const void *request, void *response)
{
    (void)state;
    (void)request;
    (void)response;
    return call_fail(call, STATUS_UNIMPLEMENTED, "not called");
}

static enum status no_stream(void *state, struct call *call, struct grpc_stream *stream)
{
    (void)state;
    (void)stream;
    return call_fail(call, STATUS_UNIMPLEMENTED, "not called");
}

static enum status create(const struct grpc_method *method, bool with_descriptors)
{
    const struct proto_descriptor_set set = echo_descriptor_set();
    const struct grpc_service service = {
        .name = "marquee.test.EchoService",
        .methods = method,
        .method_count = 1,
    };
    const struct grpc_server_options options = {
        .services = &service,
        .service_count = 1,
        .descriptor_sets = &set,
        .descriptor_set_count = with_descriptors ? 1 : 0,
    };
    struct grpc_server *server = NULL;
    enum status status = grpc_server_create(&options, &server);
    assert_int_equal(server != NULL, status == STATUS_OK);
    grpc_server_destroy(server);
    return status;
}

#define METHOD(the_name, the_kind, the_response, of_unary, of_streams)                             \
    {                                                                                              \
        .name = (the_name), .kind = (the_kind),                                                    \
        .request = &marquee__test__echo_request__descriptor, .response = (the_response),           \
        .unary = (of_unary), .stream = (of_streams),                                               \
    }

static void methods_must_be_whole(void **state)
{
    static const ProtobufCMessageDescriptor *const response_type =
        &marquee__test__echo_response__descriptor;
    (void)state;
    const struct {
        const char *name;
        struct grpc_method method;
        bool with_descriptors;
        enum status want;
    } cases[] = {
        {"unary", METHOD("A", GRPC_UNARY, response_type, no_unary, NULL), true, STATUS_OK},
        {"streaming", METHOD("A", GRPC_SERVER_STREAMING, response_type, NULL, no_stream), true,
         STATUS_OK},
        {"no handler", METHOD("A", GRPC_UNARY, response_type, NULL, NULL), true,
         STATUS_INVALID_ARGUMENT},
        {"the wrong handler", METHOD("A", GRPC_UNARY, response_type, NULL, no_stream), true,
         STATUS_INVALID_ARGUMENT},
        {"two handlers", METHOD("A", GRPC_CLIENT_STREAMING, response_type, no_unary, no_stream),
         true, STATUS_INVALID_ARGUMENT},
        {"no name", METHOD(NULL, GRPC_UNARY, response_type, no_unary, NULL), true,
         STATUS_INVALID_ARGUMENT},
        {"no response", METHOD("A", GRPC_UNARY, NULL, no_unary, NULL), true,
         STATUS_INVALID_ARGUMENT},
        {"no descriptors", METHOD("A", GRPC_UNARY, response_type, no_unary, NULL), false,
         STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        enum status status = create(&cases[i].method, cases[i].with_descriptors);
        if (status != cases[i].want) {
            fail_msg("%s: %s", cases[i].name, status_name(status));
        }
    }
}

static void services_are_bounded(void **state)
{
    static struct grpc_service services[GRPC_SERVICES_MAX];
    struct grpc_server *server = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(services); i++) {
        services[i].name = "one.of.Many";
    }
    /* Health and reflection, under two names, are services too. */
    struct grpc_server_options options = {.services = services,
                                          .service_count = GRPC_SERVICES_MAX - 3};
    assert_int_equal(grpc_server_create(&options, &server), STATUS_OK);
    grpc_server_destroy(server);
    options.service_count++;
    assert_int_equal(grpc_server_create(&options, &server), STATUS_INVALID_ARGUMENT);
}

static void the_pool_has_the_types_of_all_services(void **state)
{
    struct echo echo = {.calls = 0};
    const struct grpc_service service = echo_service(&echo);
    const struct proto_descriptor_set set = echo_descriptor_set();
    const struct grpc_server_options options = {
        .services = &service,
        .service_count = 1,
        .descriptor_sets = &set,
        .descriptor_set_count = 1,
    };
    struct grpc_server *server = NULL;
    size_t count = 0;
    (void)state;
    assert_int_equal(grpc_server_create(&options, &server), STATUS_OK);
    const struct proto_pool *pool = grpc_server_pool(server);
    assert_non_null(proto_pool_type(pool, &marquee__test__echo_request__descriptor));
    assert_non_null(proto_pool_type(pool, &grpc__health__v1__health_check_request__descriptor));
    assert_non_null(grpc_server_routes(server, &count));
    assert_int_equal(count, 5 + 3 + 1 + 1);
    grpc_server_destroy(server);
    grpc_server_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_must_be_whole),
        cmocka_unit_test(services_are_bounded),
        cmocka_unit_test(the_pool_has_the_types_of_all_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
