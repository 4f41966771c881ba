/* One context, several loops: handshakes on some while another has the files read again. */
#include "loop/loop.h"
#include "unit/http/tls_scene.h"

enum { THREADS = 3, ROUNDS = 40 };

struct shared {
    struct tls_scene scenes[THREADS]; /* of one directory; a call and an arena for each thread */
    struct tls_context *server;
    struct tls_context *client;
};

static void reload(struct shared *shared)
{
    struct call *call = &shared->scenes[0].call;
    for (unsigned i = 0; i < ROUNDS; i++) {
        assert_int_equal(tls_context_reload(call, shared->server), STATUS_OK);
        assert_int_equal(tls_context_reload(call, shared->client), STATUS_OK);
        assert_true(tls_context_not_after_s(shared->server) > 0);
        fiber_yield();
    }
}

static void connect(struct shared *shared, struct tls_scene *scene)
{
    const struct tls_pair_options options = {.server = shared->server,
                                             .client = shared->client,
                                             .host = "localhost",
                                             .alpn = TLS_ALPN_HTTP2};
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct tls_pair pair;
        assert_int_equal(tls_pair_open(scene, &options, &pair), STATUS_OK);
        tls_pair_await(scene, &pair);
        raw_peer_say(&pair.client, "ping");
        assert_true(raw_peer_await(&pair.server, "ping"));
        tls_pair_close(&pair);
    }
}

static enum status work(void *argument, unsigned index)
{
    struct shared *shared = argument;
    if (index == 0) {
        reload(shared);
    } else {
        connect(shared, &shared->scenes[index]);
    }
    return STATUS_OK;
}

static void test_threads(void **state)
{
    (void)state;
    static struct shared shared;
    struct loop_threads *threads;
    for (unsigned i = 0; i < THREADS; i++) {
        tls_scene_init(&shared.scenes[i]);
    }
    shared.server = tls_scene_server(&shared.scenes[0], "server", NULL);
    shared.client = tls_scene_client(&shared.scenes[0], "ca", NULL);
    assert_int_equal(loop_threads_start(THREADS, &threads), STATUS_OK);
    assert_int_equal(loop_threads_each(threads, work, &shared), STATUS_OK);
    loop_threads_destroy(threads);
    tls_context_destroy(shared.server);
    tls_context_destroy(shared.client);
    for (unsigned i = 0; i < THREADS; i++) {
        tls_scene_deinit(&shared.scenes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
