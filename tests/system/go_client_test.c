/* A client that was written for the Go reference, byte for byte: the frames that grpc-go sends for
 * the five methods of the original contract, with its field numbers only, and the requests of the
 * Go HTTP gateways. The replies are compared as bytes too.
 *
 * The header blocks are HPACK as golang.org/x/net/http2/hpack encodes them (RFC 7541): indexed
 * where the static table has the field, else literal with incremental indexing, Huffman where
 * shorter. */
#include "http/tcp_connect.h"
#include "http/tcp_transport.h"
#include "loop/loop.h"
#include "support/cluster.h"
#include "support/cmocka_test.h"
#include "support/in_fiber.h"
#include "unit/http/raw_peer.h"

enum {
    FRAME_HEADER_BYTES = 9,
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_RST_STREAM = 3,
    FLAG_END_STREAM = 1,
    FLAG_END_HEADERS = 4,
    REQUEST_BYTES_MAX = 1024,
};

/* ":method: POST", ":scheme: http". */
#define HEADERS_BEFORE_PATH "\x83\x86\x44"
/* ":authority: localhost:8081", "content-type: application/grpc", "user-agent: grpc-go/1.58.3",
 * "te: trailers". */
#define HEADERS_AFTER_PATH                                                                         \
    "\x41\x8a\xa0\xe4\x1d\x13\x9d\x09\xb8\xf0\x1e\x0f"                                             \
    "\x5f\x8b\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64"                                         \
    "\x7a\x8b\x9a\xca\xc8\xb4\xc7\x60\x2b\xb6\xf2\xec\xff"                                         \
    "\x40\x02\x74\x65\x86\x4d\x83\x35\x05\xb1\x1f"
/* "grpc-status", as a literal name. */
#define GRPC_STATUS_NAME "\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f"

static const struct text path_get_metadata = TEXT_INIT(
    "\x94\x63\x41\x52\x39\x06\x91\xee\x2d\x9d\xcc\x42\xb1\x88\xa9\xd0\x54\x8e\x41\xa4\x7f");
static const struct text path_put_metadata = TEXT_INIT(
    "\x94\x63\x41\x52\x39\x06\x91\xee\x2d\x9d\xcc\x42\xb1\xae\xd4\xe8\x2a\x47\x20\xd2\x3f");
static const struct text path_get_aggregated_rating =
    TEXT_INIT("\x99\x63\x68\xd2\x6a\xa6\xdc\x5b\x3b\x98\x85\x63\x11\x53\x0c\xd3\x58\x59\x86\x92\xc9"
              "\xb4\x69\x35\x53\x7f");
static const struct text path_put_rating =
    TEXT_INIT("\x92\x63\x68\xd2\x6a\xa6\xdc\x5b\x3b\x98\x85\x63\x5d\xa9\xda\x34\x9a\xa9\xbf");
static const struct text path_get_movie_details =
    TEXT_INIT("\x95\x63\x41\xfb\x98\xbb\x8b\x67\x73\x10\xac\x62\x2a\x74\x1f\xb9\x8b\x7c\xa9\x19\xa8"
              "\x47");

struct golden {
    const char *name;
    enum cluster_role role;
    const struct text *path;
    struct text request; /* the message */
    char status;         /* the digit of grpc-status */
    struct text reply;   /* the message; empty unless the status is 0 */
};

#define MOVIE_BYTES                                                                                \
    "\x0a\x03"                                                                                     \
    "123\x12\x0bThe Movie 2\x1a\x21Sequel of the legendary The Movie\x22\x08"                      \
    "Foo Bars"

static const struct golden goldens[] = {
    {"GetMetadata of nothing", CLUSTER_METADATA, &path_get_metadata,
     TEXT_INIT("\x0a\x03"
               "123"),
     '5', TEXT_INIT("")},
    {"PutMetadata", CLUSTER_METADATA, &path_put_metadata, TEXT_INIT("\x0a\x3f" MOVIE_BYTES), '0',
     TEXT_INIT("")},
    {"GetMetadata", CLUSTER_METADATA, &path_get_metadata,
     TEXT_INIT("\x0a\x03"
               "123"),
     '0', TEXT_INIT("\x0a\x3f" MOVIE_BYTES)},
    {"GetAggregatedRating of nothing", CLUSTER_RATING, &path_get_aggregated_rating,
     TEXT_INIT("\x0a\x03"
               "123\x12\x05movie"),
     '5', TEXT_INIT("")},
    {"GetMovieDetails without votes", CLUSTER_MOVIE, &path_get_movie_details,
     TEXT_INIT("\x0a\x03"
               "123"),
     '0', /* rating_state NO_VOTES, which the old client passes over */
     TEXT_INIT("\x0a\x43\x12\x3f" MOVIE_BYTES "\x18\x02")},
    {"PutRating", CLUSTER_RATING, &path_put_rating,
     TEXT_INIT("\x0a\x02u1\x12\x03"
               "123\x1a\x05movie\x20\x05"),
     '0', TEXT_INIT("")},
    {"GetAggregatedRating", CLUSTER_RATING, &path_get_aggregated_rating,
     TEXT_INIT("\x0a\x03"
               "123\x12\x05movie"),
     '0', /* 5.0, and the new count */
     TEXT_INIT("\x09\x00\x00\x00\x00\x00\x00\x14\x40\x10\x01")},
    {"GetMovieDetails", CLUSTER_MOVIE, &path_get_movie_details,
     TEXT_INIT("\x0a\x03"
               "123"),
     '0',
     TEXT_INIT("\x0a\x4e\x09\x00\x00\x00\x00\x00\x00\x14\x40\x12\x3f" MOVIE_BYTES
               "\x18\x01\x20\x01")},
    {"PutRating out of range", CLUSTER_RATING, &path_put_rating,
     TEXT_INIT("\x0a\x02u1\x12\x03"
               "123\x1a\x05movie\x20\x0b"),
     '3', TEXT_INIT("")},
};

static const struct text preface = TEXT_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/* An empty SETTINGS, which grpc-go sends where nothing is set. */
static const struct text settings = TEXT_INIT("\0\0\0\4\0\0\0\0\0");
static const struct text settings_acknowledgement = TEXT_INIT("\0\0\0\4\1\0\0\0\0");

static void append(struct buffer *buffer, struct text bytes)
{
    assert_true(buffer_append(buffer, bytes));
}

static void append_frame_header(struct buffer *buffer, size_t length, int type, int flags)
{
    const char header[FRAME_HEADER_BYTES] = {(char)(length >> 16),
                                             (char)(length >> 8),
                                             (char)length,
                                             (char)type,
                                             (char)flags,
                                             0,
                                             0,
                                             0,
                                             1};
    append(buffer, text_of_bytes(header, sizeof(header)));
}

static void append_call(struct buffer *buffer, const struct golden *golden)
{
    const struct text before = TEXT(HEADERS_BEFORE_PATH);
    const struct text after = TEXT(HEADERS_AFTER_PATH);
    size_t message = golden->request.length;
    const char prefix[5] = {0, 0, 0, (char)(message >> 8), (char)message};
    append_frame_header(buffer, before.length + golden->path->length + after.length, FRAME_HEADERS,
                        FLAG_END_HEADERS);
    append(buffer, before);
    append(buffer, *golden->path);
    append(buffer, after);
    append_frame_header(buffer, sizeof(prefix) + message, FRAME_DATA, FLAG_END_STREAM);
    append(buffer, text_of_bytes(prefix, sizeof(prefix)));
    append(buffer, golden->request);
}

/* What has come on stream 1. */
struct answer {
    struct buffer data;
    struct buffer last_headers;
    bool ended;
};

static void take_frame(struct answer *answer, int type, int flags, struct text payload)
{
    assert_int_not_equal(type, FRAME_RST_STREAM);
    if (type == FRAME_DATA) {
        append(&answer->data, payload);
    } else if (type == FRAME_HEADERS) {
        assert_true((flags & FLAG_END_HEADERS) != 0);
        buffer_clear(&answer->last_headers);
        append(&answer->last_headers, payload);
    }
    answer->ended = (flags & FLAG_END_STREAM) != 0 && type <= FRAME_HEADERS;
}

/* Takes the whole frames out of what was received. */
static void take_frames(struct answer *answer, struct buffer *received)
{
    while (received->length >= FRAME_HEADER_BYTES && !answer->ended) {
        const unsigned char *head = (const unsigned char *)received->data;
        size_t length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (received->length < FRAME_HEADER_BYTES + length) {
            return;
        }
        if (head[8] == 1) {
            take_frame(
                answer, head[3], head[4],
                text_slice(buffer_text(received), FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + length));
        }
        buffer_consume(received, FRAME_HEADER_BYTES + length);
    }
}

static void expect_answer(const struct golden *golden, const struct answer *answer)
{
    const char status[] = {1, golden->status, 0};
    struct text data = buffer_text(&answer->data);
    struct text trailers = buffer_text(&answer->last_headers);
    const char *name =
        memmem(trailers.data, trailers.length, GRPC_STATUS_NAME, sizeof(GRPC_STATUS_NAME) - 1);
    assert_non_null(name);
    if (memcmp(name + sizeof(GRPC_STATUS_NAME) - 1, status, 2) != 0) {
        fail_msg("%s: another status than %c", golden->name, golden->status);
    }
    if (golden->status != '0') {
        assert_int_equal(data.length, 0);
        return;
    }
    const char prefix[5] = {0, 0, 0, 0, (char)golden->reply.length};
    assert_true(data.length >= sizeof(prefix));
    assert_memory_equal(data.data, prefix, sizeof(prefix));
    assert_int_equal(data.length, sizeof(prefix) + golden->reply.length);
    if (golden->reply.length > 0) {
        assert_memory_equal(data.data + sizeof(prefix), golden->reply.data, golden->reply.length);
    }
}

static void speak(struct cluster *cluster, const struct golden *golden)
{
    struct call *call = &cluster->test.call;
    struct http_transport *transport;
    struct raw_peer peer;
    struct answer answer = {.ended = false};
    CLEANUP(buffer_deinit) struct buffer request;
    int fd;
    buffer_init(&request, REQUEST_BYTES_MAX);
    buffer_init(&answer.data, REQUEST_BYTES_MAX);
    buffer_init(&answer.last_headers, REQUEST_BYTES_MAX);
    assert_int_equal(tcp_connect(loop_current(), call,
                                 text_of(cluster_service(cluster, golden->role)->address), &fd),
                     STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(&peer, transport);
    append(&request, preface);
    append(&request, settings);
    raw_peer_send(&peer, buffer_text(&request));
    assert_true(raw_peer_await_bytes(&peer, FRAME_HEADER_BYTES));
    buffer_clear(&request);
    append(&request, settings_acknowledgement);
    append_call(&request, golden);
    raw_peer_send(&peer, buffer_text(&request));
    take_frames(&answer, &peer.received);
    while (!answer.ended) {
        assert_false(peer.ended);
        assert_int_equal(fiber_wait(&peer.call, &peer.changed), STATUS_OK);
        take_frames(&answer, &peer.received);
    }
    expect_answer(golden, &answer);
    raw_peer_close(&peer);
    buffer_deinit(&answer.data);
    buffer_deinit(&answer.last_headers);
}

static void run_grpc(void *argument)
{
    struct cluster cluster;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 1, 1}});
    for (size_t i = 0; i < ARRAY_LENGTH(goldens); i++) {
        speak(&cluster, &goldens[i]);
    }
    cluster_close(&cluster);
}

static void a_go_grpc_client_is_understood(void **state)
{
    (void)state;
    in_fiber(run_grpc, NULL);
}

/* As net/http writes them: no content-type, Accept-Encoding because the caller set none. */
#define GO_HEADERS                                                                                 \
    "Host: localhost:8081\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n"
#define GO_PUT_HEADERS                                                                             \
    "Host: localhost:8081\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 0\r\n"              \
    "Accept-Encoding: gzip\r\n\r\n"

static const struct {
    enum cluster_role role;
    struct text request;
    struct text reply; /* from its first byte on; the connection is kept */
    struct text end;
} http_goldens[] = {
    {CLUSTER_RATING, TEXT_INIT("GET /rating?id=g&type=movie HTTP/1.1\r\n" GO_HEADERS),
     TEXT_INIT("HTTP/1.1 404 Not Found\r\n"), TEXT_INIT("}")},
    {CLUSTER_RATING,
     TEXT_INIT("PUT /rating?id=g&type=movie&userId=u&value=5 HTTP/1.1\r\n" GO_PUT_HEADERS),
     TEXT_INIT("HTTP/1.1 200 OK\r\n"), TEXT_INIT("\r\n\r\n")},
    {CLUSTER_RATING, TEXT_INIT("GET /rating?id=g&type=movie HTTP/1.1\r\n" GO_HEADERS),
     TEXT_INIT("HTTP/1.1 200 OK\r\n"), TEXT_INIT("\r\n\r\n5")},
    {CLUSTER_METADATA, TEXT_INIT("GET /metadata?id=g HTTP/1.1\r\n" GO_HEADERS),
     TEXT_INIT("HTTP/1.1 200 OK\r\n"),
     TEXT_INIT("\r\n\r\n{\"id\":\"g\",\"title\":\"G\",\"description\":\"\",\"director\":\"\"}")},
    {CLUSTER_MOVIE, TEXT_INIT("GET /movie?id=g HTTP/1.1\r\n" GO_HEADERS),
     TEXT_INIT("HTTP/1.1 200 OK\r\n"),
     TEXT_INIT("\r\n\r\n{\"rating\":5,\"metadata\":{\"id\":\"g\",\"title\":\"G\",\"description\":"
               "\"\",\"director\":\"\"},\"ratingState\":\"RATED\",\"ratingCount\":1}")},
};

static void ask_and_compare(struct cluster *cluster, size_t row)
{
    struct http_transport *transport;
    struct raw_peer peer;
    int fd;
    const char *address = cluster_service(cluster, http_goldens[row].role)->address;
    assert_int_equal(tcp_connect(loop_current(), &cluster->test.call, text_of(address), &fd),
                     STATUS_OK);
    assert_int_equal(tcp_transport_create(loop_current(), fd, &transport), STATUS_OK);
    raw_peer_open(&peer, transport);
    raw_peer_send(&peer, http_goldens[row].request);
    while (!text_ends_with(buffer_text(&peer.received), http_goldens[row].end)) {
        if (fiber_wait(&peer.call, &peer.changed) != STATUS_OK || peer.ended) {
            fail_msg("%zu: %.*s", row, TEXT_ARGUMENTS(buffer_text(&peer.received)));
        }
    }
    assert_true(text_starts_with(buffer_text(&peer.received), http_goldens[row].reply));
    assert_false(raw_peer_has(&peer, "content-encoding"));
    raw_peer_close(&peer);
}

static void run_http(void *argument)
{
    struct cluster cluster;
    struct rpc_client metadata;
    (void)argument;
    cluster_open(&cluster, &(struct cluster_options){.instances = {1, 1, 1}});
    rpc_client_open_one(&metadata, cluster_service(&cluster, CLUSTER_METADATA)->address);
    assert_int_equal(rpc_client_put_metadata(&metadata, &cluster.test.call, "g", "G"), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LENGTH(http_goldens); i++) {
        ask_and_compare(&cluster, i);
    }
    rpc_client_close(&metadata);
    cluster_close(&cluster);
}

static void a_go_http_client_is_understood(void **state)
{
    (void)state;
    in_fiber(run_http, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_go_grpc_client_is_understood),
        cmocka_unit_test(a_go_http_client_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
