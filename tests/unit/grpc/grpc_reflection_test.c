/* Reflection, under both of its names. */
#include "reflection.pb-c.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/grpc_stream.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

#define QUESTION(kind) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##kind
#define ANSWER(kind) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##kind

static const char *const paths[] = {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

static struct grpc_stream *open_stream(struct grpc_fixture *fixture, const char *path)
{
    struct grpc_stream *stream = NULL;
    assert_int_equal(grpc_client_open(fixture->channel, &fixture->call, path, NULL,
                                      &grpc__reflection__v1__server_reflection_response__descriptor,
                                      &stream),
                     STATUS_OK);
    return stream;
}

static const Grpc__Reflection__V1__ServerReflectionResponse *
ask(struct grpc_stream *stream, const Grpc__Reflection__V1__ServerReflectionRequest *request)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_send(stream, &request->base), STATUS_OK);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_non_null(message);
    const Grpc__Reflection__V1__ServerReflectionResponse *answer =
        (const Grpc__Reflection__V1__ServerReflectionResponse *)message;
    assert_int_equal(answer->original_request->message_request_case, request->message_request_case);
    return answer;
}

static void finish(struct grpc_stream *stream)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(grpc_client_close_send(stream), STATUS_OK);
    assert_int_equal(grpc_receive(stream, &message), STATUS_OK);
    assert_null(message);
    assert_int_equal(grpc_client_finish(stream), STATUS_OK);
}

static void services_are_listed(struct grpc_fixture *fixture)
{
    static const char *const want[] = {
        "marquee.test.EchoService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct grpc_stream *stream = open_stream(fixture, paths[i]);
        Grpc__Reflection__V1__ServerReflectionRequest request =
            GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
        request.message_request_case = QUESTION(LIST_SERVICES);
        request.list_services = proto_bytes(TEXT("*"));
        const Grpc__Reflection__V1__ServerReflectionResponse *answer = ask(stream, &request);
        assert_int_equal(answer->message_response_case, ANSWER(LIST_SERVICES_RESPONSE));
        assert_int_equal(answer->list_services_response->n_service, ARRAY_LENGTH(want));
        for (size_t j = 0; j < ARRAY_LENGTH(want); j++) {
            assert_true(text_equal(proto_text(answer->list_services_response->service[j]->name),
                                   text_of(want[j])));
        }
        finish(stream);
    }
}
FIXTURE_TEST(services_are_listed)

/* The names of the files in the answer, parsed. */
static void assert_files(const Grpc__Reflection__V1__ServerReflectionResponse *answer,
                         const char *const *want, size_t count)
{
    assert_int_equal(answer->message_response_case, ANSWER(FILE_DESCRIPTOR_RESPONSE));
    const Grpc__Reflection__V1__FileDescriptorResponse *files = answer->file_descriptor_response;
    assert_int_equal(files->n_file_descriptor_proto, count);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCBinaryData *bytes = &files->file_descriptor_proto[i];
        Google__Protobuf__FileDescriptorProto *file =
            google__protobuf__file_descriptor_proto__unpack(NULL, bytes->len, bytes->data);
        assert_non_null(file);
        assert_true(text_equal(proto_text(file->name), text_of(want[i])));
        google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    }
}

static void files_come_with_their_imports(struct grpc_fixture *fixture)
{
    static const char *const echo[] = {"echo.proto", "echo_plan.proto", "echo_failure.proto"};
    static const char *const failure[] = {"echo_failure.proto"};
    static const char *const alpha[] = {"reflection_v1alpha.proto"};
    static const struct {
        const char *symbol; /* or a file, when it ends in .proto */
        const char *const *files;
        size_t count;
    } cases[] = {
        {"marquee.test.EchoService", echo, ARRAY_LENGTH(echo)},
        {"marquee.test.EchoService.Chat", echo, ARRAY_LENGTH(echo)},
        {"marquee.test.EchoRequest", echo, ARRAY_LENGTH(echo)},
        {"marquee.test.EchoFailure", failure, ARRAY_LENGTH(failure)},
        {"echo.proto", echo, ARRAY_LENGTH(echo)},
        {"echo_failure.proto", failure, ARRAY_LENGTH(failure)},
        {"grpc.reflection.v1alpha.ServerReflection", alpha, ARRAY_LENGTH(alpha)},
    };
    struct grpc_stream *stream = open_stream(fixture, paths[0]);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        Grpc__Reflection__V1__ServerReflectionRequest request =
            GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
        struct text name = text_of(cases[i].symbol);
        if (text_ends_with(name, TEXT(".proto"))) {
            request.message_request_case = QUESTION(FILE_BY_FILENAME);
            request.file_by_filename = proto_bytes(name);
        } else {
            request.message_request_case = QUESTION(FILE_CONTAINING_SYMBOL);
            request.file_containing_symbol = proto_bytes(name);
        }
        assert_files(ask(stream, &request), cases[i].files, cases[i].count);
    }
    finish(stream);
}
FIXTURE_TEST(files_come_with_their_imports)

static void assert_error(struct grpc_stream *stream,
                         const Grpc__Reflection__V1__ServerReflectionRequest *request,
                         enum status want)
{
    const Grpc__Reflection__V1__ServerReflectionResponse *answer = ask(stream, request);
    assert_int_equal(answer->message_response_case, ANSWER(ERROR_RESPONSE));
    assert_int_equal(answer->error_response->error_code, want);
}

static void what_is_not_there_is_not_found(struct grpc_fixture *fixture)
{
    struct grpc_stream *stream = open_stream(fixture, paths[0]);
    Grpc__Reflection__V1__ExtensionRequest extension =
        GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
    Grpc__Reflection__V1__ServerReflectionRequest request =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    assert_error(stream, &request, STATUS_INVALID_ARGUMENT);
    request.message_request_case = QUESTION(FILE_BY_FILENAME);
    request.file_by_filename = proto_bytes(TEXT("none.proto"));
    assert_error(stream, &request, STATUS_NOT_FOUND);
    request.message_request_case = QUESTION(FILE_CONTAINING_SYMBOL);
    request.file_containing_symbol = proto_bytes(TEXT("marquee.test.None"));
    assert_error(stream, &request, STATUS_NOT_FOUND);
    extension.containing_type = proto_bytes(TEXT("marquee.test.EchoRequest"));
    request.message_request_case = QUESTION(FILE_CONTAINING_EXTENSION);
    request.file_containing_extension = &extension;
    assert_error(stream, &request, STATUS_NOT_FOUND);
    request.message_request_case = QUESTION(ALL_EXTENSION_NUMBERS_OF_TYPE);
    request.all_extension_numbers_of_type = proto_bytes(TEXT("marquee.test.None"));
    assert_error(stream, &request, STATUS_NOT_FOUND);
    request.all_extension_numbers_of_type = proto_bytes(TEXT("marquee.test.EchoRequest"));
    const Grpc__Reflection__V1__ServerReflectionResponse *answer = ask(stream, &request);
    assert_int_equal(answer->message_response_case, ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE));
    assert_int_equal(answer->all_extension_numbers_response->n_extension_number, 0);
    finish(stream);
}
FIXTURE_LOOPBACK_TEST(what_is_not_there_is_not_found)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_UNIT_TESTS(services_are_listed),
        FIXTURE_UNIT_TESTS(files_come_with_their_imports),
        cmocka_unit_test(what_is_not_there_is_not_found_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
