/* Writes, pauses and narrow wires in random order, from seeds: whatever happens when, what is sent
 * is received, in order and to its end. */
#include "loop/loop.h"
#include "unit/http/http_scene.h"
#include "unit/http/tls_scene.h"

enum {
    SEEDS = 150,
    STEPS = 60,
    WIDE_BYTES_MAX = 60000, /* of one write */
    NARROW_BYTES_MAX = 400,
    SETTLES_MAX = 200000,
};

/* A generator that the seed repeats (Marsaglia, "Xorshift RNGs"). */
static uint32_t random_state;

static uint32_t random_under(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % limit;
}

/* One end, as sender to the other. */
struct end {
    struct raw_peer *peer;
    struct raw_peer *other;
    size_t wanted; /* bytes of the pattern that are to be sent */
    size_t sent;
    bool paused;
    bool blocked; /* a write was not taken whole: `drained` will come */
};

static struct text pattern;
static struct end ends[2];

static void push(struct end *end)
{
    struct text rest = text_slice(pattern, end->sent, end->wanted);
    if (rest.length > 0 && !end->blocked) {
        size_t taken = raw_peer_send_some(end->peer, rest);
        end->sent += taken;
        end->blocked = taken < rest.length;
    }
}

/* In place of the peer's own. */
static void on_drained(void *state)
{
    struct end *end = &ends[state == ends[0].peer ? 0 : 1];
    assert_true(end->blocked);
    end->blocked = false;
}

static void toggle(struct end *end)
{
    struct http_transport *transport = end->peer->transport;
    end->paused = !end->paused;
    if (end->paused) {
        transport->ops->pause(transport->state);
    } else {
        transport->ops->resume(transport->state);
    }
}

static void act(struct end *end, size_t bytes_max)
{
    switch (random_under(4)) {
    case 0:
        end->wanted += random_under((uint32_t)bytes_max);
        end->wanted = end->wanted < pattern.length ? end->wanted : pattern.length;
        push(end);
        break;
    case 1:
        toggle(end);
        break;
    case 2:
        push(end);
        break;
    default:
        fiber_yield();
        break;
    }
}

static bool has_arrived(const struct end *end)
{
    return end->sent == end->wanted && end->other->received.length == end->wanted;
}

static void expect_arrival(uint32_t seed)
{
    for (unsigned i = 0; i < SETTLES_MAX && !(has_arrived(&ends[0]) && has_arrived(&ends[1]));
         i++) {
        push(&ends[0]);
        push(&ends[1]);
        fiber_yield();
    }
    for (size_t i = 0; i < 2; i++) {
        if (!has_arrived(&ends[i])) {
            fail_msg("seed %u: of %zu bytes %zu were sent, %zu received", seed, ends[i].wanted,
                     ends[i].sent, ends[i].other->received.length);
        }
        if (ends[i].wanted > 0) {
            assert_memory_equal(ends[i].other->received.data, pattern.data, ends[i].wanted);
        }
    }
}

static void expect_ends(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct http_transport *transport = ends[i].peer->transport;
        transport->ops->shutdown(transport->state);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_true(raw_peer_await_end(ends[i].peer));
        assert_false(ends[i].peer->transport->security->truncated);
    }
}

/* Small steps, or the whole width. */
static struct narrow_options random_wire(bool narrow)
{
    return (struct narrow_options){
        .step = narrow ? 1 + random_under(300) : random_under(2) * random_under(4000),
        .write_max = narrow ? 1 + random_under(300) : random_under(2) * (1 + random_under(70000)),
    };
}

static void play(struct tls_scene *scene, struct tls_pair_options *options, uint32_t seed)
{
    struct tls_pair pair;
    random_state = seed * 2654435769u + 1;
    bool narrow = random_under(2) == 0;
    size_t bytes_max = narrow ? NARROW_BYTES_MAX : WIDE_BYTES_MAX;
    options->to_server = random_wire(narrow);
    options->to_client = random_wire(narrow);
    assert_int_equal(tls_pair_open(scene, options, &pair), STATUS_OK);
    tls_pair_await(scene, &pair);
    assert_true(pair.established);
    ends[0] = (struct end){.peer = &pair.client, .other = &pair.server};
    ends[1] = (struct end){.peer = &pair.server, .other = &pair.client};
    for (size_t i = 0; i < 2; i++) {
        ends[i].peer->transport->events.drained = on_drained;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        act(&ends[random_under(2)], bytes_max);
    }
    for (size_t i = 0; i < 2; i++) {
        if (ends[i].paused) {
            toggle(&ends[i]);
        }
    }
    expect_arrival(seed);
    expect_ends();
    tls_pair_close(&pair);
}

static void play_all(struct tls_scene *scene)
{
    struct tls_context *server = tls_scene_server(scene, "server", NULL);
    struct tls_context *client = tls_scene_client(scene, "ca", NULL);
    struct tls_pair_options options = {
        .server = server, .client = client, .host = "localhost", .alpn = TLS_ALPN_HTTP2};
    char *bytes = arena_alloc(&scene->arena, (size_t)STEPS * WIDE_BYTES_MAX);
    assert_non_null(bytes);
    pattern = (struct text){bytes, (size_t)STEPS * WIDE_BYTES_MAX};
    for (size_t i = 0; i < pattern.length; i++) {
        bytes[i] = (char)(i * 7 + i / 251);
    }
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        play(scene, &options, seed);
    }
    tls_context_destroy(server);
    tls_context_destroy(client);
}

static void test_schedules(void **state)
{
    (void)state;
    tls_scene_run(play_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
