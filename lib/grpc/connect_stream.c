#include "grpc/connect_stream.h"

#include "grpc/connect_error.h"
#include "grpc/connect_request.h"
#include "grpc/grpc_frame.h"
#include "grpc/grpc_server_private.h"
#include "grpc/grpc_status_map.h"
#include "json/json.h"

enum { FLAG_END = 2 };

static const struct http_header content_types[] = {
    [GRPC_CODEC_PROTO] = {TEXT_INIT("content-type"), TEXT_INIT("application/connect+proto")},
    [GRPC_CODEC_JSON] = {TEXT_INIT("content-type"), TEXT_INIT("application/connect+json")},
};

static bool is_first_of_name(const struct grpc_metadata_list *list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (text_equal(list->headers[i].name, list->headers[index].name)) {
            return false;
        }
    }
    return true;
}

/* One member a name, with all its values. */
static void write_metadata(struct json_writer *writer, const struct grpc_metadata_list *list)
{
    json_write_name(writer, TEXT("metadata"));
    json_open_object(writer);
    for (size_t i = 0; i < list->count; i++) {
        struct text name = list->headers[i].name;
        if (!is_first_of_name(list, i)) {
            continue;
        }
        json_write_name(writer, name);
        json_open_array(writer);
        for (size_t j = i; j < list->count; j++) {
            if (text_equal(list->headers[j].name, name)) {
                json_write_string(writer, list->headers[j].value);
            }
        }
        json_close_array(writer);
    }
    json_close_object(writer);
}

/* The frame that ends the reply, in the stream's buffer. false: no room. */
static bool write_end(struct grpc_server_call *self, enum status status)
{
    struct buffer *frame = &self->stream.out;
    struct json_writer writer;
    buffer_clear(frame);
    if (buffer_reserve(frame, GRPC_FRAME_PREFIX_BYTES) == NULL) {
        return false;
    }
    buffer_extend(frame, GRPC_FRAME_PREFIX_BYTES);
    json_writer_init(&writer, frame);
    json_open_object(&writer);
    if (status != STATUS_OK) {
        json_write_name(&writer, TEXT("error"));
        connect_write_error(&writer, self, status);
    }
    if (self->trailing.count > 0) {
        write_metadata(&writer, &self->trailing);
    }
    json_close_object(&writer);
    if (!json_writer_end(&writer)) {
        return false;
    }
    grpc_frame_prefix(false, frame->length - GRPC_FRAME_PREFIX_BYTES, frame->data);
    frame->data[0] = FLAG_END;
    return true;
}

static void finish(struct grpc_server_call *self, enum status status)
{
    if (!write_end(self, status) ||
        grpc_server_call_write(self, buffer_text(&self->stream.out)) != STATUS_OK) {
        http_abort(self->exchange, GRPC_HTTP2_CANCEL); /* a body without end is a failure, too */
        return;
    }
    http_finish(self->exchange, NULL, 0);
}

/* A version that is said must be ours. */
static enum status check_version(struct grpc_server_call *self)
{
    const struct http_request *request = http_exchange_request(self->exchange);
    struct text version =
        http_header_find(request->headers, request->header_count, TEXT("connect-protocol-version"));
    return version.data == NULL || text_equal(version, TEXT("1"))
               ? STATUS_OK
               : call_fail(&self->call, STATUS_INVALID_ARGUMENT,
                           "connect-protocol-version is not 1");
}

void connect_stream_serve(const struct grpc_server_method *method, struct http_exchange *exchange,
                          enum grpc_codec codec)
{
    static const struct grpc_framing framing = {
        .timeout = TEXT_INIT("connect-timeout-ms"),
        .take_timeout = connect_take_timeout,
        .encoding = {TEXT_INIT("connect-content-encoding"), TEXT_INIT("gzip")},
        .accept_encoding = {TEXT_INIT("connect-accept-encoding"), TEXT_INIT("gzip")},
        .reply = grpc_server_call_reply_in_parts,
        .finish = finish,
    };
    struct grpc_server_call *self = grpc_server_call_create(method, exchange, "connect");
    if (self == NULL) {
        http_reply_problem(exchange, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    self->framing = &framing;
    self->content_type = &content_types[codec];
    grpc_server_call_serve(self, codec, check_version(self));
}
