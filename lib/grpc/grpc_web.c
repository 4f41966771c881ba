#include "grpc/grpc_web.h"

#include "base/arena.h"
#include "grpc/grpc_cors.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_server_private.h"
#include "grpc/grpc_status_map.h"
#include "grpc/grpc_web_text.h"
#include "json/base64.h"

enum { FLAG_TRAILERS = 0x80 };

static const struct http_header binary_types[GRPC_CONTENT_TYPES] = {
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web")},
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web+proto")},
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web+json")},
};
static const struct http_header text_types[GRPC_CONTENT_TYPES] = {
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web-text")},
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web-text+proto")},
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web-text+json")},
};

/* A content-type of gRPC-Web, taken apart. */
struct web_type {
    bool is_text;
    enum grpc_codec codec;
    bool is_known; /* the codec */
    unsigned row;  /* of the tables above */
};

bool grpc_web_is_type(struct text content_type)
{
    return text_starts_with(content_type, TEXT("application/grpc-web"));
}

static bool take_type(struct text content_type, struct web_type *ret_type)
{
    struct text prefix = binary_types[GRPC_CONTENT_BARE].value;
    struct text text_prefix = text_types[GRPC_CONTENT_BARE].value;
    const struct http_header *row;
    if (!text_starts_with(content_type, prefix)) {
        return false;
    }
    ret_type->is_text = text_starts_with(content_type, text_prefix);
    if (ret_type->is_text) {
        prefix = text_prefix;
    }
    bool taken =
        grpc_take_content_type(text_slice(content_type, prefix.length, content_type.length),
                               binary_types, &ret_type->codec, &row, &ret_type->is_known);
    if (taken) {
        ret_type->row = (unsigned)(row - binary_types);
    }
    return taken;
}

/* Whether the reply is to be text: what `accept` says, else as the request is. */
static bool wants_text(const struct http_request *request, bool request_is_text)
{
    struct text accepted =
        http_header_find(request->headers, request->header_count, TEXT("accept"));
    bool binary = false;
    while (accepted.data != NULL) {
        struct web_type type;
        if (take_type(text_trim(text_next(&accepted, ',')), &type)) {
            if (type.is_text) {
                return true;
            }
            binary = true;
        }
    }
    return request_is_text && !binary;
}

static char *append(char *to, struct text text)
{
    if (text.length > 0) {
        memcpy(to, text.data, text.length);
    }
    return to + text.length;
}

/* The frame that ends a reply: the trailers as lines, each with its end, under the highest flag.
 * {NULL, 0}: no memory. */
static struct text trailers_frame(struct arena *arena, const struct http_header *trailers,
                                  size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        length += trailers[i].name.length + trailers[i].value.length + TEXT(": \r\n").length;
    }
    char *frame = arena_alloc(arena, GRPC_FRAME_PREFIX_BYTES + length + 1);
    if (frame == NULL) {
        return (struct text){NULL, 0};
    }
    grpc_frame_prefix(false, length, frame);
    frame[0] = (char)FLAG_TRAILERS;
    char *to = frame + GRPC_FRAME_PREFIX_BYTES;
    for (size_t i = 0; i < count; i++) {
        to = append(to, trailers[i].name);
        to = append(to, TEXT(": "));
        to = append(to, trailers[i].value);
        to = append(to, TEXT("\r\n"));
    }
    return (struct text){frame, GRPC_FRAME_PREFIX_BYTES + length};
}

static void finish(struct grpc_server_call *self, enum status status)
{
    size_t count;
    const struct http_header *trailers = grpc_server_call_trailers(self, status, &count);
    struct text frame = trailers_frame(self->call.arena, trailers, count);
    if (frame.data == NULL || self->stream.write(&self->stream, frame) != STATUS_OK) {
        http_abort(self->exchange, GRPC_HTTP2_CANCEL); /* a body without end is a failure, too */
        return;
    }
    http_finish(self->exchange, NULL, 0);
}

static const struct grpc_framing framing = {
    .timeout = TEXT_INIT("grpc-timeout"),
    .take_timeout = grpc_take_timeout,
    .encoding = {TEXT_INIT("grpc-encoding"), TEXT_INIT("gzip")},
    .accept_encoding = {TEXT_INIT("grpc-accept-encoding"), TEXT_INIT("identity,gzip")},
    .reply = grpc_server_call_reply_in_parts,
    .finish = finish,
};

static void reply_unknown_type(struct http_exchange *exchange)
{
    http_reply_problem_with(exchange, 415, TEXT("an unknown content-type"), NULL, 0);
}

/* The same bytes as base64. {NULL, 0}: no memory. */
static struct text encode(struct arena *arena, struct text bytes)
{
    char *encoded = arena_alloc(arena, (bytes.length + 2) / 3 * 4);
    return encoded != NULL ? text_of_bytes(encoded, base64_encode_to(bytes, encoded))
                           : (struct text){NULL, 0};
}

void grpc_web_reply_unimplemented(const struct grpc_server *server, struct http_exchange *exchange,
                                  struct text content_type, struct text message)
{
    struct arena *arena = http_exchange_call(exchange)->arena;
    struct web_type type;
    if (!take_type(content_type, &type)) {
        reply_unknown_type(exchange);
        return;
    }
    const struct http_header trailers[] = {
        {TEXT("grpc-status"), TEXT("12")},
        {TEXT("grpc-message"), grpc_message_encode(arena, message)},
    };
    struct text body = trailers_frame(arena, trailers, ARRAY_LENGTH(trailers));
    bool is_text = wants_text(http_exchange_request(exchange), type.is_text);
    if (is_text && body.data != NULL) {
        body = encode(arena, body);
    }
    struct http_header *headers = arena_calloc(arena, 1 + GRPC_CORS_HEADERS_MAX, sizeof(*headers));
    if (body.data == NULL || headers == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    headers[0] = is_text ? text_types[type.row] : binary_types[type.row];
    size_t count = grpc_cors_add(&server->options, exchange, headers, 1);
    http_reply(exchange,
               &(struct http_reply){
                   .status = 200, .headers = headers, .header_count = count, .body = body});
}

void grpc_web_serve(const struct grpc_server_method *method, struct http_exchange *exchange,
                    struct text content_type)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct web_type type;
    if (!take_type(content_type, &type)) {
        reply_unknown_type(exchange);
        return;
    }
    if (!text_equal(request->method, TEXT("POST"))) {
        static const struct http_header allow = {TEXT_INIT("allow"), TEXT_INIT("POST")};
        http_reply_problem_with(exchange, 405, TEXT("gRPC calls are POST requests"), &allow, 1);
        return;
    }
    struct grpc_server_call *self = grpc_server_call_create(method, exchange, "grpc-web");
    bool reply_is_text = wants_text(request, type.is_text);
    if (self == NULL || ((type.is_text || reply_is_text) &&
                         !grpc_web_text_begin(self, type.is_text, reply_is_text))) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    self->framing = &framing;
    self->content_type = reply_is_text ? &text_types[type.row] : &binary_types[type.row];
    grpc_server_call_serve(self, type.codec,
                           type.is_known
                               ? STATUS_OK
                               : call_fail(&self->call, STATUS_UNIMPLEMENTED, "an unknown codec"));
}
