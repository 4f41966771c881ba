#include "grpc/grpc_reflection.h"

#include "base/arena.h"
#include "grpc/grpc_server_private.h"
#include "reflection.pb-c.h"

#define QUESTION(kind) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##kind
#define ANSWER(kind) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##kind

enum { STREAM_ARENA_BYTES_MAX = 8 * 1024 * 1024 };

/* One question and its answer. */
struct reflection_turn {
    const struct grpc_server *server;
    struct arena *arena; /* of this turn */
    Grpc__Reflection__V1__ServerReflectionResponse *answer;
};

static enum status answer_error(struct reflection_turn *turn, enum status status,
                                struct text message)
{
    Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(turn->arena, sizeof(*error));
    if (error == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    grpc__reflection__v1__error_response__init(error);
    error->error_code = (int32_t)status;
    error->error_message = proto_bytes(message);
    turn->answer->error_response = error;
    turn->answer->message_response_case = ANSWER(ERROR_RESPONSE);
    return STATUS_OK;
}

static bool has_name(const struct text *names, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* The file and all that it imports, each once: names[0] is the file. */
static size_t collect_files(const struct proto_pool *pool, struct text file_name,
                            struct text names[static GRPC_REFLECTION_FILES_MAX])
{
    size_t count = 0;
    names[count++] = file_name;
    for (size_t next = 0; next < count; next++) {
        size_t import_count = proto_pool_import_count(pool, names[next]);
        for (size_t i = 0; i < import_count; i++) {
            struct text import = proto_pool_import(pool, names[next], i);
            if (count < GRPC_REFLECTION_FILES_MAX && !has_name(names, count, import)) {
                names[count++] = import;
            }
        }
    }
    return count;
}

static enum status answer_file(struct reflection_turn *turn, struct text file_name)
{
    const struct proto_pool *pool = turn->server->pool;
    struct text *names = arena_calloc(turn->arena, GRPC_REFLECTION_FILES_MAX, sizeof(*names));
    ProtobufCBinaryData *files =
        arena_calloc(turn->arena, GRPC_REFLECTION_FILES_MAX, sizeof(*files));
    Grpc__Reflection__V1__FileDescriptorResponse *response =
        arena_alloc(turn->arena, sizeof(*response));
    if (names == NULL || files == NULL || response == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    size_t name_count = collect_files(pool, file_name, names);
    size_t file_count = 0;
    for (size_t i = 0; i < name_count; i++) {
        struct text file;
        if (proto_pool_file(pool, names[i], &file)) {
            files[file_count++] = proto_bytes(file);
        }
    }
    grpc__reflection__v1__file_descriptor_response__init(response);
    response->file_descriptor_proto = files;
    response->n_file_descriptor_proto = file_count;
    turn->answer->file_descriptor_response = response;
    turn->answer->message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
    return STATUS_OK;
}

static enum status answer_file_by_name(struct reflection_turn *turn, struct text name)
{
    struct text file;
    if (!proto_pool_file(turn->server->pool, name, &file)) {
        return answer_error(turn, STATUS_NOT_FOUND, TEXT("no such file"));
    }
    return answer_file(turn, name);
}

static enum status answer_symbol(struct reflection_turn *turn, struct text symbol)
{
    struct text file_name;
    if (!proto_pool_file_of_symbol(turn->server->pool, symbol, &file_name)) {
        return answer_error(turn, STATUS_NOT_FOUND, TEXT("no such symbol"));
    }
    return answer_file(turn, file_name);
}

/* There are no extensions here: a known type has none. */
static enum status answer_extension_numbers(struct reflection_turn *turn, struct text type)
{
    struct text file_name;
    Grpc__Reflection__V1__ExtensionNumberResponse *response =
        arena_alloc(turn->arena, sizeof(*response));
    if (response == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!proto_pool_file_of_symbol(turn->server->pool, type, &file_name)) {
        return answer_error(turn, STATUS_NOT_FOUND, TEXT("no such type"));
    }
    grpc__reflection__v1__extension_number_response__init(response);
    response->base_type_name = proto_bytes(type);
    turn->answer->all_extension_numbers_response = response;
    turn->answer->message_response_case = ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE);
    return STATUS_OK;
}

static enum status answer_services(struct reflection_turn *turn)
{
    size_t count = turn->server->service_count;
    Grpc__Reflection__V1__ListServiceResponse *response =
        arena_alloc(turn->arena, sizeof(*response));
    Grpc__Reflection__V1__ServiceResponse *services =
        arena_calloc(turn->arena, count, sizeof(*services));
    Grpc__Reflection__V1__ServiceResponse **pointers =
        arena_calloc(turn->arena, count, sizeof(*pointers));
    if (response == NULL || services == NULL || pointers == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < count; i++) {
        grpc__reflection__v1__service_response__init(&services[i]);
        services[i].name = proto_bytes(text_of(turn->server->services[i].name));
        pointers[i] = &services[i];
    }
    grpc__reflection__v1__list_service_response__init(response);
    response->service = pointers;
    response->n_service = count;
    turn->answer->list_services_response = response;
    turn->answer->message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
    return STATUS_OK;
}

static enum status answer(struct reflection_turn *turn,
                          const Grpc__Reflection__V1__ServerReflectionRequest *request)
{
    /* An int, because protobuf-c adds a member to the enum that is no question. */
    int question = (int)request->message_request_case;
    switch (question) {
    case QUESTION(FILE_BY_FILENAME):
        return answer_file_by_name(turn, proto_text(request->file_by_filename));
    case QUESTION(FILE_CONTAINING_SYMBOL):
        return answer_symbol(turn, proto_text(request->file_containing_symbol));
    case QUESTION(FILE_CONTAINING_EXTENSION):
        return answer_error(turn, STATUS_NOT_FOUND, TEXT("there are no extensions here"));
    case QUESTION(ALL_EXTENSION_NUMBERS_OF_TYPE):
        return answer_extension_numbers(turn, proto_text(request->all_extension_numbers_of_type));
    case QUESTION(LIST_SERVICES):
        return answer_services(turn);
    default:
        return answer_error(turn, STATUS_INVALID_ARGUMENT, TEXT("an unknown question"));
    }
}

/* Receives, answers and sends once. *ret_end: the client has no more questions. */
static enum status take_turn(struct reflection_turn *turn, struct grpc_stream *stream,
                             bool *ret_end)
{
    Grpc__Reflection__V1__ServerReflectionResponse response =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    ProtobufCMessage *message = NULL;
    enum status status = grpc_receive_into(stream, turn->arena, &message);
    *ret_end = message == NULL;
    if (status != STATUS_OK || message == NULL) {
        return status;
    }
    Grpc__Reflection__V1__ServerReflectionRequest *request =
        (Grpc__Reflection__V1__ServerReflectionRequest *)message;
    turn->answer = &response;
    response.valid_host = request->host;
    response.original_request = request;
    status = answer(turn, request);
    return status == STATUS_OK ? grpc_send(stream, &response.base) : status;
}

static enum status serve_reflection(void *state, struct call *call, struct grpc_stream *stream)
{
    struct arena arena;
    struct reflection_turn turn = {.server = state, .arena = &arena};
    enum status status = STATUS_OK;
    bool end = false;
    (void)call; /* its arena would grow with every question */
    arena_init(&arena, STREAM_ARENA_BYTES_MAX);
    while (status == STATUS_OK && !end) {
        status = take_turn(&turn, stream, &end);
        arena_reset(&arena);
    }
    arena_deinit(&arena);
    return status;
}

/* Both names carry the same bytes, so both are served by the messages of v1. */
static const struct grpc_method methods[] = {
    {
        .name = "ServerReflectionInfo",
        .kind = GRPC_BIDIRECTIONAL_STREAMING,
        .request = &grpc__reflection__v1__server_reflection_request__descriptor,
        .response = &grpc__reflection__v1__server_reflection_response__descriptor,
        .stream = serve_reflection,
    },
};

static struct grpc_service service(const char *name, struct grpc_server *server)
{
    return (struct grpc_service){
        .name = name,
        .methods = methods,
        .method_count = ARRAY_LENGTH(methods),
        .state = server,
    };
}

struct grpc_service grpc_reflection_service(struct grpc_server *server)
{
    return service("grpc.reflection.v1.ServerReflection", server);
}

struct grpc_service grpc_reflection_alpha_service(struct grpc_server *server)
{
    return service("grpc.reflection.v1alpha.ServerReflection", server);
}
