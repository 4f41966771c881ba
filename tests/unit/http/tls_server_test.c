/* A server that speaks TLS: both protocols behind it, and what it does with everybody else. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "loop/loop.h"
#include "unit/http/http_scene.h"
#include "unit/http/tls_scene.h"

/* Of this program's tests, one at a time: certificates, and what the server said of refusals. */
static struct tls_scene tls;
static struct tls_context *server_context;
static struct tls_context *client_context;
static unsigned refusals;
static char last_refusal[TLS_REASON_BYTES_MAX];

#define ALPN_HTTP1 TEXT("\x08http/1.1")

static void note_refusal(void *state, struct text peer, const char *reason)
{
    (void)state;
    (void)peer;
    refusals++;
    CHECK(snprintf(last_refusal, sizeof(last_refusal), "%s", reason) < (int)sizeof(last_refusal));
}

static void run_with(void (*body)(struct http_scene *scene), struct tls_context *context)
{
    const struct http_server_options options = {.tls = context, .refused = note_refusal};
    refusals = 0;
    http_scene_run(body, &options);
}

/* The wire to the server, without TLS. */
static struct http_transport *dial(struct http_scene *scene)
{
    struct http_transport *near_end;
    struct http_transport *far_end;
    assert_int_equal(http_transport_pair(scene->loop, &near_end, &far_end), STATUS_OK);
    assert_int_equal(http_server_take(scene->server, near_end), STATUS_OK);
    return far_end;
}

static struct http_transport *dial_tls(struct http_scene *scene, struct tls_context *context,
                                       struct text alpn)
{
    struct http_transport *transport = NULL;
    assert_int_equal(tls_connect(scene->loop, &scene->call, context, dial(scene), TEXT("localhost"),
                                 alpn, &transport),
                     STATUS_OK);
    return transport;
}

static struct http2_client *dial_http2(struct http_scene *scene, struct tls_context *context)
{
    static const struct http2_client_events no_events = {.refusing = NULL};
    struct http2_client *client = NULL;
    assert_int_equal(http2_client_over(scene->loop, dial_tls(scene, context, TLS_ALPN_HTTP2),
                                       &no_events, &client),
                     STATUS_OK);
    return client;
}

static void expect_body(const struct http_answer *answer, const char *body)
{
    assert_int_equal(answer->status, 200);
    assert_true(text_equal(answer->body, text_of(body)));
}

static void ask_both(struct http_scene *scene)
{
    enum { BODY_BYTES = 700 * 1024 };
    struct raw_peer peer;
    struct http2_client *client = dial_http2(scene, client_context);
    char *bytes = arena_alloc(&scene->arena, BODY_BYTES);
    memset(bytes, 'z', BODY_BYTES);
    struct text body = {bytes, BODY_BYTES};
    struct http_answer answer = http_scene_ask(scene, client, "GET", "/hello", TEXT(""));
    expect_body(&answer, "hello");
    answer = http_scene_ask(scene, client, "GET", "/subject", TEXT(""));
    expect_body(&answer, "CN=movie,O=Marquee");
    answer = http_scene_ask(scene, client, "POST", "/echo", body);
    assert_true(text_equal(answer.body, body));
    http2_client_destroy(client);

    raw_peer_open(&peer, dial_tls(scene, client_context, ALPN_HTTP1));
    answer = http_scene_ask_http1(scene, &peer, "GET", "/hello", TEXT(""));
    expect_body(&answer, "hello");
    answer = http_scene_ask_http1(scene, &peer, "GET", "/subject", TEXT(""));
    expect_body(&answer, "CN=movie,O=Marquee");
    answer = http_scene_ask_http1(scene, &peer, "POST", "/echo", body);
    assert_true(text_equal(answer.body, body));
    /* What ALPN has settled, the first bytes do not change. */
    raw_peer_forget(&peer);
    raw_peer_say(&peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "HTTP/1.1 "));
    raw_peer_close(&peer);

    raw_peer_open(&peer, dial_tls(scene, client_context, (struct text){NULL, 0}));
    answer = http_scene_ask_http1(scene, &peer, "GET", "/hello", TEXT(""));
    expect_body(&answer, "hello");
    raw_peer_close(&peer);
    assert_int_equal(refusals, 0);
}

static void test_both_protocols(void **state)
{
    (void)state;
    struct tls_context *mutual = tls_scene_server(&tls, "server", "ca");
    struct tls_context *outer = client_context;
    client_context = tls_scene_client(&tls, "ca", "client");
    run_with(ask_both, mutual);
    tls_context_destroy(client_context);
    tls_context_destroy(mutual);
    client_context = outer;
}

/* Ends that were said, and one that was not. */
static void see_ends(struct http_scene *scene)
{
    struct raw_peer peer;
    raw_peer_open(&peer, dial_tls(scene, client_context, ALPN_HTTP1));
    raw_peer_say(&peer, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "hello"));
    assert_false(peer.transport->security->truncated);
    raw_peer_close(&peer);

    /* Of a reply of HTTP/1.0 only the end of the connection tells where it ends. */
    raw_peer_open(&peer, dial_tls(scene, client_context, ALPN_HTTP1));
    raw_peer_say(&peer, "GET /parts HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "part.part.part."));
    assert_false(peer.transport->security->truncated);
    raw_peer_close(&peer);

    raw_peer_open(&peer, dial_tls(scene, client_context, ALPN_HTTP1));
    raw_peer_say(&peer, "GET /abort HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "half"));
    assert_true(peer.transport->security->truncated);
    raw_peer_close(&peer);

    /* The client has ended its half when the reply comes. */
    raw_peer_open(&peer, dial_tls(scene, client_context, ALPN_HTTP1));
    raw_peer_say(&peer, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.transport->ops->shutdown(peer.transport->state);
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "hello"));
    assert_false(peer.transport->security->truncated);
    raw_peer_close(&peer);
}

static void test_ends(void **state)
{
    (void)state;
    run_with(see_ends, server_context);
}

static void drain(struct http_scene *scene)
{
    struct raw_peer idle;
    struct raw_peer shaking;
    raw_peer_open(&idle, dial_tls(scene, client_context, ALPN_HTTP1));
    struct http_answer answer = http_scene_ask_http1(scene, &idle, "GET", "/hello", TEXT(""));
    expect_body(&answer, "hello");
    raw_peer_open(&shaking, dial(scene)); /* says nothing */
    assert_int_equal(http_server_drain(scene->server, &scene->call), STATUS_OK);
    assert_true(raw_peer_await_end(&idle));
    assert_false(idle.transport->security->truncated);
    assert_true(raw_peer_await_end(&shaking));
    raw_peer_close(&idle);
    raw_peer_close(&shaking);
}

static void test_drain(void **state)
{
    (void)state;
    run_with(drain, server_context);
}

static void speak_plainly(struct http_scene *scene)
{
    struct raw_peer peer;
    static const struct text others[] = {
        TEXT_INIT("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        TEXT_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        TEXT_INIT("\x80\x01\x02\x03"),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        raw_peer_open(&peer, dial(scene));
        raw_peer_send(&peer, others[i]);
        assert_true(raw_peer_await_end(&peer));
        bool is_http = others[i].data[0] >= 'A' && others[i].data[0] <= 'Z';
        assert_int_equal(raw_peer_has(&peer, "HTTP/1.1 400 Bad Request\r\n"), is_http);
        assert_int_equal(raw_peer_has(&peer, "speaks TLS only"), is_http);
        assert_false(raw_peer_has(&peer, "hello"));
        assert_int_equal(refusals, i + 1);
        assert_string_equal(last_refusal, "it does not speak TLS");
        raw_peer_close(&peer);
    }
    /* TLS, but what follows is no handshake. */
    raw_peer_open(&peer, dial(scene));
    raw_peer_send(&peer, TEXT("\x16\x03\x01\x00\x05hello"));
    assert_true(raw_peer_await_end(&peer));
    assert_true(raw_peer_has(&peer, "\x15\x03")); /* an alert */
    assert_int_equal(refusals, ARRAY_LENGTH(others) + 1);
    raw_peer_close(&peer);
    /* Gone before it said anything. */
    raw_peer_open(&peer, dial(scene));
    raw_peer_close(&peer);
    http_scene_settle();
    assert_string_equal(last_refusal, "the peer closed the connection");
    assert_int_equal(scene->observed, 0);
    assert_int_equal(http_server_connection_count(scene->server), 0);
}

static void test_plaintext(void **state)
{
    (void)state;
    run_with(speak_plainly, server_context);
}

/* One who says nothing, and one who says half of it. */
static void dawdle(struct http_scene *scene)
{
    struct raw_peer silent;
    struct raw_peer slow;
    raw_peer_open(&silent, dial(scene));
    raw_peer_open(&slow, dial(scene));
    raw_peer_send(&slow, TEXT("\x16\x03\x01\x02"));
    assert_true(raw_peer_await_end(&silent));
    assert_true(raw_peer_await_end(&slow));
    assert_int_equal(refusals, 2);
    assert_string_equal(last_refusal, "the handshake took too long");
    raw_peer_close(&silent);
    raw_peer_close(&slow);
}

static void test_dawdlers(void **state)
{
    (void)state;
    struct tls_context *hasty = NULL;
    const struct tls_options options = {
        .side = TLS_SERVER,
        .certificate_file = tls_scene_path(&tls, "server.pem"),
        .key_file = tls_scene_path(&tls, "server.key"),
        .handshake_timeout_ms = 20,
    };
    assert_int_equal(tls_context_create(&tls.call, &options, &hasty), STATUS_OK);
    run_with(dawdle, hasty);
    tls_context_destroy(hasty);
}

/* A client of TLS at a port without it. */
static void misdial(struct http_scene *scene)
{
    struct http_transport *transport = NULL;
    call_clear_error(&scene->call);
    assert_int_equal(tls_connect(scene->loop, &scene->call, client_context, dial(scene),
                                 TEXT("localhost"), TLS_ALPN_HTTP2, &transport),
                     STATUS_UNAVAILABLE);
    assert_int_equal(refusals, 1);
    assert_string_equal(last_refusal, "it speaks TLS, and this port does not");
}

static void test_misdialled(void **state)
{
    (void)state;
    run_with(misdial, NULL);
}

/* HTTP_HANDSHAKES_MAX that say nothing: the next is refused, those that are open go on. */
static void crowd(struct http_scene *scene)
{
    static struct raw_peer silent[HTTP_HANDSHAKES_MAX];
    struct http_transport *near_end;
    struct http_transport *far_end;
    struct raw_peer refused;
    struct http2_client *client = dial_http2(scene, client_context);
    struct http_answer answer = http_scene_ask(scene, client, "GET", "/hello", TEXT(""));
    expect_body(&answer, "hello");
    for (size_t i = 0; i < HTTP_HANDSHAKES_MAX; i++) {
        raw_peer_open(&silent[i], dial(scene));
    }
    assert_int_equal(http_transport_pair(scene->loop, &near_end, &far_end), STATUS_OK);
    raw_peer_open(&refused, far_end);
    assert_int_equal(http_server_take(scene->server, near_end), STATUS_RESOURCE_EXHAUSTED);
    assert_true(raw_peer_await_end(&refused));
    answer = http_scene_ask(scene, client, "GET", "/hello", TEXT(""));
    expect_body(&answer, "hello");
    http2_client_destroy(client);
    for (size_t i = 0; i < HTTP_HANDSHAKES_MAX; i++) {
        raw_peer_close(&silent[i]);
    }
    raw_peer_close(&refused);
    http_scene_settle();
    client = dial_http2(scene, client_context); /* there is room again */
    http2_client_destroy(client);
}

static void test_crowd(void **state)
{
    (void)state;
    run_with(crowd, server_context);
}

/* What an idle connection holds of the heap, on the server's side and the client's together. */
static size_t idle_bytes(struct http_scene *scene, bool by_tls)
{
    enum { CONNECTIONS = 200 };
    static struct raw_peer peers[CONNECTIONS];
    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (by_tls) {
            raw_peer_open(&peers[i], dial_tls(scene, client_context, ALPN_HTTP1));
        } else {
            http_scene_connect(scene, &peers[i]);
        }
        struct http_answer answer =
            http_scene_ask_http1(scene, &peers[i], "GET", "/hello", TEXT(""));
        expect_body(&answer, "hello");
        raw_peer_forget(&peers[i]);
    }
    http_scene_settle();
    size_t after = mallinfo2().uordblks;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        raw_peer_close(&peers[i]);
    }
    http_scene_settle();
    return after > before ? (after - before) / CONNECTIONS : 0;
}

static void measure_idle(struct http_scene *scene)
{
    enum { BYTES_MAX = 64 * 1024 };
    (void)idle_bytes(scene, true); /* fills the pools */
    size_t plain = idle_bytes(scene, false);
    size_t bytes = idle_bytes(scene, true);
    print_message("%zu bytes of heap for both ends of an idle connection; %zu without TLS\n", bytes,
                  plain);
    assert_true(bytes < BYTES_MAX);
}

static void test_idle(void **state)
{
    (void)state;
    run_with(measure_idle, server_context);
}

static int set_up(void **state)
{
    (void)state;
    tls_scene_init(&tls);
    server_context = tls_scene_server(&tls, "server", NULL);
    client_context = tls_scene_client(&tls, "ca", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_context_destroy(server_context);
    tls_context_destroy(client_context);
    tls_scene_deinit(&tls);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_protocols), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_drain),          cmocka_unit_test(test_plaintext),
        cmocka_unit_test(test_dawdlers),       cmocka_unit_test(test_misdialled),
        cmocka_unit_test(test_crowd),          cmocka_unit_test(test_idle),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
