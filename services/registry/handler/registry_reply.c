#include "registry/handler/registry_reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

enum { ERROR_BYTES_MAX = 1024 };

static const struct http_header text_type = {TEXT_INIT("content-type"),
                                             TEXT_INIT("text/plain; charset=utf-8")};

static void reply_empty(struct registry_request *request)
{
    request->replied = 200;
    http_reply(request->exchange, &(struct http_reply){.status = 200});
}

void registry_reply_error(struct registry_request *request, int http_status, struct text message)
{
    request->replied = http_status;
    request->complaint = message;
    http_reply(request->exchange, &(struct http_reply){
                                      .status = http_status,
                                      .headers = &text_type,
                                      .header_count = 1,
                                      .body = message,
                                  });
}

void registry_reply_reason(struct registry_request *request, int http_status, struct text reason)
{
    const struct http_header headers[] = {
        {TEXT("content-type"), TEXT("text/plain")},
        {TEXT("x-consul-reason"), reason},
    };
    http_reply(request->exchange, &(struct http_reply){
                                      .status = http_status,
                                      .headers = headers,
                                      .header_count = ARRAY_LENGTH(headers),
                                      .body = reason,
                                  });
}

void registry_reply_format(struct registry_request *request, int http_status, const char *format,
                           ...)
{
    char message[ERROR_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    registry_reply_error(request, http_status, arena_copy(request->call->arena, text_of(message)));
}

void registry_reply_status(struct registry_request *request, enum status status)
{
    struct text message = request->call->error.message;
    /* Consul's code for a report on a check that takes none. */
    int http_status = status == STATUS_FAILED_PRECONDITION ? 500 : status_to_http(status);
    registry_reply_error(request, http_status,
                         message.length > 0 ? message : text_of(status_name(status)));
}

static struct http_header allow_header(struct registry_request *request, const char *allowed)
{
    return (struct http_header){TEXT("allow"),
                                arena_format(request->call->arena, "OPTIONS,%s", allowed)};
}

void registry_reply_options(struct registry_request *request, const char *allowed)
{
    const struct http_header header = allow_header(request, allowed);
    http_reply(request->exchange,
               &(struct http_reply){.status = 200, .headers = &header, .header_count = 1});
}

void registry_reply_method(struct registry_request *request, struct text method,
                           const char *allowed)
{
    struct http_header headers[] = {text_type, allow_header(request, allowed)};
    http_reply(request->exchange,
               &(struct http_reply){
                   .status = 405,
                   .headers = headers,
                   .header_count = ARRAY_LENGTH(headers),
                   .body = arena_format(request->call->arena, "method %.*s not allowed",
                                        TEXT_ARGUMENTS(method)),
               });
}

/* The whole body of the request. false: it was answered. */
static bool read_body(struct registry_request *request, struct text *ret_body)
{
    enum status status = http_read_all(request->exchange, REGISTRY_BODY_BYTES_MAX, ret_body);
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        registry_reply_format(request, 413, "Request body too large, max size: %d bytes",
                              REGISTRY_BODY_BYTES_MAX);
    } else if (status != STATUS_OK) {
        registry_reply_status(request, status);
    }
    return status == STATUS_OK;
}

bool registry_read_json(struct registry_request *request, const struct json **ret_body)
{
    struct text body;
    if (!read_body(request, &body)) {
        return false;
    }
    if (text_trim(body).length == 0) {
        registry_reply_error(request, 400, TEXT("Request decode failed: EOF"));
        return false;
    }
    enum status status = json_parse(request->call, body, ret_body);
    if (status == STATUS_INVALID_ARGUMENT) {
        registry_reply_format(request, 400, "Request decode failed: %.*s",
                              TEXT_ARGUMENTS(request->call->error.message));
    } else if (status != STATUS_OK) {
        registry_reply_status(request, status);
    }
    return status == STATUS_OK;
}

void registry_reply_write(struct registry_request *request, enum status status)
{
    if (status == STATUS_OK) {
        reply_empty(request);
    } else {
        registry_reply_status(request, status);
    }
}

static void release_buffer(void *argument)
{
    buffer_deinit(argument);
}

struct registry_json *registry_json_begin(struct registry_request *request)
{
    struct arena *arena = request->call->arena;
    struct registry_json *json = arena_calloc(arena, 1, sizeof(*json));
    if (json != NULL) {
        buffer_init(&json->buffer, REGISTRY_REPLY_BYTES_MAX);
    }
    if (json == NULL || !arena_defer(arena, release_buffer, &json->buffer)) {
        registry_reply_error(request, 500, TEXT("no memory"));
        return NULL;
    }
    json_writer_init(&json->writer, &json->buffer);
    return json;
}

void registry_json_send(struct registry_request *request, struct registry_json *json,
                        uint64_t index)
{
    struct text index_text = {NULL, 0};
    if (json->status != STATUS_OK) {
        registry_reply_error(request, 500, request->call->error.message);
        return;
    }
    if (index > 0) {
        index_text = arena_format(request->call->arena, "%llu", (unsigned long long)index);
    }
    if (!json_writer_end(&json->writer) || (index > 0 && index_text.data == NULL)) {
        registry_reply_error(request, 500, TEXT("the reply is too large"));
        return;
    }
    const struct {
        const char *name;
        struct text value;
        bool is_sent;
    } possible[] = {
        {"content-type", TEXT("application/json"), true},
        {"x-consul-index", index_text, index > 0},
        {"x-consul-knownleader", TEXT("true"), index > 0},
        {"x-consul-lastcontact", TEXT("0"), index > 0},
        {"x-consul-contenthash", json->content_hash, json->content_hash.length > 0},
        {"x-consul-reason", json->reason, json->reason.length > 0},
    };
    struct http_header headers[ARRAY_LENGTH(possible)];
    size_t count = 0;
    request->replied = json->http_status != 0 ? json->http_status : 200;
    for (size_t i = 0; i < ARRAY_LENGTH(possible); i++) {
        if (possible[i].is_sent) {
            headers[count++] = (struct http_header){text_of(possible[i].name), possible[i].value};
        }
    }
    http_reply(request->exchange, &(struct http_reply){
                                      .status = request->replied,
                                      .headers = headers,
                                      .header_count = count,
                                      .body = buffer_text(&json->buffer),
                                  });
}
