/* One call whose messages come in frames, from its headers to its end; and what is gRPC's own. */
#include "base/arena.h"
#include "grpc/grpc_cors.h"
#include "grpc/grpc_server_private.h"
#include "grpc/grpc_status_map.h"
#include "grpc/grpc_timeout.h"
#include "grpc/grpc_web_text.h"

static const struct http_header content_types[] = {
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc")},
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc+proto")},
    {TEXT_INIT("content-type"), TEXT_INIT("application/grpc+json")},
};

static const struct http_header status_headers[STATUS_COUNT] = {
    {TEXT_INIT("grpc-status"), TEXT_INIT("0")},  {TEXT_INIT("grpc-status"), TEXT_INIT("1")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("2")},  {TEXT_INIT("grpc-status"), TEXT_INIT("3")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("4")},  {TEXT_INIT("grpc-status"), TEXT_INIT("5")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("6")},  {TEXT_INIT("grpc-status"), TEXT_INIT("7")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("8")},  {TEXT_INIT("grpc-status"), TEXT_INIT("9")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("10")}, {TEXT_INIT("grpc-status"), TEXT_INIT("11")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("12")}, {TEXT_INIT("grpc-status"), TEXT_INIT("13")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("14")}, {TEXT_INIT("grpc-status"), TEXT_INIT("15")},
    {TEXT_INIT("grpc-status"), TEXT_INIT("16")},
};

static const struct http_header *status_header(enum status status)
{
    return &status_headers[(unsigned)status < STATUS_COUNT ? status : STATUS_UNKNOWN];
}

/* What goes before the first message, beside the content-type. {NULL, 0}: no memory. */
static const struct http_header *all_headers(const struct grpc_server_call *self, size_t *ret_count)
{
    const struct grpc_server_options *options = &self->method->server->options;
    struct http_header *all = arena_alloc(
        self->call.arena, (3 + GRPC_CORS_HEADERS_MAX + self->initial.count) * sizeof(*all));
    if (all == NULL) {
        return NULL;
    }
    size_t count = 0;
    all[count++] = *self->content_type;
    if (self->gzip_announced) {
        all[count++] = self->framing->encoding;
    }
    if (self->encodings_told) {
        all[count++] = self->framing->accept_encoding;
    }
    for (size_t i = 0; i < self->initial.count; i++) {
        all[count++] = self->initial.headers[i];
    }
    *ret_count = grpc_cors_add(options, self->exchange, all, count);
    return all;
}

/* What goes before the first message: mostly the content-type alone. */
static const struct http_header *reply_headers(const struct grpc_server_call *self,
                                               size_t *ret_count)
{
    const struct http_header *all = NULL;
    if (self->gzip_announced || self->encodings_told || self->initial.count > 0 ||
        self->method->server->options.cors_origin_count > 0) {
        all = all_headers(self, ret_count);
    }
    if (all == NULL) {
        all = self->content_type;
        *ret_count = 1;
    }
    return all;
}

static void start_reply(struct grpc_server_call *self)
{
    size_t count;
    const struct http_header *headers = reply_headers(self, &count);
    self->headers_sent = true;
    http_reply_start(self->exchange, 200, headers, count);
}

/* Headers that no message has started. Initial metadata goes before the trailers, not with them: of
 * a single block a client takes all to be trailing. */
static void start_empty_reply(struct grpc_server_call *self)
{
    if (self->headers_sent) {
        return;
    }
    start_reply(self);
    if (self->initial.count > 0) {
        status_ignore(http_flush(self->exchange)); /* the end tells the same client the same */
    }
}

const struct http_header *grpc_server_call_trailers(struct grpc_server_call *self,
                                                    enum status status, size_t *ret_count)
{
    *ret_count = 1;
    struct text message = {NULL, 0};
    if (status != STATUS_OK) {
        message = grpc_message_encode(self->call.arena, self->call.error.message);
        grpc_server_call_attach_details(self, status);
    }
    if (message.length == 0 && self->trailing.count == 0) {
        return status_header(status);
    }
    struct http_header *trailers =
        arena_calloc(self->call.arena, 2 + self->trailing.count, sizeof(*trailers));
    if (trailers == NULL) {
        return status_header(status);
    }
    size_t count = 0;
    trailers[count++] = *status_header(status);
    if (message.length > 0) {
        trailers[count++] = (struct http_header){TEXT("grpc-message"), message};
    }
    for (size_t i = 0; i < self->trailing.count; i++) {
        trailers[count++] = self->trailing.headers[i];
    }
    *ret_count = count;
    return trailers;
}

/* Status, message and trailing metadata as the trailers. */
static void finish_reply(struct grpc_server_call *self, enum status status)
{
    size_t count;
    const struct http_header *trailers = grpc_server_call_trailers(self, status, &count);
    http_finish(self->exchange, trailers, count);
}

void grpc_server_call_reply_in_parts(struct grpc_server_call *self, struct text frame)
{
    if (!self->headers_sent) {
        start_reply(self);
    }
    if (self->stream.write(&self->stream, frame) != STATUS_OK) {
        /* The client has gone, or does not read and its time is up. */
        http_abort(self->exchange, GRPC_HTTP2_CANCEL);
        return;
    }
    self->framing->finish(self, STATUS_OK);
}

/* At once, if the handler has not sent the
 * headers: nothing is copied, nothing waits. */
static void reply_whole(struct grpc_server_call *self, struct text frame)
{
    if (self->headers_sent) {
        grpc_server_call_reply_in_parts(self, frame);
        return;
    }
    struct http_reply reply = {.status = 200, .body = frame};
    reply.headers = reply_headers(self, &reply.header_count);
    reply.trailers = grpc_server_call_trailers(self, STATUS_OK, &reply.trailer_count);
    reply.is_constant = reply.headers == self->content_type && self->trailing.count == 0;
    self->headers_sent = true;
    http_reply(self->exchange, &reply);
}

static enum status read_part(void *state, struct text *ret_part)
{
    struct grpc_server_call *self = state;
    return self->text != NULL ? grpc_web_text_read(self, ret_part)
                              : http_read(self->exchange, ret_part);
}

static enum status read_more(void *state, size_t bytes, struct text *part)
{
    struct grpc_server_call *self = state;
    return http_read_more(self->exchange, bytes, part);
}

enum status grpc_server_call_write(struct grpc_server_call *self, struct text bytes)
{
    if (!self->headers_sent) {
        start_reply(self);
    }
    return http_write(self->exchange, bytes);
}

static enum status write_frame(struct grpc_stream *stream, struct text frame)
{
    struct grpc_server_call *self = CONTAINER_OF(stream, struct grpc_server_call, stream);
    return self->text != NULL ? grpc_web_text_write(self, frame)
                              : grpc_server_call_write(self, frame);
}

static enum status send_headers(struct grpc_server_call *self)
{
    if (!self->headers_sent) {
        start_reply(self);
    }
    return http_flush(self->exchange);
}

static enum status take_encoding(struct grpc_server_call *self, struct text encoding)
{
    if (text_equal(encoding, TEXT("identity"))) {
        return STATUS_OK;
    }
    self->encodings_told = true;
    if (text_equal(encoding, TEXT("gzip"))) {
        self->stream.reader.gzip = true;
        return STATUS_OK;
    }
    return call_fail(&self->call, STATUS_UNIMPLEMENTED, "there is no compression '%.*s' here",
                     TEXT_ARGUMENTS(encoding));
}

/* Reads what the protocol says in headers; the deadline is set whatever else is wrong. */
static enum status take_headers(struct grpc_server_call *self)
{
    const struct http_request *request = http_exchange_request(self->exchange);
    const struct grpc_framing *framing = self->framing;
    enum status status = STATUS_OK;
    int64_t timeout_ns = -1;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (text_equal(header->name, framing->timeout)) {
            enum status timeout_status =
                framing->take_timeout(&self->call, header->value, &timeout_ns);
            status = timeout_status != STATUS_OK ? timeout_status : status;
        } else if (text_equal(header->name, framing->encoding.name)) {
            enum status encoding_status = take_encoding(self, header->value);
            status = status == STATUS_OK ? encoding_status : status;
        } else if (text_equal(header->name, framing->accept_encoding.name)) {
            self->gzip_accepted = grpc_accepts_encoding(header->value, TEXT("gzip"));
        }
    }
    grpc_server_call_set_timeout(self, timeout_ns);
    self->gzip_announced = self->stream.reader.gzip && self->gzip_accepted;
    self->stream.form.compress = self->gzip_announced;
    return status;
}

static void init_stream(struct grpc_server_call *self, enum grpc_codec codec)
{
    const struct grpc_server_method *method = self->method;
    enum grpc_method_kind kind = method->method->kind;
    struct grpc_stream *stream = &self->stream;
    stream->call = &self->call;
    grpc_frame_reader_init(&stream->reader, method->message_bytes_max, read_part, self);
    stream->reader.read_more = self->text == NULL ? read_more : NULL;
    stream->receive_type = method->request;
    stream->send_type = method->response;
    stream->form.codec = codec;
    stream->write = write_frame;
    stream->receives_one = kind == GRPC_UNARY || kind == GRPC_SERVER_STREAMING;
    stream->sends_one = kind == GRPC_UNARY || kind == GRPC_CLIENT_STREAMING;
    grpc_stream_init(stream);
}

static enum status encode_response(struct grpc_server_call *self, const ProtobufCMessage *response,
                                   struct text *ret_frame)
{
    struct grpc_stream *stream = &self->stream;
    if (stream->form.codec == GRPC_CODEC_PROTO && !stream->form.compress) {
        return grpc_codec_frame_in_arena(&self->call, response, ret_frame);
    }
    struct buffer *body = http_exchange_body(self->exchange, GRPC_SEND_BYTES_MAX);
    enum status status =
        grpc_codec_frame(&self->call, stream->form, stream->send_type, response, body);
    *ret_frame = buffer_text(body);
    return status;
}

static void serve_unary(struct grpc_server_call *self)
{
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *response = NULL;
    struct text frame = {NULL, 0};
    enum status status = grpc_receive(&self->stream, &request);
    if (status == STATUS_OK) {
        status = grpc_server_call_run_unary(self, request, &response);
    }
    if (status == STATUS_OK) {
        status = encode_response(self, response, &frame);
        self->sent_bytes = frame.length;
    }
    grpc_server_call_observe(self, status);
    if (status == STATUS_OK) {
        self->framing->reply(self, frame);
    } else {
        start_empty_reply(self);
        self->framing->finish(self, status);
    }
}

static void serve_stream(struct grpc_server_call *self)
{
    enum status status =
        self->method->method->stream(self->method->state, &self->call, &self->stream);
    enum status over = grpc_server_call_check(self);
    if (over != STATUS_OK) {
        status = over;
    } else if (status == STATUS_OK && self->stream.sends_one && !self->stream.sent) {
        status = call_fail(&self->call, STATUS_INTERNAL, "the handler gave no reply");
    }
    grpc_server_call_observe(self, status);
    start_empty_reply(self);
    self->framing->finish(self, status);
}

void grpc_server_call_serve(struct grpc_server_call *self, enum grpc_codec codec,
                            enum status failure)
{
    self->send_headers = send_headers;
    init_stream(self, codec);
    enum status status = take_headers(self);
    if (failure != STATUS_OK) {
        status = failure;
    }
    if (status == STATUS_OK) {
        status = grpc_server_call_admit(self);
    }
    if (status != STATUS_OK) {
        grpc_server_call_observe(self, status);
        start_reply(self);
        self->framing->finish(self, status);
    } else if (self->method->method->kind == GRPC_UNARY) {
        serve_unary(self);
    } else {
        serve_stream(self);
    }
    grpc_stream_deinit(&self->stream);
}

bool grpc_take_content_type(struct text rest, const struct http_header *types,
                            enum grpc_codec *ret_codec, const struct http_header **ret_type,
                            bool *ret_known)
{
    rest = text_trim(text_slice(rest, 0, text_find(rest, 0, ';')));
    *ret_codec = GRPC_CODEC_PROTO;
    *ret_type = &types[GRPC_CONTENT_BARE];
    *ret_known = true;
    if (rest.length == 0) {
        return true;
    }
    if (rest.data[0] != '+') {
        return false;
    }
    *ret_known = grpc_codec_parse(text_slice(rest, 1, rest.length), ret_codec);
    if (*ret_known) {
        *ret_type = &types[*ret_codec == GRPC_CODEC_JSON ? GRPC_CONTENT_JSON : GRPC_CONTENT_PROTO];
    }
    return true;
}

enum status grpc_take_timeout(struct call *call, struct text value, int64_t *ret_timeout_ns)
{
    return grpc_timeout_parse(value, ret_timeout_ns)
               ? STATUS_OK
               : call_fail(call, STATUS_INTERNAL, "malformed grpc-timeout");
}

/* Whether HTTP's side of the request is gRPC's; answers if it is not. */
static bool check_request(struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    if (request->version < 2) {
        http_reply_problem_with(exchange, 505, TEXT("gRPC needs HTTP/2"), NULL, 0);
        return false;
    }
    if (!text_equal(request->method, TEXT("POST"))) {
        static const struct http_header allow = {TEXT_INIT("allow"), TEXT_INIT("POST")};
        http_reply_problem_with(exchange, 405, TEXT("gRPC calls are POST requests"), &allow, 1);
        return false;
    }
    return true;
}

/* The content-type for a reply to this request, whatever it is. */
static const struct http_header *reply_type(struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct text type =
        http_header_find(request->headers, request->header_count, TEXT("content-type"));
    const struct http_header *row = &content_types[GRPC_CONTENT_BARE];
    enum grpc_codec codec;
    bool known;
    if (text_starts_with(type, row->value)) {
        (void)grpc_take_content_type(text_slice(type, row->value.length, type.length),
                                     content_types, &codec, &row, &known);
    }
    return row;
}

void grpc_reply_trailers_only(struct http_exchange *exchange, enum status status,
                              struct text message)
{
    struct arena *arena = http_exchange_call(exchange)->arena;
    struct http_header *trailers = arena_calloc(arena, 2, sizeof(*trailers));
    http_reply_start(exchange, 200, reply_type(exchange), 1);
    if (trailers == NULL) {
        http_finish(exchange, status_header(status), 1);
        return;
    }
    trailers[0] = *status_header(status);
    trailers[1] = (struct http_header){TEXT("grpc-message"), grpc_message_encode(arena, message)};
    http_finish(exchange, trailers, trailers[1].value.length > 0 ? 2 : 1);
}

void grpc_serve(const struct grpc_server_method *method, struct http_exchange *exchange,
                struct text content_type)
{
    static const struct grpc_framing framing = {
        .timeout = TEXT_INIT("grpc-timeout"),
        .take_timeout = grpc_take_timeout,
        .encoding = {TEXT_INIT("grpc-encoding"), TEXT_INIT("gzip")},
        .accept_encoding = {TEXT_INIT("grpc-accept-encoding"), TEXT_INIT("identity,gzip")},
        .reply = reply_whole,
        .finish = finish_reply,
    };
    struct text rest =
        text_slice(content_type, TEXT("application/grpc").length, content_type.length);
    enum grpc_codec codec;
    const struct http_header *type;
    bool known;
    if (!grpc_take_content_type(rest, content_types, &codec, &type, &known)) {
        http_reply_problem_with(exchange, 415, TEXT("an unknown content-type"), NULL, 0);
        return;
    }
    if (!check_request(exchange)) {
        return;
    }
    struct grpc_server_call *self = grpc_server_call_create(method, exchange, "grpc");
    if (self == NULL) {
        grpc_reply_trailers_only(exchange, STATUS_RESOURCE_EXHAUSTED, TEXT("no memory"));
        return;
    }
    self->framing = &framing;
    self->content_type = type;
    grpc_server_call_serve(
        self, codec,
        known ? STATUS_OK : call_fail(&self->call, STATUS_UNIMPLEMENTED, "an unknown codec"));
}
