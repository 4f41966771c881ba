/* What two ends say to each other over TLS: whole, in order, under back-pressure, to its end. */
#include <string.h>

#include "loop/loop.h"
#include "unit/http/http_scene.h"
#include "unit/http/tls_scene.h"

enum { BIG_BYTES = 3 * 1024 * 1024 + 17, MIDDLE_BYTES = 40000 };

struct stream_scene {
    struct tls_scene *tls;
    struct tls_context *server;
    struct tls_context *client;
    struct tls_pair pair;
};

static void open_stream(struct tls_scene *tls, struct stream_scene *scene,
                        const struct tls_pair_options *how)
{
    *scene = (struct stream_scene){.tls = tls};
    scene->server = tls_scene_server(tls, "server", NULL);
    scene->client = tls_scene_client(tls, "ca", NULL);
    struct tls_pair_options options = *how;
    options.server = scene->server;
    options.client = scene->client;
    options.host = "localhost";
    options.alpn = TLS_ALPN_HTTP2;
    assert_int_equal(tls_pair_open(tls, &options, &scene->pair), STATUS_OK);
    tls_pair_await(tls, &scene->pair);
    assert_true(scene->pair.established);
}

static void close_stream(struct stream_scene *scene)
{
    tls_pair_close(&scene->pair);
    tls_context_destroy(scene->server);
    tls_context_destroy(scene->client);
}

/* Bytes that tell their place. */
static struct text pattern(struct arena *arena, size_t length)
{
    char *bytes = arena_alloc(arena, length);
    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)(i * 7 + i / 251);
    }
    return (struct text){bytes, length};
}

struct sender {
    struct raw_peer *peer;
    struct text bytes;
};

static void send_all(void *argument)
{
    struct sender *sender = argument;
    raw_peer_send(sender->peer, sender->bytes);
}

static void expect_bytes(struct raw_peer *peer, struct text wanted)
{
    assert_true(raw_peer_await_bytes(peer, wanted.length));
    assert_int_equal(peer->received.length, wanted.length);
    assert_memory_equal(peer->received.data, wanted.data, wanted.length);
    raw_peer_forget(peer);
}

/* Both ways at once. */
static void exchange(struct stream_scene *scene, size_t length)
{
    struct tls_pair *pair = &scene->pair;
    struct text bytes = pattern(&scene->tls->arena, length);
    struct sender up = {&pair->client, bytes};
    struct sender down = {&pair->server, bytes};
    struct fiber_group group;
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, send_all, &up), STATUS_OK);
    assert_int_equal(fiber_group_start(&group, send_all, &down), STATUS_OK);
    fiber_group_join(&group);
    expect_bytes(&pair->server, bytes);
    expect_bytes(&pair->client, bytes);
}

static void talk_wide(struct tls_scene *tls)
{
    struct stream_scene scene;
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    exchange(&scene, 1);
    exchange(&scene, 16 * 1024);     /* one record */
    exchange(&scene, 16 * 1024 + 1); /* and one more */
    exchange(&scene, BIG_BYTES);
    close_stream(&scene);
}

static void test_wide(void **state)
{
    (void)state;
    tls_scene_run(talk_wide);
}

/* The handshake too, byte by byte. */
static void talk_narrow(struct tls_scene *tls)
{
    static const struct tls_pair_options ways[] = {
        {.to_server = {.step = 1}, .to_client = {.step = 1}},
        {.to_server = {.write_max = 100}, .to_client = {.write_max = 1000}},
        {.to_server = {.step = 7, .write_max = 3}, .to_client = {.step = 1000}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(ways); i++) {
        struct stream_scene scene;
        open_stream(tls, &scene, &ways[i]);
        exchange(&scene, MIDDLE_BYTES);
        close_stream(&scene);
    }
}

static void test_narrow(void **state)
{
    (void)state;
    tls_scene_run(talk_narrow);
}

/* What the owner does not read is not read from the wire, and not lost. */
static void press(struct tls_scene *tls)
{
    struct stream_scene scene;
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    struct tls_pair *pair = &scene.pair;
    struct text bytes = pattern(&tls->arena, BIG_BYTES);
    pair->server.transport->ops->pause(pair->server.transport->state);
    size_t taken = raw_peer_send_some(&pair->client, bytes);
    assert_true(taken > 0 && taken < HTTP_LOOPBACK_BYTES_MAX);
    http_scene_settle();
    assert_int_equal(pair->server.received.length, 0);
    struct text rest = text_slice(bytes, taken, bytes.length);
    assert_int_equal(raw_peer_send_some(&pair->client, rest), 0);
    pair->server.transport->ops->resume(pair->server.transport->state);
    raw_peer_send(&pair->client, rest);
    expect_bytes(&pair->server, bytes);
    close_stream(&scene);
}

static void test_pressure(void **state)
{
    (void)state;
    tls_scene_run(press);
}

/* Pauses at the first byte of each part. */
static struct raw_peer *paused_peer;
static void (*paused_received)(void *state, struct text bytes);
static unsigned pauses;

static void receive_and_pause(void *state, struct text bytes)
{
    pauses++;
    paused_peer->transport->ops->pause(paused_peer->transport->state);
    paused_received(state, bytes);
}

static void pause_within(struct tls_scene *tls)
{
    struct stream_scene scene;
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    struct raw_peer *server = &scene.pair.server;
    struct text bytes = pattern(&tls->arena, 200 * 1024); /* one delivery of the wire */
    pauses = 0;
    paused_peer = server;
    paused_received = server->transport->events.received;
    server->transport->events.received = receive_and_pause;
    raw_peer_send(&scene.pair.client, bytes);
    scene.pair.client.transport->ops->shutdown(scene.pair.client.transport->state);
    while (server->received.length < bytes.length) {
        assert_int_equal(fiber_wait(&server->call, &server->changed), STATUS_OK);
        http_scene_settle();
        assert_false(server->ended); /* never while it is paused with something to come */
        server->transport->ops->resume(server->transport->state);
    }
    assert_true(pauses > 1);
    assert_true(raw_peer_await_end(server));
    assert_false(server->transport->security->truncated);
    expect_bytes(server, bytes);
    close_stream(&scene);
}

static void test_pause_within(void **state)
{
    (void)state;
    tls_scene_run(pause_within);
}

/* What goes over a wire: writes, and records of data in them (RFC 8446 section 5.2). */
static const struct http_transport_ops *counted_ops;
static unsigned writes;
static unsigned records;

static ssize_t count_write(void *state, struct text bytes)
{
    enum { HEAD_BYTES = 5, APPLICATION_DATA = 23 };
    ssize_t taken = counted_ops->write(state, bytes);
    writes++;
    while (bytes.length >= HEAD_BYTES) {
        const unsigned char *head = (const unsigned char *)bytes.data;
        records += head[0] == APPLICATION_DATA;
        bytes = text_slice(bytes, HEAD_BYTES + (size_t)head[3] * 256 + head[4], bytes.length);
    }
    return taken;
}

/* One write of the owner is one write below, of as few records as there can be. */
static void gather(struct tls_scene *tls)
{
    enum { RECORD_BYTES = 16 * 1024 };
    static const struct {
        size_t bytes;
        unsigned records;
    } cases[] = {{1, 1}, {RECORD_BYTES, 1}, {RECORD_BYTES + 1, 2}, {4 * RECORD_BYTES, 4}};
    struct stream_scene scene;
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    struct http_transport *wire = scene.pair.wire;
    counted_ops = wire->ops;
    struct http_transport_ops counting = *counted_ops;
    counting.write = count_write;
    wire->ops = &counting;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text bytes = pattern(&tls->arena, cases[i].bytes);
        writes = 0;
        records = 0;
        assert_int_equal(raw_peer_send_some(&scene.pair.server, bytes), bytes.length);
        assert_int_equal(writes, 1);
        assert_int_equal(records, cases[i].records);
        expect_bytes(&scene.pair.client, bytes);
    }
    wire->ops = counted_ops;
    close_stream(&scene);
}

static void test_gathered(void **state)
{
    (void)state;
    tls_scene_run(gather);
}

/* A wire that ignores the pause: TLS_KEPT_BYTES_MAX are kept, then the stream breaks. */
static void overflow(struct tls_scene *tls)
{
    enum { PART_BYTES = TLS_KEPT_BYTES_MAX / 4 };
    struct stream_scene scene;
    struct text junk = pattern(&tls->arena, PART_BYTES);
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    struct raw_peer *server = &scene.pair.server;
    const struct http_transport_events *wire = &scene.pair.wire->events;
    server->transport->ops->pause(server->transport->state);
    for (unsigned i = 0; i < 4; i++) {
        wire->received(wire->state, junk);
        assert_false(server->ended);
    }
    wire->received(wire->state, TEXT("1"));
    assert_true(server->ended);
    assert_true(server->transport->security->truncated);
    close_stream(&scene);
}

static void test_overflow(void **state)
{
    (void)state;
    tls_scene_run(overflow);
}

static void end(struct tls_scene *tls)
{
    struct stream_scene scene;
    struct raw_peer *client = &scene.pair.client;
    struct raw_peer *server = &scene.pair.server;

    /* Half closed: the other half goes on. */
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    raw_peer_say(client, "last words");
    client->transport->ops->shutdown(client->transport->state);
    assert_true(raw_peer_await_end(server));
    assert_true(raw_peer_has(server, "last words"));
    assert_false(server->transport->security->truncated);
    raw_peer_say(server, "still heard");
    assert_true(raw_peer_await(client, "still heard"));
    server->transport->ops->shutdown(server->transport->state);
    assert_true(raw_peer_await_end(client));
    assert_false(client->transport->security->truncated);
    close_stream(&scene);

    /* Closed with something written: it arrives, and the end is a good one if it was said. */
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    raw_peer_say(client, "last words");
    client->transport->ops->shutdown(client->transport->state);
    raw_peer_close(client);
    assert_true(raw_peer_await_end(server));
    assert_true(raw_peer_has(server, "last words"));
    assert_false(server->transport->security->truncated);
    close_stream(&scene);

    /* Broken off. */
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    raw_peer_say(client, "last words");
    raw_peer_close(client);
    assert_true(raw_peer_await_end(server));
    assert_true(raw_peer_has(server, "last words"));
    assert_true(server->transport->security->truncated);
    assert_true(server->transport->ops->write(server->transport->state, TEXT("a")) < 0);
    close_stream(&scene);

    /* Ended while it is paused: told later. */
    open_stream(tls, &scene, &(struct tls_pair_options){.server = NULL});
    server->transport->ops->pause(server->transport->state);
    raw_peer_say(client, "last words");
    client->transport->ops->shutdown(client->transport->state);
    raw_peer_close(client);
    http_scene_settle();
    assert_false(server->ended);
    server->transport->ops->resume(server->transport->state);
    assert_true(raw_peer_await_end(server));
    assert_true(raw_peer_has(server, "last words"));
    assert_false(server->transport->security->truncated);
    close_stream(&scene);
}

/* What counts as taken has left, so that its owner may close: also where little goes at a time. */
static void close_at_once(struct tls_scene *tls)
{
    struct stream_scene scene;
    struct text bytes = pattern(&tls->arena, MIDDLE_BYTES);
    open_stream(tls, &scene, &(struct tls_pair_options){.to_client = {.write_max = 1000}});
    raw_peer_send(&scene.pair.client, bytes);
    scene.pair.client.transport->ops->shutdown(scene.pair.client.transport->state);
    raw_peer_close(&scene.pair.client);
    assert_true(raw_peer_await_end(&scene.pair.server));
    assert_false(scene.pair.server.transport->security->truncated);
    expect_bytes(&scene.pair.server, bytes);
    close_stream(&scene);
}

static void test_close_at_once(void **state)
{
    (void)state;
    tls_scene_run(close_at_once);
}

static void test_end(void **state)
{
    (void)state;
    tls_scene_run(end);
}

/* Every byte that the server receives, spoiled in turn: the handshake fails or the stream breaks,
 * and what was never sent is never received. */
static void spoil(struct tls_scene *tls)
{
    enum { STEP = 13, SENT_BYTES = 500, WIRE_BYTES = 1200 };
    struct text bytes = pattern(&tls->arena, SENT_BYTES);
    struct tls_context *server = tls_scene_server(tls, "server", NULL);
    struct tls_context *client = tls_scene_client(tls, "ca", NULL);
    unsigned failed = 0;
    unsigned broken = 0;
    for (size_t at = 1; at < WIRE_BYTES; at += STEP) {
        struct tls_pair pair;
        const struct tls_pair_options options = {.server = server,
                                                 .client = client,
                                                 .host = "localhost",
                                                 .alpn = TLS_ALPN_HTTP2,
                                                 .to_server = {.spoil_at = at}};
        if (tls_pair_open(tls, &options, &pair) == STATUS_OK) {
            raw_peer_send(&pair.client, bytes);
            pair.client.transport->ops->shutdown(pair.client.transport->state);
        }
        if (!pair.established && pair.reason[0] == '\0') {
            tls_pair_await(tls, &pair);
        }
        if (!pair.established) {
            failed++;
        } else {
            assert_true(raw_peer_await_end(&pair.server));
            broken += pair.server.transport->security->truncated;
            size_t length = pair.server.received.length;
            assert_true(length == 0 || length == SENT_BYTES);
            if (length > 0) {
                assert_memory_equal(pair.server.received.data, bytes.data, length);
            }
        }
        tls_pair_close(&pair);
    }
    assert_true(failed > 20);
    assert_true(broken > 20);
    tls_context_destroy(server);
    tls_context_destroy(client);
}

static void test_spoiled(void **state)
{
    (void)state;
    tls_scene_run(spoil);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide),          cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_pressure),      cmocka_unit_test(test_pause_within),
        cmocka_unit_test(test_gathered),      cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_close_at_once), cmocka_unit_test(test_end),
        cmocka_unit_test(test_spoiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
