#include "unit/grpc/raw_client.h"

#include "base/buffer.h"
#include "http/http1_chunked.h"
#include "http/http2_client.h"
#include "http/http_transport.h"
#include "support/cmocka_test.h"

enum { REPLY_BYTES_MAX = 1024 * 1024 };

static size_t header_count(const struct raw_request *request)
{
    size_t count = 0;
    while (count < RAW_HEADERS_MAX && request->headers[count].name.length > 0) {
        count++;
    }
    return count;
}

static const char *method_of(const struct raw_request *request)
{
    return request->method != NULL ? request->method : "POST";
}

static struct http_transport *connect_loopback(struct grpc_fixture *fixture)
{
    struct http_transport *transport;
    assert_int_equal(http_server_connect_loopback(fixture->server.http, &transport), STATUS_OK);
    return transport;
}

/* Headers outlive the request only as copies. */
static const struct http_header *copy_headers(struct arena *arena,
                                              const struct http_header *headers, size_t count)
{
    struct http_header *copies = arena_calloc(arena, count + 1, sizeof(*copies));
    assert_non_null(copies);
    for (size_t i = 0; i < count; i++) {
        copies[i].name = arena_copy(arena, headers[i].name);
        copies[i].value = arena_copy(arena, headers[i].value);
    }
    return copies;
}

static struct http2_request *start(struct grpc_fixture *fixture, struct http2_client *client,
                                   const struct raw_request *request)
{
    struct http_header headers[5 + RAW_HEADERS_MAX] = {
        {TEXT(":method"), text_of(method_of(request))},
        {TEXT(":scheme"), TEXT("http")},
        {TEXT(":path"), text_of(request->path)},
        {TEXT(":authority"), TEXT("test")},
    };
    size_t count = 4;
    if (request->content_type != NULL) {
        headers[count++] =
            (struct http_header){TEXT("content-type"), text_of(request->content_type)};
    }
    size_t further = header_count(request);
    memcpy(headers + count, request->headers, further * sizeof(*headers));
    count += further;
    struct http2_request *started;
    /* The texts must last until the request is closed. */
    assert_int_equal(http2_request_start(client, &fixture->call,
                                         copy_headers(&fixture->arena, headers, count), count,
                                         request->body.data == NULL, &started),
                     STATUS_OK);
    return started;
}

static void read_reply(struct grpc_fixture *fixture, struct http2_request *request,
                       struct raw_reply *reply)
{
    CLEANUP(buffer_deinit) struct buffer body;
    struct text part = {"", 1};
    const struct http_header *headers;
    buffer_init(&body, REPLY_BYTES_MAX);
    assert_int_equal(http2_request_headers(request, &headers, &reply->header_count), STATUS_OK);
    assert_true(reply->header_count > 0);
    assert_true(text_to_u64(headers[0].value, &reply->status));
    reply->headers = copy_headers(&fixture->arena, headers, reply->header_count);
    while (part.length > 0) {
        assert_int_equal(http2_request_read(request, &part), STATUS_OK);
        assert_true(buffer_append(&body, part));
    }
    assert_int_equal(http2_request_outcome(request), HTTP2_COMPLETE);
    reply->body = arena_copy(&fixture->arena, buffer_text(&body));
    reply->headers_only = http2_request_is_headers_only(request);
    const struct http_header *trailers = http2_request_trailers(request, &reply->trailer_count);
    reply->trailers = copy_headers(&fixture->arena, trailers, reply->trailer_count);
    if (reply->headers_only) {
        reply->trailers = reply->headers;
        reply->trailer_count = reply->header_count;
    }
}

void raw_http2(struct grpc_fixture *fixture, const struct raw_request *request,
               struct raw_reply *ret_reply)
{
    static const struct http2_client_events events = {.refusing = NULL};
    struct http2_client *client;
    *ret_reply = (struct raw_reply){.status = 0};
    assert_int_equal(http2_client_over(fixture->loop, connect_loopback(fixture), &events, &client),
                     STATUS_OK);
    struct http2_request *started = start(fixture, client, request);
    if (request->body.data != NULL) {
        enum status status = http2_request_write(started, request->body, true);
        assert_true(status == STATUS_OK || status == STATUS_UNAVAILABLE);
    }
    read_reply(fixture, started, ret_reply);
    http2_request_close(started);
    http2_client_destroy(client);
}

/* What comes back on a connection until it ends. */
struct raw_connection {
    struct buffer received;
    struct fiber_wait ended;
};

static void on_received(void *state, struct text bytes)
{
    struct raw_connection *connection = state;
    assert_true(buffer_append(&connection->received, bytes));
}

static void on_drained(void *state)
{
    (void)state;
}

static void on_ended(void *state)
{
    struct raw_connection *connection = state;
    fiber_wait_signal(&connection->ended);
}

static void write_request(const struct raw_request *request, struct buffer *bytes)
{
    size_t further = header_count(request);
    assert_true(buffer_format(bytes, "%s %s HTTP/1.1\r\nhost: test\r\nconnection: close\r\n",
                              method_of(request), request->path));
    if (request->content_type != NULL) {
        assert_true(buffer_format(bytes, "content-type: %s\r\n", request->content_type));
    }
    for (size_t i = 0; i < further; i++) {
        assert_true(buffer_format(bytes, "%.*s: %.*s\r\n", TEXT_ARGUMENTS(request->headers[i].name),
                                  TEXT_ARGUMENTS(request->headers[i].value)));
    }
    if (request->body.data != NULL) {
        assert_true(buffer_format(bytes, "content-length: %zu\r\n", request->body.length));
    }
    assert_true(buffer_append(bytes, TEXT("\r\n")));
    assert_true(buffer_append(bytes, request->body));
}

static bool is_chunked(const struct raw_reply *reply)
{
    return text_equal(
        http_header_find(reply->headers, reply->header_count, TEXT("transfer-encoding")),
        TEXT("chunked"));
}

/* A body that is cut short or malformed fails the test. */
static struct text join_chunks(struct arena *arena, struct text bytes)
{
    struct http1_chunked chunked = {.state = HTTP1_CHUNK_SIZE};
    CLEANUP(buffer_deinit) struct buffer body;
    buffer_init(&body, REPLY_BYTES_MAX);
    while (chunked.state != HTTP1_CHUNK_DONE) {
        struct text part = {NULL, 0};
        size_t taken = http1_chunked_take(&chunked, bytes, &part);
        assert_true(taken > 0);
        assert_true(buffer_append(&body, part));
        bytes = text_slice(bytes, taken, bytes.length);
    }
    return arena_copy(arena, buffer_text(&body));
}

static void parse_reply(struct text bytes, struct arena *arena, struct raw_reply *reply)
{
    struct http_header *headers = arena_calloc(arena, HTTP_HEADER_COUNT_MAX, sizeof(*headers));
    struct text rest = arena_copy(arena, bytes);
    struct text line = text_next(&rest, '\n');
    assert_non_null(headers);
    assert_true(text_to_u64(text_slice(line, 9, 12), &reply->status));
    for (;;) {
        line = text_next(&rest, '\n');
        assert_non_null(rest.data);
        line = text_slice(line, 0, text_find(line, 0, '\r'));
        if (line.length == 0) {
            break;
        }
        assert_true(reply->header_count < HTTP_HEADER_COUNT_MAX);
        headers[reply->header_count].name = text_next(&line, ':');
        headers[reply->header_count++].value = text_trim(line);
    }
    reply->headers = headers;
    reply->body = is_chunked(reply) ? join_chunks(arena, rest) : rest;
}

void raw_http1(struct grpc_fixture *fixture, const struct raw_request *request,
               struct raw_reply *ret_reply)
{
    struct http_transport *transport = connect_loopback(fixture);
    struct raw_connection connection;
    CLEANUP(buffer_deinit) struct buffer bytes;
    buffer_init(&bytes, REPLY_BYTES_MAX);
    buffer_init(&connection.received, REPLY_BYTES_MAX);
    fiber_wait_init(&connection.ended);
    *ret_reply = (struct raw_reply){.status = 0};
    transport->events =
        (struct http_transport_events){on_received, on_drained, on_ended, &connection};
    write_request(request, &bytes);
    assert_int_equal(transport->ops->write(transport->state, buffer_text(&bytes)), bytes.length);
    assert_int_equal(fiber_wait(&fixture->call, &connection.ended), STATUS_OK);
    transport->ops->close(transport->state);
    parse_reply(buffer_text(&connection.received), &fixture->arena, ret_reply);
    buffer_deinit(&connection.received);
}

const raw_fn raw_versions[RAW_VERSIONS] = {raw_http1, raw_http2};

struct text raw_header(const struct raw_reply *reply, const char *name)
{
    return http_header_find(reply->headers, reply->header_count, text_of(name));
}
