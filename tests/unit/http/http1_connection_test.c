/* What a server says over one HTTP/1.1 connection, byte for byte. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "http/http1_private.h"
#include "unit/http/http_scene.h"

enum { LINGER_MS = 200 };

struct talk_case {
    const char *name;
    const char *said;
    const char *want; /* among what comes back */
    unsigned want_replies;
    bool want_end;
};

#define HOST "Host: a\r\n"
#define HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define CHUNKED "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"

static const struct talk_case talks[] = {
    {"kept alive", HELLO, "\r\n\r\nhello", 1, false},
    {"two after each other", HELLO HELLO, "hello", 2, false},
    {"five at once", HELLO HELLO HELLO HELLO HELLO, "hello", 5, false},
    {"order is kept", "GET /parts HTTP/1.1\r\n" HOST "\r\n" HELLO,
     "0\r\nx-sum: 42\r\n\r\nHTTP/1.1 200 OK", 2, false},
    {"asked to close", "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" HELLO,
     "connection: close", 1, true},
    {"HTTP/1.0", "GET /hello HTTP/1.0\r\n\r\n" HELLO, "connection: close", 1, true},
    {"HTTP/1.0 kept alive", "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "connection: keep-alive", 1, false},
    {"parts over HTTP/1.0", "GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "\r\n\r\npart.part.part.", 1, true},
    {"HEAD has no body", "HEAD /hello HTTP/1.1\r\n" HOST "\r\n" HELLO,
     "content-length: 5\r\n\r\nHTTP/1.1 200 OK", 2, false},
    {"204 has no length", "GET /empty HTTP/1.1\r\n" HOST "\r\n" HELLO, "hello", 2, false},
    {"chunked", CHUNKED "3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: 1\r\n\r\n" HELLO, "\r\n\r\nabcdeHTTP/1.1",
     2, false},
    {"chunked streamed back",
     "POST /stream HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "\r\n0\r\nx-sum: 42\r\n\r\n", 1, false},
    {"malformed chunk", CHUNKED "zz\r\n" HELLO, "HTTP/1.1 400 Bad Request", 1, true},
    {"chunk longer than it says", CHUNKED "1\r\nab\r\n0\r\n\r\n", "HTTP/1.1 400 Bad Request", 1,
     true},
    {"unread body is skipped",
     "POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde" HELLO, "hello", 2, false},
    {"unread chunks are skipped",
     "POST /ignore HTTP/1.1\r\n" HOST
     "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n" HELLO,
     "hello", 2, false},
    {"unread malformed chunks end it",
     "POST /ignore HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz" HELLO, "hello", 1,
     true},
    {"large unread body is not waited for",
     "POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 100000000\r\n\r\nabc", "connection: close",
     1, true},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 Not Found", 1, false},
    {"absolute form", "GET http://b/describe HTTP/1.1\r\n" HOST "\r\n", "GET|/describe||b||1|-1|",
     1, false},
    {"upgrade is ignored",
     "GET /hello HTTP/1.1\r\n" HOST
     "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
     "HTTP/1.1 200 OK", 1, false},
    {"HTTP/2 in the middle", HELLO "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     "HTTP/1.1 505 HTTP Version Not Supported", 2, true},
    {"unknown expectation", "POST /echo HTTP/1.1\r\n" HOST "Expect: gold\r\n\r\n",
     "HTTP/1.1 417 Expectation Failed", 1, true},
    /* The shapes by which requests are smuggled past a proxy: refused, and nothing after them is
     * read. */
    {"length and chunked",
     "POST /echo HTTP/1.1\r\n" HOST
     "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"two lengths",
     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"hidden chunked",
     "POST /echo HTTP/1.1\r\n" HOST
     "Content-Length: 3\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"folded chunked",
     "POST /echo HTTP/1.1\r\n" HOST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"bare LF before a header",
     "GET /hello HTTP/1.1\r\n" HOST "X: y\nContent-Length: 5\r\n\r\n" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"negative length", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"another coding", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: x\r\n\r\n" HELLO,
     "HTTP/1.1 400 Bad Request", 1, true},
    {"CONNECT", "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n" HELLO, "HTTP/1.1 501 Not Implemented", 1,
     true},
    {"another protocol after a request", HELLO "ab / LTTP/1.1\r\n" HOST "\r\n" HELLO, "hello", 1,
     true},
    {"noise", "\x16\x03\x01\x02\x03\x01\x01\xfc\x03", "HTTP/1.1 400 Bad Request", 1, true},
};

static void check_talk(struct http_scene *scene, const struct talk_case *row, size_t cut)
{
    struct raw_peer peer;
    struct text said = text_of(row->said);
    http_scene_connect(scene, &peer);
    raw_peer_send(&peer, text_slice(said, 0, cut));
    fiber_yield();
    raw_peer_send(&peer, text_slice(said, cut, said.length));
    bool done = raw_peer_await_times(&peer, "HTTP/1.1 ", row->want_replies) &&
                raw_peer_await(&peer, row->want);
    if (row->want_end) {
        done = done && raw_peer_await_end(&peer);
    }
    http_scene_settle();
    if (!done || peer.ended != row->want_end ||
        raw_peer_count(&peer, "HTTP/1.1 ") != row->want_replies) {
        fail_msg("%s, cut at %zu:\n%.*s", row->name, cut,
                 TEXT_ARGUMENTS(buffer_text(&peer.received)));
    }
    raw_peer_close(&peer);
}

static void talk(struct http_scene *scene)
{
    for (size_t i = 0; i < ARRAY_LENGTH(talks); i++) {
        check_talk(scene, &talks[i], 0);
    }
    http_scene_settle();
    assert_int_equal(http_server_connection_count(scene->server), 0);
    assert_int_equal(http_server_exchange_count(scene->server), 0);
}

static void test_talks(void **state)
{
    (void)state;
    http_scene_run(talk, NULL);
}

static void talk_in_pieces(struct http_scene *scene)
{
    for (size_t i = 0; i < ARRAY_LENGTH(talks); i++) {
        for (size_t cut = 1; cut < strlen(talks[i].said); cut++) {
            check_talk(scene, &talks[i], cut);
        }
    }
}

static void test_talks_cut_anywhere(void **state)
{
    (void)state;
    http_scene_run(talk_in_pieces, NULL);
}

static void expect(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "POST /echo HTTP/1.1\r\n" HOST
                        "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_true(raw_peer_await(&peer, "HTTP/1.1 100 Continue\r\n\r\n"));
    raw_peer_say(&peer, "abc");
    assert_true(raw_peer_await(&peer, "\r\n\r\nabc"));
    assert_int_equal(raw_peer_count(&peer, "100 Continue"), 1);

    /* The body came by itself: nothing is asked for. */
    raw_peer_forget(&peer);
    raw_peer_say(&peer, "POST /echo HTTP/1.1\r\n" HOST
                        "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    assert_true(raw_peer_await(&peer, "\r\n\r\nabc"));
    assert_false(raw_peer_has(&peer, "100 Continue"));

    /* Without a body there is nothing to wait for. */
    raw_peer_forget(&peer);
    raw_peer_say(&peer, "GET /hello HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n");
    assert_true(raw_peer_await(&peer, "hello"));
    assert_false(raw_peer_has(&peer, "100 Continue"));

    /* The reply came first: the body may still come or not, so that the connection ends. */
    raw_peer_forget(&peer);
    raw_peer_say(&peer, "POST /ignore HTTP/1.1\r\n" HOST
                        "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "connection: close"));
    assert_false(raw_peer_has(&peer, "100 Continue"));
    raw_peer_close(&peer);

    /* Too large: told before it is sent. */
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "POST /echo HTTP/1.1\r\n" HOST
                        "Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "HTTP/1.1 413 Content Too Large"));
    assert_false(raw_peer_has(&peer, "100 Continue"));
    raw_peer_close(&peer);
}

static void test_expect(void **state)
{
    (void)state;
    http_scene_run(expect, NULL);
}

static int status_of_head(struct http_scene *scene, size_t target_length, size_t value_length)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    char *filler = arena_alloc(&scene->arena, 32 * 1024);
    assert_non_null(filler);
    memset(filler, 'a', 32 * 1024);
    raw_peer_say(&peer, "GET /");
    raw_peer_send(&peer, (struct text){filler, target_length - 1});
    raw_peer_say(&peer, " HTTP/1.1\r\nHost: a\r\nX: ");
    raw_peer_send(&peer, (struct text){filler, value_length});
    raw_peer_say(&peer, "\r\n\r\n");
    assert_true(raw_peer_await(&peer, "\r\n\r\n"));
    uint64_t status = 0;
    assert_true(text_to_u64(text_slice(buffer_text(&peer.received), 9, 12), &status));
    if (status != 404) {
        assert_true(raw_peer_await_end(&peer));
    }
    raw_peer_close(&peer);
    return (int)status;
}

static void reach_limits(struct http_scene *scene)
{
    size_t value_max = HTTP_HEADER_LIST_BYTES_MAX - 37 - 33;
    assert_int_equal(status_of_head(scene, HTTP_TARGET_BYTES_MAX, 1), 404);
    assert_int_equal(status_of_head(scene, HTTP_TARGET_BYTES_MAX + 1, 1), 414);
    assert_int_equal(status_of_head(scene, 2, value_max), 404);
    assert_int_equal(status_of_head(scene, 2, value_max + 1), 431);
    assert_int_equal(status_of_head(scene, 2, 30000), 431);
}

/* Chunks that nobody reads, up to where the connection is given up. */
static void say_unread_chunks(struct http_scene *scene, size_t bytes, bool is_kept)
{
    static char piece[16 * 1024];
    struct raw_peer peer;
    char size[32];
    http_scene_connect(scene, &peer);
    memset(piece, 'a', sizeof(piece));
    raw_peer_say(&peer, "POST /ignore HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    assert_true(raw_peer_await_times(&peer, "HTTP/1.1 ", 1));
    int length = snprintf(size, sizeof(size), "%zx\r\n", bytes);
    raw_peer_send(&peer, text_of_bytes(size, (size_t)length));
    while (bytes > 0) {
        struct text part = text_slice(text_of_bytes(piece, sizeof(piece)), 0, bytes);
        raw_peer_send(&peer, part);
        bytes -= part.length;
        fiber_yield();
    }
    raw_peer_say(&peer, "\r\n0\r\n\r\n" HELLO);
    if (is_kept) {
        assert_true(raw_peer_await_times(&peer, "HTTP/1.1 ", 2));
    } else {
        assert_true(raw_peer_await_end(&peer));
        assert_int_equal(raw_peer_count(&peer, "HTTP/1.1 "), 1);
    }
    raw_peer_close(&peer);
}

static void skip_chunks(struct http_scene *scene)
{
    /* The size's line counts as well, and the end of the body. */
    enum { AROUND = 7 + 7 };
    say_unread_chunks(scene, HTTP1_DISCARD_CHUNKS_BYTES_MAX - AROUND, true);
    say_unread_chunks(scene, HTTP1_DISCARD_CHUNKS_BYTES_MAX - AROUND + 1, false);
}

static void test_unread_chunks(void **state)
{
    (void)state;
    http_scene_run(skip_chunks, NULL);
}

static void test_limits(void **state)
{
    (void)state;
    http_scene_run(reach_limits, NULL);
}

static void time_out(struct http_scene *scene)
{
    static const struct {
        const char *name;
        const char *said;
        const char *want;
    } rows[] = {
        {"nothing said", "", ""},
        {"half a preface", "PRI", ""},
        {"half a head", "GET / HTTP/1.1\r\nHost", "HTTP/1.1 408 Request Timeout"},
        {"half a second head", HELLO "GET", "HTTP/1.1 408 Request Timeout"},
        {"idle after a request", HELLO, "hello"},
        {"half a body", "POST /read HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na",
         "HTTP/1.1 504 Gateway Timeout"},
        {"half a chunk", "POST /read HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\na",
         "HTTP/1.1 504 Gateway Timeout"},
        {"half an unread body", "POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na",
         "hello"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct raw_peer peer;
        http_scene_connect(scene, &peer);
        raw_peer_say(&peer, rows[i].said);
        if (!raw_peer_await_end(&peer) ||
            (rows[i].want[0] != '\0' && !raw_peer_has(&peer, rows[i].want))) {
            fail_msg("%s:\n%.*s", rows[i].name, TEXT_ARGUMENTS(buffer_text(&peer.received)));
        }
        raw_peer_close(&peer);
    }
}

static void test_timeouts(void **state)
{
    (void)state;
    static const struct http_server_options options = {
        .idle_timeout_ms = 60, .header_timeout_ms = 40, .body_timeout_ms = 30};
    http_scene_run(time_out, &options);
}

/* A connection with an open request is not idle. */
static void outlast_idleness(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "GET /wait HTTP/1.1\r\n" HOST "\r\n");
    http_scene_await_entered(scene, 1);
    assert_int_equal(fiber_sleep(&scene->call, 100 * CLOCK_NS_PER_MS), STATUS_OK);
    assert_false(peer.ended);
    http_scene_open_gate(scene);
    assert_true(raw_peer_await(&peer, "waited"));
    raw_peer_close(&peer);
}

static void test_not_idle(void **state)
{
    (void)state;
    static const struct http_server_options options = {
        .idle_timeout_ms = 20, .header_timeout_ms = 20, .body_timeout_ms = 20};
    http_scene_run(outlast_idleness, &options);
}

/* Clients that say a request and close their side at once still get all of a reply in the making.
 */
static void half_close(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "GET /large?bytes=1000000 HTTP/1.1\r\n" HOST "\r\n");
    peer.transport->ops->shutdown(peer.transport->state);
    assert_true(raw_peer_await_bytes(&peer, 1000000));
    assert_true(raw_peer_await_end(&peer));
    raw_peer_close(&peer);
}

static void test_half_close(void **state)
{
    (void)state;
    http_scene_run(half_close, NULL);
}

static int64_t processor_ns(void)
{
    struct timespec time;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
    return (int64_t)time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec;
}

/* The last reply is out, and the client takes its time to close: nothing is to be done until then.
 */
static void linger(struct http_scene *scene)
{
    struct raw_peer peer;
    http_scene_connect(scene, &peer);
    raw_peer_say(&peer, "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    int64_t began_ns = processor_ns();
    assert_int_equal(fiber_sleep(&scene->call, LINGER_MS * CLOCK_NS_PER_MS), STATUS_OK);
    assert_true(processor_ns() - began_ns < LINGER_MS * CLOCK_NS_PER_MS / 20);
    raw_peer_close(&peer);
}

static void test_linger(void **state)
{
    (void)state;
    http_scene_run(linger, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linger),
        cmocka_unit_test(test_talks),
        cmocka_unit_test(test_talks_cut_anywhere),
        cmocka_unit_test(test_expect),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_unread_chunks),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_not_idle),
        cmocka_unit_test(test_half_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
