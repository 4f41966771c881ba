/* Peers that offer less than RFC 9113 section 9.2 asks for. */
#include <string.h>

#include "loop/fiber.h"
#include "loop/loop.h"
#include "unit/http/http_scene.h"
#include "unit/http/openssl_peer.h"
#include "unit/http/tls_scene.h"

struct server_run {
    struct openssl_peer_options options;
    struct http_transport *transport;
};

static void serve(void *argument)
{
    struct server_run *run = argument;
    struct openssl_peer *peer = openssl_peer_open(run->transport, &run->options);
    (void)openssl_peer_await(peer); /* the client tells how it went */
    openssl_peer_close(peer);
}

/* Our client against a foreign server. */
static enum status connect_to(struct tls_scene *scene, const struct openssl_peer_options *options,
                              struct text alpn)
{
    struct http_transport *near_end;
    struct http_transport *far_end;
    struct http_transport *transport = NULL;
    struct fiber_group group;
    struct tls_context *client = tls_scene_client(scene, "ca", NULL);
    struct server_run run = {.options = *options};
    run.options.is_server = true;
    run.options.certificate = tls_scene_path(scene, "server.pem");
    run.options.key = tls_scene_path(scene, "server.key");
    assert_int_equal(http_transport_pair(loop_current(), &near_end, &far_end), STATUS_OK);
    run.transport = near_end;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, serve, &run), STATUS_OK);
    call_clear_error(&scene->call);
    enum status status = tls_connect(loop_current(), &scene->call, client, far_end,
                                     TEXT("localhost"), alpn, &transport);
    if (status == STATUS_OK) {
        transport->ops->close(transport->state);
    }
    fiber_group_join(&group);
    tls_context_destroy(client);
    return status;
}

static void expect_words(struct tls_scene *scene, const char *words)
{
    struct text said = scene->call.error.message;
    if (memmem(said.data, said.length, words, strlen(words)) == NULL) {
        fail_msg("'%.*s' is not said in: %.*s", (int)strlen(words), words, TEXT_ARGUMENTS(said));
    }
}

static void meet_servers(struct tls_scene *scene)
{
    const struct openssl_peer_options usual = {.version_max = 0};
    const struct openssl_peer_options good_1_2 = {.version_max = openssl_peer_tls_1_2};
    const struct openssl_peer_options old = {.version_max = openssl_peer_tls_1_1};
    const struct openssl_peer_options weak = {.version_max = openssl_peer_tls_1_2,
                                              .ciphers = "ECDHE-ECDSA-AES128-SHA256"};
    assert_int_equal(connect_to(scene, &usual, TEXT("")), STATUS_OK);
    assert_int_equal(connect_to(scene, &good_1_2, TEXT("")), STATUS_OK);
    /* It knows no ALPN: for HTTP/2 that is not enough. */
    assert_int_equal(connect_to(scene, &usual, TLS_ALPN_HTTP2), STATUS_UNAVAILABLE);
    expect_words(scene, "selects no protocol");
    assert_int_equal(connect_to(scene, &old, TLS_ALPN_HTTP2), STATUS_UNAVAILABLE);
    expect_words(scene, "protocol version");
    assert_int_equal(connect_to(scene, &weak, TLS_ALPN_HTTP2), STATUS_UNAVAILABLE);
    expect_words(scene, "handshake failure");
}

static void test_servers(void **state)
{
    (void)state;
    tls_scene_run(meet_servers);
}

static struct tls_context *server_context;
static unsigned refusals;

static void note_refusal(void *state, struct text peer, const char *reason)
{
    (void)state;
    (void)peer;
    assert_true(reason[0] != '\0');
    refusals++;
}

static struct openssl_peer *dial(struct http_scene *scene,
                                 const struct openssl_peer_options *options)
{
    struct http_transport *near_end;
    struct http_transport *far_end;
    assert_int_equal(http_transport_pair(scene->loop, &near_end, &far_end), STATUS_OK);
    assert_int_equal(http_server_take(scene->server, near_end), STATUS_OK);
    return openssl_peer_open(far_end, options);
}

static bool shakes(struct http_scene *scene, const struct openssl_peer_options *options)
{
    struct openssl_peer *peer = dial(scene, options);
    bool done = openssl_peer_await(peer);
    openssl_peer_close(peer);
    return done;
}

static void meet_clients(struct http_scene *scene)
{
    const struct openssl_peer_options usual = {.version_max = 0};
    const struct openssl_peer_options good_1_2 = {.version_max = openssl_peer_tls_1_2};
    const struct openssl_peer_options old = {.version_max = openssl_peer_tls_1_1};
    const struct openssl_peer_options weak = {.version_max = openssl_peer_tls_1_2,
                                              .ciphers = "ECDHE-ECDSA-AES128-SHA256:AES128-SHA"};
    assert_true(shakes(scene, &usual));
    assert_true(shakes(scene, &good_1_2));
    assert_false(shakes(scene, &old));
    assert_false(shakes(scene, &weak));
    http_scene_settle();
    assert_true(refusals >= 2);
    /* Once is enough. */
    struct openssl_peer *peer = dial(scene, &good_1_2);
    assert_true(openssl_peer_await(peer));
    assert_false(openssl_peer_renegotiate(peer));
    openssl_peer_close(peer);
}

static void test_clients(void **state)
{
    (void)state;
    struct tls_scene tls;
    tls_scene_init(&tls);
    server_context = tls_scene_server(&tls, "server", NULL);
    http_scene_run(meet_clients,
                   &(struct http_server_options){.tls = server_context, .refused = note_refusal});
    tls_context_destroy(server_context);
    tls_scene_deinit(&tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
