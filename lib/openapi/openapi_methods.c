/* Methods as operations: POST /Service/Method with a message, in the Connect protocol, and GET
 * where there are no side effects (connectrpc.com/docs/protocol). */
#include "openapi/openapi_components.h"

#define STREAM_TYPE "application/connect+json"

/* One method, and what there is to say of it. */
struct described_method {
    const struct grpc_service *service;
    const struct grpc_method *method;
    struct text path;
    struct text comment;
    struct text request; /* the messages' full names */
    struct text response;
    struct openapi_need need;
};

static struct text method_comment(struct openapi *openapi, const struct openapi_symbol *service,
                                  struct text name)
{
    for (size_t i = 0; service != NULL && i < service->service->n_method; i++) {
        if (text_equal(proto_text(service->service->method[i]->name), name)) {
            return openapi_comment(openapi->arena, service, OPENAPI_SERVICE_METHOD, i);
        }
    }
    return (struct text){NULL, 0};
}

/* Up to the first full stop that a space follows. */
static struct text first_sentence(struct text words)
{
    for (size_t at = 0; (at = text_find(words, at, '.')) < words.length; at++) {
        if (at + 1 == words.length || words.data[at + 1] == ' ' || words.data[at + 1] == '\n') {
            return text_slice(words, 0, at);
        }
    }
    return words;
}

static void write_head(struct openapi *openapi, const struct described_method *described,
                       const char *suffix)
{
    struct text name = text_of(described->method->name);
    struct text summary = first_sentence(described->comment);
    json_member_string(&openapi->json, "operationId",
                       arena_format(openapi->arena, "%s.%s%s", described->service->name,
                                    described->method->name, suffix));
    json_write_name(&openapi->json, TEXT("tags"));
    json_open_array(&openapi->json);
    json_write_string(&openapi->json, text_of(described->service->name));
    json_close_array(&openapi->json);
    json_member_string(&openapi->json, "summary", summary.length > 0 ? summary : name);
    if (described->comment.length > summary.length + 1) {
        json_member_string(&openapi->json, "description", described->comment);
    }
    openapi_write_security(openapi, &described->need);
}

static void write_content(struct openapi *openapi, struct text message,
                          enum openapi_flavour flavour)
{
    json_write_name(&openapi->json, TEXT("content"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("application/json"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("schema"));
    openapi_write_reference(openapi, message, flavour);
    json_close_object(&openapi->json);
    json_close_object(&openapi->json);
}

/* A stream tells in its last frame how it failed. */
static void write_failures(struct openapi *openapi, const struct described_method *described)
{
    bool is_stream = described->method->kind != GRPC_UNARY;
    const struct openapi_need *need = &described->need;
    if (need->is_looked_at && !is_stream) {
        openapi_write_connect_problem(openapi, 401);
    }
    if ((need->is_looked_at || need->is_known) && !is_stream) {
        openapi_write_connect_problem(openapi, 403);
    }
    if (!is_stream) {
        openapi_write_connect_problem(openapi, 429);
    }
    json_write_name(&openapi->json, TEXT("default"));
    openapi_write_place(openapi, "responses/ConnectError");
}

static void write_responses(struct openapi *openapi, const struct described_method *described)
{
    json_write_name(&openapi->json, TEXT("responses"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("200"));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "description", described->response);
    write_content(openapi, described->response, OPENAPI_OUTPUT);
    json_close_object(&openapi->json);
    write_failures(openapi, described);
    json_close_object(&openapi->json);
}

static void write_timeout(struct openapi *openapi)
{
    openapi->has_timeout = true;
    openapi_write_place(openapi, "parameters/timeout");
}

static void write_get(struct openapi *openapi, const struct described_method *described)
{
    json_write_name(&openapi->json, TEXT("get"));
    json_open_object(&openapi->json);
    write_head(openapi, described, ".get");
    json_write_name(&openapi->json, TEXT("parameters"));
    json_open_array(&openapi->json);
    json_write_raw(&openapi->json, TEXT("{\"name\":\"encoding\",\"in\":\"query\",\"required\":true,"
                                        "\"schema\":{\"type\":\"string\",\"const\":\"json\"}}"));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "name", TEXT("message"));
    json_member_string(&openapi->json, "in", TEXT("query"));
    json_member_boolean(&openapi->json, "required", true);
    write_content(openapi, described->request, OPENAPI_INPUT);
    json_close_object(&openapi->json);
    write_timeout(openapi);
    json_close_array(&openapi->json);
    write_responses(openapi, described);
    json_close_object(&openapi->json);
}

static void write_post(struct openapi *openapi, const struct described_method *described)
{
    json_write_name(&openapi->json, TEXT("post"));
    json_open_object(&openapi->json);
    write_head(openapi, described, "");
    json_write_name(&openapi->json, TEXT("parameters"));
    json_open_array(&openapi->json);
    if (openapi->options->takes_keys != NULL && !described->method->no_side_effects) {
        openapi_write_key(openapi);
    }
    write_timeout(openapi);
    json_close_array(&openapi->json);
    json_write_name(&openapi->json, TEXT("requestBody"));
    json_open_object(&openapi->json);
    json_member_boolean(&openapi->json, "required", true);
    write_content(openapi, described->request, OPENAPI_INPUT);
    json_close_object(&openapi->json);
    write_responses(openapi, described);
    json_close_object(&openapi->json);
}

/* JSON Schema has no words for frames: the message in them stands beside. */
static void write_stream_content(struct openapi *openapi, struct text message,
                                 enum openapi_flavour flavour)
{
    json_write_name(&openapi->json, TEXT("content"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT(STREAM_TYPE));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("x-stream-of"));
    openapi_write_reference(openapi, message, flavour);
    json_close_object(&openapi->json);
    json_close_object(&openapi->json);
}

static void write_stream(struct openapi *openapi, const struct described_method *described)
{
    json_write_name(&openapi->json, TEXT("post"));
    json_open_object(&openapi->json);
    write_head(openapi, described, "");
    json_write_name(&openapi->json, TEXT("requestBody"));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "description",
                       TEXT("Each message behind a byte of flags and four bytes of its length"));
    json_member_boolean(&openapi->json, "required", true);
    write_stream_content(openapi, described->request, OPENAPI_INPUT);
    json_close_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("responses"));
    json_open_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("200"));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "description",
                       TEXT("Framed as the request is; the last frame, of flags 2, tells how the "
                            "call ended"));
    write_stream_content(openapi, described->response, OPENAPI_OUTPUT);
    json_close_object(&openapi->json);
    write_failures(openapi, described);
    json_close_object(&openapi->json);
    json_close_object(&openapi->json);
}

static void write_method(struct openapi *openapi, const struct described_method *described)
{
    json_write_name(&openapi->json, described->path);
    json_open_object(&openapi->json);
    if (described->method->kind != GRPC_UNARY) {
        write_stream(openapi, described);
    } else {
        if (described->method->no_side_effects) {
            write_get(openapi, described);
        }
        write_post(openapi, described);
    }
    json_close_object(&openapi->json);
}

void openapi_write_methods(struct openapi *openapi)
{
    const struct openapi_options *options = openapi->options;
    for (size_t i = 0; i < options->service_count; i++) {
        const struct grpc_service *service = &options->services[i];
        const struct openapi_symbol *symbol =
            openapi_find(&openapi->descriptors, text_of(service->name));
        for (size_t j = 0; j < service->method_count; j++) {
            const struct grpc_method *method = &service->methods[j];
            struct described_method described = {
                .service = service,
                .method = method,
                .path = arena_format(openapi->arena, "/%s/%s", service->name, method->name),
                .comment = method_comment(openapi, symbol, text_of(method->name)),
                .request = text_of(method->request->name),
                .response = text_of(method->response->name),
            };
            described.need = openapi_need_of(openapi, NULL, described.path);
            write_method(openapi, &described);
        }
    }
}
