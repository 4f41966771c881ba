/* gRPC-Web's unary calls, for web_client.h. */
#include "base/arena.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_metadata.h"
#include "grpc/grpc_timeout.h"
#include "grpc/web_client_private.h"

enum { FLAG_COMPRESSED = 1, FLAG_TRAILERS = 0x80 };

static const struct http_header content_types[] = {
    [GRPC_CODEC_PROTO] = {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web+proto")},
    [GRPC_CODEC_JSON] = {TEXT_INIT("content-type"), TEXT_INIT("application/grpc-web+json")},
};

static enum status no_memory(struct web_call *self)
{
    return call_fail(self->call, STATUS_RESOURCE_EXHAUSTED, "no memory for the call");
}

static enum status add_timeout(struct web_call *self)
{
    if (self->call->deadline_ns == CALL_NO_DEADLINE) {
        return STATUS_OK;
    }
    char *buffer = arena_alloc(self->call->arena, GRPC_TIMEOUT_TEXT_BYTES);
    if (buffer == NULL) {
        return no_memory(self);
    }
    web_call_add_header(self, TEXT("grpc-timeout"),
                        grpc_timeout_format(call_remaining_ns(self->call), buffer));
    return STATUS_OK;
}

enum status grpc_web_client_prepare(struct web_call *self, const ProtobufCMessage *request,
                                    struct web_request *ret_request)
{
    const struct grpc_codec_form form = {.codec = self->client->codec,
                                         .compress = self->options->compress};
    enum status status =
        grpc_codec_frame(self->call, form, self->request_type, request, &self->body);
    if (status == STATUS_OK) {
        status = add_timeout(self);
    }
    if (status != STATUS_OK) {
        return status;
    }
    web_call_add_header(self, content_types[form.codec].name, content_types[form.codec].value);
    web_call_add_header(self, TEXT("accept"), content_types[form.codec].value);
    web_call_add_header(self, TEXT("x-grpc-web"), TEXT("1"));
    web_call_add_header(self, TEXT("user-agent"), TEXT("grpc-web-c-marquee/0.1"));
    web_call_add_header(self, TEXT("grpc-accept-encoding"), TEXT("identity,gzip"));
    if (form.compress) {
        web_call_add_header(self, TEXT("grpc-encoding"), TEXT("gzip"));
    }
    ret_request->body = buffer_text(&self->body);
    return STATUS_OK;
}

static struct text lower_case(struct arena *arena, struct text name)
{
    struct text copy = arena_copy(arena, name);
    char *data = (char *)(uintptr_t)copy.data; /* ours: it was just made */
    for (size_t i = 0; data != NULL && i < copy.length; i++) {
        if (data[i] >= 'A' && data[i] <= 'Z') {
            data[i] = (char)(data[i] | 0x20);
        }
    }
    return copy;
}

/* The lines of the last frame. */
static enum status take_trailers(struct web_call *self, struct text block)
{
    struct arena *arena = self->call->arena;
    struct http_header *trailers = arena_calloc(arena, HTTP_HEADER_COUNT_MAX, sizeof(*trailers));
    size_t count = 0;
    if (trailers == NULL) {
        return no_memory(self);
    }
    while (block.length > 0) {
        struct text line = text_next(&block, '\n');
        if (text_ends_with(line, TEXT("\r"))) {
            line.length--;
        }
        if (line.length == 0) {
            continue;
        }
        size_t colon = text_find(line, 0, ':');
        if (colon == line.length || count == HTTP_HEADER_COUNT_MAX ||
            text_find(line, 0, '\0') < line.length) {
            return call_fail(self->call, STATUS_INTERNAL, "the reply's trailers are malformed");
        }
        trailers[count].name = lower_case(arena, text_slice(line, 0, colon));
        trailers[count++].value = text_trim(text_slice(line, colon + 1, line.length));
    }
    self->reply.trailers = trailers;
    self->reply.trailer_count = count;
    return STATUS_OK;
}

/* One frame of the body. */
struct frame {
    unsigned char flags;
    struct text bytes;
};

static enum status take_frame(struct web_call *self, struct text *body, struct frame *ret_frame)
{
    const unsigned char *prefix = (const unsigned char *)body->data;
    if (body->length < GRPC_FRAME_PREFIX_BYTES) {
        return call_fail(self->call, STATUS_INTERNAL, "the body ends within a frame's prefix");
    }
    size_t length = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 |
                    (size_t)prefix[4];
    struct text rest = text_slice(*body, GRPC_FRAME_PREFIX_BYTES, body->length);
    if ((prefix[0] & ~(FLAG_TRAILERS | FLAG_COMPRESSED)) != 0) {
        return call_fail(self->call, STATUS_INTERNAL, "a frame with the unknown flags %u",
                         prefix[0]);
    }
    if (rest.length < length) {
        return call_fail(self->call, STATUS_INTERNAL, "the body ends within a frame");
    }
    *ret_frame = (struct frame){prefix[0], text_slice(rest, 0, length)};
    *body = text_slice(rest, length, rest.length);
    return STATUS_OK;
}

/* What the body holds. */
struct content {
    struct frame message; /* the first one */
    size_t messages;
    bool ended; /* the trailers have come */
};

static enum status take_body(struct web_call *self, bool gzip, struct content *content)
{
    struct text body = self->http.body;
    while (body.length > 0) {
        struct frame frame;
        enum status status = take_frame(self, &body, &frame);
        if (status != STATUS_OK) {
            return status;
        }
        if (content->ended) {
            return call_fail(self->call, STATUS_INTERNAL, "a frame after the trailers");
        }
        bool compressed = (frame.flags & FLAG_COMPRESSED) != 0;
        if (compressed && !gzip) {
            return call_fail(self->call, STATUS_INTERNAL,
                             "a frame is flagged as compressed, but grpc-encoding names no "
                             "compression");
        }
        if ((frame.flags & FLAG_TRAILERS) == 0) {
            content->message = content->messages == 0 ? frame : content->message;
            content->messages++;
            continue;
        }
        content->ended = true;
        if (compressed && frame.bytes.length > 0) {
            status = web_call_inflate(self, frame.bytes, &frame.bytes);
        }
        if (status == STATUS_OK) {
            status = take_trailers(self, frame.bytes);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* What the trailers say. */
static enum status take_status(struct web_call *self)
{
    const struct web_reply *reply = &self->reply;
    struct text number =
        http_header_find(reply->trailers, reply->trailer_count, TEXT("grpc-status"));
    struct text message =
        http_header_find(reply->trailers, reply->trailer_count, TEXT("grpc-message"));
    uint64_t code;
    if (number.data == NULL) {
        return call_fail(self->call, STATUS_INTERNAL, "the reply has no grpc-status");
    }
    enum status status =
        text_to_u64(number, &code) && code < STATUS_COUNT ? (enum status)code : STATUS_UNKNOWN;
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (message.length == 0) {
        return call_fail(self->call, status, "%s", status_name(status));
    }
    struct text words = grpc_message_decode(self->call->arena, message);
    return call_fail(self->call, status, "%.*s", TEXT_ARGUMENTS(words));
}

/* Whether the messages may be compressed. */
static enum status take_encoding(struct web_call *self, bool *ret_gzip)
{
    struct text encoding =
        http_header_find(self->http.headers, self->http.header_count, TEXT("grpc-encoding"));
    *ret_gzip = text_equal(encoding, TEXT("gzip"));
    if (*ret_gzip || encoding.length == 0 || text_equal(encoding, TEXT("identity"))) {
        return STATUS_OK;
    }
    return call_fail(self->call, STATUS_INTERNAL,
                     "the reply is compressed by '%.*s', which was not offered",
                     TEXT_ARGUMENTS(encoding));
}

/* The codec that was asked for, or for protobuf none. */
static enum status take_content_type(struct web_call *self)
{
    static const struct text bare = TEXT_INIT("application/grpc-web");
    struct text type = web_call_content_type(self);
    if (text_equal(type, content_types[self->client->codec].value) ||
        (self->client->codec == GRPC_CODEC_PROTO && text_equal(type, bare))) {
        return STATUS_OK;
    }
    return web_call_fail_type(self, text_starts_with(type, TEXT("application/grpc-web+")));
}

enum status grpc_web_client_conclude(struct web_call *self, ProtobufCMessage **ret_response)
{
    struct content content = {.messages = 0};
    bool gzip = false;
    self->reply.headers = self->http.headers;
    self->reply.header_count = self->http.header_count;
    if (self->http.status != 200) {
        return call_fail(self->call, status_from_http(self->http.status), "the reply is HTTP %d",
                         self->http.status);
    }
    enum status status = take_content_type(self);
    if (status == STATUS_OK && self->http.body.length == 0) {
        /* The whole reply is its headers, which are the trailers then. */
        self->reply.trailers = self->reply.headers;
        self->reply.trailer_count = self->reply.header_count;
        self->reply.header_count = 0;
        content.ended = true;
    }
    if (status == STATUS_OK) {
        status = take_encoding(self, &gzip);
    }
    if (status == STATUS_OK) {
        status = take_body(self, gzip, &content);
    }
    if (status == STATUS_OK) {
        status = take_status(self);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (content.messages != 1) {
        return call_fail(self->call, STATUS_UNIMPLEMENTED, "one message was expected, %zu came",
                         content.messages);
    }
    return web_call_decode(self, content.message.bytes,
                           (content.message.flags & FLAG_COMPRESSED) != 0, ret_response);
}
