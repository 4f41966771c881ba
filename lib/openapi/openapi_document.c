#include <stdlib.h>

#include "http/http_operation.h"
#include "openapi/openapi_components.h"

/* Of one document, besides the descriptors: names and words. */
enum { WORK_BYTES_MAX = 32 * 1024 * 1024 };

static const char about_protocols[] =
    "Methods of gRPC services (`POST /Service/Method`) are described in the Connect protocol with "
    "JSON. The same paths take protobuf (`application/proto`), gRPC and gRPC-Web. Members may be "
    "left out, or be null: they then have their zero values; unknown ones are passed over. Plain "
    "routes answer errors as "
    "`application/problem+json` (RFC 9457).";

static void mark_content(struct openapi *openapi, const struct http_content *content)
{
    if (content->message != NULL) {
        openapi_mark_answered(openapi, text_of(content->message));
    }
}

static void mark_answered(struct openapi *openapi)
{
    const struct openapi_options *options = openapi->options;
    for (size_t i = 0; i < options->service_count; i++) {
        for (size_t j = 0; j < options->services[i].method_count; j++) {
            openapi_mark_answered(openapi, text_of(options->services[i].methods[j].response->name));
        }
    }
    for (size_t i = 0; i < options->route_count; i++) {
        const struct http_operation *operation = options->routes[i].operation;
        const struct http_answer *answer = operation != NULL ? operation->answers : NULL;
        for (; answer != NULL && answer->status != 0; answer++) {
            mark_content(openapi, &answer->content);
        }
    }
}

static void write_info(struct openapi *openapi)
{
    const struct openapi_options *options = openapi->options;
    struct text words = arena_format(openapi->arena, "%.*s\n\n%s", TEXT_ARGUMENTS(options->summary),
                                     about_protocols);
    json_write_name(&openapi->json, TEXT("info"));
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "title", options->title);
    json_member_string(&openapi->json, "version", options->version);
    json_member_string(&openapi->json, "description", words);
    json_close_object(&openapi->json);
    json_write_name(&openapi->json, TEXT("servers"));
    json_write_raw(&openapi->json, TEXT("[{\"url\":\"/\"}]"));
}

/* Headings, for the services whose comments say something. */
static void write_tags(struct openapi *openapi)
{
    json_write_name(&openapi->json, TEXT("tags"));
    json_open_array(&openapi->json);
    for (size_t i = 0; i < openapi->options->service_count; i++) {
        struct text name = text_of(openapi->options->services[i].name);
        const struct openapi_symbol *symbol = openapi_find(&openapi->descriptors, name);
        json_open_object(&openapi->json);
        json_member_string(&openapi->json, "name", name);
        if (symbol != NULL) {
            openapi_member_text(openapi, "description",
                                openapi_comment(openapi->arena, symbol, OPENAPI_ITSELF, 0));
        }
        json_close_object(&openapi->json);
    }
    json_close_array(&openapi->json);
}

static enum status write_all(struct openapi *openapi, struct buffer *buffer)
{
    json_writer_init(&openapi->json, buffer);
    mark_answered(openapi);
    json_open_object(&openapi->json);
    json_member_string(&openapi->json, "openapi", TEXT("3.1.0"));
    write_info(openapi);
    write_tags(openapi);
    json_write_name(&openapi->json, TEXT("paths"));
    json_open_object(&openapi->json);
    openapi_write_routes(openapi);
    openapi_write_methods(openapi);
    json_close_object(&openapi->json);
    openapi_write_components(openapi);
    json_close_object(&openapi->json);
    return json_writer_end(&openapi->json) ? openapi->status : STATUS_RESOURCE_EXHAUSTED;
}

enum status openapi_write(struct call *call, const struct openapi_options *options,
                          struct buffer *buffer)
{
    struct arena arena;
    arena_init(&arena, WORK_BYTES_MAX);
    struct openapi *openapi = arena_calloc(&arena, 1, sizeof(*openapi));
    struct openapi_use *uses = arena_calloc(&arena, OPENAPI_USES_MAX, sizeof(*uses));
    enum status status = STATUS_RESOURCE_EXHAUSTED;
    if (openapi != NULL && uses != NULL) {
        openapi->arena = &arena;
        openapi->options = options;
        openapi->uses = uses;
        status = openapi_descriptors_read(&arena, options->sets, options->set_count,
                                          &openapi->descriptors);
    }
    if (status == STATUS_OK) {
        status = write_all(openapi, buffer);
    }
    arena_deinit(&arena);
    return status == STATUS_OK ? STATUS_OK
                               : call_fail(call, status, "the OpenAPI document cannot be made: %s",
                                           status_name(status));
}
