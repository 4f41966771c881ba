/* Calls go to instances that say they want them. */
#include "base/clock.h"
#include "grpc/grpc_channel.h"
#include "support/cmocka_test.h"
#include "unit/grpc/grpc_fixture.h"

enum { SERVERS = 2, CALLS = 20 };

struct scene {
    struct grpc_fixture *fixture;
    struct grpc_instance servers[SERVERS];
    struct grpc_channel *channel;
    enum status status; /* of wait_in_fiber() */
    bool done;
};

static void update(struct scene *scene, size_t count)
{
    const struct text addresses[SERVERS] = {text_of(scene->servers[0].address),
                                            text_of(scene->servers[1].address)};
    assert_int_equal(grpc_channel_update(scene->channel, addresses, count), STATUS_OK);
}

static void open_scene(struct grpc_fixture *fixture, struct scene *scene, const char *service)
{
    const struct grpc_channel_options options = {.pool = fixture->pool,
                                                 .target = "asked",
                                                 .balancing = GRPC_BALANCE_ROUND_ROBIN,
                                                 .health_service = service};
    *scene = (struct scene){.fixture = fixture};
    for (size_t i = 0; i < SERVERS; i++) {
        grpc_instance_open(fixture, &scene->servers[i], 0);
    }
    assert_int_equal(grpc_channel_create(fixture->loop, &options, &scene->channel), STATUS_OK);
}

static void close_scene(struct scene *scene)
{
    grpc_channel_destroy(scene->channel);
    for (size_t i = 0; i < SERVERS; i++) {
        grpc_instance_close(&scene->servers[i]);
    }
}

static void set(struct scene *scene, size_t server, bool serving)
{
    assert_int_equal(grpc_server_set_serving(scene->servers[server].grpc, TEXT(""), serving),
                     STATUS_OK);
}

static enum status try(struct scene *scene, bool wait_for_ready)
{
    const struct grpc_call_options options = {.wait_for_ready = wait_for_ready};
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(scene->fixture, 0);
    return grpc_call_unary(scene->channel, &call, "/marquee.test.EchoService/Echo", &options,
                           &request.base, &marquee__test__echo_response__descriptor, &response);
}

/* Calls until a round of them has reached exactly the servers that are wanted. */
static void await_served(struct scene *scene, bool first, bool second)
{
    bool reached[SERVERS];
    do {
        assert_int_equal(fiber_sleep(&scene->fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        scene->servers[0].echo.calls = 0;
        scene->servers[1].echo.calls = 0;
        for (int i = 0; i < SERVERS; i++) {
            assert_int_equal(try(scene, true), STATUS_OK);
        }
        reached[0] = scene->servers[0].echo.calls > 0;
        reached[1] = scene->servers[1].echo.calls > 0;
    } while (reached[0] != first || reached[1] != second);
}

static void calls_go_where_they_are_wanted(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(fixture, &scene, "");
    set(&scene, 1, true);
    update(&scene, SERVERS);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(try(&scene, false), STATUS_OK);
    }
    assert_int_equal(scene.servers[0].echo.calls, 0); /* at no time */
    assert_int_equal(scene.servers[1].echo.calls, CALLS);
    set(&scene, 0, true);
    await_served(&scene, true, true);
    set(&scene, 1, false);
    await_served(&scene, true, false);
    set(&scene, 0, false);
    set(&scene, 1, true);
    await_served(&scene, false, true);
    for (size_t i = 0; i < SERVERS; i++) {
        assert_int_equal(http_server_connection_count(scene.servers[i].http), 1);
    }
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(calls_go_where_they_are_wanted)

static void wait_in_fiber(void *argument)
{
    struct scene *scene = argument;
    scene->status = try(scene, true);
    scene->done = true;
}

static void when_nobody_serves_calls_fail_or_wait(struct grpc_fixture *fixture)
{
    struct scene scene;
    struct fiber_group group;
    open_scene(fixture, &scene, "");
    update(&scene, SERVERS);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(try(&scene, false), STATUS_UNAVAILABLE);
    }
    /* No use in further connections. */
    for (size_t i = 0; i < SERVERS; i++) {
        assert_int_equal(http_server_connection_count(scene.servers[i].http), 1);
    }
    fiber_group_init(&group);
    assert_int_equal(fiber_group_start(&group, wait_in_fiber, &scene), STATUS_OK);
    fiber_yield();
    assert_false(scene.done);
    set(&scene, 1, true);
    fiber_group_join(&group);
    assert_int_equal(scene.status, STATUS_OK);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(when_nobody_serves_calls_fail_or_wait)

/* The Watch of the one that shuts down ends; its other calls may go on. */
static void one_that_shuts_down_is_left(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(fixture, &scene, "");
    set(&scene, 0, true);
    set(&scene, 1, true);
    update(&scene, SERVERS);
    await_served(&scene, true, true);
    grpc_server_shut_down(scene.servers[0].grpc);
    await_served(&scene, false, true);
    update(&scene, 1);
    assert_int_equal(try(&scene, false), STATUS_UNAVAILABLE);
    update(&scene, SERVERS);
    assert_int_equal(try(&scene, false), STATUS_OK);
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(one_that_shuts_down_is_left)

static void the_service_is_asked_for_by_name(struct grpc_fixture *fixture)
{
    static const struct {
        const char *service;
        enum status want;
    } rows[] = {
        {"marquee.test.EchoService", STATUS_OK},
        {"marquee.test.Unknown", STATUS_UNAVAILABLE},
        {"", STATUS_UNAVAILABLE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct scene scene;
        open_scene(fixture, &scene, rows[i].service);
        assert_int_equal(
            grpc_server_set_serving(scene.servers[0].grpc, TEXT("marquee.test.EchoService"), true),
            STATUS_OK);
        update(&scene, 1);
        assert_int_equal(try(&scene, false), rows[i].want);
        close_scene(&scene);
    }
}
FIXTURE_LOOPBACK_TEST(the_service_is_asked_for_by_name)

/* A server of Echo, whose Watch is as the test says. */
struct simple {
    struct http_server *http;
    struct grpc_channel *channel;
    struct text watch; /* what it sends */
    const char *watch_status;
    unsigned calls; /* of Echo */
};

static void serve_simply(void *state, struct http_exchange *exchange)
{
    static const struct http_header type = {TEXT_INIT("content-type"),
                                            TEXT_INIT("application/grpc")};
    struct simple *simple = state;
    bool is_echo = text_equal(http_exchange_request(exchange)->path, TEXT("/x/Echo"));
    struct text reply = is_echo ? TEXT("\0\0\0\0\0") : simple->watch;
    const struct http_header status = {TEXT("grpc-status"),
                                       text_of(is_echo ? "0" : simple->watch_status)};
    struct text body;
    simple->calls += is_echo;
    assert_int_equal(http_read_all(exchange, 1 << 20, &body), STATUS_OK);
    http_reply_start(exchange, 200, &type, 1);
    if (reply.length > 0) {
        assert_int_equal(http_write(exchange, reply), STATUS_OK);
    }
    http_finish(exchange, &status, 1);
}

static void open_simple(struct grpc_fixture *fixture, struct simple *simple)
{
    const struct http_server_options http = {.fallback = serve_simply, .fallback_state = simple};
    const struct grpc_channel_options options = {
        .pool = fixture->pool, .target = "simple", .health_service = ""};
    assert_int_equal(http_server_create(fixture->loop, &http, &simple->http), STATUS_OK);
    assert_int_equal(
        grpc_channel_create_loopback(fixture->loop, simple->http, &options, &simple->channel),
        STATUS_OK);
}

static void close_simple(struct simple *simple)
{
    grpc_channel_destroy(simple->channel);
    http_server_destroy(simple->http);
}

static enum status try_simple(struct grpc_fixture *fixture, struct simple *simple)
{
    Marquee__Test__EchoRequest request = MARQUEE__TEST__ECHO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct call call = grpc_fixture_call(fixture, 0);
    return grpc_call_unary(simple->channel, &call, "/x/Echo", NULL, &request.base,
                           &marquee__test__echo_response__descriptor, &response);
}

static void one_that_cannot_say_is_taken_to_serve(struct grpc_fixture *fixture)
{
    struct simple simple = {.watch_status = "12"};
    open_simple(fixture, &simple);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(try_simple(fixture, &simple), STATUS_OK);
    }
    assert_int_equal(simple.calls, CALLS);
    close_simple(&simple);
}
FIXTURE_LOOPBACK_TEST(one_that_cannot_say_is_taken_to_serve)

/* It is asked again after a backoff; until then it is not known to serve. */
static void one_that_says_no_more_is_left(struct grpc_fixture *fixture)
{
    static const struct text serving = TEXT_INIT("\0\0\0\0\2\x08\x01");
    struct simple simple = {.watch = serving, .watch_status = "14"};
    open_simple(fixture, &simple);
    while (try_simple(fixture, &simple) == STATUS_OK) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_int_equal(try_simple(fixture, &simple), STATUS_UNAVAILABLE);
    close_simple(&simple);
}
FIXTURE_LOOPBACK_TEST(one_that_says_no_more_is_left)

/* It is asked again at once when it is named again; its backoff would be a second or more. */
static void news_of_it_has_it_asked_again(struct grpc_fixture *fixture)
{
    struct simple simple = {.watch_status = "14"};
    struct text address = TEXT("loopback");
    open_simple(fixture, &simple);
    assert_int_equal(try_simple(fixture, &simple), STATUS_UNAVAILABLE);
    simple.watch_status = "12";
    int64_t started_ns = clock_monotonic_ns();
    assert_int_equal(grpc_channel_update(simple.channel, &address, 1), STATUS_OK);
    while (try_simple(fixture, &simple) != STATUS_OK) {
        assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
    }
    assert_true(clock_monotonic_ns() - started_ns < CLOCK_NS_PER_S / 2);
    close_simple(&simple);
}
FIXTURE_LOOPBACK_TEST(news_of_it_has_it_asked_again)

/* While the server hangs over the Watch's answer, the channel goes. */
static void a_channel_ends_while_it_asks(struct grpc_fixture *fixture)
{
    struct scene scene;
    open_scene(fixture, &scene, "");
    update(&scene, SERVERS);
    for (size_t i = 0; i < SERVERS; i++) {
        while (http_server_connection_count(scene.servers[i].http) == 0) {
            assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        }
    }
    update(&scene, 0);
    for (size_t i = 0; i < SERVERS; i++) {
        while (http_server_connection_count(scene.servers[i].http) > 0) {
            assert_int_equal(fiber_sleep(&fixture->call, CLOCK_NS_PER_MS), STATUS_OK);
        }
    }
    close_scene(&scene);
}
FIXTURE_LOOPBACK_TEST(a_channel_ends_while_it_asks)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_go_where_they_are_wanted_loopback),
        cmocka_unit_test(when_nobody_serves_calls_fail_or_wait_loopback),
        cmocka_unit_test(one_that_shuts_down_is_left_loopback),
        cmocka_unit_test(the_service_is_asked_for_by_name_loopback),
        cmocka_unit_test(one_that_cannot_say_is_taken_to_serve_loopback),
        cmocka_unit_test(one_that_says_no_more_is_left_loopback),
        cmocka_unit_test(news_of_it_has_it_asked_again_loopback),
        cmocka_unit_test(a_channel_ends_while_it_asks_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
