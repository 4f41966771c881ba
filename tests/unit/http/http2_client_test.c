/* The client, against a server whose frames are made by hand. */
#include "base/clock.h"
#include "support/in_fiber.h"
#include "unit/http/http2_frames.h"
#include "unit/http/http_scene.h"

enum { CANCEL = 8, REFUSED_STREAM = 7, INTERNAL_ERROR = 2, NO_ERROR = 0 };

/* A scene without a server of ours. */
struct duel {
    struct http_scene scene;
    struct http2_client *client;
    struct raw_peer peer; /* the server */
    size_t offset;        /* of its frames that were looked at */
    unsigned refusing;
    unsigned closed;
};

static void on_refusing(void *state)
{
    ((struct duel *)state)->refusing++;
}

static void on_closed(void *state)
{
    ((struct duel *)state)->closed++;
}

static void (*current_body)(struct duel *duel);

static void run(void *argument)
{
    (void)argument;
    struct duel duel = {.scene = {.loop = loop_current()}};
    struct http_transport *ends[2];
    const struct http2_client_events events = {
        .refusing = on_refusing, .closed = on_closed, .state = &duel};
    arena_init(&duel.scene.arena, 16 * 1024 * 1024);
    call_init(&duel.scene.call, &duel.scene.arena, RAW_PEER_WAIT_MS);
    assert_int_equal(http_transport_pair(duel.scene.loop, &ends[0], &ends[1]), STATUS_OK);
    raw_peer_open(&duel.peer, ends[1]);
    assert_int_equal(http2_client_over(duel.scene.loop, ends[0], &events, &duel.client), STATUS_OK);
    assert_true(raw_peer_await(&duel.peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    duel.offset = 24;
    http2_frames_send(&duel.peer, FRAME_SETTINGS, 0, 0, TEXT(""));
    current_body(&duel);
    http2_client_destroy(duel.client);
    http_scene_settle();
    raw_peer_close(&duel.peer);
    arena_deinit(&duel.scene.arena);
}

static void run_duel(void (*body)(struct duel *duel))
{
    current_body = body;
    in_fiber(run, NULL);
}

/* Starts a request and waits until the server has seen it. */
static struct http2_request *start(struct duel *duel, bool end)
{
    struct http2_frame frame;
    struct http2_request *request = http_scene_start(&duel->scene, duel->client, "POST", "/", end);
    assert_true(http2_frames_find(&duel->peer, &duel->offset, FRAME_HEADERS, &frame));
    assert_int_equal((frame.flags & FLAG_END_STREAM) != 0, end);
    return request;
}

static void reply(struct duel *duel, unsigned type, unsigned flags, uint32_t stream_id,
                  struct text payload)
{
    http2_frames_send(&duel->peer, type, flags, stream_id, payload);
}

#define STATUS_200 TEXT("\x88")
#define STATUS_103                                                                                 \
    TEXT("\x08\x03"                                                                                \
         "103")
#define TRAILER                                                                                    \
    TEXT("\x00\x01"                                                                                \
         "t"                                                                                       \
         "\x02"                                                                                    \
         "42")

static void check_end(struct http2_request *request, enum http2_outcome want, uint32_t want_code)
{
    struct text part = TEXT("-");
    while (part.length > 0) {
        assert_int_equal(http2_request_read(request, &part), STATUS_OK);
    }
    assert_int_equal(http2_request_outcome(request), want);
    assert_int_equal(http2_request_error_code(request), want_code);
    http2_request_close(request);
}

static void receive_whole(struct duel *duel)
{
    const struct http_header *headers;
    size_t count;
    struct text part;
    struct http2_request *request = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, 1, STATUS_103);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, 1, STATUS_200);
    assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_true(text_equal(headers[0].name, TEXT(":status")));
    assert_true(text_equal(headers[0].value, TEXT("200")));
    assert_int_equal(http2_request_outcome(request), HTTP2_RUNNING);
    reply(duel, FRAME_DATA, 0, 1, TEXT("abc"));
    assert_int_equal(http2_request_read(request, &part), STATUS_OK);
    assert_true(text_equal(part, TEXT("abc")));
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, TRAILER);
    assert_int_equal(http2_request_read(request, &part), STATUS_OK);
    assert_int_equal(part.length, 0);
    headers = http2_request_trailers(request, &count);
    assert_int_equal(count, 1);
    assert_true(text_equal(headers[0].value, TEXT("42")));
    assert_false(http2_request_is_headers_only(request));
    check_end(request, HTTP2_COMPLETE, 0);

    request = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 3, STATUS_200);
    assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_OK);
    assert_true(http2_request_is_headers_only(request));
    (void)http2_request_trailers(request, &count);
    assert_int_equal(count, 0);
    check_end(request, HTTP2_COMPLETE, 0);
}

static void test_whole_replies(void **state)
{
    (void)state;
    run_duel(receive_whole);
}

static void receive_resets(struct duel *duel)
{
    static const struct {
        uint32_t code;
        enum http2_outcome want;
    } rows[] = {
        {CANCEL, HTTP2_RESET},
        {INTERNAL_ERROR, HTTP2_RESET},
        {REFUSED_STREAM, HTTP2_NOT_PROCESSED},
        {NO_ERROR, HTTP2_RESET},
    };
    uint32_t stream_id = 1;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++, stream_id += 2) {
        const struct http_header *headers;
        size_t count = 99;
        struct http2_request *request = start(duel, true);
        http2_frames_send_number(&duel->peer, FRAME_RST_STREAM, stream_id, rows[i].code);
        assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_OK);
        assert_int_equal(count, 0);
        check_end(request, rows[i].want, rows[i].code);
    }
    /* In the middle of a reply: what came before is read still. */
    struct text part;
    struct http2_request *request = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, stream_id, STATUS_200);
    reply(duel, FRAME_DATA, 0, stream_id, TEXT("abc"));
    http2_frames_send_number(&duel->peer, FRAME_RST_STREAM, stream_id, CANCEL);
    http_scene_settle();
    assert_int_equal(http2_request_read(request, &part), STATUS_OK);
    assert_true(text_equal(part, TEXT("abc")));
    check_end(request, HTTP2_RESET, CANCEL);
    assert_int_equal(http2_client_request_count(duel->client), 0);
}

static void test_resets(void **state)
{
    (void)state;
    run_duel(receive_resets);
}

/* The server has replied and wants no more of the request. */
static void reply_early(struct duel *duel)
{
    struct http2_request *request = start(duel, false);
    assert_int_equal(http2_request_write(request, TEXT("abc"), false), STATUS_OK);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, 1, STATUS_200);
    reply(duel, FRAME_DATA, FLAG_END_STREAM, 1, TEXT("done"));
    http2_frames_send_number(&duel->peer, FRAME_RST_STREAM, 1, NO_ERROR);
    http_scene_settle();
    assert_int_equal(http2_request_write(request, TEXT("def"), false), STATUS_UNAVAILABLE);
    check_end(request, HTTP2_COMPLETE, 0);
}

static void test_early_reply(void **state)
{
    (void)state;
    run_duel(reply_early);
}

static void go_away(struct duel *duel)
{
    struct http2_request *first = start(duel, true);
    struct http2_request *second = start(duel, true);
    reply(duel, FRAME_GOAWAY, 0, 0, TEXT("\0\0\0\x01\0\0\0\0"));
    check_end(second, HTTP2_NOT_PROCESSED, REFUSED_STREAM);
    assert_int_equal(duel->refusing, 1);
    assert_int_equal(duel->closed, 0);
    assert_false(http2_client_is_ready(duel->client));
    assert_false(http2_client_is_usable(duel->client));
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, STATUS_200);
    check_end(first, HTTP2_COMPLETE, 0);
    http_scene_settle();
    assert_int_equal(duel->refusing, 1);
    assert_int_equal(duel->closed, 1);
}

static void test_goaway(void **state)
{
    (void)state;
    run_duel(go_away);
}

static void lose_connection(struct duel *duel)
{
    struct http2_request *sent = start(duel, true);
    raw_peer_say(&duel->peer, "");
    duel->peer.transport->ops->shutdown(duel->peer.transport->state);
    struct http2_request *unsent = http_scene_start(&duel->scene, duel->client, "GET", "/", true);
    check_end(sent, HTTP2_CONNECTION_LOST, 0);
    assert_true(http2_request_outcome(unsent) == HTTP2_NOT_SENT ||
                http2_request_outcome(unsent) == HTTP2_CONNECTION_LOST);
    http2_request_close(unsent);
    assert_int_equal(duel->refusing, 1);
    assert_int_equal(duel->closed, 1);
    assert_false(http2_client_is_usable(duel->client));
    struct http2_request *none = NULL;
    struct call call = call_within(&duel->scene.call, 0);
    assert_int_equal(http2_request_start(duel->client, &call, NULL, 0, true, &none),
                     STATUS_UNAVAILABLE);
}

static void test_lost_connection(void **state)
{
    (void)state;
    run_duel(lose_connection);
}

/* The connection is destroyed under requests that run; they are closed after it. */
static void destroy_first(struct duel *duel)
{
    struct http2_request *running = start(duel, false);
    struct http2_request *complete = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, 3, STATUS_200);
    reply(duel, FRAME_DATA, FLAG_END_STREAM, 3, TEXT("abc"));
    http_scene_settle();
    struct http2_request *unsent = http_scene_start(&duel->scene, duel->client, "GET", "/", true);
    http2_client_destroy(duel->client); /* in the turn that began it */
    duel->client = NULL;
    http_scene_settle();
    check_end(unsent, HTTP2_NOT_SENT, 0);
    assert_int_equal(http2_request_outcome(running), HTTP2_CONNECTION_LOST);
    assert_int_equal(http2_request_write(running, TEXT("a"), true), STATUS_UNAVAILABLE);
    struct text part;
    assert_int_equal(http2_request_read(complete, &part), STATUS_OK);
    assert_true(text_equal(part, TEXT("abc")));
    check_end(complete, HTTP2_COMPLETE, 0);
    check_end(running, HTTP2_CONNECTION_LOST, 0);
    assert_int_equal(duel->closed, 0); /* who destroys it knows */
}

static void test_destroyed_connection(void **state)
{
    (void)state;
    run_duel(destroy_first);
}

static void close_early(struct duel *duel)
{
    struct http2_frame frame;
    struct http2_request *request = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, 1, STATUS_200);
    reply(duel, FRAME_DATA, 0, 1, TEXT("abc"));
    http_scene_settle();
    http2_request_close(request);
    http2_request_close(NULL);
    assert_true(http2_frames_find(&duel->peer, &duel->offset, FRAME_RST_STREAM, &frame));
    assert_int_equal(http2_frames_number(&frame, 0), CANCEL);
    /* Closed before it left: the server never hears of it, and its number is the next one's. */
    request = http_scene_start(&duel->scene, duel->client, "GET", "/", true);
    http2_request_close(request);
    request = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 3, STATUS_200);
    check_end(request, HTTP2_COMPLETE, 0);
    assert_int_equal(http2_client_request_count(duel->client), 0);
}

static void test_closed_requests(void **state)
{
    (void)state;
    run_duel(close_early);
}

static void run_out_of_time(struct duel *duel)
{
    const struct http_header *headers;
    size_t count;
    struct text part;
    char bytes[8 * 1024];
    enum status status = STATUS_OK;
    memset(bytes, 'a', sizeof(bytes));
    struct call whole = duel->scene.call;

    duel->scene.call = call_within(&whole, 20);
    struct http2_request *request = start(duel, true);
    assert_int_equal(http2_request_headers(request, &headers, &count), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(http2_request_read(request, &part), STATUS_DEADLINE_EXCEEDED);
    http2_request_close(request);

    /* The server opens no window: writing waits once HTTP2_SEND_BYTES_MAX are kept. */
    duel->scene.call = call_within(&whole, 20);
    request = start(duel, false);
    size_t written = 0;
    while (status == STATUS_OK && written < 8 * HTTP2_SEND_BYTES_MAX) {
        status = http2_request_write(request, (struct text){bytes, sizeof(bytes)}, false);
        written += sizeof(bytes);
    }
    assert_int_equal(status, STATUS_DEADLINE_EXCEEDED);
    assert_true(written >= HTTP2_SEND_BYTES_MAX);
    assert_true(written <= HTTP2_SEND_BYTES_MAX + 65535 + 2 * sizeof(bytes));
    http2_request_close(request);
    duel->scene.call = whole;
}

static void test_deadlines(void **state)
{
    (void)state;
    run_duel(run_out_of_time);
}

static void receive_too_much(struct duel *duel)
{
    struct buffer block;
    struct http2_request *request = start(duel, true);
    buffer_init(&block, 64 * 1024);
    assert_true(buffer_append(&block, STATUS_200));
    for (unsigned i = 0; i < 300; i++) {
        assert_true(buffer_append(&block, TRAILER));
    }
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS, 1, buffer_text(&block));
    check_end(request, HTTP2_RESET, 11);
    /* The connection goes on. */
    request = start(duel, true);
    reply(duel, FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 3, STATUS_200);
    check_end(request, HTTP2_COMPLETE, 0);
    buffer_deinit(&block);
}

static void test_header_limit(void **state)
{
    (void)state;
    run_duel(receive_too_much);
}

/* The server answers with something else altogether. */
static void receive_noise(struct duel *duel)
{
    struct http2_request *request = start(duel, true);
    raw_peer_say(&duel->peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
    check_end(request, HTTP2_CONNECTION_LOST, 0);
    assert_int_equal(duel->closed, 1);
}

static void test_noise(void **state)
{
    (void)state;
    run_duel(receive_noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_replies),   cmocka_unit_test(test_resets),
        cmocka_unit_test(test_early_reply),     cmocka_unit_test(test_goaway),
        cmocka_unit_test(test_lost_connection), cmocka_unit_test(test_destroyed_connection),
        cmocka_unit_test(test_closed_requests), cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_header_limit),    cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
